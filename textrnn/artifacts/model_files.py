"""Read the files of one saved model, whole and of one version, while a writer may replace it.

Reading changes nothing on the disk. The marks of a save (see `textrnn.artifacts.folders`) say at
every moment which folder holds a whole model: the one of that name, or what a save is about to
rename. Whatever changed between the first look and the last is read again.
"""

import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR
from typing import Any, TypeVar

from textrnn.artifacts.folders import COMPLETE, FILES, NEW, OLD, beside
from textrnn.errors import ArtifactError

PAUSE_SECONDS = 0.005
# Looks until a folder that is not there is taken for missing or half replaced: a save that goes on
# gives it its name within the next few microseconds.
PATIENCE = 10
ATTEMPTS = 200  # looks in all; a save changes what is read once
Identity = tuple[int, ...] | None

T = TypeVar("T")


@dataclass(frozen=True)
class ModelFiles:
    """Every file of one saved model, by name; none where `folder` is missing or a file."""

    folder: Path  # as it was named, for messages
    files: dict[str, bytes]
    exists: bool
    is_folder: bool
    notices: tuple[str, ...] = ()  # for a person: where an interrupted save left what was read

    def data(self, name: str) -> bytes:
        """A file's bytes; ArtifactError when there is none."""
        if name not in self.files:
            raise ArtifactError(
                f"{self.folder} has no {name}; a model folder holds {', '.join(FILES[:3])}"
            )
        return self.files[name]

    def text(self, name: str) -> str:
        """A file as text; ArtifactError when it is not UTF-8."""
        try:
            return self.data(name).decode()
        except UnicodeDecodeError as error:
            raise ArtifactError(f"{self.folder / name} is not UTF-8 text: {error}") from error

    def json(self, name: str) -> dict[str, Any]:
        """A file as a JSON object; ArtifactError when it is none.

        What older versions wrote as NaN or Infinity, which no JSON has, is None.
        """
        path = self.folder / name
        try:
            content = json.loads(self.text(name), parse_constant=lambda _: None)
        except json.JSONDecodeError as error:
            raise ArtifactError(f"{path} is not JSON: {error}") from error
        if not isinstance(content, dict):
            raise ArtifactError(f"{path} must hold an object, got {type(content).__name__}")
        return content


@dataclass(frozen=True)
class _Look:
    """What lies where at one moment; two looks are equal when nothing was replaced between."""

    place: Path | None  # the folder that is whole
    interrupted: bool  # a save has not given it its name yet, or there is nothing
    is_folder: bool
    identities: tuple[Identity, ...]  # of the place, then of each of FILES


def read(folder: Path) -> ModelFiles:
    """All files of the model in `folder`, of one save.

    ArtifactError when one cannot be read, or when `folder` does not stay the same long enough.
    """
    try:
        look, files = _unchanged(folder, lambda look: _contents(folder, look))
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
        raise ArtifactError(
            f"cannot read {folder} or what an interrupted save left beside it: "
            f"{getattr(error, 'strerror', None) or error}"
        ) from error
    notices: tuple[str, ...] = ()
    if look.place and look.interrupted:
        notices = (
            f"read {folder} from {look.place.name}, which an interrupted save left; the next "
            f"save or training there gives it its name",
        )
    return ModelFiles(folder, files, look.place is not None, look.is_folder, notices)


def holds(folder: Path, names: Sequence[str]) -> bool:
    """Whether one of the files `names` is in `folder`, which a save may be replacing."""

    def found(look: _Look) -> bool:
        return look.place is not None and any((look.place / name).is_file() for name in names)

    try:
        return _unchanged(folder, found)[1]
    except (OSError, RuntimeError):
        return False


def _contents(folder: Path, look: _Look) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for name, identity in zip(FILES, look.identities[1:], strict=True):
        if identity is None or look.place is None:
            continue
        try:
            files[name] = (look.place / name).read_bytes()
        except OSError as error:
            reason = error.strerror or error
            raise ArtifactError(f"cannot read {folder / name}: {reason}") from error
    return files


def _unchanged(folder: Path, use: Callable[[_Look], T]) -> tuple[_Look, T]:
    """A look at `folder`, and what `use` made of it before anything changed."""
    resolved = folder.resolve()
    for attempt in range(ATTEMPTS):
        look, failure = _look(resolved), None
        try:
            result = use(look)
        except (OSError, ArtifactError) as error:  # it may have been renamed meanwhile
            failure = error
        if (not look.interrupted or attempt >= PATIENCE) and _look(resolved) == look:
            if failure:
                raise failure
            return look, result
        time.sleep(PAUSE_SECONDS)
    raise ArtifactError(
        f"{folder} is replaced again and again while it is read; try again when what writes "
        f"there has ended"
    )


def _look(folder: Path) -> _Look:
    new = beside(folder, NEW)
    for place in (folder, new, beside(folder, OLD)):
        stat = _stat(place)
        if stat and (place != new or _stat(new / COMPLETE)):
            identities = tuple(_identity(_stat(place / name)) for name in FILES)
            its_own = (stat.st_dev, stat.st_ino)
            return _Look(place, place != folder, S_ISDIR(stat.st_mode), (its_own, *identities))
    return _Look(None, True, False, (None,) * (1 + len(FILES)))


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _identity(stat: os.stat_result | None) -> Identity:
    return stat and (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
