#!/usr/bin/env python
"""Compare a linear classifier on word n-grams with trained classifiers, and average them.

\b
    scripts/reproduce/ngram_partner.py films/train.csv --validation films/validation.csv [MODEL...]

The linear classifier is that of `textrnn/evaluation/baselines.py`: logistic regression on naive
Bayes weighted n-grams (Wang and Manning, "Baselines and bigrams", 2012), the baseline that any
network has to beat. N-grams and a network that reads in order err on different texts, so that their
average (of calibrated log-odds, with equal weights) may be better than each: then it pays to distil
one network from the average (`scripts/reproduce/committee.py`).

DATA and the validation texts are as for `textrnn train classifier`, of two classes. Printed:
accuracy and calibrated log loss on the validation texts, of each model and of all together. The
temperatures are fitted on those same texts, which flatters a log loss by next to nothing and an
accuracy not at all.
"""

import os
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import numpy.typing as npt

from textrnn.artifacts import registry
from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.data.labelled import LabelledTexts
from textrnn.data.registry import read_data
from textrnn.engine import calibration
from textrnn.engine.classification import Predictor
from textrnn.engine.committee import mean_logits
from textrnn.errors import ConfigError, TextRNNError
from textrnn.evaluation import metrics
from textrnn.evaluation.baselines import NgramClassifier


@click.command(help=__doc__)
@click.argument("data")
@click.argument("models", nargs=-1)
@click.option("--validation", required=True, help="Labelled texts to measure on.")
@click.option("--longest", default=3, show_default=True, help="Words of the longest n-grams.")
@click.option("--least", default=2, show_default=True, help="Texts that an n-gram must be in.")
@click.option("--penalty", default=0.01, show_default=True, help="On squared weights.")
@click.option("--data-dir", help="Where tensorflow-datasets keeps `imdb`.")
def main(
    data: str,
    models: tuple[str, ...],
    validation: str,
    longest: int,
    least: int,
    penalty: float,
    data_dir: str | None,
) -> None:
    try:
        train = read_data(data, "train", data_dir=data_dir)
        if len(train.classes) != 2:
            raise ConfigError(f"two classes are needed, {data} has {len(train.classes)}")
        held_out = read_data(validation, "test", classes=train.classes)
        classifiers = {
            Path(name).name: Predictor(registry.load_as(ClassifierArtifact, name))
            for name in models
        }
    except TextRNNError as error:
        raise click.ClickException(str(error)) from None
    linear = NgramClassifier.fit(
        train.texts, train.labels, max_n=longest, min_count=least, penalty=penalty
    )
    logits: dict[str, npt.NDArray[Any]] = {
        f"runs of 1 to {longest} words": linear.logits(held_out.texts)
    }
    logits |= {name: each.text_logits(held_out.texts) for name, each in classifiers.items()}
    show(logits, held_out)


def show(found: dict[str, npt.NDArray[Any]], validation: LabelledTexts) -> None:
    calibrated = {
        name: logits / calibration.fit_temperature(logits, validation.labels)
        for name, logits in found.items()
    }
    if len(calibrated) > 1:
        calibrated["all together"] = mean_logits(list(calibrated.values()))
    click.echo("| model | accuracy | calibrated log loss |")
    click.echo("| --- | --- | --- |")
    for name, logits in calibrated.items():
        _, score = metrics.calibrated_scores(logits, validation.labels, validation.classes)
        click.echo(f"| {name} | {100 * score.accuracy:.2f} % | {score.log_loss:.4f} |")


if __name__ == "__main__":
    main()
