"""Signals that stop a command: Ctrl-C (SIGINT), SIGTERM and SIGHUP.

A stopped command exits with 128 plus the number of the signal, as a shell reports a program that a
signal has ended. A signal that the parent ignores, as under `nohup`, stays ignored.
"""

import os
import signal
import sys
import threading
from _thread import interrupt_main
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

Handler = Callable[[int, FrameType | None], object]
# Windows has no SIGHUP.
STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP")
                 if hasattr(signal, name))  # fmt: skip
RETRY_SECONDS = 0.05


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP: stops whatever Ctrl-C stops, and ends the command."""

    number: int = signal.SIGTERM


def exit_code(stop: KeyboardInterrupt) -> int:
    """The exit code of a command that `stop` has ended."""
    return 128 + (stop.number if isinstance(stop, Terminated) else signal.SIGINT)


@contextmanager
def handled_by(handler: Handler) -> Iterator[None]:
    """Call `handler` for the STOPPING signals while the block runs; does nothing in a thread."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        found = {number: signal.getsignal(number) for number in STOPPING}
        before = {number: own for number, own in found.items() if own not in (signal.SIG_IGN, None)}
    try:
        for number in before:
            signal.signal(number, handler)
        yield
    finally:
        for number, own in before.items():
            signal.signal(number, own)


def leave(number: int, frame: FrameType | None) -> None:
    """A handler that ends the process: for when there is nothing to clean up."""
    os._exit(128 + number)


def ignore(number: int, frame: FrameType | None) -> None:
    """A handler for a short cleanup after a signal."""


def interrupt(number: int, frame: FrameType | None) -> None:
    """A handler that raises KeyboardInterrupt, or Terminated once.

    During an import the process ends: native modules lose an exception that is raised there, or
    print it. Commands import nearly all before they write anything; the hidden file that may stay
    otherwise is deleted by the next command with that output.
    """
    if _is_importing(frame):
        leave(number, frame)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    # A closed terminal and `timeout` send their signal twice; the second must not stop the cleanup.
    signal.signal(number, ignore)
    stop = Terminated()
    stop.number = number
    raise stop


def _is_importing(frame: FrameType | None) -> bool:
    while frame:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


@contextmanager
def interruptible() -> Iterator[None]:
    """Let the STOPPING signals interrupt the block.

    Python only prints an exception that is raised in a destructor or a callback of the garbage
    collector; the signal is then sent once more.
    """
    hook = sys.unraisablehook

    def send_again(lost: "UnraisableHookArgs", /) -> None:
        if not issubclass(lost.exc_type, KeyboardInterrupt):
            hook(lost)
            return
        number = exit_code(lost.exc_value or KeyboardInterrupt()) - 128  # type: ignore[arg-type]
        signal.signal(number, interrupt)
        threading.Timer(RETRY_SECONDS, interrupt_main, [number]).start()

    try:
        with handled_by(interrupt):
            sys.unraisablehook = send_again
            yield
    finally:
        sys.unraisablehook = hook
