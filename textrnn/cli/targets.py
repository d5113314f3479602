"""Types of -o options: the name is checked before any work is done."""

import os
import stat
from pathlib import Path

from textrnn import files
from textrnn.errors import TextRNNError

SHOWN = 60  # characters of a name in a message


def output_file(name: str) -> Path | None:
    """The path of a file, None for "-" (standard output); TextRNNError unless it can be written."""
    if name == "-":
        return None
    path = _named(name, "file")
    check_file(path)
    return path


def check_new(path: Path | None, overwrite: bool) -> None:
    """TextRNNError if a file would be overwritten without the user's word."""
    if path and not overwrite and path.is_file():
        raise TextRNNError(
            f"{path} exists; add --overwrite to replace it, or choose another name after -o"
        )


def output_folder(name: str) -> Path:
    """The path of a model's folder, new or not; TextRNNError if it cannot be one."""
    from textrnn.artifacts.locks import lock_file

    path = _named(name, "new folder")
    status = _status(path)
    if status and not stat.S_ISDIR(status.st_mode):
        raise TextRNNError(f"{path} is a file; name a new folder with -o")
    _status(lock_file(path))  # the longest of the names beside the folder
    return path


def output_path(name: str) -> Path:
    """The path of a file or a folder; TextRNNError if nothing can have that name."""
    path = _named(name, "file or folder")
    _status(path)
    return path


def _named(name: str, noun: str) -> Path:
    if not name:  # Path("") is the current folder
        raise TextRNNError(f"the name after -o is empty; name a {noun}")
    return Path(name)


def check_file(path: Path) -> None:
    """TextRNNError unless `path` can be written as a file; its folder must exist."""
    status, folder = _status(path), path.parent
    if status and stat.S_ISDIR(status.st_mode):
        raise TextRNNError(
            f"cannot write {path}: it is a folder; name a file, such as {path / 'out.txt'}"
        )
    if not folder.is_dir():
        raise TextRNNError(f"cannot write {path}: there is no folder {folder}; create it")
    if not os.access(path if files.is_direct(path) and status else folder, os.W_OK):
        raise TextRNNError(
            f"cannot write {path}: it or its folder is write-protected; choose another folder"
        )


def _status(path: Path) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        if path.is_symlink():
            raise TextRNNError(
                f"cannot write {path}: it is a link that leads nowhere; delete it, or choose "
                f"another name"
            ) from None
        return None
    except (OSError, ValueError) as error:  # ValueError: a NUL character
        name, reason = str(path), getattr(error, "strerror", None) or error
        shown = name if len(name) <= SHOWN else f"{name[:SHOWN]}..."
        raise TextRNNError(f"cannot write {shown}: {reason}; choose another name") from error
