"""Show a training run: a live line on a terminal, a plain line now and then elsewhere.

Everything goes to stderr; stdout is for results.
"""

import signal
import time
from types import FrameType, TracebackType
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from textrnn.training.observer import EpochEnd, Observer, ValidationProgress
from textrnn.training.observer import Progress as RunProgress

PLAIN_SECONDS = 30.0  # between two lines where no line can be redrawn


class TrainingDisplay(Observer):
    """Shows a run, and turns Ctrl-C and SIGTERM into a stop that saves.

    A context manager: the signals are its own while it is entered. A second Ctrl-C stops at once.
    What it prints on is `console`, or stderr.
    """

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True, highlight=False, quiet=quiet)
        self.stopped = False
        self._printed_at = time.monotonic()
        self._doing, self._validation_printed = "step", False
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(24), TextColumn("{task.fields[figures]}"),
            console=self.console, disable=not self.console.is_terminal, transient=True,
        )  # fmt: skip
        self._task = self._bar.add_task("starting", total=None, figures="the first steps are slow")

    def __enter__(self) -> Self:
        self._handlers = {
            number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)
        }
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = True
        self.notice(f"stopping after this {self._doing}, to save; once more to stop at once")

    def should_stop(self) -> bool:
        """True after a first Ctrl-C or SIGTERM."""
        return self.stopped

    def notice(self, text: str) -> None:
        """Print a line."""
        self._print(text)

    def step(self, progress: RunProgress) -> None:
        """Redraw the line, or print one when the last is long ago."""
        self._doing, self._validation_printed = "step", False
        name = f"epoch {progress.epoch}/{progress.epochs}"
        figures = f"{progress.headline()}  {_pace(progress)}"
        done = progress.step == progress.steps  # what comes next is the validation
        self._bar.update(
            self._task,
            description=f"{name}  validating" if done else name,
            completed=progress.step,
            total=progress.steps,
            figures=figures,
        )
        if self._is_line_due():
            self._print(f"{name}  step {progress.step}/{progress.steps}  {figures}")

    def validation(self, progress: ValidationProgress) -> None:
        """Redraw the line, or print one, but no more than one per validation."""
        self._doing = "validation"
        name = f"epoch {progress.epoch}/{progress.epochs}  validating"
        figures = f"{progress.share:4.0%}{_left(progress.seconds_left)}"
        self._bar.update(
            self._task, description=name, completed=progress.share, total=1.0, figures=figures
        )
        if self._is_line_due() and not self._validation_printed:
            self._validation_printed = True
            self._print(f"{name}  {figures.strip()}")

    def epoch(self, end: EpochEnd) -> None:
        """Print the epoch's line of history and the samples."""
        name = f"epoch {end.epoch}/{end.epochs}"
        self._bar.update(self._task, description=name, completed=0, figures="saving")
        self._print(end.headline())
        for temperature, sample in end.samples.items():
            self._print(click.style(f"  at temperature {temperature}:", dim=True))
            self._print("\n".join(f"  | {line}" for line in sample.strip("\n").split("\n")))

    def _is_line_due(self) -> bool:
        silent = time.monotonic() - self._printed_at
        return not self.console.is_terminal and silent > PLAIN_SECONDS

    def _print(self, text: str) -> None:
        self._printed_at = time.monotonic()
        if not self.console.is_terminal:
            text = click.unstyle(text)
        # out() prints as it is: a model's text must not be taken for markup, nor wrapped.
        self.console.out(text)


def _pace(progress: RunProgress) -> str:
    """Units per second and the time left, once they are known."""
    if progress.seconds_left is None:
        return "the first steps are slow"
    speed = f"{progress.units_per_second:,.0f} {progress.unit}/s"
    return f"{speed}{_left(progress.seconds_left)}"


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f"  {duration(seconds)} left"


def duration(seconds: float) -> str:
    """Seconds as h:mm:ss or m:ss."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
