"""Write CSV, TSV and JSON lines, one row at a time."""

import csv
import json
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from textrnn.data.tables import DELIMITERS, Form


class RowWriter:
    """Writes one row at a time, in a form that `textrnn.data.tables.read_rows` can read.

    CSV and TSV have a header and exactly the `columns`: other values are left out, missing ones
    are empty, and non-strings are written as JSON. A JSON line contains all values of its row, so
    that rows may differ. Lines end with LF.
    """

    def __init__(self, stream: TextIO, form: Form, columns: Sequence[str]) -> None:
        self._stream, self._columns = stream, columns
        self._writer: Any = None
        if form != "jsonl":
            # csv quotes the characters of its line end: with CR LF it also quotes a lone CR.
            self._writer = csv.writer(
                _EndLines(stream), delimiter=DELIMITERS[form], lineterminator="\r\n"
            )
            self._writer.writerow(columns)

    def write(self, values: Mapping[str, Any]) -> None:
        """Write one row, its values by column."""
        if self._writer is None:
            self._stream.write(json.dumps(dict(values), ensure_ascii=False) + "\n")
        else:
            self._writer.writerow([_cell(values.get(column)) for column in self._columns])


class _EndLines:
    """Output of csv, one call per row: turns its CR LF into LF."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, row: str) -> int:
        return self._stream.write(row.removesuffix("\r\n") + "\n")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
