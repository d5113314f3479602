"""What the tests of training look on with: observers, and the history that a run leaves."""

import csv
from pathlib import Path

from textrnn.observer import Observer


def history(output: Path) -> list[dict[str, str]]:
    with (output / "run" / "history.csv").open() as file:
        return list(csv.DictReader(file))


class Watch(Observer):
    """Keeps what it is told, and asks to stop after so many steps; 0 lets the run end."""

    def __init__(self, stop: int = 0) -> None:
        self.left, self.notices, self.progress, self.rows = stop, [], [], []

    def notice(self, text):
        self.notices.append(text)

    def step(self, progress):
        self.progress.append(progress)

    def epoch(self, row, best, samples):
        self.rows.append((row, best))

    def should_stop(self):
        self.left -= 1
        return self.left == 0
