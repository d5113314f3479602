"""Training settings from options and files, and the options that all trainings share."""

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

from textrnn.cli.targets import output_folder
from textrnn.config import strict_json
from textrnn.config.base import parse_setting
from textrnn.config.limits import SETTINGS_LIMIT
from textrnn.config.parts import bare_name
from textrnn.config.recipe import Recipe
from textrnn.data.text_files import open_bytes
from textrnn.errors import ConfigError

output_option = click.option(
    "-o",
    "--output",
    required=True,
    metavar="DIR",
    type=output_folder,
    help="Folder of the model; DIR/run holds the state for --resume.",
)
set_option = click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any other setting (see `textrnn train settings`); may be repeated.",
)
config_option = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TOML or JSON file with settings; options override it.",
)
resume_option = click.option(
    "--resume", is_flag=True, help="Resume the interrupted run in -o from its last save."
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print only errors.")


NO_FILES = ("column", "label_column")  # values that are not files, though they may hold a slash


def typed_command() -> str:
    """The running command line, quoted for a shell."""
    return _command(lambda value: value)


def recorded_command() -> str:
    """The running command line for a model's card: file names without folders."""
    return _command(_without_folders)


def _command(render: Callable[[str], str]) -> str:
    """The arguments and options that were given, with `render` applied to values and files."""
    ctx = click.get_current_context()
    words = ["textrnn", *ctx.command_path.split()[1:]]
    for parameter in ctx.command.params:
        name = str(parameter.name)
        if ctx.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        value = ctx.params[name]
        values = value if isinstance(value, tuple) else (value,)
        if isinstance(parameter, click.Argument):
            words += [render(str(each)) for each in values]
            continue
        option = parameter.opts[0]
        if isinstance(value, bool):
            words.append(option if value else parameter.secondary_opts[0])
        else:
            texts = [str(each) if name in NO_FILES else render(str(each)) for each in values]
            words += [word for text in texts for word in (option, text)]
    return shlex.join(words)


def _without_folders(value: str) -> str:
    """`value` without folders: a file, or NAME=VALUE with comma-separated files."""
    if not (setting := re.fullmatch(r"([\w-]+ *=)(.*)", value, re.DOTALL)):
        return bare_name(value)
    return setting[1] + ",".join(map(bare_name, setting[2].split(",")))


def exit_stopped(number: int) -> NoReturn:
    """Print the command that resumes a run which the signal `number` stopped, and exit."""
    resume = "" if click.get_current_context().params["resume"] else " --resume"
    click.echo(f"Saved. Resume with: {typed_command()}{resume}", err=True)
    sys.exit(128 + number)


def check_new(output: Path) -> None:
    """TrainingError, before anything is read, unless a new run may use the folder `output`."""
    from textrnn.artifacts.kinds import KINDS
    from textrnn.training.observer import Observer
    from textrnn.training.output import check_free, sole_writer

    with sole_writer(output, Observer()):
        check_free(output, beside=[kind.inside for kind in KINDS.values()])


def collect(
    recipe: type[Recipe],
    preset: Mapping[str, Any],
    config_file: Path | None,
    assignments: Sequence[str],
    typed: Mapping[str, Any],
) -> dict[str, dict[str, Any]]:
    """Merge settings of `recipe` by section: preset, config file, --set, options.

    Later sources override earlier ones.
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
    """Print all settings of `recipe` with their defaults and, for enumerations, the values."""
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
    if str(path) == "-":  # the texts may come from there
        raise ConfigError("--config takes a file of settings, and not standard input; name a file")
    try:
        with open_bytes(path) as file:
            data = file.read(SETTINGS_LIMIT + 1)
        if len(data) > SETTINGS_LIMIT:
            raise ConfigError(f"{path} is over {SETTINGS_LIMIT:,} bytes; name a file of settings")
        text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        content = (strict_json if path.suffix == ".json" else tomllib).loads(text)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from error
    except RecursionError:
        raise ConfigError(f"{path} is not a file of settings: it is nested too deeply") from None
    except ValueError as error:
        raise ConfigError(f"{path} is not a TOML or JSON file of settings: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path} must hold NAME: VALUE pairs, as in units = 128")
    return content
