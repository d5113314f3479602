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
from typing import IO, Self, cast

from textrnn import files
from textrnn.errors import DownloadError

FILES = tarfile.REGULAR_TYPES  # members whose size is that of a file
LONGEST_HEADER = 2**20  # bytes of a member's long name and other attributes
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
    try:
        with gzip.open(archive) as unpacked:
            plain = cast(IO[bytes], _Bounded(cast(IO[bytes], unpacked), most, called))
            with tarfile.open(fileobj=plain, mode="r|", tarinfo=_Member) as tar:
                # An attribute instead of extract(filter="data"), which Python 3.11.3 lacks.
                tar.extraction_filter = getattr(tarfile, "data_filter", None)
                for member in tar:
                    _check(member, called)
                    tar.extract(member, folder, set_attrs=False)
            while plain.read(2**20):  # to its end, where an archive cut short is noticed
                pass
    except (
        tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError, OverflowError
    ) as error:  # fmt: skip
        raise DownloadError(f"{called} cannot be unpacked as .tar.gz: {error}") from error


class _Bounded:
    """What an archive unpacks to, up to `most` bytes."""

    def __init__(self, file: IO[bytes], most: float, called: str) -> None:
        self._file, self._most, self._called, self._done = file, most, called, 0

    def read(self, size: int) -> bytes:
        data = self._file.read(size)
        self._done += len(data)
        if self._done > self._most:
            raise DownloadError(
                f"{self._called} unpacks to more than {self._most:,} bytes, which is too much"
            )
        return data


class _Member(tarfile.TarInfo):
    """A member whose size is one, and whose long name or further header is short."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """The header in `buf`; ReadError if its size is nonsensical."""
        found = super().frombuf(buf, encoding, errors)
        if found.size < 0 or (found.type not in FILES and found.size > LONGEST_HEADER):
            raise tarfile.ReadError("a header has a nonsensical size")
        return found


def _check(member: tarfile.TarInfo, called: str) -> None:
    path = PurePosixPath(member.name)
    if member.size < 0:  # a further header may say so
        raise DownloadError(f"{called} cannot be unpacked: {member.name!r} has a negative size")
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
