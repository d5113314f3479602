"""The option --encoding, and the notice of files that needed a later encoding of its list."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from textrnn.data.encodings import Encodings


def _encodings(ctx: click.Context, option: click.Parameter, value: str) -> "Encodings":
    """The encodings of the option; what `print_later` has not printed is printed at the end."""
    from textrnn.data.encodings import Encodings

    encodings = Encodings(value)
    ctx.call_on_close(lambda: print_later(encodings))
    return encodings


def print_later(encodings: "Encodings") -> None:
    """Print on stderr which files needed a later encoding, once each; nothing with --quiet."""
    if not click.get_current_context().params.get("quiet"):
        for notice in encodings.notices():
            click.echo(notice, err=True)
    encodings.later.clear()


encoding_option = click.option(
    "--encoding",
    default="utf-8",
    show_default=True,
    metavar="NAME[,NAME...]",
    callback=_encodings,
    help="Text encoding of the input files. Of several, such as utf-8,cp1252, each file is read in "
    "the first that fits all of it.",
)
