"""`textrnn corpora`: list and fetch the texts that are known by name."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from textrnn.errors import ConfigError

if TYPE_CHECKING:
    from textrnn.downloads import KnownCorpus

LISTED = "{:<16} {:>8}  {:<14} {}"


@click.group(invoke_without_command=True)
@click.pass_context
def corpora(ctx: click.Context) -> None:
    """The texts that textrnn knows where to get: list them, show one, fetch one.

    \b
    textrnn corpora fetch tinyshakespeare
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_corpora)


@corpora.command("list")
def list_corpora() -> None:
    """List the corpora there are."""
    from textrnn.downloads import KNOWN

    click.echo(LISTED.format("name", "size", "licence", "title"))
    for corpus in KNOWN.values():
        size = f"{corpus.size / 1e6:.1f} MB"
        click.echo(LISTED.format(corpus.name, size, corpus.licence, corpus.title))


@corpora.command()
@click.argument("name")
def show(name: str) -> None:
    """Show all that is known of the corpus NAME: address, size, sum, licence."""
    for field, value in vars(_known(name)).items():
        click.echo(f"{field:<8} {f'{value:,} bytes' if field == 'size' else value}")


@corpora.command()
@click.argument("name")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Where to put it.  [default: NAME.txt]",
)
@click.option("--url", help="Another address of the same file; its sum is still checked.")
def fetch(name: str, output: Path | None, url: str | None) -> None:
    """Download the corpus NAME and check its size and sum."""
    from dataclasses import replace

    from textrnn import downloads

    corpus = _known(name)
    live = sys.stderr.isatty()
    try:
        path = downloads.fetch(
            corpus if url is None else replace(corpus, url=url),
            output or Path(corpus.file),
            on_progress=_show if live else None,
        )
    finally:
        if live:
            click.echo("\r\033[K", nl=False, err=True)
    click.echo(path)
    hint = f"textrnn train generator {shlex.quote(str(path))} -o my-model"
    click.echo(f"now teach a model on it: {hint}", err=True)


def _known(name: str) -> "KnownCorpus":
    from textrnn.downloads import KNOWN

    if name not in KNOWN:
        raise ConfigError(f"no corpus {name!r}; there are {', '.join(KNOWN)}")
    return KNOWN[name]


def _show(done: int, total: int) -> None:
    click.echo(f"\r{done / total:.0%} of {total:,} bytes", nl=False, err=True)
