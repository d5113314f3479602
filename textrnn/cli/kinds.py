"""Dispatch a command by the kind of its model, and refuse options of other kinds."""

import json
from collections.abc import Callable, Collection
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.core import ParameterSource

from textrnn.errors import ConfigError

if TYPE_CHECKING:
    from textrnn.artifacts.base import Artifact


class Row(NamedTuple):
    """The function for one kind of model, and the options that only some kinds take."""

    run: Callable[..., None]
    options: tuple[str, ...]


def load(model: str, *, trust_hub: bool = False) -> "Artifact":
    """Load a bundled model or a folder, and print the notices of loading on stderr."""
    from textrnn.artifacts import registry

    loaded = registry.load(model, trust_hub=trust_hub)
    print_notices(loaded)
    return loaded


def print_notices(model: "Artifact") -> None:
    """Print the notices of loading on stderr, such as repairs."""
    for notice in model.notices:
        click.echo(notice, err=True)


def choose(command: str, model: "Artifact", name: str) -> Callable[..., None]:
    """The function in the row `command` of the module in textrnn.cli.tasks for a model's kind.

    It is called without the options that only other kinds take. ConfigError if the kind has no
    such row, or one of those options was given.
    """
    from textrnn.artifacts.kinds import KINDS

    kind = KINDS[model.kind]
    tasks = {each: import_module(f"textrnn.cli.tasks.{each}") for each in KINDS}
    rows = {each: getattr(task, command) for each, task in tasks.items() if hasattr(task, command)}
    if model.kind not in rows:
        raise ConfigError(f"{name} is {kind.noun}; {kind.use_of(name)}")
    row = rows[model.kind]
    others = {option for other in rows.values() for option in other.options} - set(row.options)
    refuse(others, f"{name} is {kind.noun}")

    def run(*arguments: Any, **options: Any) -> None:
        row.run(*arguments, **{key: each for key, each in options.items() if key not in others})

    return run


def refuse(names: Collection[str], reason: str) -> None:
    """ConfigError if one of the options `names` was given on the command line."""
    ctx = click.get_current_context()
    for option in ctx.command.params:
        typed = ctx.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE
        if option.name in names and typed:
            raise ConfigError(f"{reason}; leave out {option.opts[0]}")


def print_report(report: dict[str, Any], form: str, as_text: Callable[[Any], str]) -> None:
    """Print the report of an evaluation as JSON or as text, and its warning on stderr."""
    if "warning" in report:
        click.echo(f"Warning: {report['warning']}", err=True)
    as_json = form == "json"
    click.echo(json.dumps(report, ensure_ascii=False, indent=1) if as_json else as_text(report))
