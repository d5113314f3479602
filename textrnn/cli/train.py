"""`textrnn train generator` and `textrnn finetune`: learn from files."""

import shlex
import sys
from pathlib import Path
from typing import Any

import click

from textrnn.cli.options import all_of, reading_options, setting
from textrnn.cli.recipes import (
    collect,
    config_option,
    list_settings,
    output_option,
    quiet_option,
    resume_option,
    set_option,
)
from textrnn.cli.train_classifier import CLASSIFIER_GIVEN, CLASSIFIER_SETTINGS, classifier
from textrnn.config import PRESETS, GeneratorConfig, TrainingConfig, preset


def _shape(name: str, help: str) -> Any:
    return setting(GeneratorConfig, name, help, keep_unset=True)


def _recipe(name: str, help: str) -> Any:
    return setting(TrainingConfig, name, help, keep_unset=True)


shape_options = all_of(
    _shape("cell", "The recurrent cell."),
    _shape("layers", "Recurrent layers."),
    _shape("units", "Units a layer."),
    _shape("embedding_dim", "Values a character is embedded in; 0 is one-hot input."),
)

recipe_options = all_of(
    _shape("dropout", "Dropout between layers, one mask a sequence."),
    click.option(
        "--stateful/--stateless",
        default=None,
        help="Read on from window to window, or draw windows at random.  "
        f"[default: {'stateful' if TrainingConfig.stateful else 'stateless'}]",
    ),
    _recipe("window", "Characters an example spans."),
    _recipe("shift", "Stateless: from one window to the next; 0 is a window, 1 every start."),
    _recipe("batch_size", "Examples a step."),
    click.option(
        "--epochs",
        type=int,
        help="Passes over the corpus.  [default: as many as make 5,000 steps, from 4 to 100]",
    ),
    _recipe("learning_rate", "The highest, after warm-up."),
    _recipe("patience", "Stop after so many epochs without a better validation loss; 0 never."),
    _recipe("validation", "A share from the end, a slice START:END, or a file."),
    _recipe("part", "Use this part of the corpus only, START:END."),
    _recipe("lower", "Lower-case the corpus."),
    _recipe("seed", "Draws first weights, dropout and order."),
    set_option,
    config_option,
    resume_option,
    quiet_option,
    reading_options,
)

preset_option = click.option(
    "--preset",
    "preset_name",
    metavar="NAME",
    help=f"Start from a recipe by name: {', '.join(PRESETS)}.",
)


@click.group()
def train() -> None:
    """Teach a new model."""


@train.command()
@click.argument("corpus", nargs=-1, required=True)
@output_option
@preset_option
@shape_options
@recipe_options
def generator(corpus: tuple[str, ...], preset_name: str | None, **options: Any) -> None:
    """Teach a model to write like CORPUS: files, folders of .txt, globs, or - for stdin.

    Ctrl-C saves; the same command with --resume goes on.

    \b
    textrnn train generator my.txt -o my-model
    textrnn train generator books/ -o my-model --preset large --epochs 20
    textrnn train generator my.txt -o my-model --resume
    """
    _train(corpus, None, preset_name, **options)


@train.command()
def settings() -> None:
    """List every setting that --set and --config take, with its default."""
    click.echo("For `train generator`:\n")
    list_settings({"network": GeneratorConfig, "training": TrainingConfig}, ("vocab_size",))
    click.echo("\nFor `train classifier`:\n")
    list_settings(CLASSIFIER_SETTINGS, CLASSIFIER_GIVEN)


@click.command()
@click.argument("model")
@click.argument("corpus", nargs=-1, required=True)
@output_option
@recipe_options
def finetune(model: str, corpus: tuple[str, ...], **options: Any) -> None:
    """Teach MODEL, a bundled name or a folder, to write like CORPUS.

    Its shape stays; characters it never saw are added, and named. The learning rate is lower
    and the run shorter than `train`'s unless you say otherwise.

    \b
    textrnn finetune shakespeare my-play.txt -o my-model
    """
    _train(corpus, model, None, **options)


def _train(
    corpus: tuple[str, ...],
    base: str | None,
    preset_name: str | None,
    *,
    output: Path,
    assignments: tuple[str, ...],
    config_file: Path | None,
    resume: bool,
    quiet: bool,
    encoding: str,
    newlines: str,
    **typed: Any,
) -> None:
    values = collect(
        preset(preset_name) if preset_name else {}, config_file, assignments, typed,
        (GeneratorConfig, TrainingConfig), ("vocab_size",),
    )  # fmt: skip
    from textrnn.corpora import read_corpus

    text = read_corpus(corpus, encoding=encoding, newlines=newlines)  # type: ignore[arg-type]
    from textrnn import artifact

    base_model = artifact.load(base) if base else None
    from textrnn.cli import heavy

    done = heavy.train(
        text,
        output,
        values,
        base=base_model,
        resume=resume,
        quiet=quiet,
        command="textrnn " + shlex.join(sys.argv[1:]),
    )
    if not done:
        verb = f"finetune {shlex.quote(base)}" if base else "train generator"
        click.echo(
            f"Saved. Go on with: textrnn {verb} {shlex.join(corpus)} -o "
            f"{shlex.quote(str(output))} --resume",
            err=True,
        )
        sys.exit(130)
    if not quiet:
        click.echo(
            f"The model is in {output}. Let it write: textrnn generate --model "
            f"{shlex.quote(str(output))}",
            err=True,
        )


train.add_command(classifier)
