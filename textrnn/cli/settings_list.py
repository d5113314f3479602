"""Lists of settings: a table for people, and a TOML file for --config."""

import json
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

import click

from textrnn.cli.tables import facts
from textrnn.config.descriptions import Description, of_recipe
from textrnn.config.recipe import Recipe
from textrnn.config.suggestions import did_you_mean
from textrnn.errors import ConfigError

COMMENT_WIDTH = 78  # columns of a comment in TOML


def selected(recipe: type[Recipe], words: Collection[str]) -> list[Description]:
    """The settings of a recipe whose names contain one of `words`; without words, all."""
    forms = [word.replace("-", "_").lower() for word in words]
    return [
        each
        for each in of_recipe(recipe)
        if not forms or any(form in f"{each.section}.{each.short}" for form in forms)
    ]


def no_such(word: str, recipes: Collection[type[Recipe]], tasks: Collection[str]) -> ConfigError:
    """The error for a word that is in the name of no setting of `recipes`."""
    names = {name: None for recipe in recipes for name in recipe.names()}
    return ConfigError(
        f"no setting has {word!r} in its name{did_you_mean(word, (*tasks, *names))}; `textrnn "
        f"train settings` lists all settings"
    )


def as_table(task: str, rows: Sequence[Description]) -> str:
    """The settings `rows` of a task, by section: name and default, meaning, what is accepted."""
    parts = [f"For `train {task}`:"]
    for section, some in groupby(rows, lambda row: row.section):
        table = facts(((row.assignment, _about(row)) for row in some), indent="  ")
        parts.append(f"[{section}]\n{table}")
    return "\n\n".join(parts) + "\n"


def _about(row: Description) -> str:
    return f"{row.meaning}  [{row.accepted}]"


def as_toml(task: str, rows: Sequence[Description], optional: Collection[str]) -> str:
    """The same as a TOML file, which changes nothing until it is edited.

    TOML has no null, so that a setting without a value is a comment. So are the sections
    `optional`, whose settings are refused without the option that trains that part.
    """
    lines = [f"# Settings of `textrnn train {task}`, for --config FILE."]
    for section, some in groupby(rows, lambda row: row.section):
        mark = "# " if section in optional else ""
        lines += ["", f"{mark}[{section}]"]
        for row in some:
            lines += _comment(_about(row))
            off = row.default is None
            value = "" if off else json.dumps(row.default)
            lines.append(f"{'# ' if off else mark}{row.short} = {value}".rstrip())
    return "\n".join(lines) + "\n"


def _comment(text: str) -> Iterator[str]:
    for line in click.wrap_text(text, COMMENT_WIDTH - 2).splitlines():
        yield f"# {line}"
