"""Turn tables, folders and Keras's imdb.npz into labelled texts: texts, class numbers, class names.

A text keeps its characters. A label becomes the index of its class, with the classes sorted by
code points.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from textrnn.data.bounded import listed, quoted
from textrnn.data.encodings import Encoding
from textrnn.data.sources import BINARY, SYNONYMS, Split, labelled_examples, unlabelled_examples
from textrnn.data.tables import Form
from textrnn.data.text_files import called
from textrnn.errors import ConfigError, CorpusError


@dataclass(frozen=True, eq=False)
class LabelledTexts:
    """Texts, the class of each as an index into `classes`, and the names of their sources."""

    texts: Sequence[str]
    labels: npt.NDArray[np.int32]  # (n,)
    classes: tuple[str, ...]
    names: tuple[str, ...]
    sha256: str  # of every text and its class name, in order

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        labels: npt.NDArray[np.int32],
        classes: tuple[str, ...],
        names: tuple[str, ...],
    ) -> Self:
        """Labelled texts in memory; computes their SHA-256."""
        digest = hashlib.sha256()
        for text, label in zip(texts, labels, strict=True):
            digest.update(json.dumps([classes[label], text]).encode())
        return cls(texts, labels, classes, names, digest.hexdigest())

    def __len__(self) -> int:
        return len(self.texts)

    def subset(self, indices: npt.ArrayLike) -> Self:
        """The texts at `indices`, integers in any order or a boolean mask."""
        chosen = np.asarray(indices)
        chosen = np.flatnonzero(chosen) if chosen.dtype == bool else chosen.astype(np.intp)
        texts = [self.texts[index] for index in chosen.tolist()]
        return self.of(texts, self.labels[chosen], self.classes, self.names)

    def counts(self) -> dict[str, int]:
        """Class name -> number of texts, including empty classes."""
        counts = np.bincount(self.labels, minlength=len(self.classes))
        return dict(zip(self.classes, counts.tolist(), strict=True))


# ---- reading ------------------------------------------------------------------------------------


def read_labelled(
    path: str | Path,
    *,
    split: Split = "train",
    text_column: str = "text",
    label_column: str = "label",
    form: Form | None = None,
    encoding: Encoding = "utf-8",
    classes: Sequence[str] | None = None,
) -> LabelledTexts:
    """Read labelled texts from any of:

    - a CSV, TSV or JSON lines file, or "-" for standard input, which needs a `form`;
    - a folder with one folder of .txt files per class, such as positive/ and negative/;
    - aclImdb, whose pos/ and neg/ become positive and negative, and whose unsup/ is ignored;
    - train/ and test/ with such folders in them, of which `split` chooses one;
    - the imdb.npz of keras.datasets.imdb, with imdb_word_index.json beside it (`split` as well).

    A label is any text, stripped; numbers and booleans of JSON are written as in JSON. Texts are
    read by `textrnn.data.readers`, as for prediction: a cell is kept unchanged; a .txt file loses
    its byte order mark, the CR of its line ends and its last line end. Of several encodings, such
    as "utf-8,cp1252", each file is read in the first that fits the whole file.

    `classes` are the classes of a model, in its order: any other label is an error. For
    ("negative", "positive"), the labels neg and 0, pos and 1 are synonyms.

    CorpusError names the line or file of an empty text or label, of an unreadable row, or of a
    missing column or file. Without `classes`, a single class is an error too.
    """
    name = called(path)
    examples = labelled_examples(path, split, text_column, label_column, form, encoding)
    texts: list[str] = []
    labels: list[str] = []
    first: dict[str, str] = {}  # label -> the place where it first occurs
    for where, text, label in examples:
        texts.append(text)
        labels.append(label)
        first.setdefault(label, where)
    if not texts:
        raise CorpusError(f"{name} contains no texts; a classifier needs some of each class")
    if classes is None:
        classes = sorted(first)
        if len(classes) < 2:
            raise CorpusError(
                f"every text of {name} has the label {quoted(classes[0])}; a classifier needs at "
                f"least two classes"
            )
    numbers = _numbers(first, classes)
    array = np.array([numbers[label] for label in labels], dtype=np.int32)
    return LabelledTexts.of(texts, array, tuple(classes), (str(path),))


def read_unlabelled(
    path: str | Path,
    *,
    text_column: str = "text",
    form: Form | None = None,
    encoding: Encoding = "utf-8",
) -> list[str]:
    """Read texts without labels from the sources of `read_labelled`; labels are ignored.

    From a folder, all .txt files are read. If it contains train/unsup, unsup or train (as aclImdb
    does), only the first of these is read: test/ is never trained on.
    """
    texts = [text for _, text in unlabelled_examples(path, text_column, form, encoding)]
    if not texts:
        raise CorpusError(f"{called(path)} has no texts; name a folder of .txt files or a table")
    return texts


def _numbers(first: dict[str, str], classes: Sequence[str]) -> dict[str, int]:
    """Label -> index of its class; `first` is label -> place, for the error message."""
    numbers = {name: number for number, name in enumerate(classes)}
    if tuple(classes) == BINARY:
        numbers |= {synonym: numbers[name] for synonym, name in SYNONYMS.items()}
    for label, where in first.items():
        if label not in numbers:
            raise CorpusError(
                f"{where}: the label {quoted(label)} is not one of the model's classes "
                f"{listed(classes)}; correct it, or remove the text"
            )
    return numbers


# ---- parts --------------------------------------------------------------------------------------


def stratified_split(
    labels: npt.NDArray[np.int32], fraction: float, seed: int, classes: Sequence[str] = ()
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Indices of the training part and of a random `fraction` of each class for validation.

    Both are ascending, depend on `seed` only, and contain at least one label of every class.
    `classes` are the class names, for the error about a class that is too small to split.
    """
    if not 0 < fraction < 1:
        raise ConfigError(f"the validation fraction must be between 0 and 1, got {fraction}")
    rng = np.random.default_rng(seed)
    held_out = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        indices = np.flatnonzero(labels == label)
        if len(indices) < 2:
            name = repr(classes[label]) if classes else f"number {label}"
            raise CorpusError(
                f"class {name} has a single text; a split into training and validation needs "
                f"two or more"
            )
        count = min(max(round(fraction * len(indices)), 1), len(indices) - 1)
        held_out[rng.permutation(indices)[:count]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def test_overlap(train: LabelledTexts, test: LabelledTexts) -> npt.NDArray[np.bool_]:
    """Mask over `test`, (n,): True where the identical text is in `train`, with any label."""
    train_texts = set(train.texts)
    return np.array([text in train_texts for text in test.texts], dtype=bool)
