"""Generators on the command line: train, fine-tune, evaluate."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from textrnn.cli import tensorflow, terminal
from textrnn.cli.encodings import print_later
from textrnn.cli.kinds import Row, print_report
from textrnn.cli.settings import (
    check_new,
    collect,
    exit_stopped,
    output_option,
    recorded_command,
)
from textrnn.cli.training_options import generator_options, generator_shape_options, preset_option
from textrnn.config.generator import PRESETS, GeneratorRecipe, preset
from textrnn.config.sampling import SamplingConfig
from textrnn.errors import ConfigError

if TYPE_CHECKING:
    from textrnn.artifacts.generator import GeneratorArtifact
    from textrnn.cli.display import TrainingDisplay
    from textrnn.data.encodings import Encodings

END_TEMPERATURE = 0.5  # of the sample after training


@click.command("generator")
@click.argument("corpus", nargs=-1, required=True)
@output_option
@preset_option(PRESETS)
@generator_shape_options
@generator_options()
def train(corpus: tuple[str, ...], preset_name: str | None, **options: Any) -> None:
    """Train a text generator on CORPUS.

    CORPUS is files, folders of .txt files, globs, or - for stdin. With --tokens word, spaces
    separate the generated words, except at closing punctuation, opening quotes and dashes; line
    ends are kept, tabs and runs of spaces are not. Losses are in nats per character, whatever the
    tokens. Ctrl-C saves the run; the same command with --resume continues it.

    \b
    textrnn train generator my.txt -o my-model
    textrnn train generator my.txt -o my-model --tokens sentencepiece
    textrnn train generator books/ -o my-model --preset large --epochs 20
    textrnn train generator my.txt -o my-model --resume
    """
    _train(corpus, None, preset_name, **options)


def _finetune(corpus: tuple[str, ...], base: "GeneratorArtifact", **options: Any) -> None:
    _train(corpus, base, None, **options)


def _train(
    corpus: tuple[str, ...],
    base: "GeneratorArtifact | None",
    preset_name: str | None,
    *,
    output: Path,
    assignments: tuple[str, ...],
    config_file: Path | None,
    resume: bool,
    quiet: bool,
    samples_every: int,
    encoding: "Encodings",
    newlines: str,
    **typed: Any,
) -> None:
    if not resume:
        check_new(output)
    named = preset(preset_name) if preset_name else {}
    values = collect(GeneratorRecipe, named, config_file, assignments, typed)
    if base is None:  # a wrong setting is reported before TensorFlow is loaded
        GeneratorRecipe.from_settings(values)
    from textrnn.data.corpora import read_corpus

    refuse_models(corpus)
    text = read_corpus(corpus, encoding=encoding, newlines=newlines)  # type: ignore[arg-type]
    print_later(encoding)
    with tensorflow.training("generator", quiet=quiet, samples_every=samples_every) as (
        task,
        display,
    ):
        model = task.train_generator(
            text,
            output,
            settings=values,
            base=base,
            resume=resume,
            observer=display,
            command=recorded_command(),
        )
    if model is None:
        exit_stopped(display.stopped_by)
    if not quiet:
        _print_end(model, output, display)


def _print_end(model: "GeneratorArtifact", output: Path, display: "TrainingDisplay") -> None:
    """Print a sample of the best model, the one in run/samples.txt, and where to find all."""
    from textrnn.engine import generation

    training = model.metadata["training"]
    if length := training["sample_length"]:
        sampling = SamplingConfig(temperature=END_TEMPERATURE)
        text = generation.generate(model, "", length, sampling=sampling, seed=training["seed"])[0]
        which = "the best model" if training["validation"] else "the model"
        display.sample(f"{which} at temperature {END_TEMPERATURE:g}:", text)
        kept = output / "run" / "samples.txt"
        display.notice(f"The samples of every epoch are in {kept}.")
    display.notice(f"The model is in {output}.")
    click.echo(f"Generate text: textrnn generate --model {shlex.quote(str(output))}", err=True)


def refuse_models(paths: Sequence[str]) -> None:
    """ConfigError if a model is named where a text is meant: its folder holds texts, too."""
    from textrnn.artifacts import registry

    for path in paths:
        if registry.is_saved(path):
            raise ConfigError(f"{path} is a model, not a text; name files or folders of texts")


def _evaluate(
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
    encoding: "Encodings",
    newlines: str,
) -> None:
    from textrnn.data import corpora
    from textrnn.evaluation import generator

    if form == "markdown":
        raise ConfigError(f"{model.name} is a generator; use --format json or text")
    if sample_length < 1:
        raise ConfigError(f"sample-length must be 1 or more, got {sample_length}")
    sampling = SamplingConfig(temperature=temperature)

    def read(*paths: str) -> corpora.Corpus:
        refuse_models(paths)
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
    print_report(report, form, generator.as_text)


def _show(what: str, done: int, total: int) -> None:
    shown = f"{what}: {done / total:.0%} of {total:,} characters"
    terminal.redraw(shown if done < total else "")


RECIPE = GeneratorRecipe
FINETUNE = Row(
    _finetune, ("stateful", "window", "stride", "part", "lower", "newlines", "samples_every")
)
EVALUATE = Row(
    _evaluate,
    (
        "part", "streamed", "baseline", "copied", "sample_length", "temperature", "seed",
        "unknown", "newlines",
    ),
)  # fmt: skip
