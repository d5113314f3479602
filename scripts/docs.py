#!/usr/bin/env python
"""Write the references in docs/reference/ from the code.

\b
    scripts/docs.py             write settings.md and commands.md
    scripts/docs.py --check     say which of them differ from the code; exit code 1 if one does

settings.md has every setting by section: default, range or choices, and what it means, all from its
dataclass. commands.md has the help of every command.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from textrnn.cli import main as program
from textrnn.config.classifier import ClassifierRecipe
from textrnn.config.classifier_presets import CLASSIFIER_PRESETS
from textrnn.config.descriptions import Description, of_config, of_recipe
from textrnn.config.generator import PRESETS, GeneratorRecipe
from textrnn.config.recipe import Recipe
from textrnn.config.sampling import SamplingConfig

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"
WIDTH = 100  # columns of a command's help
NOTICE = "<!-- Written by scripts/docs.py from the code; do not edit. -->"
ABOUT = """\
A setting is given by its option, by `--set NAME=VALUE`, in a file for `--config` or, from Python,
as a keyword argument. Its full name has the section in front: `network.units`."""


# ---- settings -----------------------------------------------------------------------------------


def settings_page() -> str:
    """docs/reference/settings.md."""
    lines = ["# Settings", "", NOTICE, "", ABOUT, ""]
    recipes: tuple[tuple[str, type[Recipe], Mapping[str, Mapping[str, Any]]], ...] = (
        ("train generator", GeneratorRecipe, PRESETS),
        ("train classifier", ClassifierRecipe, CLASSIFIER_PRESETS),
    )
    for command, recipe, presets in recipes:
        lines += [f"## `{command}`", ""]
        for section, rows in groupby(of_recipe(recipe), lambda each: each.section):
            lines += [f"### `{section}`", "", *_table(rows), ""]
        lines += ["### Presets", "", *_presets(presets), ""]
    lines += ["## Sampling, of `generate`", "", *_table(of_config(SamplingConfig)), ""]
    return "\n".join(lines)


def _table(rows: Iterable[Description]) -> Iterator[str]:
    """A Markdown table of settings."""
    yield "| setting | default | accepted | meaning |"
    yield "| --- | --- | --- | --- |"
    for row in rows:
        accepted = ", ".join(f"`{choice}`" for choice in row.choices) or row.range
        yield f"| `{row.name}` | `{json.dumps(row.default)}` | {accepted} | {_cell(row.meaning)} |"


def _presets(presets: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, values in presets.items():
        text = ", ".join(f"`{key}={json.dumps(value)}`" for key, value in values.items())
        yield f"- `{name}`: {text}"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


# ---- commands -----------------------------------------------------------------------------------


def commands(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[tuple[str, str]]:
    """The full name and the help of a command and of all below it, in order."""
    settings = {**command.context_settings, "max_content_width": WIDTH, "terminal_width": WIDTH}
    ctx = click.Context(command, info_name=name, parent=parent, **settings)
    yield ctx.command_path, command.get_help(ctx)
    if isinstance(command, click.Group):
        for each in command.list_commands(ctx):
            below = command.get_command(ctx, each)
            assert below is not None
            yield from commands(below, each, ctx)


def commands_page() -> str:
    """docs/reference/commands.md."""
    lines = ["# Commands", "", NOTICE, ""]
    for path, text in commands(program, "textrnn"):
        lines += [f"## {path}", "", "```text", *map(str.rstrip, text.splitlines()), "```", ""]
    return "\n".join(lines)


# ---- the program --------------------------------------------------------------------------------


def pages() -> dict[str, str]:
    """File name -> text of every reference."""
    texts = {"settings.md": settings_page(), "commands.md": commands_page()}
    return {name: re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n" for name, text in texts.items()}


@click.command(help=__doc__)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a page differs.")
def main(check: bool) -> None:
    REFERENCE.mkdir(exist_ok=True)
    stale = []
    for name, text in pages().items():
        path = REFERENCE / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.write_text(text, encoding="utf-8")
    if check and stale:
        click.echo(f"run scripts/docs.py: {', '.join(stale)} differ from the code", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
