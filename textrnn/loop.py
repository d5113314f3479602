"""Turn batches into a run's epochs: steps, checkpoints, early stopping, and what went wrong.

Every kind of training goes through here. What an epoch's batches are and how its result is
scored are functions that the composer brings.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textrnn import checkpoints, folders, locks
from textrnn.checkpoints import Checkpoint
from textrnn.config import LearningConfig
from textrnn.errors import ConfigError, TrainingError
from textrnn.learner import Learner
from textrnn.observer import Observer, Progress

PROGRESS = ("epoch", "step", "loss_sum", "best_loss", "best_epoch", "history")


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

    def record(self) -> dict[str, Any]:
        """Everything but the weights, as JSON holds it; going on starts from here."""
        raise NotImplementedError

    def progress_record(self) -> dict[str, Any]:
        """The part of `record` that is kept here."""
        names = ("epochs", "steps", *PROGRESS)
        return {name: getattr(self, name) for name in names}


class Saver:
    """Writes a run's checkpoint, whenever asked and when the last one is old enough."""

    def __init__(self, run: Standing, learner: Learner) -> None:
        self.run, self.learner, self.saved_at = run, learner, time.monotonic()

    def save_when_due(self) -> None:
        """Save if the last checkpoint is as old as the settings allow."""
        if time.monotonic() - self.saved_at >= self.run.learning.checkpoint_seconds:
            self.save()

    def save(self) -> None:
        """Replace the checkpoint by where the run stands now."""
        record = {**self.run.record(), "steps_done": self.learner.steps_done}
        checkpoints.save(self.run.folder, Checkpoint(record, self.learner.arrays()))
        self.saved_at = time.monotonic()


class _Diverged(Exception):
    """A step's loss or gradient was not finite."""


def run_epochs(
    run: Standing,
    learner: Learner,
    observer: Observer,
    *,
    batches: Callable[[], Iterable[tuple[Any, Any]]],
    close: Callable[[], None],
    rescue: Callable[[], object],
    unit: str,
    units_a_step: float,
) -> bool:
    """Take the epochs that are left; False when the observer stopped the run.

    `batches` gives what is left of the epoch that `run` stands in. `close` scores and keeps
    what the epoch learnt; `rescue` keeps what there is when the loss is no longer finite, before
    TrainingError says so. `unit` is what progress is counted in, `units_a_step` how many.
    """
    saver = Saver(run, learner)
    while run.epoch < run.epochs and not waited_enough(run):
        try:
            if not _one_epoch(run, learner, observer, saver, batches(), unit, units_a_step):
                saver.save()
                return False
        except _Diverged:
            rescue()  # the step that failed changed nothing
            kept = f"the best weights from before it are in {run.output}" if run.best_epoch else (
                "the weights from before it are no use either"
            )  # fmt: skip
            raise TrainingError(
                f"the loss is no longer a finite number at epoch {run.epoch + 1}, step "
                f"{run.step + 1}; {kept}. Start again, with another -o and a lower "
                f"--learning-rate than {run.learning.learning_rate:g}"
            ) from None
        close()
        checkpoints.write_history(run.folder, run.history)
        run.epoch, run.step, run.loss_sum = run.epoch + 1, 0, 0.0
        saver.save()
    if not run.best_epoch:
        raise TrainingError(
            "no epoch gave a finite validation loss, so there is no model to keep; start again "
            "with a lower --learning-rate"
        )
    if run.epoch < run.epochs:
        observer.notice(
            f"stopped early: {run.learning.patience} epochs without a better validation loss"
        )
    return True


def _one_epoch(
    run: Standing,
    learner: Learner,
    observer: Observer,
    saver: Saver,
    batches: Iterable[tuple[Any, Any]],
    unit: str,
    units_a_step: float,
) -> bool:
    """Take what is left of the epoch's steps; False when the observer stopped it."""
    if run.step == 0:
        learner.reset_states()
    started, first_step = time.monotonic(), run.step
    for inputs, targets in batches:
        loss = learner.step(inputs, targets)
        if not math.isfinite(loss):
            raise _Diverged
        run.step += 1
        run.loss_sum += loss
        seconds = (time.monotonic() - started) / (run.step - first_step)
        observer.step(
            Progress(
                run.epoch + 1,
                run.epochs,
                run.step,
                run.steps,
                run.loss_sum / run.step,
                units_a_step / seconds,
                seconds * ((run.epochs - run.epoch) * run.steps - run.step),
                unit,
            )
        )
        if observer.should_stop():
            return False
        saver.save_when_due()
    return True


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


def check_free(output: Path) -> None:
    """TrainingError unless a new run may have the folder `output`."""
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
    if names - {"run"}:
        raise TrainingError(f"{output} holds other files; choose a new folder with -o")
