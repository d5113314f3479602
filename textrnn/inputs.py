"""Turn what a person names to be judged (files, folders, tables, standard input) into texts.

One text at a time, in the order named. What cannot be read is an item too, with its reason:
whoever judges reports it and goes on.
"""

import errno
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from textrnn.errors import ConfigError, CorpusError
from textrnn.tables import BadRow, Form, Row, form_of, open_text, read_rows

InputForm = Literal["text", "lines", "csv", "tsv", "jsonl"]
TABLES: tuple[Form, ...] = ("csv", "tsv", "jsonl")
PEEKED_ROWS = 100  # of a table, in search of one that can be read and shows its columns
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")


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
    paths: Sequence[str], *, form: InputForm | None, column: str, encoding: str
) -> Iterator[Item]:
    """Every text of files, of the .txt files in folders, and of "-", standard input.

    Without a `form` a file's suffix tells: .csv, .tsv and .jsonl are tables whose texts stand in
    `column`, any other file is one text. A name that stands for nothing, a table without that
    column, and what goes wrong in the middle of a file are items with a reason.
    """
    for path in paths:
        try:
            for file in _files(path):
                _check_suffix(file, form)
                yield from _read(file, kind_of(file, form), column, encoding)
        except CorpusError as error:
            yield Item(_called(path), "", reason=str(error), whole=True)


def text_item(
    source: str, text: str, line: int | None = None, row: Mapping[str, Any] | None = None
) -> Item:
    """A text as an item, with a reason when it is none."""
    reason = ""
    if "\0" in text:
        reason = "it is not text: it holds a NUL character; if it is UTF-16, use --encoding utf-16"
    elif not text.isascii() and _HALF_CHARACTER.search(text):
        reason = "it is not text: it holds bytes that are no characters"
    elif not text.strip():
        reason = "it is blank"
    return Item(source, text, line, row or {}, reason)


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


def _called(path: str) -> str:
    return "standard input" if path == "-" else path


def _files(path: str) -> list[str]:
    if not path:  # Path("") is the folder one is in
        raise CorpusError("the name of a FILE is empty; name a file, a folder, or - for stdin")
    if path == "-" or not _is_folder(path):
        return [path]
    found = sorted(str(file) for file in Path(path).rglob("*.txt") if file.is_file())
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
    name, found = _called(path), False
    try:
        with open_text(path, encoding) as file:
            if kind in TABLES:
                texts = _rows(read_rows(file, kind, name), name, column)
            elif kind == "lines":
                texts = _lines(file, name)
            else:
                texts = iter([text_item(name, _without_mark(file.read()))])
            for item in texts:
                found = True
                yield item
    except CorpusError as error:
        rest = "; nothing after that was read" if found else ""
        yield Item(name, "", reason=f"{error}{rest}", whole=True)
        return
    if not found:
        under = " under the line that names its columns" if kind in ("csv", "tsv") else ""
        yield Item(name, "", reason=f"{name} holds no text{under}", whole=True)


def _lines(file: Iterator[str], name: str) -> Iterator[Item]:
    for number, line in enumerate(file, 1):
        line = _without_mark(line) if number == 1 else line
        if line.strip():
            yield text_item(name, line.rstrip("\r\n"), number)


def _rows(rows: Iterator[Row | BadRow], name: str, column: str) -> Iterator[Item]:
    known = False
    for row in rows:
        if isinstance(row, BadRow):
            yield Item(name, "", row.line, reason=row.reason)
            continue
        value = row.values.get(column)
        if not known and column not in row.values:
            raise CorpusError(
                f"{name} has no column {column!r}; it has {', '.join(map(repr, row.values))}: "
                f"name the one that holds the texts with --column"
            )
        known = True
        if value is None or isinstance(value, dict | list | bool):
            yield Item(name, "", row.line, row.values, f"its {column!r} is no text")
        else:
            yield text_item(name, str(value), row.line, row.values)


def _without_mark(text: str) -> str:
    return text.removeprefix("\ufeff")
