"""Show a training run: a live progress line on a terminal, occasional plain lines elsewhere.

All output goes to stderr; stdout is for results.
"""

import signal
import sys
import time
from contextlib import ExitStack
from types import FrameType, TracebackType
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from textrnn.cli import terminal
from textrnn.cli.signals import handled_by
from textrnn.evaluation.columns import harmless
from textrnn.training.observer import EpochEnd, Observer, ValidationProgress
from textrnn.training.observer import Progress as RunProgress

PLAIN_SECONDS = 30.0  # between two plain lines, without a terminal


class TrainingDisplay(Observer):
    """Shows a training run, and stops it with a save on Ctrl-C, SIGTERM or SIGHUP.

    A context manager: it handles these signals while it is entered. A Ctrl-C after that stops the
    run immediately. Output goes to `console`, by default stderr.
    """

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        self.console = console or Console(
            file=terminal.behind(sys.stderr), highlight=False, quiet=quiet
        )
        self.stopped_by = 0  # the number of a signal
        self._context = ExitStack()
        self._printed_at = time.monotonic()
        self._phase, self._validation_printed = "step", False
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(24), TextColumn("{task.fields[figures]}"),
            console=self.console, disable=not self.console.is_terminal, transient=True,
        )  # fmt: skip
        self._task = self._bar.add_task("starting", total=None, figures="the first steps are slow")

    def __enter__(self) -> Self:
        self._context.enter_context(handled_by(self._stop))
        self._bar.start()
        # rich prints what others write to the standard streams above the bar, as it is.
        self._guards = terminal.Guards()
        self._guards.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._guards.__exit__(kind, error, trace)
        self._bar.stop()
        self._context.close()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self.stopped_by and number == signal.SIGINT:
            raise KeyboardInterrupt
        if self.stopped_by:  # a closed terminal and `timeout` send their signal twice
            return
        self.stopped_by = number
        self.notice(
            f"stopping after this {self._phase}, then saving; "
            "press Ctrl-C again to stop immediately"
        )

    def should_stop(self) -> bool:
        """True after Ctrl-C, SIGTERM or SIGHUP."""
        return self.stopped_by > 0

    def notice(self, text: str) -> None:
        """Print a message of the training."""
        self._print(text)

    def step(self, progress: RunProgress) -> None:
        """Redraw the progress line; without a terminal print one every PLAIN_SECONDS."""
        self._phase, self._validation_printed = "step", False
        name = f"epoch {progress.epoch}/{progress.epochs}"
        figures = f"{progress.headline()}  {_pace(progress)}"
        done = progress.step == progress.steps  # validation follows
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
        """Redraw the progress line; without a terminal print at most one line per validation."""
        self._phase = "validation"
        name = f"epoch {progress.epoch}/{progress.epochs}  validating"
        figures = f"{progress.share:4.0%}{_left(progress.seconds_left)}"
        self._bar.update(
            self._task, description=name, completed=progress.share, total=1.0, figures=figures
        )
        if self._is_line_due() and not self._validation_printed:
            self._validation_printed = True
            self._print(f"{name}  {figures.strip()}")

    def epoch(self, end: EpochEnd) -> None:
        """Print the epoch's metrics and samples."""
        name = f"epoch {end.epoch}/{end.epochs}"
        self._bar.update(self._task, description=name, completed=0, figures="saving")
        self._print(end.headline())
        for temperature, sample in end.samples.items():
            self._print(f"  at temperature {temperature}:", dim=True)
            self._print("\n".join(f"  | {line}" for line in sample.strip("\n").split("\n")))

    def _is_line_due(self) -> bool:
        silent = time.monotonic() - self._printed_at
        return not self.console.is_terminal and silent > PLAIN_SECONDS

    def _print(self, text: str, *, dim: bool = False) -> None:
        self._printed_at = time.monotonic()
        shown = harmless(text)
        if dim and self.console.is_terminal:
            shown = click.style(shown, dim=True)
        # out() prints verbatim: rich must not parse a model's text as markup, nor wrap it.
        self.console.out(shown)


def _pace(progress: RunProgress) -> str:
    """Units per second and the remaining time, once they can be estimated."""
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
