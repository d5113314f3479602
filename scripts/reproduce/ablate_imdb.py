#!/usr/bin/env python
"""Measure what each part of the recipe of `imdb` is worth, one at a time, on a smaller network.

\b
    scripts/reproduce/ablate_imdb.py imdb -o DIR [--data-dir DIR]
    scripts/reproduce/ablate_imdb.py imdb -o DIR --only plain,crop --also corpora/reviews.csv \\
        --also tweets.csv

A table in the manner of the one in ULMFiT (Howard and Ruder 2018): accuracy and calibrated log loss
on a tenth of the training reviews, whole films, that no network is trained on. Every row differs
from "plain" by what it says. The standard error of such an accuracy is about half a point, and of
the difference of two rows somewhat less; the log loss tells smaller differences. The test reviews
are never read. A row that has ended is not repeated, one that was stopped is resumed.

Tables of other kinds of texts (--also) show what of it holds beyond films: accuracy, and the area
under the ROC curve, which asks for the order of the texts alone. Of those texts only the ones that
are called positive or negative are classified.
"""

import os
import sys
import time
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import imdb as recipe
import numpy as np
import numpy.typing as npt
from _ablation_rows import LANGUAGE_MODELS, LEARNING, ROWS, TOGETHER

from textrnn.artifacts import registry
from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.artifacts.language_model import LanguageModelArtifact
from textrnn.data.labelled import LabelledTexts
from textrnn.data.registry import read_data, read_unlabelled_data
from textrnn.data.soft_labels import write_soft_labels
from textrnn.data.unlabelled import UnlabelledTexts
from textrnn.engine import calibration
from textrnn.engine.classification import Predictor
from textrnn.engine.committee import mean_logits, temperature_scaled
from textrnn.errors import CorpusError, TextRNNError
from textrnn.evaluation import metrics
from textrnn.evaluation.baselines import NgramClassifier
from textrnn.tokenizers import WordTokenizer
from textrnn.training.observer import Observer

FOLDER = "pretrain"  # where `pretrain` leaves a language model
TOKENIZER = WordTokenizer((), rule="unicode", lower=True, oov_buckets=1)
Array = npt.NDArray[Any]


def turned(text: str) -> str:
    return " ".join(reversed(TOKENIZER.words(text)))


def turned_all(data: LabelledTexts) -> LabelledTexts:
    return LabelledTexts.of(list(map(turned, data.texts)), data.labels, data.classes, data.names)


class Ablation:
    """Networks in the folders of `output`, trained when they are first asked for."""

    def __init__(
        self,
        data: LabelledTexts,
        corpus: UnlabelledTexts,
        others: Sequence[LabelledTexts],
        output: Path,
    ) -> None:
        self.train_data, self.validation = recipe.by_film(data)
        self.corpus, self.others, self.output = corpus, others, output

    def odds(self, name: str) -> list[Array]:
        """Logits (texts, 2) of the validation texts, calibrated on them, and of the others."""
        own, *others = [self.logits(name, part.texts) for part in (self.validation, *self.others)]
        temperature = calibration.fit_temperature(own, self.validation.labels)
        return [logits / temperature for logits in (own, *others)]

    def logits(self, name: str, texts: Sequence[str]) -> Array:
        """Of a network that is there, or of the linear model."""
        if name == "linear":
            return self.linear.logits(texts)
        texts = list(map(turned, texts)) if ROWS[name].backwards else texts
        return Predictor(registry.load_as(ClassifierArtifact, self.output / name)).text_logits(
            texts
        )

    def seconds(self, name: str) -> str:
        """That its training took in the end; empty while it has not ended."""
        ended = self.output / name / "ended"
        return ended.read_text() if ended.exists() else ""

    @cached_property
    def linear(self) -> NgramClassifier:
        """The linear classifier of `scripts/reproduce/ngram_partner.py`."""
        return NgramClassifier.fit(self.train_data.texts, self.train_data.labels)

    def train(self, name: str, observer: Observer) -> bool:
        """Until it has ended, or is stopped: false."""
        from textrnn.training.output import has_started
        from textrnn.training.tasks.classifier import train_classifier

        row, folder = ROWS[name], self.output / name
        for other in row.teachers:
            if other in ROWS and not self.seconds(other) and not self.train(other, observer):
                return False
        start: dict[str, Any] = {}
        settings = {**LEARNING, **row.settings}
        if row.words:
            if not self.pretrain(row.words, observer):
                return False
            words = self.output / "models" / row.words / FOLDER
            start["pretrain"] = registry.load_as(LanguageModelArtifact, words)
        if row.teachers:
            asked = [self.teacher(other, observer) for other in row.teachers]
            if "" in asked:
                return False
            settings["teacher"] = ",".join(asked)
            start["unlabelled"] = self.corpus
        data, validation = self.train_data, self.validation
        if row.backwards:
            data, validation = turned_all(data), turned_all(validation)
        started = time.monotonic()
        done = train_classifier(
            data, folder, validation=validation, settings=settings, resume=has_started(folder),
            observer=observer, **start,
        )  # fmt: skip
        if done:
            (folder / "ended").write_text(f"{time.monotonic() - started:.0f}")
        return done is not None

    def pretrain(self, name: str, observer: Observer) -> bool:
        """A language model, as `train`."""
        from textrnn.training.tasks.language_model import pretrain

        folder, settings = self.output / "models" / name, LANGUAGE_MODELS[name]
        corpus, data, validation = self.corpus, self.train_data, self.validation
        if name == "backwards":
            corpus = UnlabelledTexts.of(map(turned, corpus.texts), corpus.names)
            data, validation = turned_all(data), turned_all(validation)
        begun, ended = (folder / FOLDER).exists(), folder / "ended"
        if not ended.exists():
            started = time.monotonic()
            if not pretrain(
                corpus, data, validation, folder, settings, resume=begun, observer=observer
            ):
                return False
            ended.write_text(f"{time.monotonic() - started:.0f}")
        return True

    def teacher(self, name: str, observer: Observer) -> str:
        """The folder of a row, or a table of the soft labels of what cannot be named as a model.

        Empty when the observer stopped the classifying.
        """
        if name in ROWS and not ROWS[name].backwards:
            return str(self.output / name)
        table, texts = self.output / f"{name}.csv", [*self.train_data.texts, *self.corpus.texts]
        if table.exists():
            return str(table)
        own = self.validation
        logits = temperature_scaled(partial(self.logits, name), own.texts, own.labels)
        done = write_soft_labels(
            table, texts, own.classes, lambda some: calibration.probabilities(logits(some)),
            on_progress=lambda done, total: observer.notice(
                f"classified {done:,} of {total:,} texts"
            ),
            should_stop=observer.should_stop,
        )  # fmt: skip
        return str(table) if done else ""


@click.command(help=__doc__)
@click.argument("data")
@click.option("--data-dir", help="Where tensorflow-datasets keeps `imdb`.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.option("--only", metavar="NAME,...", help=f"Rows, of {', '.join(ROWS)}.")
@click.option("--also", multiple=True, metavar="TABLE", help="Labelled texts of another kind.")
def main(
    data: str, data_dir: str | None, output: Path, only: str | None, also: Sequence[str]
) -> None:
    from textrnn.cli.display import TrainingDisplay

    names = only.split(",") if only else list(ROWS)
    if unknown := set(names) - set(ROWS):
        raise click.UsageError(f"no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    try:
        films = read_data(data, "train", data_dir=data_dir)
        others = [decided(read_data(name, "test"), films.classes) for name in also]
        study = Ablation(films, read_unlabelled_data(data, data_dir=data_dir), others, output)
        with TrainingDisplay() as display:
            for name in names:
                if not study.seconds(name) and not study.train(name, display):
                    sys.exit(130)
    except TextRNNError as error:
        raise click.ClickException(str(error)) from None
    show(study, names)


def decided(data: LabelledTexts, classes: tuple[str, ...]) -> LabelledTexts:
    """The texts of `data` that are called one of `classes`; CorpusError where one has none."""
    names = np.array(data.classes)[data.labels]
    found = np.isin(names, classes)
    if missing := set(classes) - set(names[found]):
        raise CorpusError(f"no text of {data.names[0]} is called {' or '.join(sorted(missing))}")
    labels = np.array([classes.index(name) for name in names[found]], np.int32)
    return LabelledTexts.of(data.subset(found).texts, labels, classes, data.names)


def show(study: Ablation, names: Sequence[str]) -> None:
    others = [Path(name).stem for part in study.others for name in part.names]
    titles = ["network", "accuracy", "calibrated log loss", "seconds", *others]
    click.echo(f"| {' | '.join(titles)} |")
    click.echo("| --- " * len(titles) + "|")
    found = {name: study.odds(name) for name in names}
    for name in names:
        click.echo(line(study, ROWS[name].what, found[name], study.seconds(name)))
    found["linear"] = study.odds("linear")
    click.echo(line(study, "the linear model on runs of words", found["linear"]))
    for together in TOGETHER:
        if set(together) <= set(found):
            parts = zip(*(found[name] for name in together), strict=True)
            mean = [mean_logits(part) for part in parts]
            click.echo(line(study, f"the average of {', '.join(together)}", mean))


def line(study: Ablation, what: str, odds: Sequence[Array], seconds: str = "") -> str:
    cells = [what]
    for part, logits in zip((study.validation, *study.others), odds, strict=True):
        found = metrics.score(calibration.probabilities(logits, 1.0), part.labels, part.classes)
        cells.append(f"{100 * found.accuracy:.1f} %")
        if part is study.validation:
            cells += [f"{found.log_loss:.4f}", seconds]
        else:
            cells[-1] += f", {found.auc:.3f}"
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
