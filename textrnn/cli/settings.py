"""What every kind of training takes from the command line: settings from options and files."""

import json
import re
import shlex
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NoReturn, get_args, get_origin

import click
from click.core import ParameterSource

from textrnn.config.base import parse_setting
from textrnn.config.parts import bare_name
from textrnn.config.recipe import Recipe
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


NO_FILES = ("column", "label_column")  # what of options may hold a slash and names no file


def typed_command() -> str:
    """The command that is running, as a person can type it again."""
    return _command(lambda value: value)


def recorded_command() -> str:
    """The command that is running as a model's card names it: files without their folders."""
    return _command(_without_folders)


def _command(shown: Callable[[str], str]) -> str:
    """The command with what was typed of its arguments and options, values of files as `shown`."""
    ctx = click.get_current_context()
    words = ["textrnn", *ctx.command_path.split()[1:]]
    for parameter in ctx.command.params:
        name = str(parameter.name)
        if ctx.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        value = ctx.params[name]
        values = value if isinstance(value, tuple) else (value,)
        if isinstance(parameter, click.Argument):
            words += [shown(str(each)) for each in values]
            continue
        option = parameter.opts[0]
        if isinstance(value, bool):
            words.append(option if value else parameter.secondary_opts[0])
        else:
            texts = [str(each) if name in NO_FILES else shown(str(each)) for each in values]
            words += [word for text in texts for word in (option, text)]
    return shlex.join(words)


def _without_folders(value: str) -> str:
    """`value`, a file's or NAME=VALUE with files that have commas between, by bare names."""
    if not (setting := re.fullmatch(r"([\w-]+ *=)(.*)", value, re.DOTALL)):
        return bare_name(value)
    return setting[1] + ",".join(map(bare_name, setting[2].split(",")))


def stopped() -> NoReturn:
    """Say how a run that was stopped goes on, and exit."""
    resume = "" if click.get_current_context().params["resume"] else " --resume"
    click.echo(f"Saved. Go on with: {typed_command()}{resume}", err=True)
    sys.exit(130)


def collect(
    recipe: type[Recipe],
    preset: Mapping[str, Any],
    config_file: Path | None,
    assignments: Sequence[str],
    typed: Mapping[str, Any],
) -> dict[str, dict[str, Any]]:
    """Settings of `recipe` by section: a preset's, a file's, those of --set and of options.

    What comes later overrides what comes before.
    """
    layers = (
        preset,
        _read_config(config_file) if config_file else {},
        dict(_assignment(text, recipe) for text in assignments),
        {name: value for name, value in typed.items() if value is not None},
    )
    settings: dict[str, dict[str, Any]] = {section: {} for section in recipe.sections()}
    for layer in layers:
        for section, values in recipe.nest(layer).items():
            settings[section] |= values
    return settings


def list_settings(recipe: type[Recipe]) -> None:
    """Print every setting there is, with its default and, of a few names, the others."""
    names = {where: name for name, where in recipe.names().items()}
    for section, config in recipe.sections().items():
        click.echo(f"{section}:")
        for name, kind in config.field_types().items():
            if (section, name) in names:
                others = ", ".join(get_args(kind)) if get_origin(kind) is Literal else ""
                line = f"  {names[section, name]} = {json.dumps(getattr(config, name))}"
                click.echo(f"{line:<34}  one of {others}" if others else line)


def _assignment(text: str, recipe: type[Recipe]) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    name = name.strip().replace("-", "_")
    if not equals:
        raise ConfigError(f"--set takes NAME=VALUE, got {text!r}")
    section, short = recipe.locate(name)
    return f"{section}.{short}", parse_setting(recipe.sections()[section], short, value.strip())


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
