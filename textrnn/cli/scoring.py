"""`evaluate` for classifiers: labelled texts in, a report out."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.artifacts.records import section
from textrnn.cli import terminal
from textrnn.cli.data_options import is_imdb, read_texts
from textrnn.cli.tensorflow import prepare
from textrnn.data.labelled import LabelledTexts
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
    """Evaluate `model` on the `split` of the labelled texts `name`, with a line of progress.

    If the data also has a training split, the report treats texts found in both separately.
    """
    prepare(model)
    data = _read(model, name, split, options)
    if data.sha256 == section(model.metadata, "data").get("sha256"):
        click.echo(
            "Warning: the model was trained on these texts; evaluate it on "
            "other texts for a fair score",
            err=True,
        )
    both = is_imdb(name) or name.endswith(".npz") or (Path(name) / "train").is_dir()
    train = _read(model, name, "train", options) if both and split == "test" else None
    return classifier.evaluate(
        model,
        data,
        train=train,
        worst=worst,
        abstain=abstain,
        on_progress=_show if sys.stderr.isatty() else None,
    )


def render(report: Mapping[str, Any], form: str) -> str:
    """Render a report as text or Markdown."""
    show = report_text.as_markdown if form == "markdown" else report_text.as_text
    return show(report).rstrip("\n")


def _read(
    model: ClassifierArtifact, name: str, split: str, options: Mapping[str, Any]
) -> LabelledTexts:
    data = read_texts(name, split, classes=model.classes, **options)
    if data.classes != model.classes:
        raise ConfigError(
            f"{name} has the classes {', '.join(data.classes)}, but {model.name} "
            f"predicts {', '.join(model.classes)}; evaluate it on texts with these classes"
        )
    return data


def _show(done: int, total: int) -> None:
    terminal.redraw(f"{done:,} of {total:,} texts" if done < total else "")
