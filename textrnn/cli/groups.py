"""Groups of commands that answer a name which is no command by what the user may have meant."""

import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from textrnn.config.suggestions import did_you_mean

Hint = Callable[[str], str]
TEXT_SUFFIXES = (".txt", ".text", ".md")


class HintingGroup(click.Group):
    """A group whose usage error for an unknown command says what to type.

    `hint` gives that for a name, or "" if it has none.
    """

    def __init__(self, *args: Any, hint: Hint = lambda name: "", **options: Any) -> None:
        super().__init__(*args, **options)
        self.hint = hint

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The rest of `args`; an option before a forgotten command is a UsageError with a hint."""
        typed = [str(each) for each in args if not str(each).startswith("-")]
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            hints = [advice for name in typed if (advice := self.hint(name))]
            if not hints or {*typed} & {*self.list_commands(ctx)}:
                raise
            ctx.fail(f"No such option {error.option_name!r}; {hints[-1]}")

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that `args` begin with; UsageError with a hint if there is none."""
        name = str(args[0])
        if not (name.startswith("-") or ctx.resilient_parsing or self.get_command(ctx, name)):
            known = self.list_commands(ctx)
            if advice := name and self.hint(name):
                ctx.fail(f"No such command {name!r}; {advice}")
            similar = did_you_mean(name, known)
            ctx.fail(f"No such command {name!r}{similar}; the commands are {', '.join(known)}")
        return super().resolve_command(ctx, args)


def training_hint(name: str) -> str:
    """How to train on the data `name`; "" if it is no file or folder and not named like one."""
    task = _task_for(name)
    if not task:
        return ""
    return f"to train on it, type: textrnn train {task} {shlex.quote(name)} -o my-model"


def _task_for(name: str) -> str:
    from textrnn.data.tables import form_of

    path = Path(name)
    if os.path.isdir(name):
        with suppress(OSError), os.scandir(name) as entries:
            if any(entry.is_dir() for entry in entries):  # one subfolder per class
                return "classifier"
        return "generator"
    if form_of(name):
        return "classifier"
    return "generator" if path.suffix.lower() in TEXT_SUFFIXES or os.path.isfile(name) else ""


def model_hint(name: str) -> str:
    """How to use the model `name`, bundled or a folder; "" if it is none."""
    from textrnn.artifacts import registry
    from textrnn.artifacts.kinds import KINDS

    if name not in registry.bundled() and not registry.is_saved(name):
        return ""
    return KINDS[registry.load(name).kind].use_of(shlex.quote(name))


def command_hint(name: str, group: click.Group) -> str:
    """The full name of a command `name` that is in a subgroup of `group`; "" if there is none."""
    found = [path for path in _paths(group) if path.rsplit(" ", 1)[-1] == name]
    return f"type: textrnn {' or: textrnn '.join(found)}" if found else ""


def _paths(group: click.Group) -> Iterator[str]:
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        below = group.get_command(ctx, name)
        if isinstance(below, click.Group):
            yield from (f"{name} {each}" for each in below.list_commands(ctx))
