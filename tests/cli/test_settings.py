"""The running command line, as recorded in a model's card and as printed for --resume."""

import shlex

import click
import pytest
from click.testing import CliRunner

from textrnn.cli.commands.finetune import FINE_TUNING_DEFAULTS, finetune
from textrnn.cli.settings import (
    output_option,
    quiet_option,
    recorded_command,
    resume_option,
    set_option,
    typed_command,
)
from textrnn.config.classifier import ClassifierTrainingConfig
from textrnn.config.generator import GeneratorTrainingConfig
from textrnn.training.transfer import classifier as classifier_transfer
from textrnn.training.transfer import generator as generator_transfer


@click.group()
def program() -> None:
    """Stand-in for textrnn."""


@program.command()
@click.argument("corpus", nargs=-1)
@output_option
@click.option("--stateful/--stateless", default=None)
@click.option("--epochs", type=int, default=7)
@click.option("--validation")
@click.option("--column")
@set_option
@resume_option
@quiet_option
def train(**_values: object) -> None:
    click.echo(recorded_command())
    click.echo(typed_command())


def commands(*typed: str) -> list[str]:
    done = CliRunner().invoke(program, ["train", *typed])
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


@pytest.mark.parametrize(
    ("typed", "recorded"),
    [
        ("/home/me/a.txt ../b/ -o /out/m", "a.txt b -o m"),
        ("'my text.txt' - -o m --stateless --epochs 3", "'my text.txt' - -o m --stateless "
         "--epochs 3"),
        ("C:\\\\me\\\\a.txt -o m --resume", "a.txt -o m --resume"),
        ("/home/u=x/a.txt -o m", "a.txt -o m"),
        ("a -o m --validation /data/dev.csv --column and/or", "a -o m --validation dev.csv "
         "--column and/or"),
        ("a -o m --validation 0.9:1 --set lower=true", "a -o m --validation 0.9:1 --set "
         "lower=true"),
        ("a -o m --set teacher=/x/one,y/two --set hub=https://tfhub.dev/g/1",
         "a -o m --set teacher=one,two --set hub=https://tfhub.dev/g/1"),
    ],
)  # fmt: skip
def test_the_recorded_command_has_all_options_and_no_folders(typed, recorded):
    assert commands(*shlex.split(typed))[0] == f"textrnn train {recorded}"


def test_the_typed_command_reproduces_itself():
    typed = ["/home/me/a b.txt", "-o", "x y/m", "--stateful", "--set", "teacher=/a, b", "-q"]
    command = commands(*typed)[1]
    assert commands(*shlex.split(command)[2:])[1] == command
    assert "'/home/me/a b.txt'" in command and "'teacher=/a, b'" in command


@pytest.mark.parametrize("name", ["learning_rate", "patience", "batch_size", "epochs"])
def test_the_help_of_finetune_shows_the_defaults_of_fine_tuning(name):
    of_generator = {**vars(GeneratorTrainingConfig()), **generator_transfer.FINE_TUNING}
    of_classifier = {**vars(ClassifierTrainingConfig()), **classifier_transfer.FINE_TUNING}
    shown = FINE_TUNING_DEFAULTS[name]
    (option,) = (parameter for parameter in finetune.params if parameter.name == name)
    assert option.help.endswith(f"[default: {shown}]")
    if name == "epochs":  # a classifier's depend on its data
        assert shown.startswith(f"{of_generator[name]}; classifier: as many")
        assert name not in classifier_transfer.FINE_TUNING
    else:
        assert shown == f"{of_generator[name]}; classifier: {of_classifier[name]}"
