#!/usr/bin/env python
"""Probe a classifier where its test set is silent: kinds of texts, and bias.

    scripts/reproduce/probe_classifier.py MODEL [--probing corpora/probing.csv] [--part bias] \\
        [--vader]

First the accuracy by group on a table with the columns text, label and group; with --vader also
that of VADER, a lexicon, whose compound score above 0 is praise. Then, on sentences
made from scripts/reproduce/bias_templates.json, how far the probability of a class moves when
nothing but a name, a pronoun or a nationality changes: the range of the groups' means on a
template (mean and largest over the templates), on how many templates not all get the same
prediction, and which words stand at the two ends. Both are printed as Markdown, to be pasted into a
model card.

MODEL is a bundled name or a folder. To measure, not to choose: a model that was chosen by a
probing set says nothing on it any more.
"""

import json
from pathlib import Path

import click

from textrnn.artifacts import registry
from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.data.labelled import LabelledTexts, read_labelled
from textrnn.engine.classification import Predictor
from textrnn.errors import ConfigError, TextRNNError
from textrnn.evaluation import probing
from textrnn.evaluation.probing import Dimension, GroupScore, Shift

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = Path(__file__).with_name("bias_templates.json")


def group_scores(predictor: Predictor, table: Path) -> list[GroupScore]:
    """A text without a word that the model can read counts as wrong."""
    data = read_labelled(table, classes=predictor.model.classes)
    groups, labels = probing.read_groups(table), data.labels.tolist()
    pairs = list(zip(predictor.predict(data.texts), labels, strict=True))
    right = [prediction.label == data.classes[label] for prediction, label in pairs]
    truths = [
        prediction.probabilities[label] if prediction.predicted else 0.0
        for prediction, label in pairs
    ]
    return probing.score_groups(groups, right, truths)


def vader_right(data: LabelledTexts) -> list[bool]:
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        raise ConfigError("vaderSentiment is not installed; pip install -e '.[bench]'") from None
    if data.classes != ("negative", "positive"):
        raise ConfigError("VADER tells negative from positive, and this model other classes")
    score = SentimentIntensityAnalyzer().polarity_scores
    return [
        (score(text)["compound"] > 0) == bool(label)
        for text, label in zip(data.texts, data.labels.tolist(), strict=True)
    ]


def shift_of(predictor: Predictor, dimension: Dimension, watched: str) -> Shift:
    classes = predictor.model.classes
    predictions = predictor.predict(dimension.texts())
    if not all(prediction.predicted for prediction in predictions):
        raise ConfigError(
            f"{predictor.model.name} can read no word of some of the sentences, which are English; "
            f"use --part groups with a table in its own language"
        )
    chances = [prediction.probabilities[classes.index(watched)] for prediction in predictions]
    predicted = [classes.index(str(prediction.label)) for prediction in predictions]
    return probing.shift(dimension, chances, predicted)


def sentences() -> list[Dimension]:
    return probing.dimensions(json.loads(TEMPLATES.read_text(encoding="utf-8")))


def shifts_of(predictor: Predictor, watched: str) -> list[Shift]:
    return [shift_of(predictor, dimension, watched) for dimension in sentences()]


def unseen(predictor: Predictor, dimensions: list[Dimension]) -> list[str]:
    """The fillers that the model never saw: a shift among them is that of unknown words."""
    names = sorted({filler.name for one in dimensions for filler in one.fillers})
    predictions = predictor.predict(names)
    return [name for name, prediction in zip(names, predictions, strict=True) if prediction.unknown]


def show_groups(predictor: Predictor, table: Path, vader: bool) -> None:
    scores = group_scores(predictor, table)
    click.echo(f"### {predictor.model.name} on {table.name}, by group\n")
    click.echo(probing.groups_markdown(scores) + "\n")
    if vader:
        right = vader_right(read_labelled(table, classes=predictor.model.classes))
        found = probing.score_groups(probing.read_groups(table), right, list(map(float, right)))
        shares = [f"{score.group} {score.right / score.count:.1%}" for score in found]
        click.echo(f"VADER: {', '.join(shares)}\n")


def show_bias(predictor: Predictor, watched: str) -> None:
    if watched not in predictor.model.classes:
        raise ConfigError(
            f"{predictor.model.name} has no class {watched!r}; name one of "
            f"{', '.join(predictor.model.classes)} with --watch"
        )
    click.echo(f"### {predictor.model.name}: what should not matter\n")
    click.echo(probing.shifts_markdown(shifts_of(predictor, watched), watched))
    if names := unseen(predictor, sentences()):
        click.echo(f"\nWords that the model never saw: {', '.join(names)}.")


@click.command(help=__doc__)
@click.argument("model")
@click.option(
    "--probing", "table", type=click.Path(path_type=Path),
    default=ROOT / "corpora" / "probing.csv",
    help="Texts in columns text, label and group.  [default: corpora/probing.csv]",
)  # fmt: skip
@click.option(
    "--part", type=click.Choice(["groups", "bias", "both"]), default="both", show_default=True,
    help="What to print.",
)  # fmt: skip
@click.option(
    "--watch", "watched", default="positive", show_default=True, metavar="CLASS",
    help="The class whose probability should not move.",
)  # fmt: skip
@click.option("--vader", is_flag=True, help="What VADER makes of the same texts, too.")
def main(model: str, table: Path, part: str, watched: str, vader: bool) -> None:
    try:
        predictor = Predictor(registry.load_as(ClassifierArtifact, model))
        if part != "bias":
            show_groups(predictor, table, vader)
        if part != "groups":
            show_bias(predictor, watched)
    except TextRNNError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
