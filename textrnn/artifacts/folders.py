"""A model's folder: its files by name, replaced all together or not at all.

Replacing goes by renames: at every moment either the old or the new folder is whole, and the marks
say which. Only a writer that holds the folder's lock renames or deletes anything, and puts right
what a killed one left; `textrnn.artifacts.model_files` reads.
"""

import io
import os
import shutil
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.artifacts import locks
from textrnn.errors import ArtifactError

# Every file that may be a part of a model; all else in its folder is somebody's own.
FILES = (
    "config.json", "tokenizer.json", "tokenizer.model", "weights.npz", "metadata.json", "README.md",
)  # fmt: skip
# What a save puts beside a folder, and into it as its mark: names that nobody else chooses, since
# whatever bears them is taken for ours, and renamed or deleted.
NEW, OLD = ".textrnn-new", ".textrnn-old"
INCOMPLETE, COMPLETE = ".textrnn-incomplete", ".textrnn-complete"
WAIT_SECONDS = 5.0  # for another save to end; a training takes longer
TRIES, PAUSE_SECONDS = (100 if os.name == "nt" else 0), 0.05


def replace(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Make `folder` hold `contents`, in place of whatever model is there, all or nothing.

    Files in `folder` that are no part of a model (a run's checkpoints, a person's notes) are
    kept; of a link the folder that it leads to is replaced. What an interrupted save left is put
    right first. ArtifactError when it cannot be written, or another training or save holds it.
    """
    try:
        with locks.hold(folder, wait=WAIT_SECONDS):
            recover(folder)
            _replace(folder.resolve(), contents)
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
        raise ArtifactError(
            f"cannot save the model as {folder}: {getattr(error, 'strerror', None) or error}; "
            f"what was there before is unharmed"
        ) from error


def _replace(folder: Path, contents: Mapping[str, bytes]) -> None:
    new, old = beside(folder, NEW), beside(folder, OLD)
    if folder.exists() and not folder.is_dir():
        raise ArtifactError(f"{folder} is a file; name a folder to save the model as")
    if old.exists():
        raise ArtifactError(
            f"{old} holds the model that an interrupted save was to replace, and {folder} was "
            f"made anew since; move one of them away, then save again"
        )
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    for name, data in {INCOMPLETE: b"", **contents}.items():
        _write_synced(new / name, data)
    os.replace(new / INCOMPLETE, new / COMPLETE)
    if folder.exists():
        _despite_readers(os.rename, folder, old)
    _despite_readers(os.rename, new, folder)
    _finish(folder)


def recover(folder: Path) -> list[str]:
    """Put right what a save killed half-way left beside `folder`; say what was done.

    Only what bears our marks is touched. ArtifactError when it cannot be read or renamed, or
    another training or save holds it.
    """
    try:
        resolved = folder.resolve()
        if not _is_interrupted(resolved):
            return []
        with locks.hold(resolved, wait=WAIT_SECONDS):
            return _recover(folder, resolved)
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
        raise ArtifactError(
            f"cannot read {folder} or what an interrupted save left beside it: "
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
            return [f"recovered {named} from {source.name}, which an interrupted save left"]
    return []


def _finish(folder: Path) -> None:
    # After the new folder has its name: bring over what was not the model's, drop the old one.
    old = beside(folder, OLD)
    if old.exists():
        for entry in old.iterdir():
            if entry.name not in FILES and not (folder / entry.name).exists():
                os.rename(entry, folder / entry.name)
        _despite_readers(shutil.rmtree, old)
    (folder / COMPLETE).unlink(missing_ok=True)


def _despite_readers(change: Callable[..., object], *paths: Path) -> None:
    # On Windows nothing can be renamed or deleted while a reader has a file in it open.
    for _ in range(TRIES):
        try:
            change(*paths)
            return
        except PermissionError:
            time.sleep(PAUSE_SECONDS)
    change(*paths)


def beside(folder: Path, suffix: str) -> Path:
    """What a save calls NEW or OLD of `folder`."""
    return folder.parent / (folder.name + suffix)


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def weights_file(weights: Mapping[str, npt.NDArray[Any]], dtype: npt.DTypeLike) -> bytes:
    """Arrays by name as the bytes of an .npz."""
    buffer = io.BytesIO()
    np.savez(buffer, **{name: np.asarray(array).astype(dtype) for name, array in weights.items()})  # type: ignore[arg-type]
    return buffer.getvalue()


def read_weights(
    path: Path, data: bytes, shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, npt.NDArray[Any]]:
    """The arrays of `shapes` as float32; ArtifactError unless these are what `data` holds."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            weights = {name: archive[name] for name in archive.files}
    except (ValueError, EOFError, OSError, zipfile.BadZipFile, zlib.error) as error:
        raise ArtifactError(f"{path} is no archive of plain arrays: {error}") from error
    if missing := shapes.keys() - weights.keys():
        raise ArtifactError(f"{path} lacks the weights {', '.join(sorted(missing))}")
    if extra := weights.keys() - shapes.keys():
        raise ArtifactError(f"{path} has weights beyond this network's: {', '.join(sorted(extra))}")
    for name, shape in shapes.items():
        array = weights[name]
        if array.shape != shape or array.dtype not in (np.float16, np.float32):
            raise ArtifactError(
                f"{path}: {name} must be float16 or float32 of shape {shape}, got "
                f"{array.dtype} of {array.shape}"
            )
        if not np.isfinite(array).all():
            raise ArtifactError(f"{path}: {name} holds values that are not finite")
    return {name: weights[name].astype(np.float32) for name in shapes}
