"""Helpers for tests of training: observers, and the history of a run."""

import csv
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.saving import tree
from textrnn.errors import TrainingError
from textrnn.training.observer import TIMES, Observer


def history(output: Path) -> list[dict[str, str]]:
    """The rows of run/history.csv without the columns in which two equal runs differ."""
    with (output / "run" / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [{name: row[name] for name in row if name not in TIMES} for row in rows]


def strict_history(output: Path) -> list[dict[str, Any]]:
    """The history in a model's metadata, which must be JSON without NaN or Infinity."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    text = (output / "metadata.json").read_text()
    return json.loads(text, parse_constant=refuse)["history"]


def assert_validations_are_reported(watch: "Watch") -> None:
    """Each validation goes from 0 to 1 without a step back, and the time left is known.

    There is one per epoch, and one more if the treatment of long texts is chosen.
    """
    fractions: list[list[float]] = []
    for progress in watch.validations:
        if progress.share == 0:
            fractions.append([])
        fractions[-1].append(progress.share)
    choices = sum("they will be read" in notice for notice in watch.notices)
    assert len(fractions) == len(watch.ends) + choices > 0
    assert all(one[-1] == 1 and one == sorted(one) for one in fractions)
    assert watch.validations[-1].seconds_left >= 0


def folders_named(output: Path, folder: Path) -> list[str]:
    """The files of the model in `output` whose text contains the name `folder`."""
    names = ("config.json", "metadata.json", "README.md")
    return [name for name in names if str(folder) in (output / name).read_text(encoding="utf-8")]


class Watch(Observer):
    """Records all events, and stops the run after `stop` steps; 0 never stops it.

    Questions after a validation do not count as steps.
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
    """At the second step, runs `trainings`, each in a thread, and records their errors.

    The test fails if they write anything below `folder`.
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
