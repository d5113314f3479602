"""`textrnn corpora`: list and download the corpora that are known by name."""

import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from textrnn.cli import terminal
from textrnn.cli.groups import HintingGroup
from textrnn.cli.tables import facts, wrapped
from textrnn.cli.targets import output_path
from textrnn.config.suggestions import did_you_mean
from textrnn.errors import ConfigError

if TYPE_CHECKING:
    from textrnn.data.downloads import KnownCorpus

LISTED = "{:<16} {:>8}  {}"


def _hint(name: str) -> str:
    from textrnn.data.downloads import KNOWN

    return f"type: textrnn corpora show {name}" if name in KNOWN else ""


@click.group(cls=HintingGroup, hint=_hint, invoke_without_command=True)
@click.pass_context
def corpora(ctx: click.Context) -> None:
    """List, show or download well-known corpora.

    \b
    textrnn corpora fetch tinyshakespeare
    textrnn corpora fetch imdb -o aclImdb
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_corpora)


@corpora.command("list")
def list_corpora() -> None:
    """List the known corpora."""
    from textrnn.data.downloads import KNOWN

    click.echo(LISTED.format("name", "size", "licence"))
    for corpus in KNOWN.values():
        size = f"{corpus.size / 1e6:.1f} MB"
        click.echo(LISTED.format(corpus.name, size, corpus.licence))
        click.echo(wrapped(corpus.title, "    "))


@corpora.command()
@click.argument("name")
def show(name: str) -> None:
    """Show the address, size, checksum and licence of the corpus NAME."""
    values = vars(_known(name)) | {"size": f"{_known(name).size:,} bytes"}
    click.echo(facts(values.items()))


@corpora.command()
@click.argument("name")
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    type=output_path,
    help="Output file, or folder for an archive.  [default: the `file` that `show NAME` prints]",
)
@click.option("--url", help="Download from another address; the SHA-256 is still checked.")
def fetch(name: str, output: Path | None, url: str | None) -> None:
    """Download the corpus NAME, check it, and unpack an archive.

    Its size and its SHA-256 are compared with the known ones.
    """
    from dataclasses import replace

    from textrnn.data import downloads

    corpus = _known(name)
    live = sys.stderr.isatty()
    try:
        path = downloads.fetch(
            corpus if url is None else replace(corpus, url=url),
            output or Path(corpus.file),
            on_progress=partial(_show, corpus) if live else None,
        )
    finally:
        if live:
            terminal.redraw()
    click.echo(path)
    hint = f"textrnn train {corpus.task} {shlex.quote(str(path))} -o my-model"
    click.echo(f"Train a model on it: {hint}", err=True)


def _known(name: str) -> "KnownCorpus":
    from textrnn.data.downloads import KNOWN

    if name not in KNOWN:
        raise ConfigError(
            f"no corpus is called {name!r}{did_you_mean(name, KNOWN)}; choose one of "
            f"{', '.join(KNOWN)}"
        )
    return KNOWN[name]


def _show(corpus: "KnownCorpus", done: int, total: int) -> None:
    then = ", unpacking" if done == total and corpus.kind == "archive" else ""
    terminal.redraw(f"{done / total:.0%} of {total:,} bytes{then}")
