"""Options of a command for both kinds of model that are of use to one of them only."""

from collections.abc import Collection

import click
from click.core import ParameterSource

from textrnn.errors import ConfigError


def refuse(names: Collection[str], reason: str) -> None:
    """ConfigError when one of the options `names` of the command was typed: it does nothing."""
    ctx = click.get_current_context()
    for option in ctx.command.params:
        typed = ctx.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE
        if option.name in names and typed:
            raise ConfigError(f"{reason}; leave out {option.opts[0]}")
