"""Unpack a folder from a .tar.gz, all or nothing.

The archive is unpacked beside the target, and renamed when it is complete; a failure leaves
nothing. Only files and folders are unpacked: an archive that contains a link, or a path outside
the folder, is refused.
"""

import gzip
import math
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from textrnn import files
from textrnn.errors import DownloadError

MARK = ".unpacked-from"  # file in the folder; holds the SHA-256 of its archive


def is_unpacked(target: Path, sha256: str) -> bool:
    """Whether `target` was made by `unpack` from the archive with this SHA-256."""
    try:
        return (target / MARK).read_text(encoding="ascii").strip() == sha256
    except (OSError, UnicodeDecodeError):
        return False


def unpack(archive: Path, top: str, target: Path, *, sha256: str) -> None:
    """Unpack the folder `top` of `archive` as `target`, which must not exist.

    DownloadError when the archive is damaged, lacks `top` or is unsafe; OSError when it cannot be
    written.
    """
    with files.folder_beside(target) as part:
        extract(archive, part, called=str(archive))
        if not (part / top).is_dir():
            raise DownloadError(f"{archive} contains no folder {top}; download it again")
        (part / top / MARK).write_text(f"{sha256}\n", encoding="ascii")
        files.publish_folder(part / top, target)


def extract(archive: Path, folder: Path, *, called: str, most: float = math.inf) -> None:
    """Unpack all files of `archive`, of `most` bytes in all, into `folder`.

    DownloadError, which names the archive as `called`, when it is damaged, too large or unsafe;
    OSError when it cannot be written.
    """
    size = 0
    try:
        with gzip.open(archive) as plain, tarfile.open(fileobj=plain, mode="r:") as tar:
            # An attribute instead of extract(filter="data"), which Python 3.11.3 lacks.
            tar.extraction_filter = getattr(tarfile, "data_filter", None)
            for member in tar:
                _check(member, called)
                size += member.size + tarfile.BLOCKSIZE  # of its name
                _check_size(size, most, called)
                tar.extract(member, folder, set_attrs=False)
            while rest := plain.read(2**20):  # to its end, where an archive cut short is noticed
                size += len(rest)
                _check_size(size, most, called)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DownloadError(f"{called} cannot be unpacked as .tar.gz: {error}") from error


def _check_size(size: int, most: float, called: str) -> None:
    if size > most:
        raise DownloadError(f"{called} unpacks to more than {most:,} bytes, which is too much")


def _check(member: tarfile.TarInfo, called: str) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise DownloadError(
            f"{called} is unsafe and was not unpacked: its member {member.name!r} lies outside "
            f"the target folder"
        )
    if not (member.isfile() or member.isdir()):
        raise DownloadError(
            f"{called} is unsafe and was not unpacked: its member {member.name!r} is a link or a "
            f"device; only files and folders are unpacked"
        )
