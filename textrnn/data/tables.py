"""Read CSV, TSV and JSON lines, one row in memory at a time.

An unreadable row becomes a BadRow with a reason, and reading continues after it. The caller
decides whether one bad row is an error of the whole file.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from textrnn.config.limits import TEXT_LIMIT, VALUES_LIMIT, check_limit
from textrnn.data.bounded import NUL, lines_of, over, quoted
from textrnn.data.row_lines import RowLines, TooLong
from textrnn.errors import CorpusError

Form = Literal["csv", "tsv", "jsonl"]
DELIMITERS = {"csv": ",", "tsv": "\t"}
_FORMS: Mapping[str, Form] = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl",
}  # fmt: skip
_Record = tuple[int, list[str], int]  # first line, fields, characters
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"')  # of JSON
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class Row:
    """The values of a row by column, its first line, counted from 1, and its size in the file."""

    line: int
    values: dict[str, Any]  # strings from CSV and TSV, any JSON value from JSON lines
    characters: int = field(default=0, compare=False)


@dataclass(frozen=True)
class BadRow:
    """The reason why the row that begins on `line` cannot be read."""

    line: int
    reason: str


def form_of(path: str | Path) -> Form | None:
    """The form of a file from its suffix, or None if that is unknown."""
    return _FORMS.get(Path(path).suffix.lower())


def read_rows(
    file: Iterable[str], form: Form, name: str, limit: int = TEXT_LIMIT
) -> Iterator[Row | BadRow]:
    """Yield the rows of `file`, an iterable of lines opened with newline="".

    The first row of CSV and TSV is the header. Both quote with "..." and double a quote inside;
    fields may contain line ends. Empty lines are skipped, and a byte order mark is dropped.
    A row of more than `limit` characters is a BadRow; reading ends there if a quote is still open.
    CorpusError for an empty file, a missing header or a duplicate column, and for a line without
    an end.
    """
    check_limit("text_limit", limit)
    lines = lines_of(file, limit, name) if isinstance(file, io.TextIOBase) else file
    if form == "jsonl":
        return _json_rows(lines, name, limit)
    return _delimited_rows(RowLines(lines, limit), form, name)


def _delimited_rows(lines: RowLines, form: Form, name: str) -> Iterator[Row | BadRow]:
    records = _records(lines, form)
    columns = _header(records, name)
    for record in records:
        if isinstance(record, BadRow):
            yield record
            continue
        line, fields, characters = record
        if len(fields) == len(columns):
            yield Row(line, dict(zip(columns, fields, strict=True)), characters)
        elif len(fields) > 1 or fields[0].strip():  # else a line of spaces only
            yield BadRow(
                line,
                f"it has {_count_of(len(fields), 'field')}, but the header has "
                f"{_count_of(len(columns), 'column')}",
            )


def _header(records: Iterator[_Record | BadRow], name: str) -> list[str]:
    for record in records:
        if isinstance(record, BadRow):
            raise CorpusError(
                f"{name} has no header: line {record.line} should be the header, but "
                f"{record.reason}"
            )
        columns = [column.strip() for column in record[1]]
        if not any(columns):
            continue
        seen: set[str] = set()
        for column in columns:
            if column in seen:
                raise CorpusError(
                    f"{name} has the column {quoted(column)} twice in the header on line "
                    f"{record[0]}; give each column a different name"
                )
            seen.add(column)
        return columns
    raise CorpusError(f"{name} is empty; a table begins with a header line of column names")


def _records(lines: RowLines, form: Form) -> Iterator[_Record | BadRow]:
    """(first line, fields, characters) of each row, including the header, without empty lines."""
    # csv's own limit is global to the process, so it is only raised, never lowered. A row over our
    # limit never has a field over csv's.
    csv.field_size_limit(max(csv.field_size_limit(), lines.limit))
    reader = csv.reader(lines, delimiter=DELIMITERS[form], strict=True)
    while True:
        begin = lines.begin()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except TooLong:
            if lines.quote_is_open(DELIMITERS[form]):
                closed = f"closed within {lines.limit:,} characters"
                yield _open_quote(begin, lines, form, closed)
                return
            yield BadRow(begin, over(lines.limit))
            continue
        except csv.Error as error:
            yield _broken_row(begin, lines, form, str(error))
            continue
        if lines.nul:
            yield BadRow(begin, NUL)
        elif fields:
            yield begin, fields, lines.characters


def _broken_row(begin: int, lines: RowLines, form: Form, error: str) -> BadRow:
    """The row in `lines` as a BadRow; known messages of csv are rephrased."""
    if "unexpected end" in error:
        return _open_quote(begin, lines, form, "closed")
    if "expected after" in error:
        return BadRow(
            begin,
            "text follows a closing quote; double a quote inside a quoted field",
        )
    return BadRow(begin, f"it cannot be parsed: {error}")


def _open_quote(begin: int, lines: RowLines, form: Form, closed: str) -> BadRow:
    line = begin + lines.open_quote(DELIMITERS[form])
    return BadRow(line, f"the quote that opens here is never {closed}; nothing after it was read")


def _json_rows(lines: Iterable[str], name: str, limit: int) -> Iterator[Row | BadRow]:
    empty = True
    for number, line in enumerate(lines, 1):
        if number == 1:
            line = line.removeprefix("\ufeff")
        if line.strip():
            empty = False
            yield _json_row(number, line, limit)
    if empty:
        raise CorpusError(
            f'{name} is empty; each line must be an object such as {{"text": "...", '
            f'"label": "..."}}'
        )


def _json_row(number: int, line: str, limit: int) -> Row | BadRow:
    if len(line) > limit:
        return BadRow(number, over(limit))
    if "\0" in line:
        return BadRow(number, NUL)
    if _many_values(line) and _many_values(_STRING.sub("", line)):
        return BadRow(number, f"it has more than {VALUES_LIMIT:,} values")
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
    return Row(number, values, len(line))


def _many_values(line: str) -> bool:
    return len(line) > VALUES_LIMIT and sum(map(line.count, ",[{")) > VALUES_LIMIT


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
