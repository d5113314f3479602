"""Turn a .txt file, standard input, a line or a table's cell into a text for a classifier.

Training, evaluation and prediction all read through here, so that a model is asked about the very
characters that it was trained on. Of a file and of a line, a byte order mark at the beginning and
the last line end are dropped, and CR LF and lone CR become LF. A cell is kept as it is: the table
marks where it ends.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textrnn.data.tables import BadRow, Form, form_of, read_rows
from textrnn.data.text_files import called, open_text
from textrnn.errors import CorpusError

# Reasons that some callers say in other words.
BLANK = "it is blank"
MISSING = "its text is missing"
NOT_A_STRING = "its text is not a string"
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Reading:
    """A text as it was read, and the reason why it cannot be used; "" when it can.

    `line` is where a line or a row begins, counted from 1; `row` holds a row's columns.
    """

    text: str
    reason: str = ""
    line: int | None = None
    row: Mapping[str, Any] = field(default_factory=dict)


def unusable(text: str) -> str:
    """The reason why `text` cannot be used, as a clause; "" when it can."""
    if "\0" in text:
        return "it is not text: it holds a NUL character; if it is UTF-16, use --encoding utf-16"
    if not text.isascii() and _SURROGATE.search(text):
        return "it is not text: it holds bytes that are no characters"
    return "" if text.strip() else BLANK


def read_file(path: str | Path, encoding: str) -> Reading:
    """A whole file, or standard input when `path` is "-", as one text."""
    with open_text(path, encoding, newlines="normalise") as file:
        text = file.read().removesuffix("\n")
    return Reading(text, unusable(text))


def read_lines(path: str | Path, encoding: str) -> Iterator[Reading]:
    """Each line of a file or of standard input as one text; blank lines are skipped."""
    with open_text(path, encoding, newlines="normalise") as file:
        for number, line in enumerate(file, 1):
            text = line.removesuffix("\n")
            if text.strip():
                yield Reading(text, unusable(text), number)


def read_cells(
    path: str | Path, column: str, *, form: Form | None, encoding: str
) -> Iterator[Reading]:
    """The texts in `column` of a table, row by row; without a `form` the suffix tells it.

    A row that cannot be read has its reason and no columns. CorpusError as for `read_rows`, and
    when nothing tells the form.
    """
    name = called(path)
    with open_text(path, encoding) as file:
        form = form or (None if str(path) == "-" else form_of(path))
        if form is None:
            raise CorpusError(
                f"nothing tells whether {name} is CSV, TSV or JSON lines; say so with "
                f"--input-format csv, tsv or jsonl"
            )
        for row in read_rows(file, form, name):
            if isinstance(row, BadRow):
                yield Reading("", row.reason, row.line)
            else:
                text, reason = _cell(row.values.get(column))
                yield Reading(text, reason, row.line, row.values)


def _cell(value: Any) -> tuple[str, str]:
    """The text of a cell, and the reason why it cannot be used; JSON's numbers are texts."""
    if value is None:
        return "", MISSING
    if isinstance(value, bool | list | dict):
        return "", NOT_A_STRING
    text = str(value)
    return text, unusable(text)
