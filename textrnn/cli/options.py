"""What several commands share: options whose defaults are the dataclasses', and file output."""

import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import click

from textrnn.config.base import Config
from textrnn.errors import TextRNNError

F = TypeVar("F", bound=Callable[..., Any])


def setting(
    cls: type[Config], name: str, help: str, *, keep_unset: bool = False
) -> Callable[[F], F]:
    """A Click option for the field `name` of a dataclass: its type, its default, in its words.

    With `keep_unset` a value that was not typed is None, so that a preset can fill it.
    """
    kind = cls.field_types()[name]
    default = next(field.default for field in fields(cls) if field.name == name)  # type: ignore[arg-type]
    choices = get_args(kind)
    if get_origin(kind) is Literal:
        kind = click.Choice(choices)
    elif choices:  # int | None
        kind = choices[0]
    option = "--" + name.replace("_", "-")
    if kind is bool:
        option, kind = f"{option}/--no-{option[2:]}", None
    return click.option(
        option,
        name,
        type=kind,
        default=None if keep_unset else default,
        show_default=not keep_unset and default is not None,
        help=f"{help}{_shown(default)}" if keep_unset else help,
    )


def _shown(default: Any) -> str:
    # Click puts a default that it is only told of into brackets of its own.
    if default is None or default == "":
        return ""
    return f"  [default: {('off', 'on')[default] if isinstance(default, bool) else default}]"


def all_of(*options: Any) -> Callable[[F], F]:
    """One decorator of several options, in the order given."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


reading_options = all_of(
    click.option(
        "--encoding", default="utf-8", show_default=True, help="What the text files are in."
    ),
    click.option(
        "--newlines",
        type=click.Choice(["normalise", "keep"]),
        default="normalise",
        show_default=True,
        help="Turn Windows and old Mac line ends into \\n, or keep them.",
    ),
)

model_option = click.option(
    "-m",
    "--model",
    default="shakespeare",
    show_default=True,
    metavar="NAME|DIR",
    help="A bundled model (`textrnn models` lists them) or a folder that `train` made.",
)


def write_file(path: Path, text: str) -> None:
    """Write beside, then rename: `path` is whole or untouched. A device or a link is written to."""
    beside = path.with_name(path.name + ".new")
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            path.write_text(text, encoding="utf-8", newline="\n")
            return
        try:
            beside.write_text(text, encoding="utf-8", newline="\n")
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise TextRNNError(f"cannot write {path}: {error.strerror or error}") from error
