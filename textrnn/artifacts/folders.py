"""Write a model folder: replace all its files, or none.

A folder is replaced by renames: at every moment the old or the new folder is complete, and marker
files say which. Only the writer that holds the folder's lock renames or deletes anything, and
recovers what a killed writer left. `textrnn.artifacts.model_files` reads.
"""

import os
import shutil
import stat
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from textrnn.artifacts import locks
from textrnn.errors import ArtifactError

# The files of a model; any other file in its folder is kept.
FILES = (
    "config.json", "tokenizer.json", "tokenizer.model", "weights.npz", "metadata.json", "README.md",
)  # fmt: skip
# Suffixes of the folders beside a model folder during a save, and names of the marker files. They
# must be unique to textrnn, since files of these names are renamed or deleted.
NEW, OLD = ".textrnn-new", ".textrnn-old"
INCOMPLETE, COMPLETE = ".textrnn-incomplete", ".textrnn-complete"
WAIT_SECONDS = 5.0  # for another save to end; a training run holds the lock for longer
TRIES, PAUSE_SECONDS = (100 if os.name == "nt" else 0), 0.05


def replace(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Replace the model in `folder` by the files `contents`, all or nothing.

    Other files in `folder` (the checkpoints of a run, your notes) are kept. If `folder` is a link,
    its target is replaced. An interrupted save is recovered first. ArtifactError when `folder`
    cannot be written, or another training or save holds its lock.
    """
    try:
        with locks.hold(folder, wait=WAIT_SECONDS):
            recover(folder)
            _replace(folder.resolve(), contents)
    except (OSError, RuntimeError) as error:  # RuntimeError: a cycle of links
        raise ArtifactError(
            f"cannot save the model as {folder}: {getattr(error, 'strerror', None) or error}; "
            f"the previous model is unchanged"
        ) from error


def _replace(folder: Path, contents: Mapping[str, bytes]) -> None:
    new, old = beside(folder, NEW), beside(folder, OLD)
    if folder.exists() and not folder.is_dir():
        raise ArtifactError(f"{folder} is a file; name a folder for the model")
    if old.exists():
        raise ArtifactError(
            f"{old} is the previous model of an interrupted save, and {folder} was created "
            f"since; move one of them away, then save again"
        )
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    for name, data in {INCOMPLETE: b"", **contents}.items():
        _write_synced(new / name, data)
        _copy_permissions(folder / name, new / name)
    os.replace(new / INCOMPLETE, new / COMPLETE)
    _copy_permissions(folder, new)
    if folder.exists():
        _despite_readers(os.rename, folder, old)
    _despite_readers(os.rename, new, folder)
    _finish(folder)


def recover(folder: Path) -> list[str]:
    """Recover from an interrupted save of `folder`; return messages about what was done.

    Only files and folders with our names are touched. ArtifactError when they cannot be read or
    renamed, or another training or save holds the lock.
    """
    try:
        resolved = folder.resolve()
        if not _is_interrupted(resolved):
            return []
        with locks.hold(resolved, wait=WAIT_SECONDS):
            return _recover(folder, resolved)
    except (OSError, RuntimeError) as error:  # RuntimeError: a cycle of links
        raise ArtifactError(
            f"cannot read {folder} or the files of an interrupted save beside it: "
            f"{getattr(error, 'strerror', None) or error}"
        ) from error


def _is_interrupted(folder: Path) -> bool:
    if folder.exists():
        return (folder / COMPLETE).exists()
    return beside(folder, NEW).exists() or beside(folder, OLD).exists()


def _recover(named: Path, folder: Path) -> list[str]:
    if folder.exists():
        if (folder / COMPLETE).exists():
            _finish(folder)
            return [f"finished the interrupted save of {named}"]
        return []
    new, old = beside(folder, NEW), beside(folder, OLD)
    for source in (new, old):
        if source.exists() and (source == old or (source / COMPLETE).exists()):
            _despite_readers(os.rename, source, folder)
            _finish(folder)
            return [f"recovered {named} from {source.name}, left by an interrupted save"]
    return []


def _finish(folder: Path) -> None:
    # The new folder has its name now: move the other files over, and delete the old folder.
    old = beside(folder, OLD)
    if old.exists():
        for entry in old.iterdir():
            if entry.name not in FILES and not (folder / entry.name).exists():
                os.rename(entry, folder / entry.name)
        _despite_readers(shutil.rmtree, old)
    (folder / COMPLETE).unlink(missing_ok=True)


def _despite_readers(change: Callable[..., object], *paths: Path) -> None:
    # On Windows a folder cannot be renamed or deleted while a reader has a file in it open.
    for _ in range(TRIES):
        try:
            change(*paths)
            return
        except PermissionError:
            time.sleep(PAUSE_SECONDS)
    change(*paths)


def beside(folder: Path, suffix: str) -> Path:
    """The path NEW or OLD of `folder`, by `suffix`."""
    return folder.parent / (folder.name + suffix)


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _copy_permissions(old: Path, new: Path) -> None:
    with suppress(FileNotFoundError):
        os.chmod(new, stat.S_IMODE(old.stat().st_mode))
