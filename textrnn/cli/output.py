"""The result file or stream of `classify`, and its progress and problems on stderr."""

import io
import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import click

from textrnn.errors import TextRNNError

MAX_PRINTED = 20  # problems printed in full; further ones are only counted


class Output:
    """Standard output, or a file that is written as FILE.part and renamed when complete.

    After an error FILE.part (`part`) is deleted, unless `keep` is set. With `hold` the result stays
    in FILE.part even without an error. A device, a pipe or a link is written directly.
    """

    def __init__(self, path: Path | None) -> None:
        self.path, self.hold, self.keep = path, False, False
        self.part: Path | None = None
        if path and not path.is_symlink() and (path.is_file() or not path.exists()):
            self.part = path.with_name(path.name + ".part")
        if path and not path.parent.is_dir():
            raise TextRNNError(f"cannot write {path}: there is no folder {path.parent}; create it")

    def __enter__(self) -> Self:
        self.stream = self._opened() if self.path else _standard_output()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.path:
            return
        kept = False
        try:
            self.stream.close()
            if self.part and kind is None and not self.hold:
                os.replace(self.part, self.path)
            kept = self.keep or kind is None
        except OSError as failure:
            raise self._unwritable(failure) from failure
        finally:
            if self.part and not kept:
                self.part.unlink(missing_ok=True)

    def _opened(self) -> TextIO:
        try:
            # File names may hold bytes that are not UTF-8; their codes are written.
            return (self.part or self.path).open(  # type: ignore[union-attr] # path is set
                "w", encoding="utf-8", errors="backslashreplace", newline="\n"
            )
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> TextRNNError:
        return TextRNNError(
            f"cannot write {self.path}: {error.strerror or error}; choose a file in a folder "
            f"that is writable and has space"
        )


def _standard_output() -> TextIO:
    """Standard output; in UTF-8, unless it is a terminal with an encoding of its own."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    return sys.stdout


class Progress:
    """A progress line on stderr, redrawn in place; only on a terminal."""

    def __init__(self, shown: bool) -> None:
        self._shown, self._started = shown, time.monotonic()

    def show(self, count: int) -> None:
        """Redraw the count and the speed (texts per second)."""
        if self._shown:
            speed = count / (time.monotonic() - self._started)
            click.echo(f"\r{count:,} classified, {speed:,.0f}/s\033[K", nl=False, err=True)

    def clear(self) -> None:
        """Clear the line, so that another can be printed."""
        if self._shown:
            click.echo("\r\033[K", nl=False, err=True)


class Problems:
    """Texts that cannot be classified: the first MAX_PRINTED are printed, all are counted."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.count = self.lost = 0  # lost: not even their rows are in the result
        self._deferred = ""  # the first problem; becomes the error if nothing else follows

    def add(self, sentence: str, *, lost: bool) -> None:
        """Print and count a problem."""
        self.count += 1
        self.lost += lost
        if self.count == 1 and lost:
            self._deferred = sentence
            return
        self.release()
        self._progress.clear()
        if self.count <= MAX_PRINTED:
            click.echo(f"Not classified: {sentence}", err=True)
        elif self.count == MAX_PRINTED + 1:
            click.echo("Further texts that cannot be classified are only counted.", err=True)

    def release(self) -> None:
        """Print the deferred problem."""
        if self._deferred:
            self._progress.clear()
            click.echo(f"Not classified: {self._deferred}", err=True)
            self._deferred = ""

    def close(self, *, anything: bool) -> None:
        """TextRNNError if there are problems and not `anything` was classified."""
        if anything or not self.count:
            self.release()
        else:
            raise TextRNNError(
                self._deferred or f"none of the {self.count:,} texts could be classified"
            )
