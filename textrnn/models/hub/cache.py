"""Fetch TF-Hub modules from https addresses into a folder that only the user can write to.

    CACHE/hub/KEY/module/    the module
    CACHE/hub/KEY/sha256     its checksum when it was fetched

CACHE is TEXTRNN_CACHE_DIR, or the folder textrnn in XDG_CACHE_HOME or ~/.cache. KEY is a checksum
of the address. A module is used as long as its files have that checksum, and fetched again
otherwise.
"""

import hashlib
import os
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from textrnn import files
from textrnn.data import addresses, archives, http
from textrnn.errors import ConfigError, DownloadError, cannot_write
from textrnn.models.hub import folder as module_folder

Notify = Callable[[str], object]


def silent(text: str) -> None:
    """Tell nobody."""


MOST_BYTES = 2**32  # of an archive, and of what it unpacks to
MODULE, MARK = "module", "sha256"
FORMAT = "tf-hub-format=compressed"  # asks a server for a .tar.gz
PLACE = "TEXTRNN_CACHE_DIR"
OFFLINE = "download and unpack it on a machine with a network, and give the folder"


def fetch(address: str, sha256: str | None, notify: Notify) -> tuple[Path, str]:
    """The folder of the module at `address`, and its checksum.

    A copy in the cache is used if it is whole and, unless `sha256` is None, has that checksum.
    Otherwise the module is fetched, and replaces it; `notify` is told so. DownloadError if it
    cannot be fetched, ConfigError if it is no module or others can write to the cache.
    """
    addresses.host_of(address, secure=True)
    called = f"the TF-Hub module {addresses.shown(address)}"
    place = cache_folder() / hashlib.sha256(address.encode(errors="surrogateescape")).hexdigest()
    if os.path.lexists(place):
        found = _checksum(place)
        if found and sha256 in (None, found):
            return place / MODULE, found
        state = "has changed since it was fetched" if not found else "is another version"
        notify(f"the copy of {called[4:]} in {place} {state}: it is replaced")
    notify(f"fetching {called}; it is kept in {place.parent}")
    try:
        return _fetched(address, sha256, notify, place, called)
    except OSError as error:  # from the disk: network errors are DownloadErrors already
        raise DownloadError(
            f"{cannot_write(place, error)}; the variable {PLACE} names it"
        ) from error


def cache_folder() -> Path:
    """The folder of all fetched modules, made if it is missing.

    ConfigError if it cannot be made, or if other users may write to it.
    """
    base = _base()
    found = base / "hub"
    try:
        for folder in (base, found):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check_private(folder)
    except OSError as error:
        raise ConfigError(
            f"the cache {found} cannot be used: {error.strerror or error}; name another folder in "
            f"the variable {PLACE}"
        ) from error
    return found


def _base() -> Path:
    if own := os.environ.get(PLACE):
        return Path(own).absolute()
    shared = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not shared.is_absolute():  # the XDG specification ignores such a value
        try:
            shared = Path.home() / ".cache"
        except RuntimeError as error:
            raise ConfigError(
                f"there is no home folder for the cache of TF-Hub modules; name a folder in the "
                f"variable {PLACE}"
            ) from error
    return shared / "textrnn"


def _check_private(folder: Path) -> None:
    if not hasattr(os, "getuid"):
        return
    found = folder.stat()
    advice = f"name a folder of your own in the variable {PLACE}"
    if found.st_uid != os.getuid():
        raise ConfigError(f"the cache {folder} belongs to another user; {advice}")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigError(
            f"other users can write to the cache {folder}, and so replace programs in it; type "
            f"`chmod go-w {folder}` if you trust what is in it, or {advice}"
        )


def _checksum(place: Path) -> str | None:
    """The checksum of the module in `place`; None unless it is that of the module fetched."""
    with suppress(OSError, ValueError, ConfigError):
        module_folder.check(place / MODULE, str(place / MODULE))
        found = module_folder.fingerprint(place / MODULE)
        if (place / MARK).read_text(encoding="ascii").strip() == found:
            return found
    return None


def _fetched(
    address: str, sha256: str | None, notify: Notify, place: Path, called: str
) -> tuple[Path, str]:
    parts = urlsplit(address)
    query = "&".join(filter(None, (parts.query, FORMAT)))
    source = parts._replace(query=query).geturl()
    with files.folder_beside(place) as part:
        archive = part / "archive"
        with archive.open("wb") as file:
            done = 0
            for chunk in http.chunks(
                source, most=MOST_BYTES,
                advice=f"check the address and the network, or {OFFLINE}",
            ):  # fmt: skip
                file.write(chunk)
                if (done := done + len(chunk)) > MOST_BYTES:
                    raise DownloadError(f"{called} has more than {MOST_BYTES:,} bytes: too many")
        archives.extract(archive, part / MODULE, called=called, most=MOST_BYTES)
        archive.unlink()
        module_folder.check(part / MODULE, called)
        found = module_folder.fingerprint(part / MODULE)
        (part / MARK).write_text(f"{found}\n", encoding="ascii")
        if _checksum(place) == found:  # another program was faster, and may be reading it
            return place / MODULE, found
        with suppress(FileNotFoundError):
            old = files.beside(place)  # the next fetch deletes it if this one is killed
            os.rename(place, old)
            shutil.rmtree(old, ignore_errors=True)
        try:
            files.publish_folder(part, place)
        except FileExistsError:  # another program was faster by a moment
            return fetch(address, sha256, notify)
    return place / MODULE, found
