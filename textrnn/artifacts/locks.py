"""One writer per folder: a lock that the operating system releases when its holder dies.

The lock is on a file beside the folder, `.NAME.textrnn-lock`, because the folder itself is replaced
by renames at every save. The last holder deletes the file. A killed holder leaves it unlocked, and
the next holder reuses it.
"""

import errno
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

POLL_SECONDS = 0.02
ATTEMPTS = 100  # to lock a file that other holders delete meanwhile
# Errors of flock on file systems without locks (some network and user-space file systems).
UNSUPPORTED = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


@dataclass
class _Held:
    thread: threading.Thread
    descriptor: int
    guarded: bool  # False where the file system has no locks
    made: list[Path]  # parent folders created for the lock file, innermost first
    depth: int = 1


# By lock file. It also excludes other threads where the file system has no locks.
_held: dict[Path, _Held] = {}
_guard = threading.Lock()


def lock_file(folder: Path) -> Path:
    """The lock file of `folder`, after resolving links."""
    folder = folder.resolve()
    return folder.parent / f".{folder.name}.textrnn-lock"


@contextmanager
def hold(folder: Path, *, wait: float = 0.0) -> Iterator[bool]:
    """Hold the write lock of `folder`; yields False if the file system has no locks, else True.

    The lock is re-entrant within a thread. BlockingIOError when another thread or process still
    holds it after `wait` seconds; another OSError when the lock file cannot be created.
    """
    path, deadline = lock_file(folder), time.monotonic() + wait
    while (held := _enter(path)) is None:
        if time.monotonic() >= deadline:
            raise BlockingIOError(errno.EAGAIN, "another training or save is writing to it")
        time.sleep(POLL_SECONDS)
    try:
        yield held.guarded
    finally:
        _leave(path, held)


def _enter(path: Path) -> _Held | None:
    """The lock of `path`, or None if another thread or process holds it."""
    with _guard:
        held = _held.get(path)
        if held is None:
            held = _acquire(path)
            if held is not None:
                _held[path] = held
            return held
        if held.thread is not threading.current_thread():
            return None
        held.depth += 1
        return held


def _leave(path: Path, held: _Held) -> None:
    with _guard:
        held.depth -= 1
        if held.depth or _held.get(path) is not held:  # the child of a fork holds no lock
            return
        del _held[path]
        try:
            if (
                sys.platform != "win32"
            ):  # while it is locked: a waiting process checks the name again
                path.unlink(missing_ok=True)
        except OSError:
            pass  # the parent folder is gone or read-only by now; an unlocked file is harmless
        finally:
            os.close(held.descriptor)
        if sys.platform == "win32":  # an open file cannot be deleted there
            with suppress(OSError):
                path.unlink(missing_ok=True)
        _remove(held.made)


def _acquire(path: Path) -> _Held | None:
    made: list[Path] = []
    for attempt in range(ATTEMPTS):
        made = [*_make(path.parent), *made]
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:
            if attempt == ATTEMPTS - 1:
                raise
            continue  # another writer has just deleted a folder that it had created
        except OSError:
            _remove(made)
            raise
        try:
            guarded = _lock(descriptor)
            if not guarded or _is_named(path, descriptor):
                return _Held(threading.current_thread(), descriptor, guarded, made)
        except BaseException as error:  # Ctrl-C too: the lock must not stay
            os.close(descriptor)
            _remove(made)
            if isinstance(error, BlockingIOError):
                return None
            raise
        os.close(descriptor)  # its last holder deleted it meanwhile: lock the new file of that name
    return None


def _make(folder: Path) -> list[Path]:
    """Create `folder` and its parents; return the created folders, innermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
    return missing


def _remove(made: list[Path]) -> None:
    for folder in made:
        with suppress(OSError):  # not empty: it is in use
            folder.rmdir()


if sys.platform == "win32":

    def _lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EDEADLK):
                raise BlockingIOError(errno.EAGAIN, "locked") from error
            raise
        return True

    def _is_named(path: Path, descriptor: int) -> bool:
        return True

else:

    def _lock(descriptor: int) -> bool:
        """Lock the file; False if the file system has no locks, BlockingIOError if it is held."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError as error:
            if error.errno in UNSUPPORTED:
                return False
            raise
        return True

    def _is_named(path: Path, descriptor: int) -> bool:
        with suppress(FileNotFoundError):
            return os.path.samestat(os.stat(path), os.fstat(descriptor))
        return False

    def _forget() -> None:
        """Release the locks in the child of a fork; the locks of the parent are kept."""
        global _guard
        _guard = threading.Lock()
        for held in _held.values():
            os.close(held.descriptor)
        _held.clear()

    os.register_at_fork(after_in_child=_forget)
