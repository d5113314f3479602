"""`textrnn evaluate`: score a model on texts that it did not learn from."""

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from textrnn.cli.data_options import READING, data_options
from textrnn.cli.kinds import Row, choose, load
from textrnn.cli.options import reading_options, setting
from textrnn.config.sampling import SamplingConfig
from textrnn.errors import ConfigError

if TYPE_CHECKING:
    from textrnn.artifacts.classifier import ClassifierArtifact
    from textrnn.artifacts.generator import GeneratorArtifact
    from textrnn.artifacts.language_model import LanguageModelArtifact


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
@data_options
@click.option("--worst", default=10, show_default=True, help="A classifier's mistakes to show.")
@click.option("--abstain", type=float, metavar="P", help="Score verdicts of P or more apart, too.")
def evaluate(model: str, corpus: tuple[str, ...], form: str, **options: Any) -> None:
    """Say how well MODEL foretells, or judges, CORPUS.

    A generator: loss in nats, bits a character, perplexity, accuracy. `cold` reads windows of 256
    characters, each from nothing; `streamed` reads on throughout. A classifier: accuracy, F1, AUC,
    log loss and calibration on labelled texts (CORPUS as for `train classifier`), where it fails,
    and its worst mistakes. A language model: loss, perplexity and accuracy a word, on texts as
    --pretrain takes them.

    \b
    textrnn evaluate shakespeare my-play.txt
    textrnn evaluate my-model my.txt --part validation --baseline my.txt --copied my.txt
    textrnn evaluate imdb reviews.csv --column review --label-column verdict
    """
    loaded = load(model)
    choose(EVALUATE, loaded, model)(loaded, corpus, form, **options)


def _evaluate_classifier(
    model: "ClassifierArtifact",
    names: Sequence[str],
    form: str,
    *,
    split: str,
    worst: int,
    abstain: float | None,
    **options: Any,
) -> None:
    from textrnn.cli import scoring

    if len(names) > 1:
        raise ConfigError("a classifier is scored on one CORPUS at a time; name one")
    reading = {name: options[name] for name in (*READING, "encoding")}
    report = scoring.score(model, names[0], split, reading, worst=worst, abstain=abstain)
    click.echo(_json(report) if form == "json" else scoring.shown(report, form))


def _evaluate_generator(
    model: "GeneratorArtifact",
    paths: Sequence[str],
    form: str,
    *,
    part: str,
    streamed: bool,
    baseline: str | None,
    copied: str | None,
    sample_length: int,
    temperature: float,
    seed: int,
    unknown: str,
    encoding: str,
    newlines: str,
    **_others: Any,
) -> None:
    from textrnn.data import corpora
    from textrnn.evaluation import generator

    if form == "markdown":
        raise ConfigError(f"{model.name} is a generator; use --format json or text")
    if sample_length < 1:
        raise ConfigError(f"sample-length must be 1 or more, got {sample_length}")
    sampling = SamplingConfig(temperature=temperature)

    def read(*paths: str) -> corpora.Corpus:
        return corpora.read_corpus(paths, encoding=encoding, newlines=newlines)  # type: ignore[arg-type]

    report = generator.evaluate(
        model,
        read(*paths),
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
    click.echo(_json(report) if form == "json" else generator.as_text(report))


def _evaluate_language_model(
    model: "LanguageModelArtifact", names: Sequence[str], form: str, **options: Any
) -> None:
    from textrnn.cli.data_options import read_more
    from textrnn.data.unlabelled import Unlabelled
    from textrnn.evaluation import language_model

    if form == "markdown":
        raise ConfigError(f"{model.name} is a language model; use --format json or text")
    found = [read_more(name, options) for name in names]
    texts = found[0] if len(found) == 1 else Unlabelled.of(
        (text for each in found for text in each.texts), tuple(names)
    )  # fmt: skip
    report = language_model.evaluate(model, texts)
    if "warning" in report:
        click.echo(f"Warning: {report['warning']}", err=True)
    click.echo(_json(report) if form == "json" else language_model.as_text(report))


EVALUATE = {
    "generator": Row(
        _evaluate_generator,
        (
            "part", "streamed", "baseline", "copied", "sample_length", "temperature", "seed",
            "unknown", "newlines",
        ),
    ),
    "classifier": Row(_evaluate_classifier, (*READING, "split", "worst", "abstain")),
    "language_model": Row(_evaluate_language_model, ("column", "table", "data_dir")),
}  # fmt: skip


def _show(what: str, done: int, total: int) -> None:
    end = "\r\033[K" if done == total else ""
    click.echo(f"\r{what}: {done / total:.0%} of {total:,} characters{end}", nl=False, err=True)


def _json(report: dict[str, Any]) -> str:
    return json.dumps(report, ensure_ascii=False, indent=1)
