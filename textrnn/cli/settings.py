"""Training settings from options and files, and the options that all trainings share."""

import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click
from click.core import ParameterSource

from textrnn.cli.config_files import read_config
from textrnn.cli.targets import output_folder
from textrnn.config.base import parse_setting
from textrnn.config.parts import bare_name
from textrnn.config.recipe import Recipe
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
    metavar="FILE|MODEL",
    help="TOML or JSON file with settings (see `textrnn train settings`), or a model: train with "
    "its settings. Options override them.",
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
        read_config(config_file, recipe) if config_file else {},
        dict(_assignment(text, recipe) for text in assignments),
        {name: value for name, value in typed.items() if value is not None},
    )
    settings: dict[str, dict[str, Any]] = {section: {} for section in recipe.sections()}
    for layer in layers:
        for section, values in recipe.nest(layer).items():
            settings[section] |= values
    return settings


def _assignment(text: str, recipe: type[Recipe]) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    name = name.strip().replace("-", "_")
    if not equals:
        raise ConfigError(f"--set takes NAME=VALUE, got {text!r}")
    section, short = recipe.locate(name)
    return f"{section}.{short}", parse_setting(recipe.sections()[section], short, value.strip())
