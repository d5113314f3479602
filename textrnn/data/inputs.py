"""Turn the inputs of a classifier (files, folders, tables, standard input) into texts.

One text at a time, in the given order. An input that cannot be read is an item with a reason, so
that the caller can report it and continue.
"""

import errno
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from textrnn.config.limits import TEXT_LIMIT, check_limit
from textrnn.data.bounded import listed, over, quoted
from textrnn.data.encodings import Encoding
from textrnn.data.readers import (
    MISSING,
    NOT_A_STRING,
    ReadResult,
    read_cells,
    read_file,
    read_lines,
    unusable,
)
from textrnn.data.tables import Form, Row, form_of, read_rows
from textrnn.data.text_files import called, open_text, text_files
from textrnn.errors import ConfigError, CorpusError

InputForm = Literal["text", "lines", "csv", "tsv", "jsonl"]
TABLES: tuple[Form, ...] = ("csv", "tsv", "jsonl")
PEEKED_ROWS = 100  # of a table, to find a readable row, which shows the columns


@dataclass(frozen=True)
class Item:
    """A text to classify and its position; `row` holds the columns of a table's row.

    `size` is the number of characters of the text, or of the whole row in the file.
    A non-empty `reason` says why the text cannot be classified. `whole` is True if the reason is a
    complete sentence that names the source.
    """

    source: str
    text: str
    line: int | None = None
    row: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    whole: bool = False
    size: int = field(default=0, compare=False)

    @property
    def place(self) -> str:
        """The source, with the line number if the source has several texts."""
        return self.source if self.line is None else f"{self.source} line {self.line:,}"

    def problem(self, reason: str = "") -> str:
        """Why there is no prediction: the place, and the item's own reason or `reason`."""
        if self.whole:
            return self.reason
        return f"{self.place}: {self.reason or reason}"


def read_items(
    paths: str | Sequence[str],
    *,
    form: InputForm | None,
    column: str,
    encoding: Encoding,
    limit: int = TEXT_LIMIT,
) -> Iterator[Item]:
    """Every text of files, of the .txt files in folders, and of "-" (standard input).

    Without a `form`, the suffix decides: .csv, .tsv and .jsonl are tables with the texts in
    `column`; any other file is one text. A missing file, a table without that column and an error
    in the middle of a file are items with a reason, and so is a text, line or row of more than
    `limit` characters. A single path means a list of one. ConfigError if `limit` is out of range.
    """
    check_limit("text_limit", limit)
    return _items([paths] if isinstance(paths, str) else paths, form, column, encoding, limit)


def _items(
    paths: Sequence[str], form: InputForm | None, column: str, encoding: Encoding, limit: int
) -> Iterator[Item]:
    for path in paths:
        try:
            for file in _files(path):
                _check_suffix(file, form)
                yield from _read(file, kind_of(file, form), column, encoding, limit)
        except CorpusError as error:
            yield Item(called(path), "", reason=str(error), whole=True)


def text_item(source: str, text: str) -> Item:
    """A string in memory as an item, unchanged, with a reason if it cannot be used."""
    return Item(source, text, reason=unusable(text), size=len(text))


def kind_of(path: str, form: InputForm | None) -> InputForm:
    """The form of a file: `form`, or else the one of its suffix."""
    return form or (None if path == "-" else form_of(path)) or "text"


def check_same_columns(paths: Sequence[str], *, form: InputForm | None, encoding: Encoding) -> None:
    """ConfigError when CSV and TSV files whose results go to one table differ in columns.

    Inputs that cannot be read, or read only once, are skipped: reading them reports the error.
    """
    first: tuple[str, list[str]] | None = None
    for path in paths:
        if kind_of(path, form) not in ("csv", "tsv") or path == "-" or not _is_file(path):
            continue
        columns = _columns(path, form or form_of(path), encoding)  # type: ignore[arg-type]
        if first and columns and set(columns) != set(first[1]):
            raise ConfigError(
                f"{path} has the columns {listed(columns)}, but {first[0]} has "
                f"{listed(first[1])}; classify them one by one, or use --format jsonl"
            )
        first = first or (columns and (path, columns)) or None


def _columns(path: str, form: Form, encoding: Encoding) -> list[str]:
    try:
        with open_text(path, encoding) as file:
            rows = islice(read_rows(file, form, path), PEEKED_ROWS)
            return next((list(row.values) for row in rows if isinstance(row, Row)), [])
    except CorpusError:
        return []


def _files(path: str) -> list[str]:
    if not path:  # Path("") is the current folder
        raise CorpusError("a FILE has an empty name; name a file, a folder, or - for stdin")
    if path == "-" or not _is_folder(path):
        return [path]
    found = text_files(path)
    if not found:
        raise CorpusError(
            f"the folder {path} contains no .txt file; name other files one by one, or as "
            f"{path}/*.csv"
        )
    return found


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except OSError:  # the name is too long or access is denied: reading reports it
        return False


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            return False  # reading reports it
        raise CorpusError(
            f"no file {' '.join(path.split())[:50]}...; check the name and the folder you are in; "
            f"to classify a text itself, use --text"
        ) from None


def _check_suffix(path: str, form: InputForm | None) -> None:
    if form is None and Path(path).suffix.lower() == ".json":
        raise CorpusError(
            f"{path} may be JSON of any structure; write it as JSON lines, one object per line "
            f"with the text under the key that --column names; if it is that, use "
            f"--input-format jsonl"
        )


def _read(
    path: str, kind: InputForm, column: str, encoding: Encoding, limit: int
) -> Iterator[Item]:
    """The items of one file; an error of the file as a whole is the last item."""
    name, found, checked = called(path), False, False
    try:
        for result in _results(path, kind, column, encoding, limit):
            if result.row and not checked:
                _check_column(result.row, column, name)
                checked = True
            found, reason = True, result.reason
            if reason in (MISSING, NOT_A_STRING):
                reason = f"its {column!r} is not text"
            if reason and reason == over(limit):
                reason = f"{reason}; split it, or raise the limit with --text-limit"
            size = result.characters or len(result.text)
            yield Item(name, result.text, result.line, result.row, reason, False, size)
    except CorpusError as error:
        rest = "; the rest was not read" if found else ""
        yield Item(name, "", reason=f"{error}{rest}", whole=True)
        return
    if not found:
        under = " below its header" if kind in ("csv", "tsv") else ""
        yield Item(name, "", reason=f"{name} contains no text{under}", whole=True)


def _results(
    path: str, kind: InputForm, column: str, encoding: Encoding, limit: int
) -> Iterator[ReadResult]:
    if kind == "text":
        return iter([read_file(path, encoding, limit)])
    if kind == "lines":
        return read_lines(path, encoding, limit)
    return read_cells(path, column, form=kind, encoding=encoding, limit=limit)


def _check_column(row: Mapping[str, Any], column: str, name: str) -> None:
    if column not in row:
        raise CorpusError(
            f"{name} has no column {quoted(column)}; it has {listed(row)}: "
            f"name the one with the texts with --column"
        )
