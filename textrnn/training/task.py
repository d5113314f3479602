"""What is trained: the protocol that every task fulfils, and what it makes of its data.

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
# (epoch, first step) -> what is left of the epoch: a pure function of the two and of the seed.
Batches = Callable[[int, int], Iterable[tuple[Any, Any]]]


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What a task makes of its data and a recipe; tasks add the encoded split.

    `recipe` has the values that the data determine. `records` are what the model's metadata say
    about data and start; a resumed run is given them again.
    """

    recipe: Any  # the task's own kind of Recipe
    tokenizer: Any
    learning: LearningConfig
    epochs: int
    steps: int  # per epoch
    unit: str  # what progress is counted in
    units_per_step: float
    records: Mapping[str, Any]
    summary: str  # one line for a person, before the first epoch


@dataclass(frozen=True, kw_only=True)
class Validated:
    """What the weights of an epoch are worth: its metrics, and the model they make."""

    metrics: Metrics
    model: Any  # an artifact of the task's kind, without metadata
    scores: Mapping[str, Any]  # for the metadata
    records: Mapping[str, Any] = field(default_factory=dict)  # more of these
    samples: Mapping[float, str] = field(default_factory=dict)


P = TypeVar("P", bound=Prepared)


class Task(Protocol[P]):
    """A kind of training, with its data."""

    @property
    def kind(self) -> str:
        """The kind of the models it makes."""

    @property
    def recipe_type(self) -> type[Recipe]:
        """The dataclass of its settings."""

    @property
    def rate_option(self) -> str:
        """What sets its learning rate, as it is typed."""

    def fingerprint(self) -> dict[str, Any]:
        """The record of the data: what a resumed run must be given again."""

    def check_same(self, known: Mapping[str, Any], output: Path) -> None:
        """TrainingError unless the data are those whose fingerprint is `known`."""

    def prepare(
        self,
        recipe: Any,
        initialization: Initialization,
        known: "Known | None",
        notify: Callable[[str], object],
    ) -> P:
        """The tokenizer, the encoded split and the resolved recipe.

        `known` is what a resumed run has already; notices about the data are then left out.
        """

    def learner(self, prepared: P) -> Learner:
        """A learner with new weights."""

    def batches(self, prepared: P, folder: Path, observer: Observer) -> Batches | None:
        """What gives the batches of an epoch; None when the observer stopped their preparation.

        `folder` is where a long preparation may keep what it has.
        """

    def validate(
        self, prepared: P, weights: Weights, loss: float, on_progress: OnProgress | None
    ) -> Validated:
        """Score `weights` on the validation data; `loss` is the epoch's mean training loss."""

    def note(self, loss: float) -> str:
        """A training loss in another unit, in a few words; empty where there is none."""

    def finish(self, best: Any, prepared: P, report: "FinishReport") -> Any:
        """The best model, with what is chosen once training is over."""


@dataclass(frozen=True)
class Known:
    """What a resumed run has from its checkpoint."""

    tokenizer: Any
    records: Mapping[str, Any]


@dataclass(frozen=True)
class FinishReport:
    """Whom `Task.finish` tells what it chooses, and how far it is."""

    notify: Callable[[str], object]
    on_progress: Callable[[float], object]  # the share done
