"""A training run's checkpoint, one file that is replaced atomically, and its history as CSV.

run/checkpoint.npz   every array of the run, and a JSON record of its state
run/history.csv      one line per epoch
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn import files
from textrnn.artifacts.arrays import BROKEN, reason_of
from textrnn.config import strict_json
from textrnn.errors import TrainingError


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
    buffer = io.BytesIO()
    np.savez(buffer, record=record, **checkpoint.arrays)  # type: ignore[arg-type]
    _replace(path(run), buffer.getbuffer())


def load(run: Path) -> Checkpoint:
    """Read the checkpoint of `run`; TrainingError if it is missing or damaged."""
    try:
        with np.load(path(run), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        record = strict_json.loads(arrays.pop("record").tobytes().decode(), nan=float)
    except FileNotFoundError:
        raise TrainingError(
            f"there is no run to resume in {run.parent}; start it without --resume"
        ) from None
    except (*BROKEN, KeyError) as error:
        raise TrainingError(
            f"{path(run)} is damaged ({reason_of(error)}); delete the folder {run} and start again"
        ) from error
    if not isinstance(record, dict):
        raise TrainingError(
            f"{path(run)} is damaged (no record); delete the folder {run} and start again"
        )
    return Checkpoint(record, arrays)


def write_history(run: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replace run/history.csv with `rows`, which all have the same columns."""
    if not rows:
        return
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    _replace(run / "history.csv", text.getvalue().encode())


def _replace(target: Path, data: bytes | memoryview) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with files.replacing(target, "wb") as file:
            file.write(data)
    except OSError as error:
        raise TrainingError(
            f"cannot write {target}: {error.strerror or error}; free some space or choose "
            f"another -o, then continue with --resume"
        ) from error
