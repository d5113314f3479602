"""Turn what a person names to be judged (files, folders, tables, standard input) into texts.

One text at a time, in the order named. What cannot be read is an item too, with its reason:
whoever judges reports it and goes on.
"""

import errno
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from textrnn.data.readers import (
    MISSING,
    NOT_A_STRING,
    Reading,
    read_cells,
    read_file,
    read_lines,
    unusable,
)
from textrnn.data.tables import Form, Row, form_of, open_text, read_rows
from textrnn.data.text_files import called, text_files
from textrnn.errors import ConfigError, CorpusError

InputForm = Literal["text", "lines", "csv", "tsv", "jsonl"]
TABLES: tuple[Form, ...] = ("csv", "tsv", "jsonl")
PEEKED_ROWS = 100  # of a table, in search of one that can be read and shows its columns


@dataclass(frozen=True)
class Item:
    """A text and where it stands; `row` holds the columns of a table's row.

    A `reason` says why there is no text to judge; `whole` when it is a sentence of its own that
    names the source.
    """

    source: str
    text: str
    line: int | None = None
    row: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    whole: bool = False

    @property
    def place(self) -> str:
        """The source, and the line where there are several texts in it."""
        return self.source if self.line is None else f"{self.source} line {self.line:,}"

    def problem(self, reason: str = "") -> str:
        """Why there is no verdict, with the place: the item's own reason, or another one."""
        if self.whole:
            return self.reason
        return f"{self.place}: {self.reason or reason}"


def read_items(
    paths: str | Sequence[str], *, form: InputForm | None, column: str, encoding: str
) -> Iterator[Item]:
    """Every text of files, of the .txt files in folders, and of "-", standard input.

    Without a `form` a file's suffix tells: .csv, .tsv and .jsonl are tables whose texts stand in
    `column`, any other file is one text. A name that stands for nothing, a table without that
    column, and what goes wrong in the middle of a file are items with a reason. A single path
    means a list of one.
    """
    for path in [paths] if isinstance(paths, str) else paths:
        try:
            for file in _files(path):
                _check_suffix(file, form)
                yield from _read(file, kind_of(file, form), column, encoding)
        except CorpusError as error:
            yield Item(called(path), "", reason=str(error), whole=True)


def text_item(source: str, text: str) -> Item:
    """A string at hand as an item, taken as it is, with a reason when it cannot be used."""
    return Item(source, text, reason=unusable(text))


def kind_of(path: str, form: InputForm | None) -> InputForm:
    """What a file is: `form`, or what its suffix tells."""
    return form or (None if path == "-" else form_of(path)) or "text"


def check_same_columns(paths: Sequence[str], *, form: InputForm | None, encoding: str) -> None:
    """ConfigError when CSV and TSV files, which are to become one table, differ in columns.

    What cannot be read twice, or not at all, is passed over: reading will tell.
    """
    first: tuple[str, list[str]] | None = None
    for path in paths:
        if kind_of(path, form) not in ("csv", "tsv") or path == "-" or not _is_file(path):
            continue
        columns = _columns(path, form or form_of(path), encoding)  # type: ignore[arg-type]
        if first and columns and set(columns) != set(first[1]):
            raise ConfigError(
                f"{path} has the columns {', '.join(columns)}, but {first[0]} has "
                f"{', '.join(first[1])}; judge each by itself, or both with --format jsonl"
            )
        first = first or (columns and (path, columns)) or None


def _columns(path: str, form: Form, encoding: str) -> list[str]:
    try:
        with open_text(path, encoding) as file:
            rows = islice(read_rows(file, form, path), PEEKED_ROWS)
            return next((list(row.values) for row in rows if isinstance(row, Row)), [])
    except CorpusError:
        return []


def _files(path: str) -> list[str]:
    if not path:  # Path("") is the folder one is in
        raise CorpusError("the name of a FILE is empty; name a file, a folder, or - for stdin")
    if path == "-" or not _is_folder(path):
        return [path]
    found = text_files(path)
    if not found:
        raise CorpusError(
            f"the folder {path} holds no .txt file; name other files one by one, or as {path}/*.csv"
        )
    return found


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except OSError:  # the name is too long, or its folder closed: reading will tell
        return False


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            return False  # reading will tell
        raise CorpusError(
            f"no file {' '.join(path.split())[:50]}...; check the name and the folder you are in; "
            f"to judge a text itself, use --text"
        ) from None


def _check_suffix(path: str, form: InputForm | None) -> None:
    if form is None and Path(path).suffix.lower() == ".json":
        raise CorpusError(
            f"{path} may be JSON of any shape; write it as JSON lines, an object a line with the "
            f"text under the key that --column names, or say --input-format jsonl if it is that"
        )


def _read(path: str, kind: InputForm, column: str, encoding: str) -> Iterator[Item]:
    """The items of one file; what is wrong with it as a whole is the last of them."""
    name, found, checked = called(path), False, False
    try:
        for reading in _readings(path, kind, column, encoding):
            if reading.row and not checked:
                _check_column(reading.row, column, name)
                checked = True
            found, reason = True, reading.reason
            if reason in (MISSING, NOT_A_STRING):
                reason = f"its {column!r} is no text"
            yield Item(name, reading.text, reading.line, reading.row, reason)
    except CorpusError as error:
        rest = "; nothing after that was read" if found else ""
        yield Item(name, "", reason=f"{error}{rest}", whole=True)
        return
    if not found:
        under = " under the line that names its columns" if kind in ("csv", "tsv") else ""
        yield Item(name, "", reason=f"{name} holds no text{under}", whole=True)


def _readings(path: str, kind: InputForm, column: str, encoding: str) -> Iterator[Reading]:
    if kind == "text":
        return iter([read_file(path, encoding)])
    if kind == "lines":
        return read_lines(path, encoding)
    return read_cells(path, column, form=kind, encoding=encoding)


def _check_column(row: Mapping[str, Any], column: str, name: str) -> None:
    if column not in row:
        raise CorpusError(
            f"{name} has no column {column!r}; it has {', '.join(map(repr, row))}: "
            f"name the one that holds the texts with --column"
        )
