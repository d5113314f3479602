"""`textrnn train generator` and `textrnn finetune`: learn from files."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from textrnn.cli.commands.train_classifier import classifier, teach
from textrnn.cli.data_options import READING, data_options
from textrnn.cli.kinds import Row, choose, load
from textrnn.cli.options import all_of, reading_options, setting
from textrnn.cli.settings import (
    collect,
    config_option,
    list_settings,
    output_option,
    quiet_option,
    recorded_command,
    resume_option,
    set_option,
    stopped,
)
from textrnn.cli.training_options import unlabelled_option
from textrnn.config.classifier import ClassifierRecipe
from textrnn.config.generator import (
    PRESETS,
    GeneratorConfig,
    GeneratorRecipe,
    TrainingConfig,
    preset,
)
from textrnn.config.text import GeneratorTextConfig
from textrnn.errors import ConfigError

if TYPE_CHECKING:
    from textrnn.artifacts.classifier import ClassifierArtifact
    from textrnn.artifacts.generator import GeneratorArtifact


GENERATOR_OPTIONS = ("stateful", "window", "shift", "part", "lower", "newlines")
CLASSIFIER_OPTIONS = (*READING, "unlabelled")


def _text(name: str, help: str) -> Any:
    return setting(GeneratorTextConfig, name, help, keep_unset=True)


def _shape(name: str, help: str) -> Any:
    return setting(GeneratorConfig, name, help, keep_unset=True)


def _recipe(name: str, help: str) -> Any:
    return setting(TrainingConfig, name, help, keep_unset=True)


shape_options = all_of(
    _shape("cell", "The recurrent cell."),
    _shape("layers", "Recurrent layers."),
    _shape("units", "Units a layer."),
    _shape("embedding_dim", "Values a character is embedded in; 0 is one-hot input."),
    _text("tokens", "What it writes by: characters, words, or SentencePiece's pieces of words."),
    _text("words", "How many words or pieces it can write."),
)

recipe_options = all_of(
    _shape("dropout", "Dropout between layers, one mask a sequence."),
    click.option(
        "--stateful/--stateless",
        default=None,
        help="Read on from window to window, or draw windows at random.  "
        f"[default: {'stateful' if TrainingConfig.stateful else 'stateless'}]",
    ),
    _recipe("window", "Characters, or other tokens, that an example spans."),
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
    _text("lower", "Lower-case the corpus."),
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

    By --tokens word it writes a space between words but for closing punctuation, opening quotes,
    dashes and the like; line ends are kept, tabs and runs of spaces are not. Losses are in nats a
    character, whatever the tokens. Ctrl-C saves; the same command with --resume goes on.

    \b
    textrnn train generator my.txt -o my-model
    textrnn train generator my.txt -o my-model --tokens sentencepiece --words 4000
    textrnn train generator books/ -o my-model --preset large --epochs 20
    textrnn train generator my.txt -o my-model --resume
    """
    _train(corpus, None, preset_name, **options)


@train.command()
def settings() -> None:
    """List every setting that --set and --config take, with its default."""
    click.echo("For `train generator`:\n")
    list_settings(GeneratorRecipe)
    click.echo("\nFor `train classifier`:\n")
    list_settings(ClassifierRecipe)


@click.command()
@click.argument("model")
@click.argument("corpus", nargs=-1, required=True)
@output_option
@recipe_options
@unlabelled_option
@data_options
def finetune(model: str, corpus: tuple[str, ...], **options: Any) -> None:
    """Teach MODEL, a bundled name or a folder, to write or judge like CORPUS.

    A generator's shape stays; characters it never saw are added, and named. The learning rate is
    lower and the run shorter than `train`'s unless you say otherwise. A classifier takes CORPUS as
    `train classifier` does: words it never saw are added, and other classes may be learnt.

    \b
    textrnn finetune shakespeare my-play.txt -o my-model
    textrnn finetune imdb restaurants.csv -o my-judge
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
        raise ConfigError("a classifier learns from one table or folder; name one")
    values = collect(ClassifierRecipe, {}, config_file, assignments, typed)
    reading = {
        "column": column, "label_column": label_column, "table": table, "encoding": encoding,
        "data_dir": data_dir,
    }  # fmt: skip
    teach(
        corpus[0], output, values, validation, reading,
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
        stopped()
    if not quiet:
        click.echo(
            f"The model is in {output}. Let it write: textrnn generate --model "
            f"{shlex.quote(str(output))}",
            err=True,
        )


train.add_command(classifier)
