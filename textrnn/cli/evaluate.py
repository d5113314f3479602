"""`textrnn evaluate`: score a model on a text."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from textrnn.cli.options import reading_options, setting
from textrnn.config import SamplingConfig


@click.command()
@click.argument("model")
@click.argument("corpus", nargs=-1, required=True)
@click.option(
    "--part",
    default="all",
    show_default=True,
    metavar="all|validation|START:END",
    help="What of CORPUS to score; validation is the slice that the model's run kept back.",
)
@click.option("--streamed/--no-streamed", default=True, help="Score one long pass too (slower).")
@click.option("--baseline", metavar="CORPUS", help="Score a 5-gram model of this text beside it.")
@click.option(
    "--copied", metavar="CORPUS", help="Say how much of what the model writes stands in this text."
)
@click.option(
    "--sample-length", default=100_000, show_default=True, help="Characters to write for --copied."
)
@setting(SamplingConfig, "temperature", "Of what is written for --copied.")
@click.option("--seed", default=1, show_default=True, help="Of what is written for --copied.")
@click.option(
    "--unknown",
    type=click.Choice(["error", "skip"]),
    default="error",
    show_default=True,
    help="What to do with characters the model never saw.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="Markdown is for a classifier's report.",
)
@reading_options
@click.option(
    "--split",
    type=click.Choice(["train", "test"]),
    default="test",
    show_default=True,
    help="For a classifier: which part of data that has both.",
)
@click.option("--column", default="text", show_default=True, help="A table's texts.")
@click.option("--label-column", default="label", show_default=True, help="A table's labels.")
@click.option("--worst", default=10, show_default=True, help="A classifier's mistakes to show.")
@click.option("--abstain", type=float, metavar="P", help="Score verdicts of P or more apart, too.")
@click.option("--data-dir", metavar="DIR", help="Where tensorflow-datasets keeps `imdb`.")
def evaluate(
    model: str,
    corpus: tuple[str, ...],
    part: str,
    streamed: bool,
    baseline: str | None,
    copied: str | None,
    sample_length: int,
    temperature: float,
    seed: int,
    unknown: str,
    form: str,
    encoding: str,
    newlines: str,
    split: str,
    column: str,
    label_column: str,
    worst: int,
    abstain: float | None,
    data_dir: str | None,
) -> None:
    """Say how well MODEL foretells, or judges, CORPUS.

    A generator: loss in nats, bits a character, perplexity, accuracy. `cold` reads windows of 256
    characters, each from nothing; `streamed` reads on throughout. A classifier: accuracy, F1, AUC,
    log loss and calibration on labelled texts (CORPUS as for `train classifier`), where it fails,
    and its worst mistakes.

    \b
    textrnn evaluate shakespeare my-play.txt
    textrnn evaluate my-model my.txt --part validation --baseline my.txt --copied my.txt
    textrnn evaluate imdb reviews.csv --column review --label-column verdict
    """
    from textrnn import artifact, corpora, reports
    from textrnn.errors import ConfigError

    loaded = artifact.load_any(model)
    for notice in loaded.notices:
        click.echo(notice, err=True)
    if isinstance(loaded, artifact.ClassifierArtifact):
        options = {
            "text_column": column, "label_column": label_column, "encoding": encoding,
        }  # fmt: skip
        if len(corpus) > 1:
            raise ConfigError("a classifier is scored on one CORPUS at a time; name one")
        _judge(loaded, corpus[0], split, options, data_dir, worst, abstain, form)
        return
    if form == "markdown":
        raise ConfigError("markdown is for classifiers; use --format json or text")
    if sample_length < 1:
        raise ConfigError(f"sample-length must be 1 or more, got {sample_length}")
    sampling = SamplingConfig(temperature=temperature)

    def read(*paths: str) -> corpora.Corpus:
        return corpora.read_corpus(paths, encoding=encoding, newlines=newlines)  # type: ignore[arg-type]

    report = reports.evaluate(
        loaded,
        read(*corpus),
        part=part,
        unknown=unknown,  # type: ignore[arg-type]
        streamed=streamed,
        baseline=read(baseline) if baseline else None,
        copied=read(copied) if copied else None,
        sample_length=sample_length,
        sampling=sampling,
        seed=seed,
        on_progress=_show if sys.stderr.isatty() else None,
    )
    if "warning" in report:
        click.echo(f"Warning: {report['warning']}", err=True)
    click.echo(_json(report) if form == "json" else reports.as_text(report))


def _judge(
    model: Any,
    name: str,
    split: str,
    options: dict[str, Any],
    data_dir: str | None,
    worst: int,
    abstain: float | None,
    form: str,
) -> None:
    from textrnn import classifier_evaluation, classifier_reports

    show = (lambda done, total: _show_texts(done, total)) if sys.stderr.isatty() else None
    data, learnt = _labelled(model, name, split, options, data_dir)
    report = classifier_evaluation.evaluate(
        model, data, learnt=learnt, worst=worst, abstain=abstain, on_progress=show
    )
    if form == "json":
        click.echo(_json(report))
    elif form == "markdown":
        click.echo(classifier_reports.as_markdown(report))
    else:
        click.echo(classifier_reports.as_text(report))


def _labelled(
    model: Any, name: str, split: str, options: dict[str, Any], data_dir: str | None
) -> tuple[Any, Any]:
    """The texts to score, and those beside them to learn from where the data has both parts."""
    if name == "imdb" and not Path(name).exists():
        from textrnn.cli import heavy

        def read(part: str) -> Any:
            return heavy.read_data("imdb", part, data_dir=data_dir)  # type: ignore[arg-type]

    else:
        from textrnn.labelled import read_labelled

        def read(part: str) -> Any:
            return read_labelled(name, split=part, classes=model.classes, **options)  # type: ignore[arg-type]

    both = name == "imdb" or (Path(name) / "train").is_dir()
    return read(split), read("train") if both and split == "test" else None


def _show_texts(done: int, total: int) -> None:
    end = "\r\033[K" if done == total else ""
    click.echo(f"\r{done:,} of {total:,} texts{end}", nl=False, err=True)


def _show(what: str, done: int, total: int) -> None:
    end = "\r\033[K" if done == total else ""
    click.echo(f"\r{what}: {done / total:.0%} of {total:,} characters{end}", nl=False, err=True)


def _json(report: dict[str, Any]) -> str:
    return json.dumps(report, ensure_ascii=False, indent=1)
