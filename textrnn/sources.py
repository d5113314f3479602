"""Turn a path into examples, one after the other: where each stands, its text, its label.

Tables, folders with a folder for each class, aclImdb and Keras's imdb.npz look alike from here on.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from textrnn.errors import CorpusError
from textrnn.keras_ids import read_keras_ids
from textrnn.tables import BadRow, Form, Row, form_of, open_text, read_rows

Split = Literal["train", "test"]
Example = tuple[str, str, str]  # "reviews.csv, line 12", the text, the label
BINARY = ("negative", "positive")
SYNONYMS = {"neg": "negative", "0": "negative", "pos": "positive", "1": "positive"}


def labelled_examples(
    path: str | Path,
    split: Split,
    text_column: str,
    label_column: str,
    form: Form | None,
    encoding: str,
) -> Iterator[Example]:
    """What `labelled.read_labelled` reads, one at a time; its errors come on the way."""
    if _is_folder(path):
        return _folder_examples(Path(path), split, encoding)
    if _is_npz(path):
        return _keras_examples(Path(path), split)
    return _table_examples(str(path), text_column, label_column, form, encoding)


def unlabelled_examples(
    path: str | Path, text_column: str, form: Form | None, encoding: str
) -> Iterator[tuple[str, str]]:
    """What `labelled.read_unlabelled` reads, one at a time: where it stands and the text."""
    if _is_folder(path):
        folder = Path(path)
        parts = (folder / "train" / "unsup", folder / "unsup", folder / "train", folder)
        root = next(part for part in parts if part.is_dir())
        for file in _text_files(root):
            yield str(file), _read_text(file, encoding)
    elif _is_npz(path):
        yield from ((where, text) for where, text, _ in _keras_examples(Path(path), "train"))
    else:
        examples = _table_examples(str(path), text_column, None, form, encoding)
        yield from ((where, text) for where, text, _ in examples)


def called(path: str | Path) -> str:
    """What a message calls `path`."""
    return "standard input" if str(path) == "-" else str(path)


def _is_npz(path: str | Path) -> bool:
    return str(path) != "-" and Path(path).suffix.lower() == ".npz"


def _is_folder(path: str | Path) -> bool:
    try:
        return str(path) != "-" and Path(path).is_dir()
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {error.strerror or error}") from error


# ---- tables -------------------------------------------------------------------------------------


def _table_examples(
    path: str, text_column: str, label_column: str | None, form: Form | None, encoding: str
) -> Iterator[Example]:
    """Two columns of a table, or one and empty labels; what is wrong is told once all is read."""
    name = called(path)
    first, bad, checked = None, 0, False
    with open_text(path, encoding) as file:
        form = form or (None if path == "-" else form_of(path))
        if form is None:
            raise CorpusError(
                f"nothing tells whether {name} is CSV, TSV or JSON lines; say so with "
                f"--input-format csv, tsv or jsonl"
            )
        for row in read_rows(file, form, name):
            if isinstance(row, Row) and not checked:
                _check_columns(row, text_column, label_column, name)
                checked = True
            found: Example | BadRow = (
                row
                if isinstance(row, BadRow)
                else _row_example(row, text_column, label_column, name)
            )
            if isinstance(found, BadRow):
                first, bad = first or found, bad + 1
            else:
                yield found
    if first:
        others = f"; {bad:,} rows in all cannot be used" if bad > 1 else ""
        raise CorpusError(
            f"{name}, line {first.line:,}: {first.reason}{others}; correct or delete "
            f"{'them' if bad > 1 else 'it'} first"
        )


def _check_columns(row: Row, text_column: str, label_column: str | None, name: str) -> None:
    for column, option in ((text_column, "--column"), (label_column, "--label-column")):
        if column is not None and column not in row.values:
            raise CorpusError(
                f"{name} has no column {column!r}; its columns are "
                f"{', '.join(map(repr, row.values))}: name one of them with {option}"
            )


def _row_example(
    row: Row, text_column: str, label_column: str | None, name: str
) -> Example | BadRow:
    where, text = f"{name}, line {row.line:,}", row.values.get(text_column)
    if not isinstance(text, str):
        told = "its text is missing" if text is None else "its text is not a string"
        return BadRow(row.line, told)
    if not text.strip():
        return BadRow(row.line, "its text is empty")
    if label_column is None:
        return where, text, ""
    label = row.values.get(label_column)
    if isinstance(label, list | dict):
        return BadRow(row.line, "its label is neither a string nor a number")
    if label is not None and not isinstance(label, str):
        label = json.dumps(label)  # JSON's numbers, true and false
    if not (label or "").strip():
        return BadRow(row.line, "its label is empty")
    return where, text, str(label).strip()


# ---- folders and Keras's file -------------------------------------------------------------------


def _folder_examples(folder: Path, split: Split, encoding: str) -> Iterator[Example]:
    root = _part_of(folder, split)
    folders = {sub.name: sub for sub in _subfolders(root)}
    if {"neg", "pos"} <= folders.keys() <= {"neg", "pos", "unsup"}:  # aclImdb's
        folders = {SYNONYMS[name]: folders[name] for name in ("neg", "pos")}
    files = {label: _text_files(sub) for label, sub in folders.items()}
    if not any(files.values()):
        raise CorpusError(
            f"folder {root} holds no folder of .txt files; give each class a folder with its "
            f"name, such as {root / 'positive'} and {root / 'negative'}, or name a table"
        )
    for label, found in files.items():
        for file in found:
            yield str(file), _read_text(file, encoding), label.strip()


def _part_of(folder: Path, split: Split) -> Path:
    """The folder itself or, when train/ or test/ lie around the classes, that of `split`."""
    subs = {sub.name: sub for sub in _subfolders(folder)}
    parts = subs.keys() & {"train", "test"}
    # A class may be called "train" too: then it lies among others and holds the texts themselves.
    if not parts or (len(subs) > len(parts) and not any(_subfolders(subs[p]) for p in parts)):
        return folder
    if split not in parts:
        raise CorpusError(f"folder {folder} has no folder {split}; it has {', '.join(parts)} alone")
    return subs[split]


def _subfolders(folder: Path) -> list[Path]:
    try:
        return sorted(
            sub for sub in folder.iterdir() if sub.is_dir() and not sub.name.startswith(".")
        )
    except OSError as error:
        raise CorpusError(f"cannot read {folder}: {error.strerror or error}") from error


def _text_files(folder: Path) -> list[Path]:
    """The .txt files in a folder and the folders in it, in the order of their names."""
    return [Path(name) for name in sorted(map(str, folder.rglob("*.txt"))) if Path(name).is_file()]


def _read_text(path: Path, encoding: str) -> str:
    with open_text(path, encoding) as file:
        text = file.read().removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise CorpusError(
            f"{path} is not text: it holds a NUL character; if it is UTF-16, use --encoding utf-16"
        )
    if not text.strip():
        raise CorpusError(f"{path} holds no text; delete it, or write one into it")
    return text.removesuffix("\n")


def _keras_examples(path: Path, split: Split) -> Iterator[Example]:
    texts, labels = read_keras_ids(path, path.with_name("imdb_word_index.json"), split)
    for number, (text, label) in enumerate(zip(texts, labels, strict=True), 1):
        where = f"{path}, review {number:,} of {split}"
        if not text:
            raise CorpusError(f"{where}: it has no words; fetch the file again")
        yield where, text, BINARY[label]
