"""The one place where text meets a terminal.

Texts, names, cards and messages may come from a stranger's model, table or server. While a command
runs, a Guard stands before stderr, and before stdout if that is a terminal: what is written through
it shows each character that could steer the terminal as an escape. A file or a pipe has no Guard,
so that results stay exact. Our own colours and the cursor of a progress line go behind the Guard,
by the functions below; rich is given `behind(sys.stderr)`.
"""

import io
import re
import sys
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, TextIO, cast

import click

from textrnn.evaluation.columns import harmless

_COLOUR = "(\x1b\\[[0-9;]*m)"  # what click.style writes
_ERASE = "\x1b[K"  # to the end of the line
# What Click shows as a message, and what is no error; any other Exception is a bug.
_SHOWN = (click.ClickException, click.Abort, click.exceptions.Exit)


class Guard:
    """A stream that writes what is harmless; all else is that of the stream behind it."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write `text` with escapes for what steers a terminal."""
        self.stream.write(harmless(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write all `lines` in the same way."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        # Click would write through a stream of its own on the buffer if the encoding is ASCII.
        if name in ("buffer", "detach"):
            raise AttributeError(f"a guarded stream has no {name}")
        return getattr(self.stream, name)


class Guards:
    """Guards stderr, and stdout if it is a terminal, inside a `with` block.

    A bug leaves them guarded, for its traceback follows.
    """

    def __enter__(self) -> None:
        self._streams = {"stdout": sys.stdout, "stderr": sys.stderr}
        for stream in self._streams.values():
            # What the encoding lacks is printed as its code instead of a traceback.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        self._guards = {"stdout": guard(sys.stdout)}
        if sys.stderr is not None:
            self._guards["stderr"] = cast(TextIO, Guard(sys.stderr))
        self._set(self._streams, self._guards)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not isinstance(error, Exception) or isinstance(error, _SHOWN):
            self._set(self._guards, self._streams)

    def _set(self, old: Mapping[str, TextIO], new: Mapping[str, TextIO]) -> None:
        for name, stream in new.items():
            if getattr(sys, name) is old[name]:  # else a caller has put its own there
                setattr(sys, name, stream)


def guard(stream: TextIO) -> TextIO:
    """`stream`, behind a Guard if it is a terminal."""
    return cast(TextIO, Guard(stream)) if stream is not None and stream.isatty() else stream


def behind(stream: TextIO) -> TextIO:
    """The stream behind a Guard. What is written to it must be harmless already."""
    return behind(stream.stream) if isinstance(stream, Guard) else stream


def write_styled(text: str, stream: TextIO, *, coloured: bool) -> None:
    """Write one-line texts of `click.style`, with their colours or without, and flush.

    `text` holds no escape but those of its colours; on a terminal nothing else passes.
    """
    if not coloured:
        stream.write(click.unstyle(text))
    elif isinstance(stream, Guard):
        parts = re.split(_COLOUR, text)
        parts[::2] = map(harmless, parts[::2])
        behind(stream).write("".join(parts))
    else:
        stream.write(text)
    stream.flush()


def redraw(text: str = "") -> None:
    """Replace the last line on stderr, a terminal, by `text`; the next call replaces it again."""
    stream = behind(sys.stderr)
    stream.write(f"\r{harmless(text)}{_ERASE}")
    stream.flush()
