"""Standard streams that are closed, full, or no longer read.

A result that cannot be printed is one sentence and exit code 1; a closed pipe ends the command
quietly. What cannot be printed on standard error is dropped, and the command goes on.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Never, TypeVar

import click

CLOSED_PIPE = 128 + 13  # as a shell reports a program that SIGPIPE has ended


class Unwritable(click.ClickException):
    """Standard output cannot be written: one sentence, exit code 1."""

    def __init__(self, error: OSError) -> None:
        super().__init__(
            f"cannot write standard output: {error.strerror or error}; redirect it to a file or "
            f"a program that takes it"
        )


class _Results(io.TextIOWrapper):
    """Standard output."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            _refuse(error)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            _refuse(error)


def _refuse(error: OSError) -> Never:
    if isinstance(error, BrokenPipeError):
        raise SystemExit(CLOSED_PIPE) from error
    raise Unwritable(error) from error


class _Messages(io.TextIOWrapper):
    """Standard error."""

    # RuntimeError: a signal handler prints while a line is being written.

    def write(self, text: str) -> int:
        with suppress(OSError, RuntimeError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, RuntimeError):
            super().flush()


class _Closed(io.RawIOBase):
    """A stream that was closed before the program started."""

    released = False

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if not self.released:
            raise OSError("it is closed")
        return len(data)


S = TypeVar("S", bound=io.TextIOWrapper)


@contextmanager
def guarded() -> Iterator[None]:
    """Replace the standard streams of the process by these while the block runs.

    Streams that a program has put in their place are left alone, before the block and after it.
    """
    before = {"stdin": sys.stdin, "stdout": sys.stdout, "stderr": sys.stderr}
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 (nothing to read)
    sys.stdout = _guard(_Results, sys.stdout, sys.__stdout__)
    sys.stderr = _guard(_Messages, sys.stderr, sys.__stderr__)
    guards = {"stdin": sys.stdin, "stdout": sys.stdout, "stderr": sys.stderr}
    try:
        yield
    finally:
        for name, stream in guards.items():
            if getattr(sys, name) is stream:  # else it stays, as for the traceback of a bug
                _release(stream)
                setattr(sys, name, before[name])


def _guard(kind: type[S], stream: Any, own: Any) -> Any:
    if stream is None:
        return kind(io.BufferedWriter(_Closed()), encoding="utf-8", errors="backslashreplace")
    if stream is not own or not isinstance(stream, io.TextIOWrapper):
        return stream
    with suppress(OSError):
        stream.flush()
    return kind(
        stream.buffer,
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _release(stream: Any) -> None:
    """Give the buffer of a replaced stream back; discard what it cannot write."""
    if not isinstance(stream, _Results | _Messages):
        return
    raw = getattr(stream.buffer, "raw", None)
    if isinstance(raw, _Closed):
        raw.released = True
    try:
        io.TextIOWrapper.flush(stream)
    except OSError:
        # What stays in the buffer would be written at the end of the interpreter, and fail again.
        with suppress(OSError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
    with suppress(OSError, SystemExit, Unwritable):
        stream.detach()
