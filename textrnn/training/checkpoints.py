"""A training run's checkpoint, one file that is replaced atomically, and its history as CSV.

run/checkpoint.npz   every array of the run, a JSON record of its state, and the checksum of both
run/history.csv      one line per epoch
"""

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn import files
from textrnn.artifacts.arrays import BROKEN, read_arrays, reason_of
from textrnn.config import strict_json
from textrnn.errors import ConfigError, TrainingError, cannot_write

MOST_BYTES = 2**34


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run: a JSON-like record, and arrays by name."""

    record: Mapping[str, Any]
    arrays: Mapping[str, npt.NDArray[Any]]


def path(run: Path) -> Path:
    """The checkpoint file of a run folder."""
    return run / "checkpoint.npz"


def save(run: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint of the folder `run` atomically; TrainingError if that fails."""
    record = np.frombuffer(json.dumps(checkpoint.record).encode(), dtype=np.uint8)
    arrays = {"record": record, **checkpoint.arrays}
    buffer = io.BytesIO()
    np.savez(buffer, sha256=_checksum(arrays), **arrays)  # type: ignore[arg-type]
    replace_file(path(run), buffer.getbuffer())


def load(run: Path) -> Checkpoint:
    """Read the checkpoint of `run`; TrainingError if it is missing, damaged or edited."""
    try:
        found = files.open_plain(path(run), MOST_BYTES)
    except FileNotFoundError:
        raise TrainingError(
            f"there is no run to resume in {run.parent}; start it without --resume"
        ) from None
    except OSError as error:
        raise TrainingError(f"cannot read {path(run)}: {error.strerror or error}") from error
    with damage(run), found as file:
        arrays = read_arrays(file, os.fstat(file.fileno()).st_size)
        _check(run, arrays.pop("sha256", None), arrays)
        record = strict_json.loads(arrays.pop("record").tobytes().decode(), nan=float)
        if not isinstance(record, dict):
            raise ValueError("no record")
    return Checkpoint(record, arrays)


@contextmanager
def damage(run: Path) -> Iterator[None]:
    """For reading what the checkpoint of `run` says: a value that no run writes is one sentence."""
    try:
        yield
    except (*BROKEN, LookupError, AttributeError, ConfigError) as error:
        raise TrainingError(
            f"{path(run)} is damaged ({reason_of(error)}); restore it from a copy, or start again "
            f"with another -o"
        ) from error


def _checksum(arrays: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[np.uint8]:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return np.frombuffer(digest.digest(), np.uint8)


def _check(
    run: Path, known: npt.NDArray[Any] | None, arrays: Mapping[str, npt.NDArray[Any]]
) -> None:
    if known is None:
        raise TrainingError(
            f"{path(run)} has no checksum: it was edited, or written by an older version of "
            f"textrnn; resume it with that version, or start again with another -o"
        )
    if known.tobytes() != _checksum(arrays).tobytes():
        raise ValueError("its checksum is another: it was cut short or edited")


def write_history(run: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replace run/history.csv with `rows`; TrainingError unless all have the same columns."""
    if not rows:
        return
    with damage(run):
        if len({tuple(row) for row in rows}) > 1:
            raise ValueError("the epochs of its history have different entries")
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    replace_file(run / "history.csv", text.getvalue().encode())


def replace_file(target: Path, data: bytes | memoryview) -> None:
    """Replace a file of a run atomically; TrainingError says why it cannot be written."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with files.replacing(target, "wb") as file:
            file.write(data)
    except OSError as error:
        raise TrainingError(
            f"{cannot_write(target, error)}, then continue with --resume"
        ) from error
