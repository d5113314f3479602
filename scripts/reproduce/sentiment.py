#!/usr/bin/env python
"""Train a classifier of everyday texts, and measure it by kind of text.

\b
    scripts/reproduce/sentiment.py tables SETS -o DIR [--films FOLDER]
    textrnn finetune imdb DIR/train.csv --validation DIR/validation.csv \\
        --unlabelled DIR/neutral.csv --set teacher=DIR/soft.csv --epochs 3 -o MODEL
    scripts/reproduce/sentiment.py measure SETS MODEL [MODEL...] [--films FOLDER] [--linear]
    scripts/reproduce/sentiment.py typos SETS MODEL [MODEL...]

SETS is the folder of the open sets that `_everyday_texts.py` lists. FILMS is a folder with
train.csv and validation.csv, as `scripts/reproduce/split_imdb.py` writes it. `tables` writes the
training texts, those that are neither with soft labels of one half, and a sample of each validation
part. `measure` prints macro-F1 by set and the share of right ones by kind of composition, and with
--linear those of the linear classifier of `textrnn/evaluation/baselines.py`, trained on the same
without the films. `typos` prints how many validation texts change their class by one typing error,
of each model as it is and with `spelling`.
"""

import random
import re
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt
from _everyday_texts import CLASSES, WORTH, Example, read_table, training_texts, validation_texts

from textrnn import files
from textrnn.artifacts import registry
from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.data.table_writer import RowWriter
from textrnn.engine.classification import Predictor
from textrnn.errors import TextRNNError
from textrnn.evaluation import metrics
from textrnn.evaluation.baselines import NgramClassifier

FILMS_TRAINED, FILMS_HELD_OUT = 8000, 600
SAMPLE = 300  # texts of each validation part that a training is stopped and calibrated on
LONG_WORD = re.compile("[A-Za-z]{4,}")
MEASURED = 1500  # texts of each validation part that are measured

Classify = Callable[[Sequence[str]], npt.NDArray[np.float64]]  # -> probabilities (texts, 2)
SETS = click.argument("sets", type=click.Path(path_type=Path))
FILMS = click.option("--films", type=click.Path(path_type=Path), help="Film reviews, in two parts.")


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command()
@SETS
@FILMS
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.option("--seed", default=1, show_default=True)
def tables(sets: Path, films: Path | None, output: Path, seed: int) -> None:
    """Write the tables that the training takes."""
    output.mkdir(parents=True, exist_ok=True)
    train, draw = training_texts(sets, seed), random.Random(seed)
    if films:
        reviews = read_table(films / "train.csv")
        train += draw.sample(reviews, min(FILMS_TRAINED, len(reviews)))
        draw.shuffle(train)
    labelled = [each for each in train if each.label in CLASSES]
    neither = sorted({each.text for each in train if each.label not in CLASSES})
    write(output / "train.csv", ("text", "label"), ((each.text, each.label) for each in labelled))
    write(output / "neutral.csv", ("text",), ((text,) for text in neither))
    soft = [f"p_{name}" for name in CLASSES]
    write(output / "soft.csv", ("text", *soft), ((text, 0.5, 0.5) for text in neither))
    parts = held_out(sets, films, seed)
    sample = [each for part in parts.values()
              for each in draw.sample(part, min(SAMPLE, len(part)))]  # fmt: skip
    write(output / "validation.csv", ("text", "label"), ((e.text, e.label) for e in sample))
    click.echo(
        f"{len(labelled):,} labelled texts, {len(neither):,} that are neither, {len(sample):,} for "
        f"validation in {output}"
    )


def held_out(sets: Path, films: Path | None, seed: int) -> dict[str, list[Example]]:
    parts = validation_texts(sets, seed)
    if films:
        parts["films"] = read_table(films / "validation.csv")[:FILMS_HELD_OUT]
    return parts


def write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with files.replacing(path, encoding="utf-8", newline="") as file:
        writer = RowWriter(file, "csv", columns)
        for row in rows:
            writer.write(dict(zip(columns, row, strict=True)))


@main.command()
@SETS
@click.argument("models", nargs=-1)
@FILMS
@click.option("--linear", is_flag=True, help="Measure the linear classifier, too.")
@click.option("--seed", default=1, show_default=True)
def measure(
    sets: Path, models: tuple[str, ...], films: Path | None, linear: bool, seed: int
) -> None:
    """Print a table of scores, a column for each MODEL."""
    classifiers = {Path(name).name: classify_by(name) for name in models}
    if linear:
        classifiers["linear"] = linear_classifier(sets, seed)
    columns = [scores(classify, held_out(sets, films, seed)) for classify in classifiers.values()]
    click.echo(f"| | {' | '.join(classifiers)} |")
    click.echo("| --- |" + " --- |" * len(columns))
    for row in columns[0]:
        click.echo(f"| {row} | {' | '.join(f'{100 * column[row]:.1f}' for column in columns)} |")


def classify_by(name: str) -> Classify:
    """`by_model` of the model of that name or in that folder."""
    return by_model(registry.load_as(ClassifierArtifact, name))


def by_model(model: ClassifierArtifact) -> Classify:
    """The probabilities of a model; one half for a text without a word that it can read."""
    predictor = Predictor(model)
    half = (0.5, 0.5)
    return lambda texts: np.array([each.probabilities or half for each in predictor.predict(texts)])


def linear_classifier(sets: Path, seed: int) -> Classify:
    train = [each for each in training_texts(sets, seed) if each.label in CLASSES]
    labels = np.array([CLASSES.index(each.label) for each in train])
    found = NgramClassifier.fit([each.text for each in train], labels)

    def classify(texts: Sequence[str]) -> npt.NDArray[np.float64]:
        chance = 1 / (1 + np.exp(-found.logits(texts)[:, 1]))
        return np.stack([1 - chance, chance], 1)

    return classify


@main.command()
@SETS
@click.argument("models", nargs=-1, required=True)
@click.option("--seed", default=1, show_default=True)
def typos(sets: Path, models: tuple[str, ...], seed: int) -> None:
    """Print the share of texts whose class one typing error changes."""
    draw, parts = random.Random(seed), validation_texts(sets, seed)
    examples = [each for name in (*WORTH, "short_texts")
                for each in draw.sample(parts[name], min(SAMPLE, len(parts[name])))]  # fmt: skip
    pairs = [(each, mistyped(each.text, draw)) for each in examples]
    changed = [(each, text) for each, text in pairs if text != each.text]
    labels = np.array([CLASSES.index(each.label) for each, _ in changed])
    click.echo("| model | spelling | changed | right | right with the typing error |")
    click.echo("| --- | --- | --- | --- | --- |")
    for name in models:
        model = registry.load_as(ClassifierArtifact, name)
        for spelling in (False, True):
            classify = by_model(replace(model, tokenizer=model.tokenizer.with_spelling(spelling)))
            before, after = (
                classify(texts)[:, 1] > 0.5
                for texts in ([each.text for each, _ in changed], [text for _, text in changed])
            )
            shares = (before != after).mean(), (before == labels).mean(), (after == labels).mean()
            cells = " | ".join(f"{share:.1%}" for share in shares)
            click.echo(f"| {Path(name).name} | {spelling} | {cells} |")
    click.echo(f"\n{len(changed):,} texts")


def mistyped(text: str, draw: random.Random) -> str:
    """`text` with two letters exchanged, one left out or one added, in a word of four or more."""
    words = [found.span() for found in LONG_WORD.finditer(text)]
    if not words:
        return text
    start, end = draw.choice(words)
    at = draw.randrange(start, end - 1)
    return draw.choice((
        text[:at] + text[at + 1] + text[at] + text[at + 2 :],
        text[:at] + text[at + 1 :],
        text[:at] + draw.choice(string.ascii_lowercase) + text[at:],
    ))  # fmt: skip


def scores(classify: Classify, parts: dict[str, list[Example]]) -> dict[str, float]:
    """Macro-F1 by set, and after `composition` the share of right ones by group and class."""
    found: dict[str, float] = {}
    for name, examples in parts.items():
        part = examples
        if name != "composition" and len(examples) > MEASURED:  # a table may be sorted by class
            part = random.Random(1).sample(examples, MEASURED)
        labels = np.array([CLASSES.index(each.label) for each in part])
        chances = classify([each.text for each in part])
        found[name] = metrics.score(chances, labels, CLASSES).macro_f1
        if name == "composition":
            right = (chances[:, 1] > 0.5) == labels
            keys = np.array([f"{each.group}, {each.label}" for each in part])
            found |= {f"composition: {key}": right[keys == key].mean() for key in sorted({*keys})}
    return found


if __name__ == "__main__":
    try:
        main()
    except TextRNNError as error:
        raise SystemExit(f"Error: {error}") from None
