"""`textrnn train`: a command per task, and the list of their settings."""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import click

from textrnn.cli import tasks
from textrnn.cli.settings import list_settings


class TrainGroup(click.Group):
    """Adds the `train` command of each task, which is imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The tasks, and the commands of this module."""
        return sorted([*super().list_commands(ctx), *_trained()])

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command `name`; None if there is none."""
        if name not in _names():
            return super().get_command(ctx, name)
        command: click.Command | None = getattr(_task(name), "train", None)
        return command


@click.group(cls=TrainGroup)
def train() -> None:
    """Train a new generator or classifier."""


@train.command()
def settings() -> None:
    """List all settings for --set and --config, with their defaults."""
    from textrnn.artifacts.kinds import KINDS

    gap = ""
    for name in sorted(_trained(), key=list(KINDS).index):
        click.echo(f"{gap}For `train {name}`:\n")
        list_settings(_task(name).RECIPE)
        gap = "\n"


def _names() -> list[str]:
    return [module.name for module in iter_modules(tasks.__path__)]


def _trained() -> list[str]:
    return [name for name in _names() if hasattr(_task(name), "train")]


def _task(name: str) -> ModuleType:
    return import_module(f"textrnn.cli.tasks.{name}")
