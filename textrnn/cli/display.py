"""Show a training run: a live line on a terminal, a plain line now and then elsewhere.

Everything goes to stderr; stdout is for results.
"""

import math
import signal
import statistics
import time
from collections import deque
from collections.abc import Mapping
from types import FrameType, TracebackType
from typing import Any, Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from textrnn.observer import Observer
from textrnn.observer import Progress as RunProgress

FIRST = 10  # steps before anything is foretold
RECENT = 100  # steps that foretell the speed
SLOW = 5  # times the median: a step that compiles
PLAIN_SECONDS = 30.0  # between two lines where no line can be redrawn


class TrainingDisplay(Observer):
    """Shows a run, and turns Ctrl-C and SIGTERM into a stop that saves.

    A context manager: the signals are its own while it is entered. A second Ctrl-C stops at once.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.console = Console(stderr=True, highlight=False, quiet=quiet)
        self.stopped = False
        self._printed_at = self._stepped_at = time.monotonic()
        self._durations: deque[float] = deque(maxlen=RECENT)
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
        self.notice("stopping after this step, to save; once more to stop at once")

    def should_stop(self) -> bool:
        """True after a first Ctrl-C or SIGTERM."""
        return self.stopped

    def notice(self, text: str) -> None:
        """Print a line."""
        self._print(text)

    def step(self, progress: RunProgress) -> None:
        """Redraw the line, or print one when the last is long ago."""
        name = f"epoch {progress.epoch}/{progress.epochs}"
        bits = f"{progress.loss / math.log(2):.3f} bits/char  " if progress.unit == "chars" else ""
        figures = f"loss {progress.loss:.3f}  {bits}{self._pace(progress)}"
        self._bar.update(
            self._task,
            description=name,
            completed=progress.step,
            total=progress.steps,
            figures=figures,
        )
        if not self.console.is_terminal and time.monotonic() - self._printed_at > PLAIN_SECONDS:
            self._print(f"{name}  step {progress.step}/{progress.steps}  {figures}")

    def _pace(self, progress: RunProgress) -> str:
        """Units a second and the time left, going by the last steps but for the slowest.

        The first step with each shape of batch is compiled, which takes a thousand times as long
        as the step itself: the mean of all steps would foretell hours for minutes.
        """
        now = time.monotonic()
        self._durations.append(now - self._stepped_at)
        self._stepped_at = now
        left = (progress.epochs - progress.epoch + 1) * progress.steps - progress.step
        if len(self._durations) < FIRST and left:
            return "the first steps are slow"
        speed, seconds_left = progress.units_per_second, progress.seconds_left
        if left:
            usual = SLOW * statistics.median(self._durations)
            seconds = statistics.fmean(each for each in self._durations if each <= usual)
            speed *= seconds_left / left / max(seconds, 1e-9)
            seconds_left = seconds * left
        return f"{speed:,.0f} {progress.unit}/s  {duration(seconds_left)} left"

    def epoch(self, row: Mapping[str, Any], best: bool, samples: Mapping[float, str]) -> None:
        """Print the epoch's line of history and the samples."""
        bits, f1 = row.get("validation_bits_per_character"), row.get("validation_macro_f1")
        # What the best is chosen by: a classifier's loss once it is calibrated.
        loss = row.get("validation_calibrated_loss", row["validation_loss"])
        self._print(
            f"epoch {row['epoch']}: loss {row['loss']:.4f}, validation "
            f"{loss:.4f}{f' ({bits:.3f} bits/char)' if bits else ''}, "
            f"{row['validation_accuracy']:.1%} right{f' (macro F1 {f1:.1%})' if f1 else ''}"
            f"{', the best so far' if best else ''}"
        )
        for temperature, sample in samples.items():
            self._print(click.style(f"  at temperature {temperature}:", dim=True))
            self._print("\n".join(f"  | {line}" for line in sample.strip("\n").split("\n")))

    def _print(self, text: str) -> None:
        self._printed_at = time.monotonic()
        if not self.console.is_terminal:
            text = click.unstyle(text)
        # out() prints as it is: a model's text must not be taken for markup, nor wrapped.
        self.console.out(text)


def duration(seconds: float) -> str:
    """Seconds as h:mm:ss or m:ss."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
