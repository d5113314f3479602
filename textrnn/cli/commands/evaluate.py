"""`textrnn evaluate`: evaluate a model on texts that it was not trained on."""

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from textrnn.cli.data_options import DATA_SETTINGS, data_options
from textrnn.cli.kinds import Row, choose, load
from textrnn.cli.options import input_options, setting
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
    help="Part of CORPUS to evaluate; validation: the part held out in training.",
)
@click.option(
    "--streamed/--no-streamed",
    default=True,
    help="Also evaluate one stateful pass over the text (slower).  [default: on]",
)
@click.option("--baseline", metavar="CORPUS", help="Compare with a 5-gram model of this text.")
@click.option(
    "--copied",
    metavar="CORPUS",
    help="Report how much of the generated text is copied from this text.",
)
@click.option(
    "--sample-length",
    default=100_000,
    show_default=True,
    help="Characters to generate for --copied.",
)
@setting(SamplingConfig, "temperature", "Sampling temperature for --copied.")
@click.option("--seed", default=1, show_default=True, help="Random seed for --copied.")
@click.option(
    "--unknown",
    type=click.Choice(["error", "skip"]),
    default="error",
    show_default=True,
    help="How to handle characters outside the model's vocabulary.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="Output format; markdown for classifiers only.",
)
@input_options
@click.option(
    "--split",
    type=click.Choice(["train", "test"]),
    default="test",
    show_default=True,
    help="Classifier: which split of CORPUS to use, if it has both.",
)
@data_options
@click.option(
    "--worst", default=10, show_default=True, help="Classifier: number of worst mistakes to show."
)
@click.option(
    "--abstain",
    type=float,
    metavar="P",
    help="Classifier: also report accuracy on predictions with confidence P or more.",
)
def evaluate(model: str, corpus: tuple[str, ...], form: str, **options: Any) -> None:
    """Evaluate MODEL on CORPUS.

    A generator: loss in nats per character, bits per character, perplexity and accuracy; of words
    and subwords also the perplexity per word or subword. `cold` evaluates stateless windows of 256
    characters; `streamed` carries the state through the whole text. A classifier: accuracy, F1,
    AUC, log loss, calibration and worst mistakes on labelled texts (CORPUS as for `train
    classifier`). A language model: loss, perplexity and accuracy per word on unlabelled texts
    (CORPUS as for --pretrain).

    \b
    textrnn evaluate shakespeare my-play.txt
    textrnn evaluate my-model my.txt --part validation --baseline my.txt --copied my.txt
    textrnn evaluate imdb reviews.csv --column review --label-column sentiment
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
        raise ConfigError("a classifier is evaluated on one CORPUS at a time; name one")
    data_settings = {name: options[name] for name in (*DATA_SETTINGS, "encoding")}
    report = scoring.score(model, names[0], split, data_settings, worst=worst, abstain=abstain)
    click.echo(_json(report) if form == "json" else scoring.render(report, form))


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
    **_unused: Any,
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
    from textrnn.cli.data_options import read_unlabelled
    from textrnn.data.unlabelled import UnlabelledTexts
    from textrnn.evaluation import language_model

    if form == "markdown":
        raise ConfigError(f"{model.name} is a language model; use --format json or text")
    found = [read_unlabelled(name, options) for name in names]
    texts = found[0] if len(found) == 1 else UnlabelledTexts.of(
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
    "classifier": Row(_evaluate_classifier, (*DATA_SETTINGS, "split", "worst", "abstain")),
    "language_model": Row(_evaluate_language_model, ("column", "table", "data_dir")),
}  # fmt: skip


def _show(what: str, done: int, total: int) -> None:
    end = "\r\033[K" if done == total else ""
    click.echo(f"\r{what}: {done / total:.0%} of {total:,} characters{end}", nl=False, err=True)


def _json(report: dict[str, Any]) -> str:
    return json.dumps(report, ensure_ascii=False, indent=1)
