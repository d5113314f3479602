"""`textrnn train classifier`: learn to judge from labelled texts."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from textrnn.cli.data_options import data_options, is_imdb, read_more, read_texts
from textrnn.cli.kinds import tell_notices
from textrnn.cli.settings import (
    collect,
    config_option,
    output_option,
    quiet_option,
    recorded_command,
    resume_option,
    set_option,
    stopped,
)
from textrnn.cli.training_options import setting_options, unlabelled_option
from textrnn.config.classifier import (
    CLASSIFIER_PRESETS,
    ClassifierRecipe,
    ClassifierTrainingConfig,
    check_taught,
    classifier_preset,
)
from textrnn.config.language_model import check_pretrainable, check_unpretrained
from textrnn.errors import ConfigError

if TYPE_CHECKING:
    from textrnn.artifacts.classifier import ClassifierArtifact
    from textrnn.artifacts.language_model import LanguageModelArtifact
    from textrnn.data.unlabelled import Unlabelled


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
@unlabelled_option
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
    unlabelled: str | None,
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

    CORPUS is anything DATA may be, without labels, or a .txt file. To --pretrain on it pays where
    labels are few and such texts many. The network then reads forwards only, by default with 256
    units; `textrnn train settings` lists what begins with pretraining.

    A teacher, --set teacher=NAME|DIR, is a trained classifier of the same classes, or several with
    commas between, whose guesses are averaged: a small network learns from a large one's, or one
    from several networks', what to think of DATA and of --unlabelled texts. Of a labelled text's
    target the guesses make up a share, --set teacher_share, and the label the rest.

    \b
    textrnn train classifier reviews.csv -o my-model
    textrnn train classifier mails/ -o my-model --class-weights balanced
    textrnn train classifier imdb -o my-model --preset textbook-full
    textrnn train classifier few.csv -o my-model --pretrain many.csv --set pretraining.epochs=5
    textrnn train classifier few.csv -o small --unlabelled many.csv --set teacher=my-model
    """
    named = classifier_preset(preset_name) if preset_name else {}
    values = collect(ClassifierRecipe, named, config_file, assignments, typed)
    reading = {
        "column": column, "label_column": label_column, "table": table, "encoding": encoding,
        "data_dir": data_dir,
    }  # fmt: skip
    teach(
        data, output, values, validation, reading,
        base=None, pretrain=pretrain, unlabelled=unlabelled, resume=resume, quiet=quiet,
    )  # fmt: skip


def teach(
    data: str,
    output: Path,
    values: dict[str, dict[str, Any]],
    validation: str | None,
    reading: Mapping[str, Any],
    *,
    base: "ClassifierArtifact | None",
    pretrain: str | None = None,
    unlabelled: str | None,
    resume: bool,
    quiet: bool,
) -> None:
    """Read DATA and train on it; what is wrong with either is said before TensorFlow is loaded."""
    held_name = None
    try:
        if validation is not None:
            values["training"]["validation"] = float(validation)
    except ValueError:
        held_name = str(validation)
    if base is None:
        ClassifierRecipe.from_settings(values)
    if unlabelled is not None and not resume:
        check_taught(str(values["training"].get("teacher", "")))
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
    more = None if unlabelled is None else read_more(unlabelled, reading)
    from textrnn.cli import tensorflow

    model = tensorflow.train_judge(
        texts,
        output,
        values,
        held=held,
        base=base,
        pretrain=corpus,
        unlabelled=more,
        resume=resume,
        quiet=quiet,
        command=recorded_command(),
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


def _read_corpus(name: str, reading: Mapping[str, Any]) -> "Unlabelled | LanguageModelArtifact":
    """What --pretrain names: texts, or a language model."""
    if is_imdb(name):
        return read_more(name, reading)
    from textrnn.artifacts import registry

    if not registry.is_saved(name):
        return read_more(name, reading)
    model = registry.load_language_model(name)
    tell_notices(model)
    return model
