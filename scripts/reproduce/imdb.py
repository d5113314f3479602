#!/usr/bin/env python
"""Train the bundled classifiers of film reviews, and release them into the package.

\b
    scripts/reproduce/imdb.py pretrain imdb -o DIR [--data-dir DIR]    all: five hours
    scripts/reproduce/imdb.py release imdb DIR/imdb --model imdb       reads the test reviews, once
    scripts/reproduce/imdb.py release imdb DIR/imdb-tiny --model imdb-tiny
    scripts/reproduce/imdb.py train imdb -o DIR                        version 1, from labels: \\
        minutes

`pretrain` trains two language models on the reviews without labels and on the training reviews, a
large one (DIR/words) and one of the size of `imdb` (DIR/words-gru). Two classifiers start from the
large one; the second is trained adversarially, and on runs of sentences too. The linear classifier
of `scripts/reproduce/ngram_partner.py` is a third. `imdb`, which starts from the smaller language
model, is distilled from the average of the three, on all these reviews and on passages of those
without labels; `imdb-tiny` is distilled from the first. A tenth of the training reviews, whole
films, is for validation: to choose, to stop and to calibrate on; `train` validates on any tenth.
Stop and repeat either at any time: what is done is not done again, but for the predictions of the
three, 12 minutes, which begin anew. The 25,000 test reviews are read by `release` alone.
"""

import hashlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import committee
import numpy as np
import probe_classifier as probe
from _imdb_recipes import BUNDLED, COMMITTEE, FROM_LABELS, LANGUAGE_MODELS, MEMBERS, RECIPES

from textrnn.artifacts import registry
from textrnn.artifacts.classifier import ClassifierArtifact, card
from textrnn.artifacts.kinds import KINDS
from textrnn.artifacts.language_model import LanguageModelArtifact
from textrnn.data.group_split import grouped_split, groups
from textrnn.data.labelled import LabelledTexts
from textrnn.data.registry import read_data, read_unlabelled_data
from textrnn.data.soft_labels import write_soft_labels
from textrnn.data.unlabelled import UnlabelledTexts
from textrnn.engine.classification import Predictor
from textrnn.engine.committee import passages
from textrnn.errors import TextRNNError
from textrnn.evaluation import classifier, probing, report_text
from textrnn.training.observer import Observer

PACKAGED = Path(registry.__file__).parents[1] / "pretrained"
DATA = click.argument("data")
DATA_DIR = click.option("--data-dir", help="Where tensorflow-datasets keeps `imdb`.")
OUTPUT = click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
MODEL = click.option("--model", type=click.Choice(BUNDLED), default="imdb")


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command()
@DATA
@DATA_DIR
@OUTPUT
def train(data: str, data_dir: str | None, output: Path) -> None:
    """Train from labels alone, or resume; Ctrl-C saves."""
    from textrnn.cli.display import TrainingDisplay
    from textrnn.training.output import has_started
    from textrnn.training.tasks.classifier import train_classifier

    with TrainingDisplay() as display:
        done = train_classifier(
            read_data(data, "train", data_dir=data_dir), output, settings=FROM_LABELS,
            resume=has_started(output), observer=display,
            command="scripts/reproduce/imdb.py train imdb -o DIR",
        )  # fmt: skip
    sys.exit(0 if done else 130)


@main.command("pretrain")
@DATA
@DATA_DIR
@OUTPUT
def pretrained(data: str, data_dir: str | None, output: Path) -> None:
    """Pretrain, train the teachers, distil the bundled models; or resume. Ctrl-C saves."""
    from textrnn.cli.display import TrainingDisplay
    from textrnn.training.output import has_started
    from textrnn.training.tasks.classifier import train_classifier
    from textrnn.training.tasks.language_model import FOLDER, pretrain

    train, validation = by_film(read_data(data, "train", data_dir=data_dir))
    corpus = read_unlabelled_data(data, data_dir=data_dir)
    with TrainingDisplay() as display:
        how: dict[str, Any] = {
            "observer": display,
            "command": "scripts/reproduce/imdb.py pretrain imdb -o DIR",
        }
        for name, settings in LANGUAGE_MODELS.items():
            if any(
                has_started(output / other) for other in RECIPES if RECIPES[other].words == name
            ):
                continue  # it has ended; its texts need not be read once more
            begun = (output / name / FOLDER).exists()
            if not pretrain(
                corpus, train, validation, output / name, settings, resume=begun, **how
            ):
                sys.exit(130)
        more = UnlabelledTexts.of(
            [*corpus.texts, *passages(corpus.texts)], (*corpus.names, "passages of these")
        )
        for name, recipe in RECIPES.items():
            settings, start = recipe.settings, dict[str, Any]()
            if recipe.words:
                start["pretrain"] = registry.load_as(
                    LanguageModelArtifact, output / recipe.words / FOLDER
                )
            if recipe.teacher:
                start["unlabelled"] = more
                settings = {**settings, "teacher": str(output / recipe.teacher)}
            if recipe.teacher == COMMITTEE and not ask_committee(
                output, train, validation, more, display
            ):
                sys.exit(130)
            if not train_classifier(
                train, output / name, validation=validation, settings=settings,
                resume=has_started(output / name), **start, **how,
            ):  # fmt: skip
                sys.exit(130)


def ask_committee(
    output: Path,
    train: LabelledTexts,
    validation: LabelledTexts,
    more: UnlabelledTexts,
    observer: Observer,
) -> bool:
    """Write the committee's soft labels of all texts, if they are not there; False if stopped.

    The table is of use while its classifiers and its texts are those of the record beside it.
    """
    members, record = [output / name for name in MEMBERS], output / "committee.json"
    weights = [(folder / "weights.npz").read_bytes() for folder in members]
    sums = [hashlib.sha256(data).hexdigest() for data in weights]
    now = json.dumps([*sums, train.sha256, validation.sha256, more.sha256])
    if record.exists() and record.read_text(encoding="utf-8") == now:
        return True
    record.unlink(missing_ok=True)
    observer.notice("the committee is to classify all texts: some 12 minutes")
    asked = committee.build(members, train, validation)
    done = write_soft_labels(
        output / COMMITTEE, [*train.texts, *more.texts], validation.classes, asked.probabilities,
        on_progress=lambda done, total: observer.notice(f"classified {done:,} of {total:,} texts"),
        should_stop=observer.should_stop,
    )  # fmt: skip
    if done:
        record.write_text(now, encoding="utf-8")
    return done


def by_film(data: LabelledTexts) -> tuple[LabelledTexts, LabelledTexts]:
    """Training and validation texts, with no film in both as far as names tell."""
    film = groups(data.texts)
    parts = grouped_split(data.labels, film, 0.1, 0, data.classes)
    train, validation = (data.subset(part) for part in parts)
    return train, validation


@main.command()
@DATA
@DATA_DIR
@click.argument("folder", type=click.Path(path_type=Path))
@MODEL
def release(data: str, data_dir: str | None, folder: Path, model: str) -> None:
    """Score a trained model in float16 on the test reviews, and put it into the package."""
    trained = registry.load_as(ClassifierArtifact, folder)
    weights = {name: array.astype(np.float16) for name, array in trained.weights.items()}
    found = replace(trained, weights=weights, name=model)
    options: dict[str, Any] = {"data_dir": data_dir, "classes": found.classes}
    report = classifier.evaluate(
        found, read_data(data, "test", **options), train=read_data(data, "train", **options)
    )
    click.echo(report_text.as_text(report))
    scores = {**found.metadata["scores"], "25,000 test reviews": report["scores"]}
    for name, part in report["subsets"].items():
        if part:  # else no text is left in it
            scores[f"test reviews {name}"] = part
    metadata = {
        **found.metadata,
        "scores": scores,
        "licence": "Apache-2.0; its training reviews are their writers'",
    }
    released = replace(found, metadata=metadata)
    released = replace(released, card=_card(released, model))
    registry.save(released, PACKAGED / model, dtype=np.float16)
    click.echo(KINDS["classifier"].scores_of(metadata))


def _card(model: ClassifierArtifact, title: str) -> str:
    """The card, and what the test reviews are silent on: other kinds of texts, and bias."""
    predictor = Predictor(model)
    by_group = probe.group_scores(predictor, probe.ROOT / "corpora" / "probing.csv")
    shifts = probe.shifts_of(predictor, "positive")
    lines = [
        card(model, title=title),
        "## On texts of other kinds",
        "",
        "200 short texts in ten groups, written for this and never trained on "
        f"(`scripts/reproduce/probe_classifier.py {title}`):",
        "",
        probing.groups_markdown(by_group),
        "",
        "## What should not matter, and does",
        "",
        "How far the chance of praise moves when nothing but a name, a pronoun or a nationality in "
        "a sentence changes:",
        "",
        probing.shifts_markdown(shifts, "positive"),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    try:
        main()
    except TextRNNError as error:
        sys.exit(f"Error: {error}")
