"""`textrnn evaluate`: score a model on a text."""

import json
import sys
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
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
@reading_options
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
) -> None:
    """Say how well MODEL foretells CORPUS: loss in nats, bits a character, perplexity, accuracy.

    `cold` reads windows of 256 characters, each from nothing; `streamed` reads on throughout.

    \b
    textrnn evaluate shakespeare my-play.txt
    textrnn evaluate my-model my.txt --part validation --baseline my.txt --copied my.txt
    """
    from textrnn import artifact, corpora, reports
    from textrnn.errors import ConfigError

    if sample_length < 1:
        raise ConfigError(f"sample-length must be 1 or more, got {sample_length}")
    sampling = SamplingConfig(temperature=temperature)

    def read(*paths: str) -> corpora.Corpus:
        return corpora.read_corpus(paths, encoding=encoding, newlines=newlines)  # type: ignore[arg-type]

    loaded = artifact.load(model)
    for notice in loaded.notices:
        click.echo(notice, err=True)
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


def _show(what: str, done: int, total: int) -> None:
    end = "\r\033[K" if done == total else ""
    click.echo(f"\r{what}: {done / total:.0%} of {total:,} characters{end}", nl=False, err=True)


def _json(report: dict[str, Any]) -> str:
    return json.dumps(report, ensure_ascii=False, indent=1)
