"""The result file or stream of `classify`, and its progress and problems on stderr."""

import io
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import click

from textrnn import files
from textrnn.cli import terminal
from textrnn.cli.options import TEXT
from textrnn.cli.targets import check_file
from textrnn.errors import TextRNNError, cannot_write
from textrnn.evaluation.columns import sentence

MAX_PRINTED = 20  # problems printed in full; further ones are only counted


class Output:
    """Standard output, or a file that appears when it is complete.

    An error leaves the file as it was, and nothing beside it. `set_aside` keeps an incomplete
    result under another name. A device, a pipe or a link is written directly.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.aside: Path | None = None  # where the result was set aside
        self._part: Path | None = None  # name of the file until it is complete
        self._context = ExitStack()
        if path:
            check_file(path)

    def __enter__(self) -> Self:
        self.stream = self._opened(self.path) if self.path else _standard_output()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self.path and self._part and kind is None and not self.aside:
                files.publish(self.stream, self._part, self.path)
        except OSError as failure:
            raise self._unwritable(failure) from failure
        finally:
            self._close()

    def set_aside(self) -> Path | None:
        """Keep what is written so far under a new name and return that; None if written directly.

        The name is FILE.part, or FILE.part2 and so on if that is taken.
        """
        if self.path and self._part:
            try:
                self.aside = files.keep(self.stream, self._part, self.path)
            except OSError as error:
                raise self._unwritable(error) from error
        return self.aside

    def _opened(self, path: Path) -> TextIO:
        try:
            if files.is_direct(path):
                return terminal.guard(self._context.enter_context(path.open("w", **TEXT)))
            stream, self._part = self._context.enter_context(files.writing(path, **TEXT))
            return stream
        except OSError as error:
            raise self._unwritable(error) from error

    def _close(self) -> None:
        try:
            self._context.close()
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> TextRNNError:
        return TextRNNError(cannot_write(str(self.path), error))


def _standard_output() -> TextIO:
    """Standard output; in UTF-8, unless it is a terminal with an encoding of its own."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    return sys.stdout


class Progress:
    """A progress line on stderr, redrawn in place; only on a terminal."""

    def __init__(self, shown: bool) -> None:
        self._shown, self._started = shown, time.monotonic()
        self._part = False  # whether the line shows a part of a text

    def show(self, count: int) -> None:
        """Redraw the count and the speed (texts per second)."""
        if self._shown:
            speed = count / (time.monotonic() - self._started)
            terminal.redraw(f"{count:,} classified, {speed:,.0f}/s")

    def show_part(self, what: str, done: int, total: int) -> None:
        """Redraw how much of one long text is done."""
        if self._shown:
            self._part = True
            terminal.redraw(f"{what}: {done:,} of {total:,} parts")

    def clear_part(self) -> None:
        """Clear the line if `show_part` has written it."""
        if self._part:
            self._part = False
            self.clear()

    def clear(self) -> None:
        """Clear the line, so that another can be printed."""
        if self._shown:
            terminal.redraw()


class Problems:
    """Texts that cannot be classified: the first MAX_PRINTED are printed, all are counted."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.count = self.lost = 0  # lost: not even their rows are in the result
        self._deferred = ""  # the first problem; becomes the error if nothing else follows

    def add(self, problem: str, *, lost: bool) -> None:
        """Print and count a problem."""
        self.count += 1
        self.lost += lost
        if self.count == 1 and lost:
            self._deferred = problem
            return
        self.release()
        self._progress.clear()
        if self.count <= MAX_PRINTED:
            click.echo(f"Not classified: {sentence(problem)}", err=True)
        elif self.count == MAX_PRINTED + 1:
            click.echo("Further texts that cannot be classified are only counted.", err=True)

    def release(self) -> None:
        """Print the deferred problem."""
        if self._deferred:
            self._progress.clear()
            click.echo(f"Not classified: {sentence(self._deferred)}", err=True)
            self._deferred = ""

    def close(self, *, anything: bool) -> None:
        """TextRNNError if there are problems and not `anything` was classified."""
        if anything or not self.count:
            self.release()
        else:
            raise TextRNNError(
                self._deferred or f"none of the {self.count:,} texts could be classified"
            )
