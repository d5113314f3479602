"""A training run without TensorFlow: its steps and validations only advance a clock."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from textrnn.config.training import LearningConfig
from textrnn.training.loop import epoch_end, run_epochs
from textrnn.training.metrics import Metrics
from textrnn.training.pace import Pace
from textrnn.training.state import TrainingState


class Clock:
    """A clock that advances only on request."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(kw_only=True)
class FakeRun(TrainingState):
    patience: int = 0

    @property
    def learning(self) -> LearningConfig:
        return LearningConfig(patience=self.patience, checkpoint_seconds=1e9)

    def record(self) -> dict[str, Any]:
        return self.progress_record()


@dataclass
class FakeLearner:
    """Each step takes `step_seconds(its number from 1)` and has the loss 0.5."""

    clock: Clock
    step_seconds: Callable[[int], float]
    steps_done: int = 0
    learning_rate: float = 0.01
    steps_per_reading: int = 1

    def step(self, inputs: Any, targets: Any) -> float:
        self.steps_done += 1
        self.clock.now += self.step_seconds(self.steps_done)
        return 0.5

    def reset_states(self) -> None:
        pass

    def start_epoch(self, epoch: int) -> None:
        pass

    def arrays(self) -> dict[str, Any]:
        return {}


def fake_training(
    run: FakeRun,
    observer: Any,
    clock: Clock,
    *,
    step_seconds: Callable[[int], float] = lambda step: 1.0,
    validation_seconds: float = 30.0,
    parts: int = 4,
    losses: Callable[[int], float] = lambda epoch: 1.0 - epoch / 100,
) -> bool:
    """Run the remaining epochs of `run`; each part of a validation takes equally long."""
    learner = FakeLearner(clock, step_seconds, steps_done=run.epoch * run.steps + run.step)

    def validate(on_progress):
        for part in range(parts):
            clock.now += validation_seconds / parts
            on_progress(part + 1, parts)
        loss = losses(run.epoch)
        best = loss < run.best_loss
        if best:
            run.best_loss, run.best_epoch = loss, run.epoch + 1
        metrics = Metrics(loss=run.mean_loss, validation_loss=loss)
        return epoch_end(run, learner, metrics, is_best=best)

    return run_epochs(
        run, learner, observer,
        batches=lambda: [(None, None)] * (run.steps - run.step),
        validate=validate, save_on_divergence=lambda: None, unit="texts", units_per_step=32,
        note=lambda loss: f"{loss / math.log(2):.3f} bits",
        pace=Pace(clock),
    )  # fmt: skip
