"""What commands for several kinds of models ask: which it is, and what it has no use for."""

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, NamedTuple

import click
from click.core import ParameterSource

from textrnn.errors import ConfigError

if TYPE_CHECKING:
    from textrnn.artifacts.base import Artifact


class Row(NamedTuple):
    """What a command does with one kind of model, and the options that not every kind takes."""

    run: Callable[..., None]
    options: tuple[str, ...]


def load(model: str) -> "Artifact":
    """The model of that name or in that folder; what loading put right is told on stderr."""
    from textrnn.artifacts import registry

    loaded = registry.load(model)
    tell_notices(loaded)
    return loaded


def tell_notices(model: "Artifact") -> None:
    """Tell what loading a model put right."""
    for notice in model.notices:
        click.echo(notice, err=True)


def choose(rows: Mapping[str, Row], model: "Artifact", name: str) -> Callable[..., None]:
    """What a command does with `model`, by its kind.

    ConfigError when that kind has no row, or an option was typed that only others take.
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
    """ConfigError when one of the options `names` of the command was typed: it does nothing."""
    ctx = click.get_current_context()
    for option in ctx.command.params:
        typed = ctx.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE
        if option.name in names and typed:
            raise ConfigError(f"{reason}; leave out {option.opts[0]}")
