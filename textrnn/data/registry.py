"""Labelled and unlabelled texts by name: a file, a folder, or `imdb` of tensorflow-datasets."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from textrnn.data.labelled import LabelledTexts, read_labelled
from textrnn.data.unlabelled import UnlabelledTexts, read_texts
from textrnn.errors import needs_extra


def read_data(
    name: str,
    split: Literal["train", "test"],
    *,
    data_dir: str | None = None,
    classes: Sequence[str] | None = None,
    **options: Any,
) -> LabelledTexts:
    """The `split` of the data called `name`; `options` are those of `read_labelled`.

    `imdb` means the film reviews that tensorflow-datasets prepares in `data_dir`, 25,000 per
    split, unless a file or folder of that name exists.
    """
    if name == "imdb" and not Path(name).exists():
        with needs_extra("reading `imdb`"):
            from textrnn.data import imdb_tfds  # it imports TensorFlow

        return imdb_tfds.read_imdb(split, data_dir)
    return read_labelled(name, split=split, classes=classes, **options)


def read_unlabelled_data(
    name: str, *, data_dir: str | None = None, **options: Any
) -> UnlabelledTexts:
    """Unlabelled texts; `options` are those of `textrnn.data.unlabelled.read_texts`.

    `imdb` means the unlabelled film reviews that tensorflow-datasets prepares in `data_dir`,
    unless a file or folder of that name exists.
    """
    if name == "imdb" and not Path(name).exists():
        with needs_extra("reading `imdb`"):
            from textrnn.data import imdb_tfds  # it imports TensorFlow

        texts = imdb_tfds.read_imdb_unlabelled(data_dir)
        return UnlabelledTexts.of(texts, (f"{imdb_tfds.NAME} unsupervised",))
    return read_texts(name, **options)
