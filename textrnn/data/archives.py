"""Turn a .tar.gz into the folder it holds.

The folder gets its name only once everything in it is there; until then it is being made in
TARGET.part, and whatever goes wrong leaves neither. Files and folders are all that is unpacked:
an archive with a link in it, or with a way out of the folder, is refused.
"""

import gzip
import os
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from textrnn.errors import DownloadError

MARK = ".unpacked-from"  # in the folder: the sha256 of the archive that it is


def is_unpacked(target: Path, sha256: str) -> bool:
    """Whether `target` is the folder that `unpack` made of the archive with that sum."""
    try:
        return (target / MARK).read_text(encoding="ascii").strip() == sha256
    except (OSError, UnicodeDecodeError):
        return False


def unpack(archive: Path, top: str, target: Path, *, sha256: str) -> None:
    """Make of the folder `top` in `archive` the folder `target`, which must not exist.

    DownloadError when it is no such archive, or not one that can be trusted; OSError when the
    disk will not take it.
    """
    part = target.with_name(target.name + ".part")
    try:
        part.mkdir()
    except FileExistsError:
        raise DownloadError(
            f"{part} is there already, from an unpacking that runs or was killed; delete it if "
            f"none is running"
        ) from None
    try:
        _extract(archive, part)
        if not (part / top).is_dir():
            raise DownloadError(f"{archive} holds no folder {top}; it is not the archive it says")
        (part / top / MARK).write_text(f"{sha256}\n", encoding="ascii")
        os.rename(part / top, target)
    finally:  # Ctrl-C too
        shutil.rmtree(part, ignore_errors=True)


def _extract(archive: Path, folder: Path) -> None:
    try:
        with tarfile.open(archive, "r:gz") as tar:
            # An attribute instead of extract(filter="data"), which Python 3.11.3 does not know.
            tar.extraction_filter = getattr(tarfile, "data_filter", None)
            for member in tar:
                _check(member, archive)
                tar.extract(member, folder, set_attrs=False)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DownloadError(f"{archive} cannot be unpacked as .tar.gz: {error}") from error


def _check(member: tarfile.TarInfo, archive: Path) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise DownloadError(
            f"{archive} is not to be trusted: {member.name!r} in it would leave the folder it "
            f"is unpacked into"
        )
    if not (member.isfile() or member.isdir()):
        raise DownloadError(
            f"{archive} is not to be trusted: {member.name!r} in it is a link or a device; only "
            f"files and folders are unpacked"
        )
