"""Texts by the name a person types, without TensorFlow where it is not needed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from textrnn.cli.options import all_of

if TYPE_CHECKING:
    from textrnn.data.labelled import Labelled
    from textrnn.data.unlabelled import Unlabelled

READING = ("column", "label_column", "table", "data_dir")  # what these options set
data_options = all_of(
    click.option("--column", default="text", show_default=True, help="A table's texts."),
    click.option("--label-column", default="label", show_default=True, help="A table's labels."),
    click.option(
        "--input-format",
        "table",
        type=click.Choice(["csv", "tsv", "jsonl"]),
        help="What a table is, where its suffix does not tell.",
    ),
    click.option(
        "--data-dir",
        metavar="DIR",
        help="Where tensorflow-datasets keeps `imdb`.  [default: TFDS_DATA_DIR, or its own]",
    ),
)


def is_imdb(name: str) -> bool:
    """Whether `name` stands for the reviews that tensorflow-datasets knows."""
    return name == "imdb" and not Path(name).exists()


def read_texts(
    name: str,
    split: str,
    *,
    classes: Sequence[str] | None = None,
    column: str,
    label_column: str,
    table: str | None,
    encoding: str,
    data_dir: str | None,
) -> "Labelled":
    """The `split` of labelled texts in a file or a folder, or of `imdb`."""
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


def read_more(name: str, reading: Mapping[str, Any]) -> "Unlabelled":
    """Texts without labels in a file or a folder, or of `imdb`; `reading` as for `read_texts`."""
    if is_imdb(name):
        from textrnn.cli import tensorflow

        return tensorflow.read_unlabelled_imdb(reading["data_dir"])
    from textrnn.data import unlabelled

    return unlabelled.read_texts(
        name,
        text_column=reading["column"],
        form=reading["table"],
        encoding=reading["encoding"],
    )
