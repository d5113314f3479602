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

from textrnn.config.limits import TEXT_LIMIT
from textrnn.data.bounded import NUL, lines_of, over
from textrnn.data.encodings import Encoding
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

    `line` is the first line of the text or row, counted from 1; `row` holds the columns of a row,
    which has `characters` in the file.
    """

    text: str
    reason: str = ""
    line: int | None = None
    row: Mapping[str, Any] = field(default_factory=dict)
    characters: int = field(default=0, compare=False)


def unusable(text: str) -> str:
    """The reason why `text` cannot be used, as a clause; "" if it can."""
    if "\0" in text:
        return f"it is not text: {NUL}"
    if not text.isascii() and _SURROGATE.search(text):
        return "it is not text: it contains bytes that are not characters"
    return "" if text.strip() else BLANK


def read_file(path: str | Path, encoding: Encoding, limit: int = TEXT_LIMIT) -> ReadResult:
    """A whole file, or standard input if `path` is "-", as one text.

    A longer text than `limit` characters has a reason instead.
    """
    with open_text(path, encoding, newlines="normalise") as file:
        text = file.read(limit + 1)
    if len(text) > limit:
        return ReadResult("", unusable(text) if "\0" in text else over(limit))
    text = text.removesuffix("\n")
    return ReadResult(text, unusable(text))


def read_lines(
    path: str | Path, encoding: Encoding, limit: int = TEXT_LIMIT
) -> Iterator[ReadResult]:
    """Each line of a file or of standard input as one text, without blank lines.

    A line of more than `limit` characters has a reason and no text.
    """
    with open_text(path, encoding, newlines="normalise") as file:
        for number, line in enumerate(lines_of(file, limit, called(path)), 1):
            if len(line) > limit:
                yield ReadResult("", over(limit), number)
                continue
            text = line.removesuffix("\n")
            if text.strip():
                yield ReadResult(text, unusable(text), number)


def read_cells(
    path: str | Path,
    column: str,
    *,
    form: Form | None,
    encoding: Encoding,
    limit: int = TEXT_LIMIT,
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
                f"or jsonl (a plain text is for a generator, a classifier needs labels)"
            )
        for row in read_rows(file, form, name, limit):
            if isinstance(row, BadRow):
                yield ReadResult("", row.reason, row.line)
            else:
                text, reason = _cell(row.values.get(column))
                yield ReadResult(text, reason, row.line, row.values, row.characters)


def _cell(value: Any) -> tuple[str, str]:
    """The text of a cell, and the reason why it cannot be used; a JSON number is text."""
    if value is None:
        return "", MISSING
    if isinstance(value, bool | list | dict):
        return "", NOT_A_STRING
    text = str(value)
    return text, unusable(text)
