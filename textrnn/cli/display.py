"""Show a training run: a live progress line on a terminal, occasional plain lines elsewhere.

Each epoch has one line, which fits the width of the console. All output goes to stderr; stdout is
for results.
"""

import re
import signal
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from types import FrameType, TracebackType
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from textrnn.cli import terminal
from textrnn.cli.signals import handled_by
from textrnn.cli.wrapping import first_that_fits, wrapped
from textrnn.evaluation.columns import harmless
from textrnn.training.observer import EpochEnd, Observer, ValidationProgress, duration
from textrnn.training.observer import Progress as RunProgress
from textrnn.training.samples_file import SAMPLE_INDENT

PLAIN_SECONDS = 30.0  # between two plain lines, without a terminal
WIDE = 100  # columns of a console that has room for the whole bar

SAMPLE_LINES = 12  # of a sample on the terminal; run/samples.txt has all


class TrainingDisplay(Observer):
    """Shows a training run, and stops it with a save on Ctrl-C, SIGTERM or SIGHUP.

    A context manager: it handles these signals while it is entered. A Ctrl-C after that stops the
    run immediately. Output goes to `console`, by default stderr. Samples are shown after every
    `samples_every` epochs; 0 shows none.
    """

    def __init__(
        self, *, quiet: bool = False, samples_every: int = 0, console: Console | None = None
    ) -> None:
        self.samples_every = samples_every
        self.console = console or Console(
            file=terminal.behind(sys.stderr), highlight=False, quiet=quiet
        )
        self.stopped_by = 0  # the number of a signal
        self._context = ExitStack()
        self._printed_at = time.monotonic()
        self._phase, self._validation_printed = "step", False
        self._drawn = BarColumn(24)
        self._bar = Progress(
            TextColumn("{task.description}"), self._drawn, TextColumn("{task.fields[figures]}"),
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
        done = progress.step == progress.steps  # validation follows
        self._draw(
            f"{name}  validating" if done else name,
            _figures(progress),
            completed=progress.step,
            total=progress.steps,
        )
        if self._is_line_due():
            start = f"{name}  step {progress.step}/{progress.steps}  "
            self._print(start + first_that_fits(_figures(progress), self._width - len(start)))

    def validation(self, progress: ValidationProgress) -> None:
        """Redraw the progress line; without a terminal print at most one line per validation."""
        self._phase = "validation"
        name = f"epoch {progress.epoch}/{progress.epochs}  validating"
        figures = f"{progress.share:4.0%}{_left(progress.seconds_left)}"
        self._draw(name, [figures], completed=progress.share, total=1.0)
        if self._is_line_due() and not self._validation_printed:
            self._validation_printed = True
            self._print(f"{name}  {figures.strip()}")

    def epoch(self, end: EpochEnd) -> None:
        """Print the epoch's line, and its samples if they are due."""
        self._draw(f"epoch {end.epoch}/{end.epochs}", ["saving"], completed=0)
        self._print(end.headline(self._width))
        if self.samples_every and end.epoch % self.samples_every == 0:
            for temperature, text in end.samples.items():
                self.sample(f"at temperature {temperature:g}:", text)

    def sample(self, heading: str, text: str) -> None:
        """Print what a generator wrote below a `heading`: wrapped at spaces, SAMPLE_LINES of it."""
        self._print(f"  {heading}", dim=True)
        compact = re.sub(r"\n\s*\n", "\n\n", text.strip("\n"))  # word models write many line ends
        lines = wrapped(harmless(compact), self._width, SAMPLE_INDENT)
        more = [f"{SAMPLE_INDENT}..."] if len(lines) > SAMPLE_LINES else []
        self._print("\n".join([*lines[:SAMPLE_LINES], *more]))

    @property
    def _width(self) -> int:
        return self.console.width

    def _draw(self, name: str, figures: list[str], **progress: float) -> None:
        """Redraw the progress line with the first of `figures` that fits."""
        bar = 24 if self._width >= WIDE else 10
        self._drawn.bar_width = bar
        shown = first_that_fits(figures, self._width - len(name) - bar - 2)
        self._bar.update(self._task, description=name, figures=shown, **progress)  # type: ignore[arg-type]

    def _is_line_due(self) -> bool:
        silent = time.monotonic() - self._printed_at
        return not self.console.is_terminal and silent > PLAIN_SECONDS

    def _print(self, text: str, *, dim: bool = False) -> None:
        self._printed_at = time.monotonic()
        shown = harmless(text)
        if self.console.is_terminal:  # elsewhere a line is one line, for other programs
            shown = "\n".join(wrapped(shown, self._width))
        if dim and self.console.is_terminal:
            shown = click.style(shown, dim=True)
        # out() prints verbatim: rich must not parse a model's text as markup, nor wrap it.
        self.console.out(shown)


def _figures(progress: RunProgress) -> list[str]:
    """Loss, speed and remaining time, once they can be estimated; with less and less of them."""
    whole, short = progress.headline(), replace(progress, note="").headline()
    if progress.seconds_left is None:
        pace = "  the first steps are slow"
        return [whole + pace, short + pace, short]
    left = _left(progress.seconds_left)
    speed = f"  {progress.units_per_second:,.0f} {progress.unit}/s"
    return [whole + speed + left, short + speed + left, short + left, short]


def _left(seconds: float | None) -> str:
    return "" if seconds is None else f"  {duration(seconds)} left"
