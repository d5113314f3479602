"""Turn tables, folders and Keras's imdb.npz into labelled texts: texts, numbers, class names.

Whatever the source, a text keeps its characters and a label becomes a number, its place among
the classes in the order of their code points.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from textrnn.data.sources import BINARY, SYNONYMS, Split, labelled_examples, unlabelled_examples
from textrnn.data.tables import Form
from textrnn.data.text_files import called
from textrnn.errors import ConfigError, CorpusError


@dataclass(frozen=True, eq=False)
class Labelled:
    """Texts, the class of each as its place in `classes`, and the sources they came from."""

    texts: Sequence[str]
    labels: npt.NDArray[np.int32]  # (n,)
    classes: tuple[str, ...]
    names: tuple[str, ...]
    sha256: str  # over every text and the name of its class, in order

    @classmethod
    def of(
        cls,
        texts: Sequence[str],
        labels: npt.NDArray[np.int32],
        classes: tuple[str, ...],
        names: tuple[str, ...],
    ) -> Self:
        """Texts and labels at hand, with their sum."""
        digest = hashlib.sha256()
        for text, label in zip(texts, labels, strict=True):
            digest.update(json.dumps([classes[label], text]).encode())
        return cls(texts, labels, classes, names, digest.hexdigest())

    def __len__(self) -> int:
        return len(self.texts)

    def subset(self, indices: npt.ArrayLike) -> Self:
        """The texts at `indices`, numbers or a mask of all texts, in that order."""
        chosen = np.asarray(indices)
        chosen = np.flatnonzero(chosen) if chosen.dtype == bool else chosen.astype(np.intp)
        texts = [self.texts[index] for index in chosen.tolist()]
        return self.of(texts, self.labels[chosen], self.classes, self.names)

    def counts(self) -> dict[str, int]:
        """How many texts each class has, none left out."""
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
    encoding: str = "utf-8",
    classes: Sequence[str] | None = None,
) -> Labelled:
    """Read labelled texts from any of:

    - a CSV, TSV or JSON lines file, or "-" for standard input, whose `form` must then be given;
    - a folder with a folder of .txt files for each class, such as positive/ and negative/;
    - aclImdb, whose pos/ and neg/ are called positive and negative, and unsup/ left out;
    - either of these folders inside train/ and test/, of which `split` says which one;
    - an imdb.npz of keras.datasets.imdb's, imdb_word_index.json beside it (`split` as well).

    Labels are any text, stripped; JSON's numbers and booleans are written as JSON does. Texts
    are read as `textrnn.data.readers` says, as for prediction: a cell is kept as it is, a .txt file
    loses its byte order mark, the CR of its line ends and its last line end.

    `classes` are those of a model, whose order then holds: another label is an error, and for
    ("negative", "positive") the labels neg and 0, pos and 1 mean the same.

    CorpusError names the line or the file: an empty text or label, a row that cannot be read, a
    column or file that is not there; without `classes`, a single class too.
    """
    name = called(path)
    examples = labelled_examples(path, split, text_column, label_column, form, encoding)
    texts: list[str] = []
    labels: list[str] = []
    first: dict[str, str] = {}  # label -> where it first stands
    for where, text, label in examples:
        texts.append(text)
        labels.append(label)
        first.setdefault(label, where)
    if not texts:
        raise CorpusError(f"{name} holds no texts; a classifier needs some of each class")
    if classes is None:
        classes = sorted(first)
        if len(classes) < 2:
            raise CorpusError(
                f"every text of {name} has the label {classes[0]!r}; a classifier needs two "
                f"classes or more"
            )
    numbers = _numbers(first, classes)
    array = np.array([numbers[label] for label in labels], dtype=np.int32)
    return Labelled.of(texts, array, tuple(classes), (str(path),))


def read_unlabelled(
    path: str | Path,
    *,
    text_column: str = "text",
    form: Form | None = None,
    encoding: str = "utf-8",
) -> list[str]:
    """Read texts alone from what `read_labelled` reads, labels or none.

    A folder gives all its .txt files; of aclImdb, or another with such folders, only those in
    train/unsup, unsup or train, the first there is: test/ is never learnt from.
    """
    texts = [text for _, text in unlabelled_examples(path, text_column, form, encoding)]
    if not texts:
        raise CorpusError(f"{called(path)} holds no texts; name a folder of .txt files or a table")
    return texts


def _numbers(first: dict[str, str], classes: Sequence[str]) -> dict[str, int]:
    """Label -> its class; `first` says where each label stands, for the error."""
    numbers = {name: number for number, name in enumerate(classes)}
    if tuple(classes) == BINARY:
        numbers |= {synonym: numbers[name] for synonym, name in SYNONYMS.items()}
    for label, where in first.items():
        if label not in numbers:
            raise CorpusError(
                f"{where}: the label {label!r} is none of the model's classes "
                f"{', '.join(map(repr, classes))}; correct it, or leave the text out"
            )
    return numbers


# ---- parts --------------------------------------------------------------------------------------


def stratified_split(
    labels: npt.NDArray[np.int32], share: float, seed: int, classes: Sequence[str] = ()
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Where the labels stand that stay, and where those of a random `share` of each class stand.

    Both in ascending order, and at least one label of every class in each. The same seed gives
    the same parts. `classes` gives the error the names of classes too small to split.
    """
    if not 0 < share < 1:
        raise ConfigError(f"a share to set apart must be between 0 and 1, got {share}")
    rng = np.random.default_rng(seed)
    apart = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        if len(places) < 2:
            name = repr(classes[label]) if classes else f"number {label}"
            raise CorpusError(
                f"class {name} has a single text; two or more are needed to set some apart"
            )
        count = min(max(round(share * len(places)), 1), len(places) - 1)
        apart[rng.permutation(places)[:count]] = True
    return np.flatnonzero(~apart), np.flatnonzero(apart)


def test_overlap(train: Labelled, test: Labelled) -> npt.NDArray[np.bool_]:
    """A mask over `test`: True where the very same text stands in `train`, whatever its label."""
    learnt = set(train.texts)
    return np.array([text in learnt for text in test.texts], dtype=bool)
