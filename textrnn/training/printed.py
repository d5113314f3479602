"""Progress of a training from Python: one line an epoch on stderr."""

import sys
import time

from textrnn.training.observer import EpochEnd, Observer, Progress

FIRST_SECONDS, SECONDS = 5.0, 30.0  # until a line inside a long epoch, and between two


class PrintedProgress(Observer):
    """Prints notices, each epoch, and now and then where a long epoch is."""

    def __init__(self) -> None:
        self._due = time.monotonic() + FIRST_SECONDS

    def notice(self, text: str) -> None:
        """Print a message."""
        print(text, file=sys.stderr, flush=True)

    def step(self, progress: Progress) -> None:
        """Print where a long epoch is."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + SECONDS
        left = progress.seconds_left
        self.notice(
            f"epoch {progress.epoch} of {progress.epochs}, step {progress.step:,} of "
            f"{progress.steps:,}: {progress.headline()}"
            + ("" if left is None else f", {left / 60:.0f} min left")
        )

    def epoch(self, end: EpochEnd) -> None:
        """Print the metrics of an epoch."""
        self._due = time.monotonic() + SECONDS
        self.notice(end.headline())
