"""The part of `evaluate` that is about classifiers: labelled texts in, a report out."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.cli.data_options import is_imdb, read_texts
from textrnn.cli.tensorflow import prepare
from textrnn.data.labelled import Labelled
from textrnn.errors import ConfigError
from textrnn.evaluation import classifier, report_text


def score(
    model: ClassifierArtifact,
    name: str,
    split: str,
    options: Mapping[str, Any],
    *,
    worst: int,
    abstain: float | None,
) -> dict[str, Any]:
    """Score `model` on the `split` of the labelled texts called `name`, with a line of progress.

    Where the data has a part to learn from beside it, texts that stand in both are told apart.
    """
    prepare(model)
    data = _read(model, name, split, options)
    if data.sha256 == model.metadata.get("data", {}).get("sha256"):
        click.echo(
            "Warning: these are the texts that the model learnt from; a fair score needs others",
            err=True,
        )
    both = is_imdb(name) or name.endswith(".npz") or (Path(name) / "train").is_dir()
    learnt = _read(model, name, "train", options) if both and split == "test" else None
    return classifier.evaluate(
        model,
        data,
        learnt=learnt,
        worst=worst,
        abstain=abstain,
        on_progress=_show if sys.stderr.isatty() else None,
    )


def shown(report: Mapping[str, Any], form: str) -> str:
    """A report as text, or as Markdown."""
    show = report_text.as_markdown if form == "markdown" else report_text.as_text
    return show(report).rstrip("\n")


def _read(model: ClassifierArtifact, name: str, split: str, options: Mapping[str, Any]) -> Labelled:
    data = read_texts(name, split, classes=model.classes, **options)
    if data.classes != model.classes:
        raise ConfigError(
            f"{name} has the classes {', '.join(data.classes)}, {model.name} judges "
            f"{', '.join(model.classes)}; score it on texts of its own classes"
        )
    return data


def _show(done: int, total: int) -> None:
    end = "\r\033[K" if done == total else ""
    click.echo(f"\r{done:,} of {total:,} texts\033[K{end}", nl=False, err=True)
