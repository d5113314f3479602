"""What the tests of training look on with: observers, and the history that a run leaves."""

import csv
from pathlib import Path

from textrnn.observer import Observer


def history(output: Path) -> list[dict[str, str]]:
    with (output / "run" / "history.csv").open() as file:
        return list(csv.DictReader(file))


class Watch(Observer):
    """Keeps what it is told, and asks to stop after so many steps; 0 lets the run end.

    That it is asked after a validation too does not count.
    """

    def __init__(self, stop: int = 0) -> None:
        self.left, self.notices, self.progress, self.ends = stop, [], [], []
        self.validations, self.validated = [], False

    def notice(self, text):
        self.notices.append(text)

    def step(self, progress):
        self.progress.append(progress)
        self.validated = False

    def validation(self, progress):
        self.validations.append(progress)

    def epoch(self, end):
        self.ends.append(end)
        self.validated = True

    def should_stop(self):
        if self.validated:
            return False
        self.left -= 1
        return self.left == 0
