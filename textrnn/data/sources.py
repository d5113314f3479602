"""Turn a path into a stream of examples: place, text, label.

The path may be a table, a folder with one folder per class, aclImdb or Keras's imdb.npz.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from textrnn.config.limits import TEXT_LIMIT
from textrnn.data.bounded import listed, quoted
from textrnn.data.encodings import Encoding
from textrnn.data.imdb_keras import read_keras_ids
from textrnn.data.readers import BLANK, read_cells, read_file
from textrnn.data.tables import Form
from textrnn.data.text_files import called, text_files
from textrnn.errors import CorpusError

Split = Literal["train", "test"]
Example = tuple[str, str, str]  # place such as "reviews.csv, line 12", text, label
BINARY = ("negative", "positive")
SYNONYMS = {"neg": "negative", "0": "negative", "pos": "positive", "1": "positive"}


def labelled_examples(
    path: str | Path,
    split: Split,
    text_column: str,
    label_column: str,
    form: Form | None,
    encoding: Encoding,
) -> Iterator[Example]:
    """The examples of `labelled.read_labelled`, one at a time; raises its errors on the way."""
    if _is_folder(path):
        return _folder_examples(Path(path), split, encoding)
    if _is_npz(path):
        return _keras_examples(Path(path), split)
    return _table_examples(str(path), text_column, label_column, form, encoding)


def unlabelled_examples(
    path: str | Path, text_column: str, form: Form | None, encoding: Encoding
) -> Iterator[tuple[str, str]]:
    """(place, text) of the texts of `labelled.read_unlabelled`, one at a time."""
    if _is_folder(path):
        folder = Path(path)
        parts = (folder / "train" / "unsup", folder / "unsup", folder / "train", folder)
        root = next(part for part in parts if part.is_dir())
        for file in text_files(root):
            yield file, read_text(file, encoding)
    elif _is_npz(path):
        yield from ((where, text) for where, text, _ in _keras_examples(Path(path), "train"))
    else:
        examples = _table_examples(str(path), text_column, None, form, encoding)
        yield from ((where, text) for where, text, _ in examples)


def _is_npz(path: str | Path) -> bool:
    return str(path) != "-" and Path(path).suffix.lower() == ".npz"


def _is_folder(path: str | Path) -> bool:
    try:
        return str(path) != "-" and Path(path).is_dir()
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {error.strerror or error}") from error


# ---- tables -------------------------------------------------------------------------------------


def _table_examples(
    path: str, text_column: str, label_column: str | None, form: Form | None, encoding: Encoding
) -> Iterator[Example]:
    """Two columns of a table, or one and empty labels; raises for bad rows at the end."""
    name = called(path)
    first, bad, checked = "", 0, False
    for result in read_cells(path, text_column, form=form, encoding=encoding):
        if result.row and not checked:
            _check_columns(result.row, text_column, label_column, name)
            checked = True
        where = f"{name}, line {result.line:,}"
        label, reason = "", result.reason
        if not reason and label_column is not None:
            label, reason = _label(result.row.get(label_column))
        if reason:
            reason = "its text is empty" if reason == BLANK else reason
            first, bad = first or f"{where}: {reason}", bad + 1
        else:
            yield where, result.text, label
    if first:
        others = f"; {bad:,} rows in total cannot be used" if bad > 1 else ""
        raise CorpusError(f"{first}{others}; correct or delete {'them' if bad > 1 else 'it'} first")


def _check_columns(
    row: Mapping[str, Any], text_column: str, label_column: str | None, name: str
) -> None:
    for column, option in ((text_column, "--column"), (label_column, "--label-column")):
        if column is not None and column not in row:
            raise CorpusError(
                f"{name} has no column {quoted(column)}; its columns are {listed(row)}: name one "
                f"of them with {option}"
            )


def _label(value: Any) -> tuple[str, str]:
    """The label in a cell, and the reason why it cannot be used."""
    if isinstance(value, list | dict):
        return "", "its label is neither a string nor a number"
    if value is not None and not isinstance(value, str):
        value = json.dumps(value)  # numbers, true and false of JSON
    label = (value or "").strip()
    return label, "" if label else "its label is empty"


# ---- folders and Keras's file -------------------------------------------------------------------


def _folder_examples(folder: Path, split: Split, encoding: Encoding) -> Iterator[Example]:
    root = _part_of(folder, split)
    folders = {sub.name: sub for sub in _subfolders(root)}
    if {"neg", "pos"} <= folders.keys() <= {"neg", "pos", "unsup"}:  # aclImdb
        folders = {SYNONYMS[name]: folders[name] for name in ("neg", "pos")}
    files = {label: text_files(sub) for label, sub in folders.items()}
    if not any(files.values()):
        raise CorpusError(
            f"folder {root} contains no folder of .txt files; make one folder per class, named "
            f"after it, such as {root / 'positive'} and {root / 'negative'}, or name a table"
        )
    for label, found in files.items():
        for file in found:
            yield file, read_text(file, encoding), label.strip()


def _part_of(folder: Path, split: Split) -> Path:
    """`folder`, or its train/ or test/ (by `split`) if these contain the class folders."""
    subs = {sub.name: sub for sub in _subfolders(folder)}
    parts = subs.keys() & {"train", "test"}
    # A class may be called "train" too; then it has other classes beside it and contains texts.
    if not parts or (len(subs) > len(parts) and not any(_subfolders(subs[p]) for p in parts)):
        return folder
    if split not in parts:
        raise CorpusError(f"folder {folder} has no folder {split}; it has only {', '.join(parts)}")
    return subs[split]


def _subfolders(folder: Path) -> list[Path]:
    try:
        return sorted(
            sub for sub in folder.iterdir() if sub.is_dir() and not sub.name.startswith(".")
        )
    except OSError as error:
        raise CorpusError(f"cannot read {folder}: {error.strerror or error}") from error


def read_text(path: str | Path, encoding: Encoding, limit: int = TEXT_LIMIT) -> str:
    """The text of one .txt file.

    CorpusError names a file that is blank, not text, or longer than `limit` characters.
    """
    result = read_file(path, encoding, limit)
    if result.reason == BLANK:
        raise CorpusError(f"{path} contains no text; delete it, or add text")
    if result.reason:
        raise CorpusError(f"{path} {result.reason.removeprefix('it ')}")
    return result.text


def _keras_examples(path: Path, split: Split) -> Iterator[Example]:
    texts, labels = read_keras_ids(path, path.with_name("imdb_word_index.json"), split)
    for number, (text, label) in enumerate(zip(texts, labels, strict=True), 1):
        where = f"{path}, review {number:,} of {split}"
        if not text:
            raise CorpusError(f"{where}: it has no words; download the file again")
        yield where, text, BINARY[label]
