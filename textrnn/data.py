"""Labelled texts by name: a file or folder, or `imdb` through tensorflow-datasets."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from textrnn.imdb import read_imdb
from textrnn.labelled import Labelled, read_labelled


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
        return read_imdb(split, data_dir)
    return read_labelled(name, split=split, classes=classes, **options)
