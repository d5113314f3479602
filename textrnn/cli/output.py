"""Where results go, and what is said on stderr meanwhile: progress, and what went wrong."""

import io
import os
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import click

from textrnn.errors import TextRNNError

TOLD = 20  # problems that are told; more are only counted


class Output:
    """Where results go: standard output, or a file that gets its name when all is written.

    After an error nothing stays, unless `keep` is set: then what there is stays as FILE.part
    (`part`). With `hold` it stays there in any case. A device, a pipe or a link is written to
    directly.
    """

    def __init__(self, path: Path | None) -> None:
        self.path, self.hold, self.keep = path, False, False
        self.part: Path | None = None
        if path and not path.is_symlink() and (path.is_file() or not path.exists()):
            self.part = path.with_name(path.name + ".part")
        if path and not path.parent.is_dir():
            raise TextRNNError(f"cannot write {path}: there is no folder {path.parent}; make it")

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
            # A name with bytes that are no characters is written with their codes.
            return (self.part or self.path).open(  # type: ignore[union-attr] # there is a path
                "w", encoding="utf-8", errors="backslashreplace", newline="\n"
            )
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> TextRNNError:
        return TextRNNError(
            f"cannot write {self.path}: {error.strerror or error}; name a file in a folder that "
            f"can be written to and has room"
        )


def _standard_output() -> TextIO:
    """Standard output, in UTF-8 unless it is a terminal, which knows its own."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    return sys.stdout


class Progress:
    """A line on stderr that is drawn anew, where there is a terminal to draw it on."""

    def __init__(self, shown: bool) -> None:
        self._shown, self._started = shown, time.monotonic()

    def show(self, judged: int) -> None:
        """Draw how many are judged, and how fast."""
        if self._shown:
            speed = judged / (time.monotonic() - self._started)
            click.echo(f"\r{judged:,} judged, {speed:,.0f}/s\033[K", nl=False, err=True)

    def clear(self) -> None:
        """Make room for another line."""
        if self._shown:
            click.echo("\r\033[K", nl=False, err=True)


class Problems:
    """What could not be judged: told as it comes, up to a number, and counted."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.count = self.lost = 0  # lost: have no place in the result either
        self._held = ""  # the first one: should it be all there is, it is the error

    def add(self, sentence: str, *, lost: bool) -> None:
        """Tell and count one."""
        self.count += 1
        self.lost += lost
        if self.count == 1 and lost:
            self._held = sentence
            return
        self.release()
        self._progress.clear()
        if self.count <= TOLD:
            click.echo(f"Not judged: {sentence}", err=True)
        elif self.count == TOLD + 1:
            click.echo("More that cannot be judged is only counted.", err=True)

    def release(self) -> None:
        """Tell what was held back, for there is more than that."""
        if self._held:
            self._progress.clear()
            click.echo(f"Not judged: {self._held}", err=True)
            self._held = ""

    def close(self, *, anything: bool) -> None:
        """TextRNNError when there are problems and not `anything` else."""
        if anything or not self.count:
            self.release()
        else:
            raise TextRNNError(self._held or f"none of the {self.count:,} could be judged")
