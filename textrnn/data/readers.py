"""Turn a .txt file, standard input, a line or a table's cell into a text for a classifier.

Training, evaluation and prediction all use these functions, so that a model sees the same
characters in each. A file or a line loses a byte order mark at its beginning and its last line
end, and CR LF and lone CR become LF. A cell is kept unchanged, since the table delimits it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textrnn.data.tables import BadRow, Form, form_of, read_rows
from textrnn.data.text_files import called, open_text
from textrnn.errors import CorpusError

# Reasons that some callers rephrase.
BLANK = "it is blank"
MISSING = "its text is missing"
NOT_A_STRING = "its text is not a string"
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class ReadResult:
    """A text, and the reason why it cannot be used; "" if it can.

    `line` is the first line of the text or row, counted from 1; `row` holds the columns of a row.
    """

    text: str
    reason: str = ""
    line: int | None = None
    row: Mapping[str, Any] = field(default_factory=dict)


def unusable(text: str) -> str:
    """The reason why `text` cannot be used, as a clause; "" if it can."""
    if "\0" in text:
        return "it is not text: it contains a NUL character; if it is UTF-16, use --encoding utf-16"
    if not text.isascii() and _SURROGATE.search(text):
        return "it is not text: it contains bytes that are not characters"
    return "" if text.strip() else BLANK


def read_file(path: str | Path, encoding: str) -> ReadResult:
    """A whole file, or standard input if `path` is "-", as one text."""
    with open_text(path, encoding, newlines="normalise") as file:
        text = file.read().removesuffix("\n")
    return ReadResult(text, unusable(text))


def read_lines(path: str | Path, encoding: str) -> Iterator[ReadResult]:
    """Each line of a file or of standard input as one text, without blank lines."""
    with open_text(path, encoding, newlines="normalise") as file:
        for number, line in enumerate(file, 1):
            text = line.removesuffix("\n")
            if text.strip():
                yield ReadResult(text, unusable(text), number)


def read_cells(
    path: str | Path, column: str, *, form: Form | None, encoding: str
) -> Iterator[ReadResult]:
    """The texts in `column` of a table, row by row; without a `form`, the suffix decides.

    An unreadable row has a reason and no columns. CorpusError as for `read_rows`, and if the form
    is unknown.
    """
    name = called(path)
    with open_text(path, encoding) as file:
        form = form or (None if str(path) == "-" else form_of(path))
        if form is None:
            raise CorpusError(
                f"{name} may be CSV, TSV or JSON lines; choose one with --input-format csv, tsv "
                f"or jsonl"
            )
        for row in read_rows(file, form, name):
            if isinstance(row, BadRow):
                yield ReadResult("", row.reason, row.line)
            else:
                text, reason = _cell(row.values.get(column))
                yield ReadResult(text, reason, row.line, row.values)


def _cell(value: Any) -> tuple[str, str]:
    """The text of a cell, and the reason why it cannot be used; a JSON number is text."""
    if value is None:
        return "", MISSING
    if isinstance(value, bool | list | dict):
        return "", NOT_A_STRING
    text = str(value)
    return text, unusable(text)
