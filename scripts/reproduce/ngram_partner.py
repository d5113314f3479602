#!/usr/bin/env python
"""Set a linear model on runs of words beside trained classifiers, and average them.

\b
    scripts/reproduce/ngram_partner.py films/train.csv --validation films/validation.csv [MODEL...]

The linear model is the naive-Bayes weighted one of Wang and Manning ("Baselines and bigrams",
2012) as a logistic regression: which runs of one, two and three words stand in a text, each scaled
by its log-count ratio between the two classes. It is what any network has to clear. Runs of words
and a network that reads in order err on different texts, so that their average (of calibrated
log-odds, with equal weights) may be better than each: then it pays to let the average teach one
network (`scripts/reproduce/committee.py`).

DATA and the validation texts are as for `textrnn train classifier`, of two classes. Printed:
accuracy and calibrated log loss on the validation texts, of each model and of all together. The
temperatures are fitted on those same texts, which flatters a log loss by next to nothing and an
accuracy not at all.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from textrnn.evaluation import metrics

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import numpy as np
import numpy.typing as npt

from textrnn.artifacts import registry
from textrnn.data.labelled import Labelled
from textrnn.data.registry import read_data
from textrnn.engine import calibration
from textrnn.engine.classification import Judge
from textrnn.errors import ConfigError, TextRNNError
from textrnn.tokenizers import WordTokenizer

Array = npt.NDArray[Any]
ROUNDS, RATE = 100, 0.5  # of Adam on all texts at once, the rate falling to 0


class Rows:
    """Texts as the sets of their features, end to end: a matrix of zeros and ones."""

    def __init__(self, rows: Sequence[Array]) -> None:
        self.features = np.concatenate(rows)
        self.lengths = np.array([len(row) for row in rows])
        self.starts = np.cumsum(self.lengths) - self.lengths

    def times(self, weights: Array) -> Array:
        """The sum of the weights of each text's features."""
        return np.add.reduceat(weights[self.features], self.starts)

    def transposed_times(self, values: Array, size: int) -> Array:
        """The sum of the values of the texts that each feature stands in."""
        return np.bincount(self.features, np.repeat(values, self.lengths), minlength=size)


def runs_of_words(texts: Sequence[str], longest: int) -> Iterator[set[str]]:
    tokenizer = WordTokenizer((), rule="unicode", lower=True, oov_buckets=1)
    for text in texts:
        words = tokenizer.words(text)
        # The empty run stands in every text: none is without a feature.
        yield {
            " ".join(words[start : start + size])
            for size in range(1, longest + 1)
            for start in range(len(words) - size + 1)
        } | {""}


class Partner:
    """Learns from texts of two classes which runs of words speak for the second."""

    def __init__(self, data: Labelled, longest: int, least: int, penalty: float) -> None:
        counts: dict[str, int] = {}
        for found in runs_of_words(data.texts, longest):
            for run in found:
                counts[run] = counts.get(run, 0) + 1
        kept = (run for run, count in counts.items() if count >= least)
        self.longest, self.ids = longest, {run: place for place, run in enumerate(kept)}
        rows, size = self.rows(data.texts), len(self.ids)
        truth = data.labels.astype(np.float64)
        with_it = rows.transposed_times(truth, size) + 1
        without = rows.transposed_times(1 - truth, size) + 1
        self.ratios = np.log(with_it / with_it.sum()) - np.log(without / without.sum())
        self.weights, self.bias = self._fit(rows, truth, penalty)

    def rows(self, texts: Sequence[str]) -> Rows:
        """The features of texts that are known, as a matrix."""
        return Rows(
            [
                np.array([self.ids[run] for run in found if run in self.ids])
                for found in runs_of_words(texts, self.longest)
            ]
        )

    def _fit(self, rows: Rows, truth: Array, penalty: float) -> tuple[Array, float]:
        """Logistic regression; features of a text are scaled to unit length all together."""
        self.scale = 1 / np.sqrt(rows.times(self.ratios**2).mean())
        weights, mean, square = np.zeros((3, len(self.ids) + 1))
        for step in range(1, ROUNDS + 1):
            logits = rows.times(weights[:-1] * self.ratios) * self.scale + weights[-1]
            error = 1 / (1 + np.exp(-logits)) - truth
            slope = rows.transposed_times(error, len(self.ids)) * self.ratios * self.scale
            slope = np.append(slope + penalty * weights[:-1], error.sum())
            mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
            move = mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
            weights = weights - RATE * (1 - step / ROUNDS) * move
        return weights[:-1], float(weights[-1])

    def logits(self, texts: Sequence[str]) -> Array:
        """Log-odds of the second class as the pair (0, z), (texts, 2)."""
        odds = self.rows(texts).times(self.weights * self.ratios) * self.scale + self.bias
        return np.stack([np.zeros_like(odds), odds], 1)


def calibrated(
    judge: Callable[[Sequence[str]], Array], held: Labelled
) -> Callable[[Sequence[str]], Array]:
    """`judge`, its logits divided by the temperature fitted on `held`."""
    temperature = calibration.fit_temperature(judge(held.texts), held.labels)
    return lambda texts: judge(texts) / temperature


def average(odds: Sequence[Array]) -> Array:
    """The mean of calibrated log-odds, each (texts, 2)."""
    return np.mean([each - each[:, :1] for each in odds], axis=0)


@click.command(help=__doc__)
@click.argument("data")
@click.argument("models", nargs=-1)
@click.option("--validation", required=True, help="Labelled texts to measure on.")
@click.option("--longest", default=3, show_default=True, help="Words of a run.")
@click.option("--least", default=2, show_default=True, help="Texts that a run must stand in.")
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
        learnt = read_data(data, "train", data_dir=data_dir)
        if len(learnt.classes) != 2:
            raise ConfigError(f"two classes are needed, {data} has {len(learnt.classes)}")
        held = read_data(validation, "test", classes=learnt.classes)
        judges = {Path(name).name: Judge(registry.load_classifier(name)) for name in models}
    except TextRNNError as error:
        raise click.ClickException(str(error)) from None
    partner = Partner(learnt, longest, least, penalty)
    found = {f"runs of 1 to {longest} words": partner.logits(held.texts)}
    found |= {name: judge.text_logits(held.texts) for name, judge in judges.items()}
    show(found, held)


def show(found: dict[str, Array], held: Labelled) -> None:
    odds = {
        name: logits / calibration.fit_temperature(logits, held.labels)
        for name, logits in found.items()
    }
    if len(odds) > 1:
        odds["all together"] = average(list(odds.values()))
    click.echo("| model | accuracy | calibrated log loss |")
    click.echo("| --- | --- | --- |")
    for name, logits in odds.items():
        _, score = metrics.calibrated_scores(logits, held.labels, held.classes)
        click.echo(f"| {name} | {100 * score.accuracy:.2f} % | {score.log_loss:.4f} |")


if __name__ == "__main__":
    main()
