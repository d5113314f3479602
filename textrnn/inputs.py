"""Turn what a person names to be judged (files, folders, tables, standard input) into texts.

One text at a time, in the order named. What cannot be read is an item too, with its reason:
whoever judges reports it and goes on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from textrnn.errors import ConfigError, CorpusError
from textrnn.tables import BadRow, Form, Row, form_of, open_text, read_rows

InputForm = Literal["text", "lines", "csv", "tsv", "jsonl"]


@dataclass(frozen=True)
class Item:
    """A text and where it stands; `row` holds the columns of a table's row.

    A `reason` says why there is no text to judge.
    """

    source: str
    text: str
    line: int | None = None
    row: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def place(self) -> str:
        """The source, and the line where there are several texts in it."""
        return self.source if self.line is None else f"{self.source} line {self.line}"


def read_items(
    paths: Sequence[str], *, form: InputForm | None, column: str, encoding: str
) -> Iterator[Item]:
    """Every text of files, of the .txt files in folders, and of "-", standard input.

    Without a `form` a file's suffix tells: .csv, .tsv and .jsonl are tables whose texts stand in
    `column`, any other file is one text. CorpusError when a name stands for nothing, or a table
    has no such column.
    """
    for path in paths:
        for file in _files(path):
            kind = form or form_of(file) or "text"
            if kind in ("csv", "tsv", "jsonl"):
                yield from _rows(file, kind, column, encoding)  # type: ignore[arg-type]
            elif kind == "lines":
                yield from _lines(file, encoding)
            else:
                yield _whole(file, encoding)


def table_form(paths: Sequence[str], form: InputForm | None) -> Form | None:
    """The form of the tables named, if tables they are; ConfigError when they are of several."""
    kinds = {form or form_of(path) or "text" for path in paths}
    if len(kinds) > 1 and kinds & {"csv", "tsv", "jsonl"}:
        raise ConfigError(
            f"the inputs are of several forms ({', '.join(sorted(kinds))}); judge each form by "
            f"itself, or choose one result for all with --format jsonl"
        )
    kind = next(iter(kinds), "text")
    return kind if kind in ("csv", "tsv", "jsonl") else None  # type: ignore[return-value]


def _files(path: str) -> list[str]:
    if path == "-" or not Path(path).is_dir():
        return [path]
    found = sorted(str(file) for file in Path(path).rglob("*.txt") if file.is_file())
    if not found:
        raise CorpusError(
            f"folder {path} holds no .txt file; name the files, such as {path}/*.csv"
        )
    return found


def _whole(path: str, encoding: str) -> Item:
    name = "standard input" if path == "-" else path
    try:
        with open_text(path, encoding) as file:
            text = file.read()
    except CorpusError as error:
        return Item(name, "", reason=str(error))
    return _item(name, text)


def _lines(path: str, encoding: str) -> Iterator[Item]:
    name = "standard input" if path == "-" else path
    try:
        with open_text(path, encoding) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield _item(name, line.rstrip("\r\n"), number)
    except CorpusError as error:
        yield Item(name, "", reason=str(error))


def _rows(path: str, form: Form, column: str, encoding: str) -> Iterator[Item]:
    name = "standard input" if path == "-" else path
    checked = False
    with open_text(path, encoding) as file:
        for row in read_rows(file, form, name):
            if isinstance(row, BadRow):
                yield Item(name, "", row.line, reason=row.reason)
                continue
            if not checked and column not in row.values:
                raise CorpusError(
                    f"{name} has no column {column!r}; it has {', '.join(row.values)}: name the "
                    f"one that holds the texts with --column"
                )
            checked = True
            yield _row_item(name, row, column)


def _row_item(name: str, row: Row, column: str) -> Item:
    value = row.values.get(column)
    if value is None or isinstance(value, dict | list | bool):
        return Item(name, "", row.line, row.values, f"{column!r} holds no text")
    return _item(name, str(value), row.line, row.values)


def _item(
    name: str, text: str, line: int | None = None, row: Mapping[str, Any] | None = None
) -> Item:
    reason = ""
    if "\0" in text:
        reason = "it is not text: it holds a NUL character; if it is UTF-16, use --encoding utf-16"
    elif not text.strip():
        reason = "it is blank"
    return Item(name, text, line, row or {}, reason)
