#!/usr/bin/env python
"""Average several classifiers of film reviews, and calibrate the average for short texts.

\b
    scripts/reproduce/committee.py films/train.csv --validation films/validation.csv MODEL...
    scripts/reproduce/committee.py films/train.csv --validation films/validation.csv MODEL... \\
        --classify imdb -o T.csv

The classifiers are the MODELs and the linear one of `scripts/reproduce/ngram_partner.py`, trained
on DATA. Their log-odds are calibrated on the validation texts and averaged, and the average is
calibrated for the length of a text, on passages of the validation texts
(`textrnn/engine/committee.py` says how). Printed are the mean probability of the second class, the
accuracy and the log loss, before and after: of whole texts and of passages, on what the two
parameters of that calibration, `scale` and `shift`, were fitted to.

--classify names texts without labels to classify, and -o a table of their soft labels, which a
classifier can be distilled from: --set teacher=T.csv.
"""

import os
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click

from textrnn.artifacts import registry
from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.data.labelled import LabelledTexts
from textrnn.data.registry import read_data, read_unlabelled_data
from textrnn.data.soft_labels import write_soft_labels
from textrnn.engine import calibration
from textrnn.engine.committee import (
    Committee,
    classifier_logits,
    logits_of_odds,
    passages,
    word_counts,
)
from textrnn.errors import ConfigError, TextRNNError
from textrnn.evaluation import metrics
from textrnn.evaluation.baselines import NgramClassifier


def build(models: Sequence[Path], train: LabelledTexts, validation: LabelledTexts) -> Committee:
    """The models of these folders and a linear one. ConfigError when their classes differ."""
    classifiers = [
        classifier_logits(registry.load_as(ClassifierArtifact, folder), validation.classes)
        for folder in models
    ]  # fmt: skip
    linear = NgramClassifier.fit(train.texts, train.labels)
    return Committee([*classifiers, linear.logits], validation.texts, validation.labels)


@click.command(help=__doc__)
@click.argument("data")
@click.argument("models", nargs=-1, type=click.Path(path_type=Path))
@click.option("--validation", required=True, help="Labelled texts to calibrate on.")
@click.option("--classify", "corpus", help="Texts without labels to classify, for --output.")
@click.option("--data-dir", help="Where tensorflow-datasets keeps `imdb`.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Where to write the soft labels."
)
def main(
    data: str,
    models: tuple[Path, ...],
    validation: str,
    corpus: str | None,
    data_dir: str | None,
    output: Path | None,
) -> None:
    try:
        if (corpus is None) != (output is None):
            raise ConfigError("--classify names the texts and --output the table; give both")
        if output and output.suffix != ".csv":
            raise ConfigError(f"{output} is to be a table; name it {output.with_suffix('.csv')}")
        train = read_data(data, "train", data_dir=data_dir)
        if len(train.classes) != 2:
            raise ConfigError(f"two classes are needed, {data} has {len(train.classes)}")
        held_out = read_data(validation, "test", classes=train.classes)
        texts = read_unlabelled_data(corpus, data_dir=data_dir).texts if corpus else []
        committee = build(models, train, held_out)
    except TextRNNError as error:
        raise click.ClickException(str(error)) from None
    show(committee, held_out)
    if output:
        write_soft_labels(
            output, texts, train.classes, committee.probabilities,
            on_progress=lambda done, total: click.echo(
                f"classified {done:,} of {total:,} texts", err=True
            ),
        )  # fmt: skip


def show(committee: Committee, validation: LabelledTexts) -> None:
    found = committee.calibration
    click.echo(f"scale {found.scale:.2f}, shift {found.shift:.2f}\n")
    click.echo(
        "| texts | mean probability | accuracy | log loss | by length: mean | accuracy | log loss |"
    )
    click.echo("| --- | --- | --- | --- | --- | --- | --- |")
    parts = (("whole", validation.texts), ("passages", list(passages(validation.texts))))
    for name, texts in parts:
        cells = [name]
        odds = committee.odds(texts)
        for z in (odds, found.apply(odds, word_counts(texts))):
            chances = calibration.probabilities(logits_of_odds(z))
            score = metrics.score(chances, validation.labels, validation.classes)
            cells.append(
                f"{100 * chances[:, 1].mean():.1f} % | {100 * score.accuracy:.2f} % "
                f"| {score.log_loss:.4f}"
            )
        click.echo(f"| {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
