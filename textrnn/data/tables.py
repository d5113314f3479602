"""Read CSV, TSV and JSON lines, one row in memory at a time.

An unreadable row becomes a BadRow with a reason, and reading continues after it. The caller
decides whether one bad row is an error of the whole file.
"""

import csv
import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Literal

from textrnn.errors import CorpusError

Form = Literal["csv", "tsv", "jsonl"]
FIELD_LIMIT = 2**26  # characters per field; a longer field has an unclosed quote
DELIMITERS = {"csv": ",", "tsv": "\t"}
_FORMS: Mapping[str, Form] = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl",
}  # fmt: skip
_NUL = "it contains a NUL character; if the file is UTF-16, use --encoding utf-16"
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
# All complete fields of a row, up to the field with an unclosed quote.
_WHOLE_FIELDS = {
    form: re.compile(rf'(?:(?:"(?:[^"]++|"")*+"|[^"{mark}\r\n][^{mark}\r\n]*+)?{mark})*+')
    for form, mark in DELIMITERS.items()
}


@dataclass(frozen=True)
class Row:
    """The values of a row by column, and its first line, counted from 1."""

    line: int
    values: dict[str, Any]  # strings from CSV and TSV, any JSON value from JSON lines


@dataclass(frozen=True)
class BadRow:
    """The reason why the row that begins on `line` cannot be read."""

    line: int
    reason: str


def form_of(path: str | Path) -> Form | None:
    """The form of a file from its suffix, or None if that is unknown."""
    return _FORMS.get(Path(path).suffix.lower())


def read_rows(file: Iterable[str], form: Form, name: str) -> Iterator[Row | BadRow]:
    """Yield the rows of `file`, an iterable of lines opened with newline="".

    The first row of CSV and TSV is the header. Both quote with "..." and double a quote inside;
    fields may contain line ends. Empty lines are skipped, and a byte order mark is dropped.
    CorpusError for an empty file, a missing header or a duplicate column.
    """
    return _json_rows(file, name) if form == "jsonl" else _delimited_rows(file, form, name)


class _Lines:
    """Counts lines, and keeps those of the current row to diagnose it if it is broken."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._count = 0
        self.row: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        if self._count == 0:
            line = line.removeprefix("\ufeff")
        self._count += 1
        self.row.append(line)
        return line

    def begin(self) -> int:
        """Start a new row; return the number of its first line."""
        self.row.clear()
        return self._count + 1

    def open_quote(self, form: Form) -> int:
        """The line of the unclosed quote, counted from 0 at the beginning of the row."""
        whole = _WHOLE_FIELDS[form].match("".join(self.row))
        return bisect_right(list(accumulate(map(len, self.row))), whole.end() if whole else 0)


def _delimited_rows(file: Iterable[str], form: Form, name: str) -> Iterator[Row | BadRow]:
    records = _records(_Lines(file), form)
    columns = _header(records, name)
    for record in records:
        if isinstance(record, BadRow):
            yield record
            continue
        line, fields = record
        if len(fields) == len(columns):
            yield Row(line, dict(zip(columns, fields, strict=True)))
        elif len(fields) > 1 or fields[0].strip():  # else a line of spaces only
            yield BadRow(
                line,
                f"it has {_count_of(len(fields), 'field')}, but the header has "
                f"{_count_of(len(columns), 'column')}",
            )


def _header(records: Iterator[tuple[int, list[str]] | BadRow], name: str) -> list[str]:
    for record in records:
        if isinstance(record, BadRow):
            raise CorpusError(
                f"{name} has no header: line {record.line} should be the header, but "
                f"{record.reason}"
            )
        columns = [column.strip() for column in record[1]]
        if not any(columns):
            continue
        for column in columns:
            if columns.count(column) > 1:
                raise CorpusError(
                    f"{name} has the column {column!r} twice in the header on line {record[0]}; "
                    f"give each column a different name"
                )
        return columns
    raise CorpusError(f"{name} is empty; a table begins with a header line of column names")


def _records(lines: _Lines, form: Form) -> Iterator[tuple[int, list[str]] | BadRow]:
    """(first line, fields) of each row, including the header, without empty lines."""
    # The limit is global to the process, so it is only raised, never lowered.
    csv.field_size_limit(max(csv.field_size_limit(), FIELD_LIMIT))
    reader = csv.reader(lines, delimiter=DELIMITERS[form], strict=True)
    while True:
        begin = lines.begin()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield _broken_row(begin, lines, form, str(error))
            if len(lines.row) > 1 and "limit" in str(error):
                return  # the unclosed quote has consumed more than the longest row
            continue
        if any("\0" in line for line in lines.row):
            yield BadRow(begin, _NUL)
        elif fields:
            yield begin, fields


def _broken_row(begin: int, lines: _Lines, form: Form, error: str) -> BadRow:
    """The row in `lines` as a BadRow; known messages of csv are rephrased."""
    if "unexpected end" in error or ("limit" in error and len(lines.row) > 1):
        return BadRow(
            begin + lines.open_quote(form),
            "the quote that opens here is never closed; nothing after it was read",
        )
    if "limit" in error:
        return BadRow(begin, f"a field is longer than {FIELD_LIMIT:,} characters")
    if "expected after" in error:
        return BadRow(
            begin,
            "text follows a closing quote; double a quote inside a quoted field",
        )
    return BadRow(begin, f"it cannot be parsed: {error}")


def _json_rows(file: Iterable[str], name: str) -> Iterator[Row | BadRow]:
    empty = True
    for number, line in enumerate(file, 1):
        if number == 1:
            line = line.removeprefix("\ufeff")
        if line.strip():
            empty = False
            yield _json_row(number, line)
    if empty:
        raise CorpusError(
            f'{name} is empty; each line must be an object such as {{"text": "...", '
            f'"label": "..."}}'
        )


def _json_row(number: int, line: str) -> Row | BadRow:
    if "\0" in line:
        return BadRow(number, _NUL)
    try:
        values = json.loads(line.rstrip(), parse_constant=_no_constant)
        if not isinstance(values, dict):
            kind = "an array" if isinstance(values, list) else "a single value"
            return BadRow(number, f"it is {kind}, not an object with the columns as keys")
        if "\\u" in line and any(map(_NO_TEXT.search, _strings(values))):
            return BadRow(number, "it contains a NUL character or half a surrogate pair")
    except json.JSONDecodeError as error:
        return BadRow(number, f"it is not JSON: {error.msg} at character {error.pos + 1:,}")
    except RecursionError:
        return BadRow(number, "its values are nested too deeply")
    except ValueError as error:
        return BadRow(number, f"it is not JSON: {error}")
    return Row(number, values)


def _no_constant(constant: str) -> None:
    raise ValueError(f"JSON has no {constant}")


def _strings(value: Any) -> Iterator[str]:
    """Every string inside a JSON value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from _strings(entry)
    elif isinstance(value, dict):
        yield from value
        for entry in value.values():
            yield from _strings(entry)


def _count_of(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
