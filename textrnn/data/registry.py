"""Texts by name, with labels or without: a file or folder, or `imdb` of tensorflow-datasets."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from textrnn.data.labelled import Labelled, read_labelled
from textrnn.data.unlabelled import Unlabelled, read_texts
from textrnn.errors import needs_extra


def read_data(
    name: str,
    split: Literal["train", "test"],
    *,
    data_dir: str | None = None,
    classes: Sequence[str] | None = None,
    **options: Any,
) -> Labelled:
    """The `split` of the data called `name`; `options` are those of `read_labelled`.

    `imdb` is the 25,000 film reviews of each split that tensorflow-datasets prepares in
    `data_dir`, unless there is a file or a folder of that name.
    """
    if name == "imdb" and not Path(name).exists():
        with needs_extra("reading `imdb`"):
            from textrnn.data import imdb_tfds  # it imports TensorFlow

        return imdb_tfds.read_imdb(split, data_dir)
    return read_labelled(name, split=split, classes=classes, **options)


def read_unlabelled_data(name: str, *, data_dir: str | None = None, **options: Any) -> Unlabelled:
    """Texts to pretrain on; `options` are those of `textrnn.data.unlabelled.read_texts`.

    `imdb` is the film reviews without a label that tensorflow-datasets prepares in `data_dir`,
    unless there is a file or a folder of that name.
    """
    if name == "imdb" and not Path(name).exists():
        with needs_extra("reading `imdb`"):
            from textrnn.data import imdb_tfds  # it imports TensorFlow

        texts = imdb_tfds.read_imdb_unlabelled(data_dir)
        return Unlabelled.of(texts, (f"{imdb_tfds.NAME} unsupervised",))
    return read_texts(name, **options)
