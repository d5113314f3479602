"""What `generate` writes: a text as it appears, or several samples when they are complete."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from textrnn.cli import terminal
from textrnn.cli.output import Output
from textrnn.cli.signals import handled_by, ignore

if TYPE_CHECKING:
    from textrnn.engine.generation import Samples
    from textrnn.engine.stopping import Continuation

Result = Callable[[Sequence["Continuation"]], str]
REDRAW_SECONDS = 0.1


def echo_stream(prime: str, characters: Iterable[str]) -> None:
    """Print the prime and each character as it comes; Ctrl-C ends the line, then goes on up."""
    out = sys.stdout
    out.write(prime)
    live = out.isatty()
    try:
        for character in characters:
            out.write(character)
            if live:
                out.flush()
    except KeyboardInterrupt:
        click.echo()  # keep what is written
        raise
    click.echo()


def write_samples(samples: "Samples", length: int, result: Result, output: Path | None) -> None:
    """Generate all samples and write their `result` to a file or to standard output.

    A progress line is on stderr if that is a terminal. Ctrl-C writes what there is, a file as
    FILE.part; the KeyboardInterrupt then says where.
    """
    shown = sys.stderr.isatty()
    with Output(output) as out:
        try:
            _generate(samples, length, shown)
        except KeyboardInterrupt as stop:
            with handled_by(ignore):
                for text in samples.texts:
                    text.finish("interrupted")
                out.stream.write(f"{result(samples.texts)}\n")
                kept = out.set_aside()
            place = f"in {kept or output}" if output else "printed"
            stop.args = (f"; the text so far is {place}",)
            raise
        out.stream.write(f"{result(samples.texts)}\n")


def _generate(samples: "Samples", length: int, shown: bool) -> None:
    total, started = length * len(samples.texts), time.monotonic()
    drawn = started
    try:
        for _ in samples:
            now = time.monotonic()
            if shown and now - drawn >= REDRAW_SECONDS:
                drawn, done = now, sum(text.count for text in samples.texts)
                speed = done / (now - started)
                left = f", {_time(max(0, total - done) / speed)} left" if done else ""
                terminal.redraw(
                    f"{min(done, total):,} of {total:,} characters, {speed:,.0f}/s{left}"
                )
    finally:
        if drawn != started:
            terminal.redraw()


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def as_text(prime: str) -> Result:
    """A result: the texts with their prime, with a heading each if there are several."""

    def result(texts: Sequence["Continuation"]) -> str:
        if len(texts) == 1:
            return prime + texts[0].text
        return "\n".join(
            f"--- {index} of {len(texts)} ---\n{prime}{text.text}"
            for index, text in enumerate(texts, start=1)
        )

    return result


def as_json(record: Mapping[str, Any]) -> Result:
    """A result: `record`, the texts and what ended each, as JSON."""

    def result(texts: Sequence["Continuation"]) -> str:
        found = {
            **record,
            "samples": [text.text for text in texts],
            "ends": [text.end for text in texts],
        }
        return json.dumps(found, ensure_ascii=False, indent=1)

    return result
