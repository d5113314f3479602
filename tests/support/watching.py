"""What the tests of training look on with: observers, and the history that a run leaves."""

import csv
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.saving import tree
from textrnn.errors import TrainingError
from textrnn.training.observer import Observer


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


def folders_named(output: Path, folder: Path) -> list[str]:
    """The files of the model in `output` for people and machines to read that name `folder`."""
    names = ("config.json", "metadata.json", "README.md")
    return [name for name in names if str(folder) in (output / name).read_text(encoding="utf-8")]


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


class Rivals(Watch):
    """At the second step lets `trainings` try, each in a thread, and keeps what they are told.

    What they write below `folder` fails the test.
    """

    def __init__(self, folder: Path, *trainings: Callable[[], object]) -> None:
        super().__init__()
        self.folder, self.trainings, self.errors = folder, trainings, []

    def step(self, progress):
        super().step(progress)
        if len(self.progress) == 2:
            before = tree(self.folder)
            for training in self.trainings:
                thread = threading.Thread(target=self._try, args=(training,))
                thread.start()
                thread.join()
            assert tree(self.folder) == before

    def _try(self, training):
        try:
            self.errors.append(f"not refused: {training()}")
        except TrainingError as error:
            self.errors.append(str(error))
