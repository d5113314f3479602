"""`textrnn train`: a command per task, and the list of their settings."""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import click

from textrnn.cli import tasks
from textrnn.cli.groups import HintingGroup, training_hint
from textrnn.errors import ConfigError


class TrainGroup(HintingGroup):
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


@click.group(cls=TrainGroup, hint=training_hint)
def train() -> None:
    """Train a new generator or classifier.

    \b
    textrnn train generator my.txt -o my-model
    textrnn train classifier my.csv -o my-model
    textrnn train settings
    """


@train.command()
@click.argument("words", nargs=-1, metavar="[TASK] [NAME]...")
@click.option(
    "--toml", is_flag=True, help="Print a TOML file for --config, with the defaults of one TASK."
)
def settings(words: tuple[str, ...], toml: bool) -> None:
    """List all settings for --set and --config, and explain them.

    Each has its default, its meaning, and its range or choices. Without TASK (generator,
    classifier) those of both; with NAME only the settings whose name contains it.

    \b
    textrnn train settings generator
    textrnn train settings dropout
    textrnn train settings generator --toml > my.toml
    textrnn train generator my.txt -o DIR --config my.toml
    """
    from textrnn.artifacts.kinds import KINDS
    from textrnn.cli import settings_list

    tasks = sorted(_trained(), key=list(KINDS).index)
    chosen = [task for task in tasks if task in words] or tasks
    names = [word for word in words if word not in tasks]
    recipes = {task: _task(task).RECIPE for task in chosen}
    if toml and len(chosen) > 1:
        raise ConfigError(f"--toml prints one file; name a task: {' or '.join(tasks)}")
    rows = {task: settings_list.selected(recipe, names) for task, recipe in recipes.items()}
    for name in names:
        if not any(settings_list.selected(recipe, [name]) for recipe in recipes.values()):
            raise settings_list.no_such(name, recipes.values(), tasks)
    texts = [
        settings_list.as_toml(task, some, recipes[task].prefixed)
        if toml
        else settings_list.as_table(task, some)
        for task, some in rows.items()
        if some
    ]
    click.echo("\n".join(texts), nl=False)


def _names() -> list[str]:
    return [module.name for module in iter_modules(tasks.__path__)]


def _trained() -> list[str]:
    return [name for name in _names() if hasattr(_task(name), "train")]


def _task(name: str) -> ModuleType:
    return import_module(f"textrnn.cli.tasks.{name}")
