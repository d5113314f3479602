"""Options for reading texts, and readers that import TensorFlow only for `imdb`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from textrnn.cli.kinds import print_notices
from textrnn.cli.options import all_of
from textrnn.errors import ConfigError

if TYPE_CHECKING:
    from textrnn.artifacts.language_model import LanguageModelArtifact
    from textrnn.data.encodings import Encodings
    from textrnn.data.labelled import LabelledTexts
    from textrnn.data.unlabelled import UnlabelledTexts

DATA_SETTINGS = (
    "column",
    "label_column",
    "table",
    "data_dir",
)  # the parameters that these options set
data_options = all_of(
    click.option(
        "--column",
        default="text",
        show_default=True,
        help="Column of a table that holds the texts.",
    ),
    click.option(
        "--label-column",
        default="label",
        show_default=True,
        help="Column of a table that holds the labels.",
    ),
    click.option(
        "--input-format",
        "table",
        type=click.Choice(["csv", "tsv", "jsonl"]),
        help="Format of a table.  [default: by suffix]",
    ),
    click.option(
        "--data-dir",
        metavar="DIR",
        help="Folder of tensorflow-datasets for `imdb`.  [default: TFDS_DATA_DIR, or its own]",
    ),
)


def is_imdb(name: str) -> bool:
    """Whether `name` means the dataset of tensorflow-datasets, not a local file `imdb`."""
    return name == "imdb" and not Path(name).exists()


def read_texts(
    name: str,
    split: str,
    *,
    classes: Sequence[str] | None = None,
    column: str,
    label_column: str,
    table: str | None,
    encoding: "Encodings",
    data_dir: str | None,
) -> "LabelledTexts":
    """Read the `split` of labelled texts from a file, a folder or `imdb`."""
    if is_imdb(name):
        from textrnn.cli import tensorflow

        return tensorflow.read_imdb(split, data_dir)  # type: ignore[arg-type]
    from textrnn.data.labelled import read_labelled

    return read_labelled(
        name,
        split=split,  # type: ignore[arg-type]
        text_column=column,
        label_column=label_column,
        form=table,  # type: ignore[arg-type]
        encoding=encoding,
        classes=classes,
    )


def read_training_texts(
    data: str, validation: str | None, settings: Mapping[str, Any]
) -> "tuple[LabelledTexts, LabelledTexts | None]":
    """The labelled texts of `data`, and those of the same classes in `validation`, if not None.

    `settings` as for `read_texts`. ConfigError when there are too many classes for the texts.
    """
    texts = read_texts(data, "train", **settings)
    if 2 * len(texts.classes) > len(texts):
        raise ConfigError(
            f"{data} has {len(texts):,} texts with {len(texts.classes):,} different labels, but "
            f"each class needs several texts; name the label column with --label-column"
        )
    if validation is None:
        return texts, None
    return texts, read_texts(validation, "test", classes=texts.classes, **settings)


def read_unlabelled(name: str, settings: Mapping[str, Any]) -> "UnlabelledTexts":
    """Read unlabelled texts from a file, a folder or `imdb`; `settings` as for `read_texts`."""
    if is_imdb(name):
        from textrnn.cli import tensorflow

        return tensorflow.read_unlabelled_imdb(settings["data_dir"])
    from textrnn.data import unlabelled

    return unlabelled.read_texts(
        name,
        text_column=settings["column"],
        form=settings["table"],
        encoding=settings["encoding"],
    )


def read_pretraining(
    name: str, settings: Mapping[str, Any]
) -> "UnlabelledTexts | LanguageModelArtifact":
    """Load the texts or the language model that --pretrain names.

    `settings` as for `read_texts`.
    """
    if is_imdb(name):
        return read_unlabelled(name, settings)
    from textrnn.artifacts import registry
    from textrnn.artifacts.language_model import LanguageModelArtifact

    if not registry.is_saved(name):
        return read_unlabelled(name, settings)
    model = registry.load_as(LanguageModelArtifact, name)
    print_notices(model)
    return model
