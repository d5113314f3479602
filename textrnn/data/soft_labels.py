"""Turn a table of what somebody thinks of texts into a teacher: probabilities by text.

The table is what `textrnn classify FILE -o TABLE` writes, or anything else does that judges: a
column `text`, and for each class the column p_CLASS.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.data.tables import BadRow, form_of, read_rows
from textrnn.data.unlabelled import bare
from textrnn.errors import CorpusError

SLACK = 0.01  # of a sum of probabilities that were rounded to be written


@dataclass(frozen=True, eq=False)
class Opinions:
    """Probabilities (classes,) of the texts in a table, whatever their case, spaces and signs."""

    name: str
    classes: tuple[str, ...]
    by_text: Mapping[bytes, tuple[float, ...]]
    sha256: str

    def __contains__(self, text: str) -> bool:
        return _key(text) in self.by_text

    def of(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """(texts, classes); nan for a text that is not in the table."""
        nothing = (np.nan,) * len(self.classes)
        return np.array([self.by_text.get(_key(text), nothing) for text in texts])


def is_table(name: str) -> bool:
    """Whether a teacher of this name is a table, and no model."""
    return form_of(name) is not None


def read_opinions(path: str, classes: Sequence[str]) -> Opinions:
    """The table at `path`, CSV, TSV or JSON lines, of probabilities of `classes`.

    CorpusError where it cannot be read, lacks a column, or a row's are no probabilities.
    """
    form, found, digest = form_of(path), {}, hashlib.sha256()
    assert form
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            for row in read_rows(file, form, path):
                if isinstance(row, BadRow):
                    raise CorpusError(f"{path}, line {row.line}: {row.reason}")
                key = _key(_text(row.values, path))
                found[key] = _probabilities(row.values, classes, f"{path}, line {row.line}")
                digest.update(key + repr(found[key]).encode())
    except OSError as error:
        raise CorpusError(
            f"the teacher {path} cannot be read: {error.strerror}; a table of opinions is what "
            f"`textrnn classify FILE -o {Path(path).name}` writes"
        ) from error
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path} is no UTF-8 text; save it as UTF-8") from error
    return Opinions(path, tuple(classes), found, digest.hexdigest())


def _text(values: Mapping[str, Any], path: str) -> str:
    text = values.get("text")
    if not isinstance(text, str):
        raise CorpusError(f"{path} has no column text; name that of the texts so")
    return text


def _probabilities(
    values: Mapping[str, Any], classes: Sequence[str], where: str
) -> tuple[float, ...]:
    names = [f"p_{name}" for name in classes]
    if missing := [name for name in names if name not in values]:
        raise CorpusError(
            f"{where} has no {', '.join(missing)}; a table of opinions has the columns text, "
            f"{', '.join(names)}, as `textrnn classify FILE -o TABLE` writes them"
        )
    try:
        found = tuple(float(values[name]) for name in names)
    except (TypeError, ValueError):
        found = (np.nan,)
    if not (min(found) >= 0 and abs(sum(found) - 1) <= SLACK):
        raise CorpusError(
            f"{where}: {', '.join(names)} must be probabilities that make 1 together, got "
            f"{', '.join(str(values[name]) for name in names)}"
        )
    return found


def _key(text: str) -> bytes:
    return hashlib.sha256(bare(text).encode("utf-8", "surrogatepass")).digest()[:16]
