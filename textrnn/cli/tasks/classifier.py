"""Classifiers on the command line: train, fine-tune, evaluate."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from textrnn.cli import tensorflow
from textrnn.cli.data_options import (
    DATA_SETTINGS,
    data_options,
    read_pretraining,
    read_training_texts,
    read_unlabelled,
)
from textrnn.cli.encodings import encoding_option, print_later
from textrnn.cli.kinds import Row, print_report
from textrnn.cli.options import check_module, trust_hub_option
from textrnn.cli.settings import (
    check_new,
    collect,
    config_option,
    exit_stopped,
    output_option,
    quiet_option,
    recorded_command,
    resume_option,
    set_option,
)
from textrnn.cli.training_options import classifier_options, preset_option, unlabelled_option
from textrnn.config.classifier import ClassifierRecipe, ClassifierTrainingConfig, check_teacher
from textrnn.config.classifier_presets import CLASSIFIER_PRESETS, classifier_preset
from textrnn.config.language_model import check_pretrainable, check_unpretrained
from textrnn.errors import ConfigError

if TYPE_CHECKING:
    from textrnn.artifacts.classifier import ClassifierArtifact
    from textrnn.cli.display import TrainingDisplay


@click.command("classifier")
@click.argument("data")
@output_option
@preset_option(CLASSIFIER_PRESETS)
@click.option(
    "--validation",
    metavar="FRACTION|DATA",
    help="Fraction of the texts to validate and calibrate on, or separate data "
    "(its test/ if any).  "
    f"[default: {ClassifierTrainingConfig.validation}]",
)
@click.option(
    "--pretrain",
    metavar="CORPUS|DIR",
    help="First train a language model on unlabelled texts; or start from the language model "
    "that an earlier run with --pretrain left in its DIR/pretrain.",
)
@unlabelled_option
@classifier_options
@data_options
@encoding_option
@set_option
@config_option
@resume_option
@trust_hub_option
@quiet_option
def train(
    data: str,
    output: Path,
    preset_name: str | None,
    validation: str | None,
    pretrain: str | None,
    unlabelled: str | None,
    assignments: tuple[str, ...],
    config_file: Path | None,
    resume: bool,
    trust_hub: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Train a text classifier on DATA, with any number of classes.

    DATA is a table (.csv, .tsv, .jsonl) with a text and a label column, a folder with one
    subfolder of .txt files per class, aclImdb/, or `imdb`: the film reviews of
    tensorflow-datasets. Ctrl-C saves the run; the same command with --resume continues it.

    CORPUS holds unlabelled texts, in any form of DATA or in a .txt file. Use
    --pretrain if labels are few and unlabelled texts many. A pretrained network is unidirectional,
    by default with 256 units; see the settings pretraining.* in `textrnn train settings`.

    A teacher, --set teacher=NAME|DIR[,...], is a trained classifier of the same classes; the
    predictions of several teachers are averaged. The new model is trained on the teacher
    predictions for DATA and for --unlabelled texts (knowledge distillation). For labelled texts,
    --set teacher_weight is the weight of the teacher predictions against the label.

    \b
    textrnn train classifier reviews.csv -o my-model
    textrnn train classifier mails/ -o my-model --class-weights balanced
    textrnn train classifier imdb -o my-model --preset textbook-full
    textrnn train classifier few.csv -o my-model --pretrain many.csv
    textrnn train classifier few.csv -o small --set teacher=my-model
    """
    named = classifier_preset(preset_name) if preset_name else {}
    data_settings, typed = _parted(options)
    values = collect(ClassifierRecipe, named, config_file, assignments, typed)
    if not trust_hub:
        check_module(values, collect(ClassifierRecipe, named, None, assignments, typed))
    _train(
        data, output, values, validation, data_settings,
        base=None, pretrain=pretrain, unlabelled=unlabelled, trust_hub=trust_hub, resume=resume,
        quiet=quiet,
    )  # fmt: skip


def _train(
    data: str,
    output: Path,
    values: dict[str, dict[str, Any]],
    validation: str | None,
    data_settings: Mapping[str, Any],
    *,
    base: "ClassifierArtifact | None",
    pretrain: str | None = None,
    unlabelled: str | None,
    trust_hub: bool,
    resume: bool,
    quiet: bool,
) -> None:
    """Read DATA and train on it; settings and data are checked before TensorFlow is loaded."""
    if not resume:
        check_new(output)
    validation_data = _take_fraction(values, validation)
    if base is None:
        ClassifierRecipe.from_settings(values)
    if unlabelled is not None and not resume:
        check_teacher(str(values["training"].get("teacher", "")))
    (check_unpretrained if pretrain is None else check_pretrainable)(values)
    texts, validation_texts = read_training_texts(data, validation_data, data_settings)
    corpus = None if pretrain is None else read_pretraining(pretrain, data_settings)
    more = None if unlabelled is None else read_unlabelled(unlabelled, data_settings)
    print_later(data_settings["encoding"])
    with tensorflow.training("classifier", quiet=quiet) as (task, display):
        model = task.train_classifier(
            texts,
            output,
            validation=validation_texts,
            settings=values,
            base=base,
            pretrain=corpus,
            unlabelled=more,
            trust_hub=trust_hub,
            resume=resume,
            observer=display,
            command=recorded_command(),
        )
    if model is None:
        exit_stopped(display.stopped_by)
    if not quiet:
        _print_accuracy(model, output, display)


def _take_fraction(values: dict[str, dict[str, Any]], validation: str | None) -> str | None:
    """Set the fraction that --validation gives in `values`, or return the data that it names."""
    if validation is None:
        return None
    try:
        values["training"]["validation"] = float(validation)
    except ValueError:
        return validation
    return None


def _print_accuracy(model: "ClassifierArtifact", output: Path, display: "TrainingDisplay") -> None:
    found = model.metadata["scores"]["validation"]
    display.notice(
        f"Accuracy {found['accuracy']:.1%} on the {found['examples']:,} validation texts. "
        f"The model is in {output}."
    )
    click.echo(
        f"Classify texts: textrnn classify --model {shlex.quote(str(output))} --text TEXT", err=True
    )


def _finetune(
    corpus: tuple[str, ...],
    base: "ClassifierArtifact",
    *,
    unlabelled: str | None,
    output: Path,
    assignments: tuple[str, ...],
    config_file: Path | None,
    trust_hub: bool,
    resume: bool,
    quiet: bool,
    validation: str | None,
    **options: Any,
) -> None:
    if len(corpus) > 1:
        raise ConfigError("a classifier is trained on one table or folder; name one")
    data_settings, typed = _parted(options)
    values = collect(ClassifierRecipe, {}, config_file, assignments, typed)
    _train(
        corpus[0], output, values, validation, data_settings,
        base=base, unlabelled=unlabelled, trust_hub=trust_hub, resume=resume, quiet=quiet,
    )  # fmt: skip


def _evaluate(
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
    data_settings, _ = _parted(options)
    report = scoring.score(model, names[0], split, data_settings, worst=worst, abstain=abstain)
    print_report(report, form, lambda report: scoring.render(report, form))


def _parted(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options for how to read the data, and the rest."""
    names = (*DATA_SETTINGS, "encoding")
    data_settings = {name: options[name] for name in names}
    return data_settings, {name: value for name, value in options.items() if name not in names}


RECIPE = ClassifierRecipe
FINETUNE = Row(_finetune, (*DATA_SETTINGS, "unlabelled", "trust_hub"))
EVALUATE = Row(_evaluate, (*DATA_SETTINGS, "split", "worst", "abstain", "trust_hub"))
