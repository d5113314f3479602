"""What every kind of training takes from the command line: settings from options and files."""

import json
import shlex
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args, get_origin

import click

from textrnn.config.base import Config, parse_setting
from textrnn.errors import ConfigError

output_option = click.option(
    "-o",
    "--output",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="The model's folder; DIR/run holds what resuming needs.",
)
set_option = click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any other setting (`textrnn train settings` lists them); may be repeated.",
)
config_option = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Settings from a TOML or JSON file; options override it.",
)
resume_option = click.option(
    "--resume", is_flag=True, help="Go on with the run in -o where it stopped."
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Show nothing but errors.")


def typed_command() -> str:
    """The command that a person typed."""
    return "textrnn " + shlex.join(sys.argv[1:])


def stopped() -> NoReturn:
    """Say how a run that was stopped goes on, and exit."""
    resume = "" if "--resume" in sys.argv else " --resume"
    click.echo(f"Saved. Go on with: {typed_command()}{resume}", err=True)
    sys.exit(130)


def collect(
    preset: Mapping[str, Any],
    config_file: Path | None,
    assignments: Sequence[str],
    typed: Mapping[str, Any],
    kinds: Sequence[type[Config]],
    given: Sequence[str],
) -> dict[str, Any]:
    """Settings by name: a preset's, a file's, those of --set and of the options typed.

    `kinds` are the dataclasses that --set may name fields of, but for those that are `given` by
    the data.
    """
    values = dict(preset)
    values |= _read_config(config_file) if config_file else {}
    values |= dict(_assignment(text, kinds, given) for text in assignments)
    return values | {name: value for name, value in typed.items() if value is not None}


def list_settings(kinds: Mapping[str, type[Config]], given: Sequence[str]) -> None:
    """Print every setting there is, with its default and, of a few names, the others."""
    for title, cls in kinds.items():
        click.echo(f"{title}:")
        for name, kind in cls.field_types().items():
            if name not in given:
                others = ", ".join(get_args(kind)) if get_origin(kind) is Literal else ""
                line = f"  {name} = {json.dumps(getattr(cls, name))}"
                click.echo(f"{line:<34}  one of {others}" if others else line)


def _assignment(text: str, kinds: Sequence[type[Config]], given: Sequence[str]) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    name = name.strip().replace("-", "_")
    if not equals:
        raise ConfigError(f"--set takes NAME=VALUE, got {text!r}")
    for cls in kinds:
        if name in cls.field_types() and name not in given:
            return name, parse_setting(cls, name, value.strip())
    raise ConfigError(f"no setting {name!r}; `textrnn train settings` lists them")


def _read_config(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from error
    except ValueError as error:
        raise ConfigError(f"{path} is no TOML or JSON of settings: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path} must hold settings by name")
    return content
