"""The protocol of a training task, and the types that it exchanges with the run.

A task holds its data. `textrnn.training.run` asks it for everything that differs between tasks.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy.typing as npt

from textrnn.config.recipe import Recipe
from textrnn.config.training import LearningConfig
from textrnn.training.initialization import Initialization
from textrnn.training.learner import Learner
from textrnn.training.metrics import Metrics
from textrnn.training.observer import Observer, OnProgress

Weights = Mapping[str, npt.NDArray[Any]]
# (epoch, first step) -> the rest of the epoch; a pure function of both and of the seed.
Batches = Callable[[int, int], Iterable[tuple[Any, Any]]]


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A task's prepared data and resolved recipe; each task adds its encoded split.

    `recipe` includes the values that the data determine. `records` is the metadata about the data
    and the initialization; a resumed run takes it from the checkpoint.
    """

    recipe: Any  # the task's subclass of Recipe
    tokenizer: Any
    learning: LearningConfig
    epochs: int
    steps: int  # per epoch
    unit: str  # of progress, such as texts or chars
    units_per_step: float
    records: Mapping[str, Any]
    summary: str  # one line for a person, before the first epoch


@dataclass(frozen=True, kw_only=True)
class Validated:
    """The result of a validation: the metrics, and the model with the validated weights."""

    metrics: Metrics
    model: Any  # an artifact of the task's kind, without metadata
    scores: Mapping[str, Any]  # for the metadata
    records: Mapping[str, Any] = field(default_factory=dict)  # further metadata
    samples: Mapping[float, str] = field(default_factory=dict)


P = TypeVar("P", bound=Prepared)


class Task(Protocol[P]):
    """A kind of training together with its data; each task derives from it."""

    @property
    def kind(self) -> str:
        """The kind of model that it trains."""

    @property
    def recipe_type(self) -> type[Recipe]:
        """The dataclass of its settings."""

    @property
    def rate_option(self) -> str:
        """The option or setting of its learning rate, as typed."""

    def fingerprint(self) -> dict[str, Any]:
        """The fingerprint of the data, which a resumed run must be given again."""

    def check_same(self, known: Mapping[str, Any], output: Path) -> None:
        """TrainingError unless the fingerprint of the data is `known`."""

    def prepare(
        self,
        recipe: Any,
        initialization: Initialization,
        known: Mapping[str, Any] | None,
        notify: Callable[[str], object],
    ) -> P:
        """The tokenizer, the encoded split and the resolved recipe.

        `known` are the records of a resumed run.
        """

    def learner(self, prepared: P) -> Learner:
        """A learner with random initial weights."""

    def batches(self, prepared: P, folder: Path, observer: Observer) -> Batches | None:
        """A function that gives an epoch's batches; None if the observer stopped the preparation.

        A long preparation may save its progress in `folder`.
        """

    def validate(
        self, prepared: P, weights: Weights, loss: float, on_progress: OnProgress | None
    ) -> Validated:
        """Score `weights` on the validation data; `loss` is the epoch's mean training loss."""

    def note(self, loss: float) -> str:
        """A training loss in another unit; by default an empty text."""
        return ""

    def finish(self, best: Any, prepared: P, report: "FinishReport") -> Any:
        """The best model, with what is chosen after training; by default unchanged."""
        return best


@dataclass(frozen=True)
class FinishReport:
    """Callbacks for the notices and the progress of `Task.finish`."""

    notify: Callable[[str], object]
    on_progress: Callable[[float], object]  # the fraction done
