"""`textrnn train generator` and `textrnn finetune`: train on text files."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from textrnn.cli.commands.train_classifier import classifier, run_training
from textrnn.cli.data_options import DATA_SETTINGS, data_options
from textrnn.cli.kinds import Row, choose, load
from textrnn.cli.options import F, all_of, input_options, setting
from textrnn.cli.settings import (
    collect,
    config_option,
    exit_stopped,
    list_settings,
    output_option,
    quiet_option,
    recorded_command,
    resume_option,
    set_option,
)
from textrnn.cli.training_options import unlabelled_option
from textrnn.config.classifier import ClassifierRecipe
from textrnn.config.generator import (
    PRESETS,
    GeneratorConfig,
    GeneratorRecipe,
    GeneratorTrainingConfig,
    preset,
)
from textrnn.config.text import GeneratorTextConfig
from textrnn.errors import ConfigError

if TYPE_CHECKING:
    from textrnn.artifacts.classifier import ClassifierArtifact
    from textrnn.artifacts.generator import GeneratorArtifact


GENERATOR_OPTIONS = ("stateful", "window", "stride", "part", "lower", "newlines")
CLASSIFIER_OPTIONS = (*DATA_SETTINGS, "unlabelled")


def _text(name: str, help: str) -> Any:
    return setting(GeneratorTextConfig, name, help, keep_unset=True)


def _shape(name: str, help: str) -> Any:
    return setting(GeneratorConfig, name, help, keep_unset=True)


shape_options = all_of(
    _shape("cell", "The recurrent cell."),
    _shape("layers", "Recurrent layers."),
    _shape("units", "Units per layer."),
    _shape("embedding_dim", "Embedding dimension; 0: one-hot input."),
    _text("tokens", "Tokens to predict: characters, words or SentencePiece subwords."),
    _text("max_vocab_size", "Maximum vocabulary size (words or subwords)."),
)

# Defaults of fine-tuning, as help shows them; those of a generator first. A test compares them
# with the FINE_TUNING of textrnn.training.transfer, which `--help` must not import.
FINE_TUNING_DEFAULTS = {
    "dropout": "MODEL's",
    "lower": "MODEL's",
    "epochs": "10; classifier: as many as make 2,400 steps, from 4 to 40",
    "learning_rate": "0.001; classifier: 0.002",
    "patience": "3; classifier: 4",
    "batch_size": "16; classifier: 32",
}


def _recipe_options(**defaults: str) -> Callable[[F], F]:
    """Options for how to train; help shows `defaults` instead of those of the dataclasses."""

    def shape(name: str, help: str) -> Any:
        return setting(GeneratorConfig, name, help, keep_unset=True, shown=defaults.get(name))

    def text(name: str, help: str) -> Any:
        return setting(GeneratorTextConfig, name, help, keep_unset=True, shown=defaults.get(name))

    def recipe(name: str, help: str) -> Any:
        return setting(
            GeneratorTrainingConfig, name, help, keep_unset=True, shown=defaults.get(name)
        )

    epochs = defaults.get("epochs", "as many as make 5,000 steps, from 4 to 100")
    return all_of(
        shape("dropout", "Dropout between layers, one mask per sequence."),
        click.option(
            "--stateful/--stateless",
            default=None,
            help="Carry the state from window to window, or train on random windows.  "
            f"[default: {'stateful' if GeneratorTrainingConfig.stateful else 'stateless'}]",
        ),
        recipe("window", "Window length in characters (or other tokens)."),
        recipe("stride", "Stateless: stride between windows; 0: the window length."),
        recipe("batch_size", "Examples per step: windows, or a classifier's texts."),
        click.option("--epochs", type=int, help=f"Passes over the corpus.  [default: {epochs}]"),
        recipe("learning_rate", "Peak learning rate, after warm-up."),
        recipe("patience", "Stop after N epochs without a better validation loss; 0: never."),
        recipe("validation", "Fraction at the end, slice START:END, or a file to validate on."),
        recipe("part", "Use only the part START:END of the corpus."),
        text("lower", "Lower-case the corpus."),
        recipe("seed", "Random seed (initial weights, dropout, shuffling)."),
        set_option,
        config_option,
        resume_option,
        quiet_option,
        input_options,
    )


preset_option = click.option(
    "--preset",
    "preset_name",
    metavar="NAME",
    help=f"Start from a named preset: {', '.join(PRESETS)}.",
)


@click.group()
def train() -> None:
    """Train a new generator or classifier."""


@train.command()
@click.argument("corpus", nargs=-1, required=True)
@output_option
@preset_option
@shape_options
@_recipe_options()
def generator(corpus: tuple[str, ...], preset_name: str | None, **options: Any) -> None:
    """Train a text generator on CORPUS: files, folders of .txt files, globs, or - for stdin.

    With --tokens word, spaces separate the generated words, except at closing punctuation,
    opening quotes and dashes; line ends are kept, tabs and runs of spaces are not. Losses are in
    nats per character, whatever the tokens. Ctrl-C saves the run; the same command with --resume
    continues it.

    \b
    textrnn train generator my.txt -o my-model
    textrnn train generator my.txt -o my-model --tokens sentencepiece --max-vocab-size 4000
    textrnn train generator books/ -o my-model --preset large --epochs 20
    textrnn train generator my.txt -o my-model --resume
    """
    _train(corpus, None, preset_name, **options)


@train.command()
def settings() -> None:
    """List all settings for --set and --config, with their defaults."""
    click.echo("For `train generator`:\n")
    list_settings(GeneratorRecipe)
    click.echo("\nFor `train classifier`:\n")
    list_settings(ClassifierRecipe)


@click.command()
@click.argument("model")
@click.argument("corpus", nargs=-1, required=True)
@output_option
@_recipe_options(**FINE_TUNING_DEFAULTS)
@unlabelled_option
@data_options
def finetune(model: str, corpus: tuple[str, ...], **options: Any) -> None:
    """Fine-tune MODEL, a bundled name or a folder, on CORPUS.

    A generator takes CORPUS as `train generator` does. Its shape is fixed; a character model adds
    new characters to its vocabulary and lists them. A classifier takes CORPUS as `train
    classifier` does; it adds frequent new words, and its classes may differ from MODEL's.

    The defaults below are those of fine-tuning; some differ from `train`'s.

    \b
    textrnn finetune shakespeare my-play.txt -o my-model
    textrnn finetune imdb restaurants.csv -o my-classifier
    """
    base = load(model)
    choose(FINETUNE, base, model)(corpus, base, **options)


def _finetune_generator(corpus: tuple[str, ...], base: "GeneratorArtifact", **options: Any) -> None:
    own = {name: value for name, value in options.items() if name not in CLASSIFIER_OPTIONS}
    _train(corpus, base, None, **own)


def _finetune_classifier(
    corpus: tuple[str, ...],
    base: "ClassifierArtifact",
    *,
    unlabelled: str | None,
    column: str,
    label_column: str,
    table: str | None,
    data_dir: str | None,
    output: Path,
    assignments: tuple[str, ...],
    config_file: Path | None,
    resume: bool,
    quiet: bool,
    encoding: str,
    newlines: str,
    validation: str | None,
    **typed: Any,
) -> None:
    if len(corpus) > 1:
        raise ConfigError("a classifier is trained on one table or folder; name one")
    values = collect(ClassifierRecipe, {}, config_file, assignments, typed)
    data_settings = {
        "column": column, "label_column": label_column, "table": table, "encoding": encoding,
        "data_dir": data_dir,
    }  # fmt: skip
    run_training(
        corpus[0], output, values, validation, data_settings,
        base=base, unlabelled=unlabelled, resume=resume, quiet=quiet,
    )  # fmt: skip


FINETUNE = {
    "generator": Row(_finetune_generator, GENERATOR_OPTIONS),
    "classifier": Row(_finetune_classifier, CLASSIFIER_OPTIONS),
}


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
    encoding: str,
    newlines: str,
    **typed: Any,
) -> None:
    named = preset(preset_name) if preset_name else {}
    values = collect(GeneratorRecipe, named, config_file, assignments, typed)
    from textrnn.data.corpora import read_corpus

    text = read_corpus(corpus, encoding=encoding, newlines=newlines)  # type: ignore[arg-type]
    from textrnn.cli import tensorflow

    done = tensorflow.train(
        text,
        output,
        values,
        base=base,
        resume=resume,
        quiet=quiet,
        command=recorded_command(),
    )
    if not done:
        exit_stopped()
    if not quiet:
        click.echo(
            f"The model is in {output}. Generate text: textrnn generate --model "
            f"{shlex.quote(str(output))}",
            err=True,
        )


train.add_command(classifier)
