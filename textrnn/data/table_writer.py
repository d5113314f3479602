"""Write CSV, TSV and JSON lines, one row at a time."""

import csv
import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from textrnn.data.tables import DELIMITERS, Form

_FORMULA = ("=", "+", "-", "@")  # how a spreadsheet's formula or command begins


class RowWriter:
    """Writes one row at a time, in a form that `textrnn.data.tables.read_rows` can read.

    CSV and TSV have a header and exactly the `columns`: other values are left out, missing ones
    are empty, and non-strings are written as JSON. A JSON line contains all values of its row, so
    that rows may differ. Lines end with LF. With `safe`, no text of CSV or TSV is a formula
    (`without_formula`).
    """

    def __init__(
        self, stream: TextIO, form: Form, columns: Sequence[str], *, safe: bool = False
    ) -> None:
        self._stream, self._columns = stream, columns
        self._text = without_formula if safe else str
        self._writer: Any = None
        if form != "jsonl":
            # csv quotes the characters of its line end: with CR LF it also quotes a lone CR.
            self._writer = csv.writer(
                _EndLines(stream), delimiter=DELIMITERS[form], lineterminator="\r\n"
            )
            self._writer.writerow(map(self._text, columns))

    def write(self, values: Mapping[str, Any]) -> None:
        """Write one row, its values by column."""
        if self._writer is None:
            self._stream.write(json.dumps(dict(values), ensure_ascii=False) + "\n")
        else:
            self._writer.writerow([self._cell(values.get(column)) for column in self._columns])

    def _cell(self, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, str):
            return self._text(value)
        return json.dumps(value, ensure_ascii=False)


def without_formula(text: str) -> str:
    """`text` with an apostrophe before it if a spreadsheet could run it.

    That is a text that begins with =, +, - or @, also in full width or after white space and
    characters without width, or with a tab or a line end (OWASP, CSV Injection). Any other text
    stays, so doing it twice changes nothing more.
    """
    seen = next((each for each in text if not _is_unseen(each)), "")
    risky = text.startswith(("\t", "\r", "\n"))
    return f"'{text}" if risky or unicodedata.normalize("NFKC", seen) in _FORMULA else text


def _is_unseen(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf")


class _EndLines:
    """Output of csv, one call per row: turns its CR LF into LF."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, row: str) -> int:
        return self._stream.write(row.removesuffix("\r\n") + "\n")
