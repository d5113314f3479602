"""What the tests of training look on with: observers, and the history that a run leaves."""

import csv
import threading
from collections.abc import Callable
from pathlib import Path

from saving import tree

from textrnn.errors import TrainingError
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
