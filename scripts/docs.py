#!/usr/bin/env python
"""Write the references in docs/reference/ from the code.

\b
    scripts/docs.py             write settings.md and commands.md
    scripts/docs.py --check     say which of them differ from the code; exit code 1 if one does

settings.md has every setting by section: default, range or choices, and the comment beside the
field in the source of its dataclass. commands.md has the help of every command.
"""

import ast
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click

from textrnn.cli import main as program
from textrnn.config.base import Config
from textrnn.config.classifier import CLASSIFIER_PRESETS, ClassifierRecipe
from textrnn.config.generator import PRESETS, GeneratorRecipe
from textrnn.config.recipe import Recipe
from textrnn.config.sampling import SamplingConfig
from textrnn.errors import ConfigError

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"
WIDTH = 100  # columns of a command's help
NOTICE = "<!-- Written by scripts/docs.py from the code; do not edit. -->"
ABOUT = """\
A setting is given by its option, by `--set NAME=VALUE`, in a file for `--config` or, from Python,
as a keyword argument. Its full name has the section in front: `network.units`."""
# What is tried to find the range that a dataclass accepts.
PROBES = (-1, 0, 0.005, 0.01, 0.5, 1, 1.5, 2, 64, 65, 100, 101, 1000)


# ---- settings -----------------------------------------------------------------------------------


def comments(cls: type[Config]) -> dict[str, str]:
    """Field -> the comment beside it, or the lines of comment above it; bases come first."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        if issubclass(base, Config) and base is not Config:
            found |= _own_comments(base)
    return found


def _own_comments(cls: type[Config]) -> dict[str, str]:
    lines = textwrap.dedent(inspect.getsource(cls)).splitlines()
    body = ast.parse("\n".join(lines)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            assert node.end_lineno is not None and node.end_col_offset is not None
            beside = lines[node.end_lineno - 1][node.end_col_offset :].strip()
            text = _without_hash(beside)
            # A comment beside a field may go on below it, one above begins anew.
            text = " ".join([text, *_below(lines, node.end_lineno)]) if text else " ".join(
                _above(lines, node.lineno - 1)
            )  # fmt: skip
            if text:
                found[node.target.id] = text
    return found


def _above(lines: list[str], row: int) -> list[str]:
    """The lines of comment that end just above line `row`, counted from 0."""
    start = row
    while start and lines[start - 1].strip().startswith("#"):
        start -= 1
    if start and "#" in lines[start - 1]:  # it may go on from the comment beside that field
        start += len(_below(lines, start))
    return [_without_hash(line) for line in lines[start:row]]


def _below(lines: list[str], row: int) -> list[str]:
    """The lines of comment from line `row` on, when they go on from a sentence begun above."""
    found: list[str] = []
    while row < len(lines) and lines[row].strip().startswith("#"):
        text = _without_hash(lines[row])
        if not found and text[:1].isupper():  # a new sentence is about what comes below it
            return []
        found.append(text)
        row += 1
    return found


def _without_hash(line: str) -> str:
    return line.strip().removeprefix("#").strip()


def accepted(recipe: type[Recipe] | None, section: str, cls: type[Config], name: str) -> str:
    """The choices of a setting, or the range of numbers it accepts."""
    kind = cls.field_types()[name]
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(kind))
    kinds = set(get_args(kind)) or {kind}
    if bool in kinds:
        return "`true`, `false`"
    if str in kinds:
        return "text"
    numbers = [value for value in PROBES if float in kinds or value == int(value)]
    if float not in kinds:
        numbers = [int(value) for value in numbers]
    good = [value for value in numbers if _builds(recipe, section, cls, name, value)]
    whole = "whole number" if float not in kinds else "number"
    return f"{whole}, {_range(good)}" + (" or `null`" if type(None) in kinds else "")


def _builds(
    recipe: type[Recipe] | None, section: str, cls: type[Config], name: str, value: float
) -> bool:
    try:
        if recipe:
            recipe.from_settings({section: {name: value}})
        else:
            cls.from_dict({name: value})
    except ConfigError:
        return False
    return True


def _range(good: list[float]) -> str:
    """The range that a few accepted numbers tell of."""
    least, most = min(good), max(good)
    below = [value for value in PROBES if value < least]
    start = "above 0" if below and below[-1] == 0 and least < 0.01 else f"{least:g} or more"
    if most == max(PROBES):
        return start
    if most == 0.5:
        return "0 to below 1" if start.startswith("0") else "between 0 and 1"
    return f"{'above 0' if start == 'above 0' else f'{least:g}'} to {most:g}"


def settings_page() -> str:
    """docs/reference/settings.md."""
    lines = ["# Settings", "", NOTICE, "", ABOUT, ""]
    recipes: tuple[tuple[str, type[Recipe], Mapping[str, Mapping[str, Any]]], ...] = (
        ("train generator", GeneratorRecipe, PRESETS),
        ("train classifier", ClassifierRecipe, CLASSIFIER_PRESETS),
    )
    for command, recipe, presets in recipes:
        lines += [f"## `{command}`", ""]
        names = {where: name for name, where in recipe.names().items()}
        for section, cls in recipe.sections().items():
            rows = {names[section, field]: field for field in cls.field_types()
                    if (section, field) in names}  # fmt: skip
            lines += [f"### `{section}`", "", *_table(recipe, section, cls, rows), ""]
        lines += ["### Presets", "", *_presets(presets), ""]
    rows = {name: name for name in SamplingConfig.field_types()}
    lines += ["## Sampling, of `generate`", "", *_table(None, "", SamplingConfig, rows), ""]
    return "\n".join(lines)


def _table(
    recipe: type[Recipe] | None, section: str, cls: type[Config], rows: Mapping[str, str]
) -> Iterator[str]:
    """A Markdown table of the fields `rows`, shown name -> name in the class."""
    about = comments(cls)
    yield "| setting | default | accepted | meaning |"
    yield "| --- | --- | --- | --- |"
    for shown, name in rows.items():
        default = json.dumps(getattr(cls, name))
        values = accepted(recipe, section, cls, name)
        yield f"| `{shown}` | `{default}` | {values} | {_cell(about.get(name, ''))} |"


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
