"""Read and write tables of soft labels: class probabilities of texts, to use as a teacher.

The table has a column `text` and one column p_CLASS per class, as written by
`textrnn classify FILE -o TABLE` or by any other classifier.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import numpy.typing as npt

from textrnn import files
from textrnn.data.table_writer import RowWriter
from textrnn.data.tables import BadRow, form_of, read_rows
from textrnn.data.unlabelled import bare
from textrnn.errors import CorpusError

Classify = Callable[[Sequence[str]], npt.NDArray[np.floating[Any]]]  # -> (texts, classes)
OnProgress = Callable[[int, int], object]  # texts done, all texts

ROWS_PER_CHUNK = 10_000  # texts classified and written at once
SLACK = 0.01  # tolerance of a sum of rounded probabilities


@dataclass(frozen=True, eq=False)
class SoftLabels:
    """Class probabilities by text; case, spaces and punctuation of a text do not matter."""

    name: str
    classes: tuple[str, ...]
    by_text: Mapping[bytes, tuple[float, ...]]  # hash of the text -> (classes,)
    sha256: str

    def __contains__(self, text: str) -> bool:
        return _key(text) in self.by_text

    def of(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """The soft labels of `texts`, (texts, classes); nan for a text that is not in the table."""
        missing = (np.nan,) * len(self.classes)
        return np.array([self.by_text.get(_key(text), missing) for text in texts])


def is_table(name: str) -> bool:
    """Whether the teacher `name` is a table, not a model."""
    return form_of(name) is not None


def read_soft_labels(path: str, classes: Sequence[str]) -> SoftLabels:
    """The soft labels over `classes` in a CSV, TSV or JSON lines file.

    CorpusError when the file cannot be read, lacks a column, or a row has invalid probabilities.
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
            f"the teacher {path} cannot be read: {error.strerror}; write a table of soft labels "
            f"with `textrnn classify FILE -o {Path(path).name}`"
        ) from error
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path} is not UTF-8 text; save it as UTF-8") from error
    return SoftLabels(path, tuple(classes), found, digest.hexdigest())


def write_soft_labels(
    path: Path,
    texts: Sequence[str],
    classes: Sequence[str],
    classify: Classify,
    *,
    on_progress: OnProgress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> bool:
    """Write the probabilities that `classify` gives `texts`, (texts, classes), as a CSV table.

    The table appears whole or not at all: False when `should_stop`, which is asked now and then,
    said so. `on_progress` is told how many texts are done, and how many there are.
    """
    with files.writing(path, encoding="utf-8", newline="") as (file, part):
        done = _write_rows(file, texts, classes, classify, on_progress, should_stop)
        if done:
            files.publish(file, part, path)
    return done


def _write_rows(
    file: TextIO,
    texts: Sequence[str],
    classes: Sequence[str],
    classify: Classify,
    on_progress: OnProgress | None,
    should_stop: Callable[[], bool] | None,
) -> bool:
    columns = _columns(classes)
    writer = RowWriter(file, "csv", ["text", *columns])
    for start in range(0, len(texts), ROWS_PER_CHUNK):
        if should_stop and should_stop():
            return False
        chunk = texts[start : start + ROWS_PER_CHUNK]
        for text, row in zip(chunk, classify(chunk).tolist(), strict=True):
            writer.write({"text": text, **dict(zip(columns, row, strict=True))})
        if on_progress:
            on_progress(start + len(chunk), len(texts))
    return True


def _columns(classes: Sequence[str]) -> list[str]:
    return [f"p_{name}" for name in classes]


def _text(values: Mapping[str, Any], path: str) -> str:
    text = values.get("text")
    if not isinstance(text, str):
        raise CorpusError(f"{path} has no column text; rename the column of the texts")
    return text


def _probabilities(
    values: Mapping[str, Any], classes: Sequence[str], where: str
) -> tuple[float, ...]:
    names = _columns(classes)
    if missing := [name for name in names if name not in values]:
        raise CorpusError(
            f"{where} has no {', '.join(missing)}; a table of soft labels has the columns text, "
            f"{', '.join(names)}, as written by `textrnn classify FILE -o TABLE`"
        )
    try:
        found = tuple(float(values[name]) for name in names)
    except (TypeError, ValueError):
        found = (np.nan,)
    if not (min(found) >= 0 and abs(sum(found) - 1) <= SLACK):
        raise CorpusError(
            f"{where}: {', '.join(names)} must be probabilities that sum to 1, got "
            f"{', '.join(str(values[name])[:60] for name in names)}"
        )
    return found


def _key(text: str) -> bytes:
    return hashlib.sha256(bare(text).encode("utf-8", "surrogatepass")).digest()[:16]
