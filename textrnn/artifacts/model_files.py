"""Read the files of one saved model, complete and consistent, while a writer may replace it.

Reading changes nothing on the disk. The marker files of a save (see `textrnn.artifacts.folders`)
say at every moment which folder contains a complete model: the folder itself, or one that a save
is about to rename. If anything changed while reading, the files are read again.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR
from typing import Any, TypeVar

from textrnn import files
from textrnn.artifacts.folders import COMPLETE, FILES, NEW, OLD, beside
from textrnn.config import strict_json
from textrnn.errors import ArtifactError

# Largest size of each file in bytes. Those of JSON keep what its values take in memory small.
MOST_BYTES = {
    "config.json": 2**22, "tokenizer.json": 2**24, "tokenizer.model": 2**24,
    "weights.npz": 2**32 + 2**24, "metadata.json": 2**23, "README.md": 2**20,
}  # fmt: skip
PAUSE_SECONDS = 0.005
# Attempts before a folder counts as missing or interrupted: a running save renames it within
# microseconds.
PATIENCE = 10
ATTEMPTS = 200  # in total; one save changes the files once
Identity = tuple[int, ...] | None

T = TypeVar("T")


@dataclass(frozen=True)
class ModelFiles:
    """The files of one saved model by name; empty if `folder` is missing or a file."""

    folder: Path  # as given, for messages
    files: dict[str, bytes]
    exists: bool
    is_folder: bool
    notices: tuple[str, ...] = ()  # messages about an interrupted save

    def data(self, name: str) -> bytes:
        """The bytes of a file; ArtifactError if it is missing."""
        if name not in self.files:
            raise ArtifactError(
                f"{self.folder} has no {name}; a model folder contains {', '.join(FILES[:3])}"
            )
        return self.files[name]

    def text(self, name: str) -> str:
        """The text of a file; ArtifactError if it is not UTF-8."""
        try:
            return self.data(name).decode()
        except UnicodeDecodeError as error:
            raise ArtifactError(f"{self.folder / name} is not UTF-8 text: {error}") from error

    def json(self, name: str) -> dict[str, Any]:
        """The JSON object in a file; ArtifactError if it is anything else.

        NaN and Infinity, which older versions wrote though JSON has no such values, become None.
        """
        path = self.folder / name
        try:
            content = strict_json.loads(self.text(name), nan=lambda _: None)
        except ValueError as error:
            raise ArtifactError(f"{path} is damaged: {error}; restore it from a copy") from error
        if not isinstance(content, dict):
            raise ArtifactError(f"{path} must contain an object, got {type(content).__name__}")
        return content


@dataclass(frozen=True)
class _Look:
    """The state of a model folder at one moment; equal if nothing was replaced between two."""

    place: Path | None  # the folder with the complete model
    interrupted: bool  # a save has not renamed it yet, or there is no model
    is_folder: bool
    identities: tuple[Identity, ...]  # of the folder, then of each of FILES


def read(folder: Path, most_weights: Callable[[bytes], int]) -> ModelFiles:
    """All files of the model in `folder`, from the same save.

    `most_weights` gives the largest size of weights.npz in bytes, from the content of config.json,
    so that a larger file is not read. ArtifactError when a file cannot be read, or when `folder` is
    replaced again and again.
    """
    try:
        look, found = _unchanged(folder, lambda look: _contents(folder, look, most_weights))
    except (OSError, RuntimeError) as error:  # RuntimeError: a cycle of links
        raise ArtifactError(
            f"cannot read {folder} or the files of an interrupted save beside it: "
            f"{getattr(error, 'strerror', None) or error}"
        ) from error
    notices: tuple[str, ...] = ()
    if look.place and look.interrupted:
        notices = (
            f"read {folder} from {look.place.name}, left by an interrupted save; the next save "
            f"or training there renames it",
        )
    return ModelFiles(folder, found, look.place is not None, look.is_folder, notices)


def holds(folder: Path, names: Sequence[str]) -> bool:
    """Whether `folder`, which a save may be replacing, contains one of the files `names`."""

    def found(look: _Look) -> bool:
        return look.place is not None and any((look.place / name).is_file() for name in names)

    try:
        return _unchanged(folder, found)[1]
    except (OSError, RuntimeError):
        return False


def _contents(folder: Path, look: _Look, most_weights: Callable[[bytes], int]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name, identity in zip(FILES, look.identities[1:], strict=True):
        if identity is None or look.place is None:
            continue
        most = MOST_BYTES[name]
        if name == "weights.npz":
            most = min(most, most_weights(found.get("config.json", b"")))
        try:
            found[name] = files.read(look.place / name, most)
        except OSError as error:
            reason = error.strerror or error
            raise ArtifactError(f"cannot read {folder / name}: {reason}") from error
    return found


def _unchanged(folder: Path, use: Callable[[_Look], T]) -> tuple[_Look, T]:
    """The state of `folder`, and the result of `use` while it did not change."""
    resolved = folder.resolve()
    for attempt in range(ATTEMPTS):
        look, failure = _look(resolved), None
        try:
            result = use(look)
        except (OSError, ArtifactError) as error:  # the folder may have been renamed meanwhile
            failure = error
        if (not look.interrupted or attempt >= PATIENCE) and _look(resolved) == look:
            if failure:
                raise failure
            return look, result
        time.sleep(PAUSE_SECONDS)
    raise ArtifactError(
        f"{folder} is replaced again and again while it is read; try again when the process "
        f"that writes it has ended"
    )


def _look(folder: Path) -> _Look:
    new = beside(folder, NEW)
    for place in (folder, new, beside(folder, OLD)):
        stat = _stat(place)
        if stat and (place != new or _stat(new / COMPLETE)):
            identities = tuple(_identity(_stat(place / name)) for name in FILES)
            own = (stat.st_dev, stat.st_ino)
            return _Look(place, place != folder, S_ISDIR(stat.st_mode), (own, *identities))
    return _Look(None, True, False, (None,) * (1 + len(FILES)))


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _identity(stat: os.stat_result | None) -> Identity:
    return stat and (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
