"""`textrnn train classifier`: learn to judge from labelled texts."""

import shlex
import sys
from pathlib import Path
from typing import Any

import click

from textrnn.classifier_config import (
    CLASSIFIER_PRESETS,
    ClassifierConfig,
    ClassifierTrainingConfig,
    ReadingConfig,
    classifier_preset,
)
from textrnn.cli.options import all_of, setting
from textrnn.cli.recipes import (
    collect,
    config_option,
    output_option,
    quiet_option,
    resume_option,
    set_option,
)
from textrnn.config import Config

CLASSIFIER_SETTINGS: dict[str, type[Config]] = {
    "reading": ReadingConfig,
    "network": ClassifierConfig,
    "training": ClassifierTrainingConfig,
}
CLASSIFIER_GIVEN = ("vocab_size", "classes")


def _reading(name: str, help: str) -> Any:
    return setting(ReadingConfig, name, help, keep_unset=True)


def _shape(name: str, help: str) -> Any:
    return setting(ClassifierConfig, name, help, keep_unset=True)


def _recipe(name: str, help: str) -> Any:
    return setting(ClassifierTrainingConfig, name, help, keep_unset=True)


data_options = all_of(
    click.option("--column", default="text", show_default=True, help="A table's texts."),
    click.option("--label-column", default="label", show_default=True, help="A table's labels."),
    click.option(
        "--input-format",
        "form",
        type=click.Choice(["csv", "tsv", "jsonl"]),
        help="What DATA is, where its suffix does not tell.",
    ),
    click.option("--encoding", default="utf-8", show_default=True, help="What DATA is in."),
    click.option(
        "--data-dir",
        metavar="DIR",
        help="Where tensorflow-datasets keeps `imdb`.  [default: TFDS_DATA_DIR, or its own]",
    ),
)

setting_options = all_of(
    _reading("tokens", "What an id stands for."),
    _reading("rule", "What a word is; textbook: ASCII letters and apostrophes."),
    _reading("lower", "Lower-case the texts."),
    _reading("words", "Words, or pieces, that get ids of their own."),
    _reading("max_words", "Words of a text to learn from."),
    _reading("keep", "Which end of a longer text to keep."),
    _reading("max_characters", "Read only the first so many characters; 0 reads all."),
    _shape("cell", "The recurrent cell."),
    _shape("layers", "Recurrent layers."),
    _shape("units", "Units a layer and direction."),
    _shape("bidirectional", "Read in both directions."),
    _shape("embedding_dim", "Values a word is embedded in."),
    _shape("pooling", "How the steps become one vector; all: last, max and mean."),
    _shape("dropout", "Dropout between layers and before the head."),
    _shape("word_dropout", "Dropout of whole words."),
    _recipe("vectors", "Start from a file of GloVe or word2vec vectors (text)."),
    _recipe("class_weights", "Weigh rare classes up."),
    _recipe("batch_size", "Texts a step."),
    click.option(
        "--epochs",
        type=int,
        help="Passes over the texts.  [default: as many as make 2,400 steps, from 4 to 40]",
    ),
    _recipe("learning_rate", "The highest, after warm-up."),
    _recipe("patience", "Stop after so many epochs without a better validation loss; 0 never."),
    _recipe("seed", "Draws first weights, dropout, order and the validation part."),
)


@click.command()
@click.argument("data")
@output_option
@click.option(
    "--preset",
    "preset_name",
    metavar="NAME",
    help=f"Start from a recipe by name: {', '.join(CLASSIFIER_PRESETS)}.",
)
@click.option(
    "--validation",
    metavar="SHARE|DATA",
    help="Share of the texts to choose and calibrate on, or data of their own.  "
    f"[default: {ClassifierTrainingConfig.validation}]",
)
@setting_options
@data_options
@set_option
@config_option
@resume_option
@quiet_option
def classifier(
    data: str,
    output: Path,
    preset_name: str | None,
    validation: str | None,
    column: str,
    label_column: str,
    form: str | None,
    encoding: str,
    data_dir: str | None,
    assignments: tuple[str, ...],
    config_file: Path | None,
    resume: bool,
    quiet: bool,
    **typed: Any,
) -> None:
    """Teach a model to judge texts like DATA does.

    DATA is a table (.csv, .tsv, .jsonl) with a column of texts and one of labels, a folder with a
    folder of .txt files for each class, aclImdb/, or `imdb`: the film reviews that
    tensorflow-datasets knows. Any number of classes. Ctrl-C saves; the same command with --resume
    goes on.

    \b
    textrnn train classifier reviews.csv -o my-model
    textrnn train classifier mails/ -o my-model --class-weights balanced
    textrnn train classifier imdb -o my-model --preset textbook-full
    """
    values = collect(
        classifier_preset(preset_name) if preset_name else {}, config_file, assignments, typed,
        tuple(CLASSIFIER_SETTINGS.values()), CLASSIFIER_GIVEN,
    )  # fmt: skip
    from textrnn.cli import heavy

    options = {
        "text_column": column, "label_column": label_column, "form": form, "encoding": encoding,
        "data_dir": data_dir,
    }  # fmt: skip
    done = heavy.train_judge(
        data,
        output,
        values,
        validation=validation,
        options=options,
        resume=resume,
        quiet=quiet,
        command="textrnn " + shlex.join(sys.argv[1:]),
    )
    if not done:
        click.echo(
            f"Saved. Go on with: textrnn train classifier {shlex.quote(data)} -o "
            f"{shlex.quote(str(output))} --resume",
            err=True,
        )
        sys.exit(130)
    if not quiet:
        click.echo(
            f"The model is in {output}. Let it judge: textrnn classify --model "
            f"{shlex.quote(str(output))} --text TEXT",
            err=True,
        )
