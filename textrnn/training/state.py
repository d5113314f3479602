"""The state of a training run, and the checkpoint that keeps it."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textrnn.config.base import Config
from textrnn.config.training import LearningConfig
from textrnn.errors import ConfigError
from textrnn.training import checkpoints
from textrnn.training.checkpoints import Checkpoint
from textrnn.training.observer import TIMES, duration

if TYPE_CHECKING:  # it imports TensorFlow, which the state itself does not need
    from textrnn.training.learner import Learner


@dataclass(frozen=True, kw_only=True)
class RunRecord(Config):
    """The record of a run in its checkpoint, with the types of its values."""

    format: int
    kind: str
    epochs: int
    steps: int
    epoch: int
    step: int
    loss_sum: float
    best_loss: float
    best_epoch: int
    history: list  # type: ignore[type-arg] # of dictionaries
    seconds: float = 0.0  # of the current epoch; older versions did not record it
    recipe: dict  # type: ignore[type-arg] # by section
    settings: dict  # type: ignore[type-arg] # by section
    tokenizer: str
    pieces: str | None
    records: dict  # type: ignore[type-arg]
    start: dict  # type: ignore[type-arg]
    data: dict  # type: ignore[type-arg]
    command: str | None
    steps_done: int

    def __post_init__(self) -> None:
        self._at_least(0, "epochs", "steps", "epoch", "step", "best_epoch", "steps_done", "seconds")
        if not self.seconds < math.inf or self.epoch > self.epochs or self.step > self.steps:
            raise ConfigError("its epoch, its step or its time is beyond the last one")
        sections = [*self.recipe.values(), *self.settings.values()]
        if not all(isinstance(each, dict) for each in [*self.history, *sections]):
            raise ConfigError("history, recipe and settings must contain objects")
        if len(self.history) != self.epoch or self.best_epoch > self.epoch:
            raise ConfigError("its history has not one row per epoch")
        for row in self.history:
            _check_row(row)


def _check_row(row: Mapping[str, Any]) -> None:
    date, numbers = row.get("date"), [row[name] for name in row if name != "date"]
    if not all(each is None or type(each) in (int, float) for each in numbers):
        raise ConfigError("a row of its history has a value that is not a number")
    if not 0 <= (row.get("seconds") or 0) < math.inf or not isinstance(date, str | None):
        raise ConfigError("a row of its history has no such time")


PROGRESS = (
    "epochs", "steps", "epoch", "step", "loss_sum", "best_loss", "best_epoch", "history", "seconds",
)  # fmt: skip


@dataclass(kw_only=True)
class TrainingState:
    """The state of a run: its progress, and the number of epochs and steps it will take."""

    output: Path
    epochs: int
    steps: int  # per epoch
    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    best_loss: float = math.inf
    best_epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0  # of the current epoch, up to `counted_at`
    counted_at: float | None = None  # None until the first step

    @property
    def folder(self) -> Path:
        """The folder of the checkpoint and the history."""
        return self.output / "run"

    @property
    def learning(self) -> LearningConfig:
        """The settings that the loop uses."""
        raise NotImplementedError

    @property
    def lower_rate(self) -> str:
        """What to start again with after training diverged, for the end of a sentence."""
        return f"a lower --learning-rate than {self.learning.learning_rate:g}"

    @property
    def mean_loss(self) -> float:
        """Mean loss of the epoch's steps, valid once the epoch is over."""
        return self.loss_sum / self.steps

    def has_epochs_left(self) -> bool:
        """Whether epochs are left, and the validation loss has improved within `patience` epochs.

        A patience of 0 waits for ever.
        """
        patience = self.learning.patience
        waited_enough = bool(patience) and self.epoch - self.best_epoch >= patience
        return self.epoch < self.epochs and not waited_enough

    def plan(self) -> str:
        """The length of the run."""
        epochs = f"at most {self.epochs} epochs" if self.epochs > 1 else "1 epoch"
        return f"{self.steps} steps per epoch, {epochs}"

    def count_seconds(self) -> float:
        """Add the time since the last call to the seconds of the epoch, and return them."""
        if self.counted_at is not None:
            now = time.monotonic()
            self.seconds, self.counted_at = self.seconds + now - self.counted_at, now
        return self.seconds

    def history_record(
        self, history: list[dict[str, Any]], ended: str | None = None
    ) -> dict[str, Any]:
        """The metadata of a run with this `history`: the history itself and the whole run.

        `ended` says why the run ended; None while it goes on. Seconds leave out epochs of older
        versions, which have none.
        """
        whole = {
            "date": history[-1]["date"] if history else None,
            "seconds": round(sum(row["seconds"] or 0.0 for row in history), 3),
            "epochs": len(history),
            "best_epoch": self.best_epoch,
            "ended": ended,
        }
        return {"run": whole, "history": history}

    @property
    def ended(self) -> str:
        """Why a finished run ended."""
        return "all epochs" if self.epoch >= self.epochs else "patience"

    def final_record(self) -> dict[str, Any]:
        """`history_record` of the finished run."""
        return self.history_record(self.history, self.ended)

    def summary(self) -> str:
        """A finished run in one sentence."""
        run = self.history_record(self.history)["run"]
        patience = self.learning.patience
        reason = "all epochs done" if self.ended == "all epochs" else (
            f"stopped early: {patience} epoch{'s' if patience > 1 else ''} without a better "
            "validation loss"
        )  # fmt: skip
        best = self.history[self.best_epoch - 1]
        if "validation_loss" not in best:
            return (
                f"the weights of epoch {self.best_epoch}, the last: training loss "
                f"{best['loss']:.4f}; {duration(run['seconds'])}; {reason}"
            )
        accuracy = best.get("validation_accuracy")
        score = f"validation {self.best_loss:.4f}" + (
            "" if accuracy is None else f", {accuracy:.1%} right"
        )
        return (
            f"best epoch {self.best_epoch} of {run['epochs']}: {score}; "
            f"{duration(run['seconds'])}; {reason}"
        )

    def record(self) -> dict[str, Any]:
        """Everything but the weights, as JSON; resuming starts from here."""
        raise NotImplementedError

    def progress_record(self) -> dict[str, Any]:
        """The part of `record` that this class holds."""
        self.count_seconds()
        return {name: getattr(self, name) for name in PROGRESS}

    def take_progress(self, record: Mapping[str, Any]) -> None:
        """Restore the progress in the `record` of a checkpoint."""
        without = {"seconds": 0.0}  # runs of older versions have no times
        for name in PROGRESS:
            setattr(self, name, {**without, **record}[name])
        self.history = [{**row, **{name: row.get(name) for name in TIMES}} for row in self.history]


class Saver:
    """Writes a run's checkpoint, and knows when the next one is due."""

    def __init__(self, run: TrainingState, learner: "Learner") -> None:
        self.run, self.learner, self.saved_at = run, learner, time.monotonic()

    def is_due(self) -> bool:
        """Whether `checkpoint_seconds` have passed since the last checkpoint."""
        return time.monotonic() - self.saved_at >= self.run.learning.checkpoint_seconds

    def save(self) -> None:
        """Replace the checkpoint by the current state of the run."""
        record = {**self.run.record(), "steps_done": self.learner.steps_done}
        checkpoints.save(self.run.folder, Checkpoint(record, self.learner.arrays()))
        self.saved_at = time.monotonic()
