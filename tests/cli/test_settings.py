"""The command that is running, as it is put on record and as it is typed again."""

import shlex

import click
import pytest
from click.testing import CliRunner

from textrnn.cli.settings import (
    output_option,
    quiet_option,
    recorded_command,
    resume_option,
    set_option,
    typed_command,
)


@click.group()
def program() -> None:
    """Stands for textrnn."""


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
        ("a -o m --validation /data/held.csv --column and/or", "a -o m --validation held.csv "
         "--column and/or"),
        ("a -o m --validation 0.9:1 --set lower=true", "a -o m --validation 0.9:1 --set "
         "lower=true"),
        ("a -o m --set teacher=/x/one,y/two --set hub=https://tfhub.dev/g/1",
         "a -o m --set teacher=one,two --set hub=https://tfhub.dev/g/1"),
    ],
)  # fmt: skip
def test_the_command_on_record_has_what_was_typed_and_no_folder(typed, recorded):
    assert commands(*shlex.split(typed))[0] == f"textrnn train {recorded}"


def test_the_typed_command_typed_again_is_the_same():
    typed = ["/home/me/a b.txt", "-o", "x y/m", "--stateful", "--set", "teacher=/a, b", "-q"]
    command = commands(*typed)[1]
    assert commands(*shlex.split(command)[2:])[1] == command
    assert "'/home/me/a b.txt'" in command and "'teacher=/a, b'" in command
