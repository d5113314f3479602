#!/usr/bin/env python
"""Split the labelled film reviews into two tables that share few films.

    scripts/reproduce/split_imdb.py imdb -o DIR [--data-dir DIR] [--share 0.1] [--seed 0]
    textrnn train classifier DIR/train.csv --validation DIR/validation.csv -o MODEL

A validation part drawn at random shares its films with the training reviews, as the test reviews
do not, and so promises more than the test keeps. tensorflow-datasets does not say which film a
review is about: films are guessed from the names that reviews share, and each goes to one table.

DATA is `imdb`, or anything else that `textrnn train classifier` learns from; only what it would
learn from is read. The reviews are their writers': the tables are for your own disk.
"""

from pathlib import Path

import click
import numpy as np

from textrnn.data.group_split import grouped_split, groups
from textrnn.data.labelled import LabelledTexts
from textrnn.data.registry import read_data
from textrnn.data.table_writer import RowWriter
from textrnn.errors import ConfigError, TextRNNError


def write_table(path: Path, data: LabelledTexts) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = RowWriter(file, "csv", ("text", "label"))
        for text, label in zip(data.texts, data.labels.tolist(), strict=True):
            writer.write({"text": text, "label": data.classes[label]})


def described(path: Path, data: LabelledTexts, film: np.ndarray) -> str:
    counts = ", ".join(f"{count:,} {name}" for name, count in data.counts().items())
    return f"{path}: {len(data):,} texts ({counts}) in {len(np.unique(film)):,} groups"


@click.command(help=__doc__)
@click.argument("data")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True,
    help="The folder for train.csv and validation.csv.",
)  # fmt: skip
@click.option("--data-dir", help="Where tensorflow-datasets keeps `imdb`.")
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.1,
    show_default=True,
    help="The share of each class in validation.csv.",
)
@click.option("--seed", default=0, show_default=True, help="Draws the films set apart.")
def main(data: str, output: Path, data_dir: str | None, share: float, seed: int) -> None:
    paths = [output / "train.csv", output / "validation.csv"]
    try:
        for path in paths:
            if path.exists():
                raise ConfigError(f"{path} exists; name another folder, or delete it")
        found = read_data(data, "train", data_dir=data_dir)
        film = groups(found.texts)
        parts = grouped_split(found.labels, film, share, seed, found.classes)
        output.mkdir(parents=True, exist_ok=True)
        for path, part in zip(paths, parts, strict=True):
            write_table(path, found.subset(part))
            click.echo(described(path, found.subset(part), film[part]))
    except TextRNNError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
