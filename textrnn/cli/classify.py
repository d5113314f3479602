"""`textrnn classify`: judge texts with a trained classifier."""

import sys
import time
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import click

from textrnn.errors import ConfigError

CHUNK_TEXTS = 2048  # judged together: many enough for good batches, few enough for flat memory
CHUNK_CHARACTERS = 4_000_000
FORMS = ("text", "json", "jsonl", "csv", "tsv")


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE...|-]")
@click.option("--text", "texts", multiple=True, help="Judge this text; may be repeated.")
@click.option(
    "-m",
    "--model",
    default="imdb",
    show_default=True,
    metavar="NAME|DIR",
    help="A bundled classifier (`textrnn models` lists them) or a folder that `train` made.",
)
@click.option(
    "--input-format",
    "form",
    type=click.Choice(["text", "lines", "csv", "tsv", "jsonl"]),
    help="What the files are.  [default: by suffix; one text if it tells nothing]",
)
@click.option("--lines", is_flag=True, help="One text a line; the same as --input-format lines.")
@click.option("--column", default="text", show_default=True, help="A table's column of texts.")
@click.option(
    "--format",
    "result",
    type=click.Choice(FORMS),
    help="Of the result.  [default: by the suffix of -o; a table's own form; else text]",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the result there instead of on the screen.",
)
@click.option(
    "--abstain",
    default=0.0,
    show_default=True,
    metavar="P",
    help="Say `unsure` where the likeliest class is less likely than P.",
)
@click.option(
    "--threshold", type=float, metavar="P", help="Least probability of the second of two classes."
)
@click.option("--explain", is_flag=True, help="Show what each word did to the verdict.")
@click.option("--encoding", default="utf-8", show_default=True, help="What the files are in.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr; problems are still said.")
def classify(
    files: tuple[str, ...],
    texts: tuple[str, ...],
    model: str,
    form: str | None,
    lines: bool,
    column: str,
    result: str | None,
    output: Path | None,
    abstain: float,
    threshold: float | None,
    explain: bool,
    encoding: str,
    quiet: bool,
) -> None:
    """Judge texts: a label each, and a calibrated probability.

    FILE is a text, a folder of .txt files, a table (.csv, .tsv, .jsonl) or - for standard input.
    A table keeps its columns and gains prediction, probability and p_CLASS. What cannot be judged
    is named on stderr, and the exit code is then 1.

    \b
    textrnn classify review.txt
    textrnn classify --text "Not bad at all." --explain
    textrnn classify reviews.csv --column review -o judged.csv
    cat tweets.txt | textrnn classify - --lines --format jsonl
    """
    if lines and form not in (None, "lines"):
        raise ConfigError(f"--lines and --input-format {form} contradict each other; use one")
    if not files and not texts:
        raise click.UsageError("name a FILE, - for standard input, or give --text TEXT")
    form = "lines" if lines else form
    from textrnn.inputs import table_form
    from textrnn.tables import form_of

    if result is None and output is not None:
        result = form_of(output) or ("json" if output.suffix == ".json" else None)
    if result is None:
        result = (table_form(files, form) if files and not texts else None) or "text"  # type: ignore[arg-type]
    items = _items(files, texts, form, column, encoding)
    judged, failed = _judge_all(
        items, model, result, output, abstain, threshold, explain,
        show=sys.stderr.isatty() and not quiet and bool(files),
    )  # fmt: skip
    if failed:
        click.echo(f"{failed:,} of {judged + failed:,} could not be judged.", err=True)
        sys.exit(1)


def _items(
    files: Sequence[str], texts: Sequence[str], form: str | None, column: str, encoding: str
) -> Iterator[Any]:
    from textrnn.inputs import Item, read_items

    given = (
        Item("--text", text, reason="" if text.strip() else "it is blank") for text in texts
    )
    read = read_items(files, form=form, column=column, encoding=encoding)  # type: ignore[arg-type]
    return chain(given, read)


def _judge_all(
    items: Iterator[Any],
    model: str,
    result: str,
    output: Path | None,
    abstain: float,
    threshold: float | None,
    explain: bool,
    *,
    show: bool,
) -> tuple[int, int]:
    """Judge and write chunk by chunk; how many were judged and how many could not be."""
    from textrnn import artifact
    from textrnn.classification import Judge
    from textrnn.cli.verdicts import Output, VerdictWriter
    from textrnn.explanation import explain as explained

    loaded = artifact.load_classifier(model)
    for notice in loaded.notices:
        click.echo(notice, err=True)
    judge = Judge(loaded, abstain=abstain, threshold=threshold)
    judged = failed = 0
    started = time.monotonic()
    # The first chunk comes before the output: a wrong name must leave no file behind.
    chunks = _chunks(items)
    first = next(chunks, [])
    with Output(output) as target:
        writer = VerdictWriter(
            target.stream, result, loaded.classes, _columns(first), explain  # type: ignore[arg-type]
        )  # fmt: skip
        for chunk in chain([first], chunks):
            verdicts = iter(judge.judge([item.text for item in chunk if not item.reason]))
            for item in chunk:
                verdict = None if item.reason else next(verdicts)
                if verdict is None or not verdict.judged:
                    failed += 1
                    _report(item, item.reason or verdict.reason, show)  # type: ignore[union-attr]
                    continue
                judged += 1
                writer.write(item, verdict, explained(judge, item.text) if explain else None)
            if show:
                speed = judged / (time.monotonic() - started)
                click.echo(f"\r{judged:,} judged, {speed:,.0f}/s\033[K", nl=False, err=True)
        writer.close()
    if show:
        click.echo("\r\033[K", nl=False, err=True)
    return judged, failed


def _chunks(items: Iterator[Any]) -> Iterator[list[Any]]:
    chunk, characters = [], 0
    for item in items:
        chunk.append(item)
        characters += len(item.text)
        if len(chunk) == CHUNK_TEXTS or characters >= CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk


def _columns(chunk: Sequence[Any]) -> list[str] | None:
    return next((list(item.row) for item in chunk if item.row), None)


def _report(item: Any, reason: str, show: bool) -> None:
    clear = "\r\033[K" if show else ""
    # A file that cannot be read is named in its reason.
    place = "" if item.source in reason else f"{item.place}: "
    click.echo(f"{clear}Not judged: {place}{reason}", err=True)
