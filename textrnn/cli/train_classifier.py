"""`textrnn train classifier`: learn to judge from labelled texts."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from textrnn.classifier_config import (
    CLASSIFIER_GIVEN,
    CLASSIFIER_PRESETS,
    CLASSIFIER_SETTINGS,
    ClassifierConfig,
    ClassifierTrainingConfig,
    ReadingConfig,
    classifier_preset,
)
from textrnn.cli.labelled_texts import data_options, is_imdb, read_texts
from textrnn.cli.options import all_of, setting
from textrnn.cli.recipes import (
    collect,
    config_option,
    output_option,
    quiet_option,
    resume_option,
    set_option,
    stopped,
    typed_command,
)
from textrnn.errors import ConfigError
from textrnn.pretraining_config import check_pretrainable, check_unpretrained

if TYPE_CHECKING:
    from textrnn.artifact import ClassifierArtifact
    from textrnn.language_model import LanguageModel
    from textrnn.unlabelled import Unlabelled


def _reading(name: str, help: str) -> Any:
    return setting(ReadingConfig, name, help, keep_unset=True)


def _shape(name: str, help: str) -> Any:
    return setting(ClassifierConfig, name, help, keep_unset=True)


def _recipe(name: str, help: str) -> Any:
    return setting(ClassifierTrainingConfig, name, help, keep_unset=True)


setting_options = all_of(
    _reading("tokens", "What an id stands for; text: none, --hub reads the text."),
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
    click.option(
        "--hub",
        metavar="DIR|ADDRESS",
        help="Start from a TF-Hub module: from its words' vectors or, with --tokens text, from the "
        "one that it makes of a text.",
    ),
    _recipe("train_embedding", "Let what it starts from learn too; off with --tokens text."),
    _recipe("class_weights", "Weigh rare classes up (probabilities then lean to the rare)."),
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
    help="Share of the texts to choose and calibrate on, or data of their own (its test/ where it "
    "has one).  "
    f"[default: {ClassifierTrainingConfig.validation}]",
)
@click.option(
    "--pretrain",
    metavar="CORPUS|DIR",
    help="Learn to foretell the words of more texts first, which need no labels; or start from "
    "what a run with --pretrain left in its DIR/pretrain.",
)
@setting_options
@data_options
@click.option("--encoding", default="utf-8", show_default=True, help="What DATA is in.")
@set_option
@config_option
@resume_option
@quiet_option
def classifier(
    data: str,
    output: Path,
    preset_name: str | None,
    validation: str | None,
    pretrain: str | None,
    column: str,
    label_column: str,
    table: str | None,
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

    CORPUS is anything DATA may be, without labels, or a .txt file. It pays where labels are few
    and such texts many. The network then reads forwards only, by default with 256 units;
    `textrnn train settings` lists what begins with pretrain_.

    \b
    textrnn train classifier reviews.csv -o my-model
    textrnn train classifier mails/ -o my-model --class-weights balanced
    textrnn train classifier imdb -o my-model --preset textbook-full
    textrnn train classifier few.csv -o my-model --pretrain many.csv --set pretrain_epochs=5
    """
    values = collect(
        classifier_preset(preset_name) if preset_name else {}, config_file, assignments, typed,
        tuple(CLASSIFIER_SETTINGS.values()), CLASSIFIER_GIVEN,
    )  # fmt: skip
    reading = {
        "column": column, "label_column": label_column, "table": table, "encoding": encoding,
        "data_dir": data_dir,
    }  # fmt: skip
    teach(
        data, output, values, validation, reading,
        base=None, pretrain=pretrain, resume=resume, quiet=quiet,
    )  # fmt: skip


def teach(
    data: str,
    output: Path,
    values: dict[str, Any],
    validation: str | None,
    reading: Mapping[str, Any],
    *,
    base: "ClassifierArtifact | None",
    pretrain: str | None = None,
    resume: bool,
    quiet: bool,
) -> None:
    """Read DATA and train on it; what is wrong with either is said before TensorFlow is loaded."""
    held_name = None
    try:
        values |= {"validation": float(validation)} if validation is not None else {}
    except ValueError:
        held_name = str(validation)
    _check(values, base is None)
    (check_unpretrained if pretrain is None else check_pretrainable)(values)
    texts = read_texts(data, "train", **reading)
    if 2 * len(texts.classes) > len(texts):
        raise ConfigError(
            f"{data} has {len(texts):,} texts with {len(texts.classes):,} different labels, and "
            f"a class needs several; name the labels' column with --label-column"
        )
    held = None
    if held_name is not None:
        held = read_texts(held_name, "test", classes=texts.classes, **reading)
    corpus = None if pretrain is None else _read_corpus(pretrain, reading)
    from textrnn.cli import heavy

    model = heavy.train_judge(
        texts,
        output,
        values,
        held=held,
        base=base,
        pretrain=corpus,
        resume=resume,
        quiet=quiet,
        command=typed_command(),
    )
    if model is None:
        stopped()
    if not quiet:
        found = model.metadata["scores"]["validation"]
        click.echo(
            f"It judges {found['accuracy']:.1%} of the {found['examples']:,} validation texts "
            f"right. The model is in {output}. Let it judge: textrnn classify --model "
            f"{shlex.quote(str(output))} --text TEXT",
            err=True,
        )


def _read_corpus(name: str, reading: Mapping[str, Any]) -> "Unlabelled | LanguageModel":
    """What --pretrain names: texts, or a language model."""
    if is_imdb(name):
        from textrnn.cli import heavy

        return heavy.read_unlabelled_imdb(reading["data_dir"])
    from textrnn import language_model, unlabelled

    if language_model.is_saved(name):
        return language_model.load(name)
    return unlabelled.read_texts(
        name,
        text_column=reading["column"],
        form=reading["table"],
        encoding=reading["encoding"],
    )


def _check(values: Mapping[str, Any], new: bool) -> None:
    """ConfigError for a setting that is unknown or, of a new model, outside its range."""
    known = {name: cls for cls in CLASSIFIER_SETTINGS.values() for name in cls.field_types()}
    for name in values:
        if name not in known or name in CLASSIFIER_GIVEN:
            raise ConfigError(f"no setting {name!r}; `textrnn train settings` lists them")
    if new:
        for cls in CLASSIFIER_SETTINGS.values():
            given = {"vocab_size": 1, "classes": 2} if cls is ClassifierConfig else {}
            cls.from_dict(given | {name: value for name, value in values.items()
                                   if known[name] is cls})  # fmt: skip
