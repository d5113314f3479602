"""Write a file or a folder whole or not at all, and touch nothing else; read only plain files.

What is written first has a name beside the target that nobody can guess, so that two programs with
one target cannot mix their results, and no file of the user's has that name. It is locked while it
is written: what a killed program left is not locked, and the next writer of the target deletes it.
"""

import errno
import os
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

if sys.platform != "win32":
    import fcntl

SUFFIX = ".textrnn-part"
LONGEST = 255  # bytes of a file's name
_TOKEN_BYTES = 8


@contextmanager
def replacing(path: Path, mode: str = "w", **options: Any) -> Iterator[Any]:
    """Open a new file, which replaces `path` when the block ends without an error.

    `mode` is "w" or "wb"; `options` are those of `open`. The new file has the permissions of the
    old one. A link, a device or a pipe is opened itself. OSError if it cannot be written; then, and
    after an error in the block, `path` is unchanged.
    """
    if is_direct(path):
        with path.open(mode, **options) as file:
            yield file
        return
    with writing(path, mode, **options) as (file, part):
        yield file
        publish(file, part, path)


@contextmanager
def writing(path: Path, mode: str = "w", **options: Any) -> Iterator[tuple[Any, Path]]:
    """Open a new file beside `path`; its name is deleted at the end unless it was given another.

    Yields the file and its name, for `publish` or `keep`.
    """
    sweep(path)
    descriptor, part = _create(path)
    try:
        _keep_permissions(path, descriptor)
        with os.fdopen(descriptor, mode, **options) as file:
            yield file, part
    finally:
        part.unlink(missing_ok=True)


def publish(file: IO[Any], part: Path, path: Path) -> None:
    """Write what `file`, named `part`, still buffers to the disk, and give it the name `path`."""
    file.flush()
    os.fsync(file.fileno())
    if sys.platform == "win32":  # an open file cannot be renamed there
        file.close()
    os.replace(part, path)
    _sync_folder(path.parent)


def keep(file: IO[Any], part: Path, path: Path) -> Path:
    """Give the incomplete `file`, named `part`, a free name: PATH.part, PATH.part2 and so on."""
    file.flush()
    if sys.platform == "win32":  # an open file cannot be renamed there
        file.close()
    number = 1
    while True:
        end = f".part{'' if number == 1 else number}"
        name = path.with_name(_shortened(path.name, len(end)) + end)
        with suppress(FileExistsError):
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            os.replace(part, name)
            return name
        number += 1


@contextmanager
def folder_beside(path: Path) -> Iterator[Path]:
    """A new folder beside `path`; it is deleted at the end unless it was given another name."""
    sweep(path)
    descriptor, part = _create_folder(path)
    try:
        yield part
    finally:
        if descriptor is not None:
            os.close(descriptor)
        shutil.rmtree(part, ignore_errors=True)


def publish_folder(part: Path, path: Path) -> None:
    """Rename the folder `part` to `path`; FileExistsError if `path` exists."""
    if os.path.lexists(path):  # a rename would replace an empty folder
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    os.rename(part, path)
    _sync_folder(path.parent)


def read(path: Path, most: int) -> bytes:
    """The bytes of a file of at most `most`; OSError also for a pipe, a device or a larger file.

    For files that a program wrote: a pipe would be waited for, and a device might never end.
    """
    with open_plain(path, most) as file:
        return file.read(os.fstat(file.fileno()).st_size)


def open_plain(path: Path, most: int) -> IO[bytes]:
    """A file opened for `read`."""
    descriptor = os.open(path, os.O_RDONLY | _NONBLOCK | _BINARY)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is a folder, a pipe or a device, not a file")
        if status.st_size > most:
            size = f"it has {status.st_size:,} bytes; at most {most:,} are read"
            raise OSError(errno.EFBIG, size)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def is_direct(path: Path) -> bool:
    """Whether `path` is written itself: it is a link, a device or a pipe."""
    try:
        return path.is_symlink() or (path.exists() and not path.is_file())
    except OSError:  # such as a name that is too long: opening it will say so
        return False


def beside(path: Path) -> Path:
    """A name in the folder of `path` that is not taken and cannot be guessed."""
    end = f".{secrets.token_hex(_TOKEN_BYTES)}{SUFFIX}"
    return path.with_name(_begin(path, len(end)) + end)


def sweep(path: Path) -> None:
    """Delete what killed writers of `path` left beside it; what is being written is locked."""
    length = 1 + 2 * _TOKEN_BYTES + len(SUFFIX)
    pattern = re.compile(
        re.escape(_begin(path, length)) + rf"\.[0-9a-f]{{{2 * _TOKEN_BYTES}}}{re.escape(SUFFIX)}"
    )
    with suppress(OSError):
        for entry in list(os.scandir(path.parent)):
            if pattern.fullmatch(entry.name) and not entry.is_symlink():
                _delete_if_unlocked(Path(entry.path), entry.is_dir())


def _begin(path: Path, rest: int) -> str:
    """The beginning of the hidden names beside `path`, short enough for `rest` further bytes."""
    return _shortened(f".{path.name}", rest)


def _shortened(name: str, rest: int) -> str:
    """`name`, or as much of its beginning as a file's name of `rest` further bytes may have."""
    whole = name.encode(errors="surrogateescape")
    fits = len(whole) <= LONGEST - rest
    return name if fits else whole[: LONGEST - rest].decode(errors="ignore")


_BINARY = getattr(os, "O_BINARY", 0)  # of Windows: bytes are written as they are
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)  # without it, opening a pipe waits for its writer


def _create(path: Path) -> tuple[int, Path]:
    """A new locked file beside `path`. Until it has the permissions of `path`, only its owner's."""
    permissions = 0o600 if path.exists() else 0o666
    while True:
        part = beside(path)
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | _BINARY, permissions)
        _lock(descriptor)
        if part.exists():
            return descriptor, part
        os.close(descriptor)  # a sweep deleted it before it was locked


def _create_folder(path: Path) -> tuple[int | None, Path]:
    """A new locked folder beside `path`, without a descriptor where folders have none."""
    while True:
        part = beside(path)
        part.mkdir()
        if sys.platform == "win32":
            return None, part
        with suppress(FileNotFoundError):
            descriptor = os.open(part, os.O_RDONLY)
            _lock(descriptor)
            if part.exists():
                return descriptor, part
            os.close(descriptor)  # a sweep deleted it before it was locked


def _keep_permissions(path: Path, descriptor: int) -> None:
    with suppress(FileNotFoundError):
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, stat.S_IMODE(path.stat().st_mode))


def _sync_folder(folder: Path) -> None:
    """Write the names in a folder to the disk, where the system can."""
    if sys.platform == "win32":
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


if sys.platform == "win32":

    def _lock(descriptor: int) -> None:
        """Nothing: an open file cannot be deleted there."""

    def _delete_if_unlocked(path: Path, is_folder: bool) -> None:
        if not is_folder:
            with suppress(OSError):
                path.unlink()

else:

    def _lock(descriptor: int) -> None:
        """Lock a file or folder; nothing on a file system without locks."""
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)

    def _delete_if_unlocked(path: Path, is_folder: bool) -> None:
        # Without O_NONBLOCK, a pipe of that name would be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # OSError: in use, or no locks
            shutil.rmtree(path) if is_folder else path.unlink()
        except OSError:
            pass
        finally:
            os.close(descriptor)
