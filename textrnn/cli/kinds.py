"""Dispatch a command by the kind of its model, and refuse options of other kinds."""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, NamedTuple

import click
from click.core import ParameterSource

from textrnn.errors import ConfigError

if TYPE_CHECKING:
    from textrnn.artifacts.base import Artifact


class Row(NamedTuple):
    """The function for one kind of model, and the options that only some kinds take."""

    run: Callable[..., None]
    options: tuple[str, ...]


def load(model: str) -> "Artifact":
    """Load a bundled model or a folder, and print the notices of loading on stderr."""
    from textrnn.artifacts import registry

    loaded = registry.load(model)
    print_notices(loaded)
    return loaded


def print_notices(model: "Artifact") -> None:
    """Print the notices of loading on stderr, such as repairs."""
    for notice in model.notices:
        click.echo(notice, err=True)


def choose(rows: Mapping[str, Row], model: "Artifact", name: str) -> Callable[..., None]:
    """The function in `rows` for the kind of `model`.

    ConfigError if the kind has no row, or an option was given that only other kinds take.
    """
    from textrnn.artifacts.kinds import KINDS

    kind = KINDS[model.kind]
    if model.kind not in rows:
        raise ConfigError(f"{name} is {kind.noun}; {kind.use_of(name)}")
    row = rows[model.kind]
    others = {option for other in rows.values() for option in other.options}
    refuse(others - set(row.options), f"{name} is {kind.noun}")
    return row.run


def refuse(names: Collection[str], reason: str) -> None:
    """ConfigError if one of the options `names` was given on the command line."""
    ctx = click.get_current_context()
    for option in ctx.command.params:
        typed = ctx.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE
        if option.name in names and typed:
            raise ConfigError(f"{reason}; leave out {option.opts[0]}")
