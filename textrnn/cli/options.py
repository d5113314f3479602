"""Options shared by several commands, with the defaults of the config dataclasses; file output."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args, get_origin

import click

from textrnn import files
from textrnn.cli import terminal
from textrnn.cli.encodings import encoding_option
from textrnn.cli.targets import check_file, output_file
from textrnn.config.base import Config
from textrnn.data.addresses import shown
from textrnn.errors import ConfigError, TextRNNError, cannot_write

F = TypeVar("F", bound=Callable[..., Any])


def setting(
    cls: type[Config],
    name: str,
    help: str = "",
    *,
    keep_unset: bool = False,
    shown: str | None = None,
) -> Callable[[F], F]:
    """A Click option for the field `name` of a config dataclass, with its type and default.

    Its help is `help` or, by default, the meaning of the setting.
    With `keep_unset` an option that was not given is None, so that a preset can set it; help then
    shows the default, or `shown` in its place.
    """
    kind = cls.field_types()[name]
    help = help or cls.meanings()[name]
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
        help=f"{help}{_default_text(shown or default)}" if keep_unset else help,
    )


def _default_text(default: Any) -> str:
    # A default that Click does not set cannot be shown by its show_default.
    if default is None or default == "":
        return ""
    return f"  [default: {('off', 'on')[default] if isinstance(default, bool) else default}]"


def all_of(*options: Any) -> Callable[[F], F]:
    """Combine several options into one decorator, in the given order."""

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


input_options = all_of(
    encoding_option,
    click.option(
        "--newlines",
        type=click.Choice(["normalise", "keep"]),
        default="normalise",
        show_default=True,
        help="Convert Windows and old Mac line ends to \\n, or keep them.",
    ),
)

model_option = click.option(
    "-m",
    "--model",
    default="shakespeare",
    show_default=True,
    metavar="NAME|DIR",
    help="A bundled model (`textrnn models` lists them) or a folder written by `train`.",
)

output_options = all_of(
    click.option(
        "-o",
        "--output",
        metavar="FILE",
        type=output_file,
        help="Write the result to FILE, a new file; - is standard output, the default.",
    ),
    click.option("--overwrite", is_flag=True, help="With -o: replace FILE if it exists."),
)

trust_hub_option = click.option(
    "--trust-hub",
    is_flag=True,
    help="Run the TF-Hub module that a model names: a TensorFlow program, fetched if need be. Use "
    "it only if you trust its source.",
)


# What is typed or read from names may hold bytes that are not UTF-8; their codes are written.
TEXT: dict[str, Any] = {"encoding": "utf-8", "errors": "backslashreplace", "newline": "\n"}


def write_file(path: Path, text: str) -> None:
    """Write a text file, whole or not at all; a device or a link is written directly.

    TextRNNError if it cannot be written.
    """
    check_file(path)
    try:
        with files.replacing(path, **TEXT) as file:
            terminal.guard(file).write(text)
    except OSError as error:
        raise TextRNNError(cannot_write(path, error)) from error


def check_module(values: Mapping[str, Any], typed: Mapping[str, Any]) -> None:
    """ConfigError if only a file of settings, which may be somebody else's, names a module to run.

    `values` are all settings by section, `typed` those without the file.
    """
    handle = values["training"].get("hub")
    if handle and handle != typed["training"].get("hub"):
        raise ConfigError(
            f"the file after --config names the TF-Hub module {shown(handle)}, which is a "
            f"TensorFlow program; if you trust its source, add --trust-hub, or name it with --hub"
        )
