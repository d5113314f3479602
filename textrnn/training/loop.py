"""The training loop of every task: epochs, steps, checkpoints, early stopping and divergence.

The caller passes functions that give an epoch's batches and that score its result.
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from textrnn.errors import TrainingError
from textrnn.training import checkpoints, samples_file
from textrnn.training.metrics import Metrics
from textrnn.training.observer import EpochEnd, Observer, OnProgress, Progress, ValidationProgress
from textrnn.training.pace import Pace
from textrnn.training.state import Saver, TrainingState

if TYPE_CHECKING:  # it imports TensorFlow, which the loop itself does not need
    from textrnn.training.learner import Learner


class _Diverged(Exception):
    """A step's loss or gradient was not finite."""


@dataclass(frozen=True)
class _Report:
    """Reports a run's progress and its remaining time to the observer."""

    run: TrainingState
    observer: Observer
    pace: Pace
    unit: str
    units_per_step: float
    note: Callable[[float], str]

    def steps(self, count: int) -> None:
        """Report `count` steps that `run` has already counted."""
        run = self.run
        self.pace.end_steps(count)
        loss = run.loss_sum / run.step
        speed = self.units_per_step / max(self.pace.step_seconds(), 1e-9)
        self.observer.step(
            Progress(
                run.epoch + 1, run.epochs, run.step, run.steps, loss, speed, self._seconds_left(),
                self.unit, self.note(loss),
            )
        )  # fmt: skip

    def validation(self, done: int, total: int) -> None:
        """Report that `done` of `total` parts of the validation are done."""
        fraction = done / total
        self.pace.validate(fraction)
        self.observer.validation(
            ValidationProgress(self.run.epoch + 1, self.run.epochs, fraction, self._seconds_left())
        )

    def _seconds_left(self) -> float | None:
        epochs = self.run.epochs - self.run.epoch
        return self.pace.seconds_left(epochs * self.run.steps - self.run.step, epochs)


def run_epochs(
    run: TrainingState,
    learner: "Learner",
    observer: Observer,
    *,
    batches: Callable[[], Iterable[tuple[Any, Any]]],
    validate: Callable[[OnProgress], EpochEnd],
    save_on_divergence: Callable[[], object],
    unit: str,
    units_per_step: float,
    note: Callable[[float], str] = lambda loss: "",
    pace: Pace | None = None,
) -> bool:
    """Train the remaining epochs; False if the observer stopped the run.

    `batches` gives the remaining batches of the current epoch. `validate` scores an epoch's
    weights, saves them if they are the best, and reports its progress to the function it is given.
    `save_on_divergence` saves what is usable once the loss is not finite, before TrainingError is
    raised. Progress is counted in `unit`, `units_per_step` of them per step; `note` formats a loss
    in another unit. `pace` may use another clock.
    """
    saver, run.counted_at = Saver(run, learner), time.monotonic()
    report = _Report(run, observer, pace or Pace(), unit, units_per_step, note)
    while run.has_epochs_left():
        try:
            if not _one_epoch(run, learner, saver, report, batches()):
                saver.save()
                return False
        except _Diverged:
            save_on_divergence()  # the step that failed changed no weights
            kept = f"the best weights from before it are in {run.output}" if run.best_epoch else (
                "no usable weights were saved"
            )  # fmt: skip
            raise TrainingError(
                f"the loss is no longer a finite number at epoch {run.epoch + 1}, step "
                f"{run.step + 1}; {kept}. Start again, with another -o and {run.lower_rate}"
            ) from None
        _end_epoch(run, saver, report, validate)
        if run.has_epochs_left() and observer.should_stop():
            return False  # the epoch is saved
    if not run.best_epoch:
        raise TrainingError(
            "no epoch gave a finite validation loss, so there is no model to keep; start again, "
            f"with another -o and {run.lower_rate}"
        )
    observer.notice(run.summary())
    return True


def _one_epoch(
    run: TrainingState,
    learner: "Learner",
    saver: Saver,
    report: _Report,
    batches: Iterable[tuple[Any, Any]],
) -> bool:
    """Take the remaining steps of the epoch; False if the observer stopped the run."""
    if run.step == 0:
        learner.reset_states()
    learner.start_epoch(run.epoch)
    pending: list[Any] = []  # losses not read yet
    for inputs, targets in batches:
        pending.append(learner.step(inputs, targets))
        last = run.step + len(pending) == run.steps
        due = saver.is_due()
        if last or due or len(pending) >= learner.steps_per_reading:
            report.steps(_read(pending, run))
        if report.observer.should_stop():
            _read(pending, run)
            return False
        if due:
            saver.save()
    return True


def _end_epoch(
    run: TrainingState, saver: Saver, report: _Report, validate: Callable[[OnProgress], EpochEnd]
) -> None:
    """Validate, record the epoch and save, without a stop in between."""
    report.validation(0, 1)
    end = validate(report.validation)
    run.history = [*run.history, end.to_dict()]
    report.observer.epoch(end)
    checkpoints.write_history(run.folder, run.history)
    if end.samples:
        samples_file.write(run.folder, end.epoch, end.samples)
    run.epoch, run.step, run.loss_sum, run.seconds = run.epoch + 1, 0, 0.0, 0.0
    saver.save()
    report.pace.end_validation()


def epoch_end(
    run: TrainingState,
    learner: "Learner",
    metrics: Metrics,
    *,
    is_best: bool,
    samples: Mapping[float, str] | None = None,
) -> EpochEnd:
    """The result of `validate` for the current epoch of `run`."""
    return EpochEnd(
        epoch=run.epoch + 1,
        epochs=run.epochs,
        steps=learner.steps_done,
        metrics=metrics,
        learning_rate=learner.learning_rate,
        is_best=is_best,
        samples=samples or {},
        seconds=run.count_seconds(),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _read(pending: list[Any], run: TrainingState) -> int:
    """Add the pending losses to those of `run`; returns their number.

    _Diverged at the first loss that is not finite.
    """
    count = len(pending)
    for loss in map(float, pending):
        if not math.isfinite(loss):
            raise _Diverged
        run.step += 1
        run.loss_sum += loss
    pending.clear()
    return count
