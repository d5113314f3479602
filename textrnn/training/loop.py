"""Turn batches into a run's epochs: steps, checkpoints, early stopping, and what went wrong.

Every kind of training goes through here. What an epoch's batches are and how its result is
scored are functions that the composer brings.
"""

import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textrnn.artifacts import folders, locks
from textrnn.config.training import LearningConfig
from textrnn.errors import ConfigError, TrainingError
from textrnn.training import checkpoints
from textrnn.training.checkpoints import Checkpoint
from textrnn.training.metrics import Metrics
from textrnn.training.observer import EpochEnd, Observer, OnProgress, Progress, ValidationProgress
from textrnn.training.pace import Pace

if TYPE_CHECKING:  # it imports TensorFlow, which the loop itself does without
    from textrnn.training.learner import Learner

PROGRESS = ("epochs", "steps", "epoch", "step", "loss_sum", "best_loss", "best_epoch", "history")


@dataclass(kw_only=True)
class Standing:
    """Where a run stands: the part that changes as it goes, and how far it is to go."""

    output: Path
    epochs: int
    steps: int  # an epoch
    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    best_loss: float = math.inf
    best_epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Where the checkpoint and the history lie."""
        return self.output / "run"

    @property
    def learning(self) -> LearningConfig:
        """The settings that the loop goes by."""
        raise NotImplementedError

    @property
    def lower_rate(self) -> str:
        """What to start again with when learning went wrong, for the end of a sentence."""
        return f"a lower --learning-rate than {self.learning.learning_rate:g}"

    @property
    def mean_loss(self) -> float:
        """Mean loss of the epoch's steps, once it is over."""
        return self.loss_sum / self.steps

    def record(self) -> dict[str, Any]:
        """Everything but the weights, as JSON holds it; going on starts from here."""
        raise NotImplementedError

    def progress_record(self) -> dict[str, Any]:
        """The part of `record` that is kept here."""
        return {name: getattr(self, name) for name in PROGRESS}

    def take_progress(self, record: Mapping[str, Any]) -> None:
        """Stand where `record`, a checkpoint's, stood."""
        for name in PROGRESS:
            setattr(self, name, record[name])


class Saver:
    """Writes a run's checkpoint, and knows when the last one is old enough."""

    def __init__(self, run: Standing, learner: "Learner") -> None:
        self.run, self.learner, self.saved_at = run, learner, time.monotonic()

    def is_due(self) -> bool:
        """Whether the last checkpoint is as old as the settings allow."""
        return time.monotonic() - self.saved_at >= self.run.learning.checkpoint_seconds

    def save(self) -> None:
        """Replace the checkpoint by where the run stands now."""
        record = {**self.run.record(), "steps_done": self.learner.steps_done}
        checkpoints.save(self.run.folder, Checkpoint(record, self.learner.arrays()))
        self.saved_at = time.monotonic()


class _Diverged(Exception):
    """A step's loss or gradient was not finite."""


@dataclass(frozen=True)
class _Report:
    """Tells the observer where the run stands, and how long it still takes."""

    run: Standing
    observer: Observer
    pace: Pace
    unit: str
    units_a_step: float
    note: Callable[[float], str]

    def steps(self, count: int) -> None:
        """So many steps were taken, and `run` knows of them."""
        run = self.run
        self.pace.end_steps(count)
        loss = run.loss_sum / run.step
        speed = self.units_a_step / max(self.pace.step_seconds(), 1e-9)
        self.observer.step(
            Progress(
                run.epoch + 1, run.epochs, run.step, run.steps, loss, speed, self._seconds_left(),
                self.unit, self.note(loss),
            )
        )  # fmt: skip

    def validation(self, done: int, total: int) -> None:
        """So much of the validation is done."""
        share = done / total
        self.pace.validate(share)
        self.observer.validation(
            ValidationProgress(self.run.epoch + 1, self.run.epochs, share, self._seconds_left())
        )

    def _seconds_left(self) -> float | None:
        epochs = self.run.epochs - self.run.epoch
        return self.pace.seconds_left(epochs * self.run.steps - self.run.step, epochs)


def run_epochs(
    run: Standing,
    learner: "Learner",
    observer: Observer,
    *,
    batches: Callable[[], Iterable[tuple[Any, Any]]],
    validate: Callable[[OnProgress], EpochEnd],
    rescue: Callable[[], object],
    unit: str,
    units_a_step: float,
    note: Callable[[float], str] = lambda loss: "",
    pace: Pace | None = None,
) -> bool:
    """Take the epochs that are left; False when the observer stopped the run.

    `batches` gives what is left of the epoch that `run` stands in. `validate` scores and keeps
    what the epoch learnt, and tells the function that it is given how much of it is scored;
    `rescue` keeps what there is when the loss is no longer finite, before TrainingError says so.
    `unit` is what progress is counted in, `units_a_step` how many; `note` says a loss in another
    unit. A `pace` of one's own measures by another clock.
    """
    saver = Saver(run, learner)
    report = _Report(run, observer, pace or Pace(), unit, units_a_step, note)
    while _goes_on(run):
        try:
            if not _one_epoch(run, learner, saver, report, batches()):
                saver.save()
                return False
        except _Diverged:
            rescue()  # the step that failed changed nothing
            kept = f"the best weights from before it are in {run.output}" if run.best_epoch else (
                "the weights from before it are no use either"
            )  # fmt: skip
            raise TrainingError(
                f"the loss is no longer a finite number at epoch {run.epoch + 1}, step "
                f"{run.step + 1}; {kept}. Start again, with another -o and {run.lower_rate}"
            ) from None
        _close_epoch(run, saver, report, validate)
        if _goes_on(run) and observer.should_stop():
            return False  # what was learnt is saved
    if not run.best_epoch:
        raise TrainingError(
            "no epoch gave a finite validation loss, so there is no model to keep; start again, "
            f"with another -o and {run.lower_rate}"
        )
    if run.epoch < run.epochs:
        observer.notice(
            f"stopped early: {run.learning.patience} epochs without a better validation loss"
        )
    return True


def _one_epoch(
    run: Standing,
    learner: "Learner",
    saver: Saver,
    report: _Report,
    batches: Iterable[tuple[Any, Any]],
) -> bool:
    """Take what is left of the epoch's steps; False when the observer stopped it."""
    if run.step == 0:
        learner.reset_states()
    learner.start_epoch(run.epoch)
    pending: list[Any] = []  # losses that are not read yet
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


def _close_epoch(
    run: Standing, saver: Saver, report: _Report, validate: Callable[[OnProgress], EpochEnd]
) -> None:
    """Validate, put the epoch on record and save; no stop comes between."""
    report.validation(0, 1)
    end = validate(report.validation)
    run.history = [*run.history, end.to_dict()]
    report.observer.epoch(end)
    checkpoints.write_history(run.folder, run.history)
    run.epoch, run.step, run.loss_sum = run.epoch + 1, 0, 0.0
    saver.save()
    report.pace.end_validation()


def epoch_end(
    run: Standing,
    learner: "Learner",
    metrics: Metrics,
    *,
    is_best: bool,
    samples: Mapping[float, str] | None = None,
) -> EpochEnd:
    """What `validate` gives of the epoch that `run` stands in."""
    return EpochEnd(
        epoch=run.epoch + 1,
        epochs=run.epochs,
        steps=learner.steps_done,
        metrics=metrics,
        learning_rate=learner.learning_rate,
        is_best=is_best,
        samples=samples or {},
    )


def _goes_on(run: Standing) -> bool:
    return run.epoch < run.epochs and not waited_enough(run)


def _read(pending: list[Any], run: Standing) -> int:
    """Add the losses of the steps taken to those of `run`; how many they were.

    _Diverged at one that is not finite.
    """
    count = len(pending)
    for loss in map(float, pending):
        if not math.isfinite(loss):
            raise _Diverged
        run.step += 1
        run.loss_sum += loss
    pending.clear()
    return count


def waited_enough(run: Standing) -> bool:
    """Whether the validation loss has been no better for as many epochs as the settings allow."""
    patience = run.learning.patience
    return bool(patience) and run.epoch - run.best_epoch >= patience


def check_same_settings(own: Mapping[str, Any], given: Mapping[str, Any], output: Path) -> None:
    """ConfigError unless what is `given` to a resumed run is what it has of its `own`."""
    for name, value in given.items():
        if own.get(name) != value:
            raise ConfigError(
                f"the run in {output} has {name}={own.get(name)!r}, not {value!r}, and goes on "
                f"with its own settings; leave that out"
            )


@contextmanager
def sole_writer(output: Path, observer: Observer) -> Iterator[None]:
    """Keep other trainings and saves out of `output`, and put right what a killed save left there.

    TrainingError when another training or save holds it, or it cannot be written. The thread that
    holds it may hold it again inside: pretraining is a part of a classifier's training.
    """
    with ExitStack() as stack:
        try:
            guarded = stack.enter_context(locks.hold(output))
        except BlockingIOError as error:
            raise TrainingError(
                f"another training or save is writing to {output}; wait until it has ended, or "
                f"choose another -o"
            ) from error
        except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
            raise TrainingError(
                f"cannot write beside {output}: {getattr(error, 'strerror', None) or error}; "
                f"choose another -o"
            ) from error
        if not guarded:
            observer.notice(
                f"the file system of {output} has no locks: start no second training there"
            )
        for notice in folders.recover(output):
            observer.notice(notice)
        yield


def check_free(output: Path, beside: Collection[str] = ()) -> None:
    """TrainingError unless a new run may have the folder `output`, with `beside` in it or not."""
    if not output.exists():
        return
    if not output.is_dir():
        raise TrainingError(f"{output} is a file; -o names the folder to make")
    names = {entry.name for entry in output.iterdir()}
    if "config.json" in names or checkpoints.path(output / "run").exists():
        raise TrainingError(
            f"{output} already holds a model or a run; add --resume to go on with it, or choose "
            f"another -o"
        )
    if names - {"run", *beside}:
        raise TrainingError(f"{output} holds other files; choose a new folder with -o")
