"""What the tests of training look on with: observers, and the history that a run leaves."""

import csv
import json
from pathlib import Path
from typing import Any

from textrnn.observer import Observer


def history(output: Path) -> list[dict[str, str]]:
    with (output / "run" / "history.csv").open() as file:
        return list(csv.DictReader(file))


def strict_history(output: Path) -> list[dict[str, Any]]:
    """The history in a model's metadata, which is JSON without NaN or Infinity."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    text = (output / "metadata.json").read_text()
    return json.loads(text, parse_constant=refuse)["history"]


def assert_validations_are_told(watch: "Watch") -> None:
    """Each begins at 0, only ever gets on, and comes to its end; and the time left is to be had.

    One per epoch, and one where the ways to read long texts are chosen among.
    """
    shares: list[list[float]] = []
    for told in watch.validations:
        if told.share == 0:
            shares.append([])
        shares[-1].append(told.share)
    choices = sum("they will be read" in notice for notice in watch.notices)
    assert len(shares) == len(watch.ends) + choices > 0
    assert all(one[-1] == 1 and one == sorted(one) for one in shares)
    assert watch.validations[-1].seconds_left >= 0


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
