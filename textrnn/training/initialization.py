"""Where a run's first weights come from: nothing, or what another training left.

Each kind of start has defaults, a tokenizer and weights of its own. `textrnn.training.transfer`
has those that start from a model, from word vectors and from a TF-Hub module.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt

from textrnn.config.recipe import Settings
from textrnn.errors import TrainingError

Weights = Mapping[str, npt.NDArray[Any]]
Notify = Callable[[str], object]


class Initialization(Protocol):
    """A start of a run."""

    def fingerprint(self) -> dict[str, Any]:
        """What a resumed run must be given again, or nothing where there is nothing to give.

        "identity" is compared. "start" says what the run did with it, "again" how to name it, and
        "absent" what to do where a run that started from nothing is given it.
        """

    def defaults(self, given: Settings) -> Settings:
        """Settings that hold where nobody `gave` others; ConfigError where those cannot be."""

    def tokenizer(
        self, recipe: Any, fit: Callable[[], Any], texts: Sequence[str], notify: Notify
    ) -> Any:
        """What turns texts into ids; `fit` makes a new one of the training `texts`."""

    def weights(self, fresh: Weights, prepared: Any, notify: Notify) -> Weights:
        """First weights, in place of the `fresh` ones that a seed draws."""

    def records(self, tokenizer: Any) -> dict[str, Any]:
        """What the model's metadata say about the start."""


class Fresh:
    """The start from nothing, and what other kinds have in common with it."""

    def fingerprint(self) -> dict[str, Any]:
        """Nothing to be given."""
        return {}

    def defaults(self, given: Settings) -> Settings:
        """No others than the recipe's."""
        return {}

    def tokenizer(
        self, recipe: Any, fit: Callable[[], Any], texts: Sequence[str], notify: Notify
    ) -> Any:
        """One fitted to the training texts."""
        return fit()

    def weights(self, fresh: Weights, prepared: Any, notify: Notify) -> Weights:
        """Those that the seed draws."""
        return fresh

    def records(self, tokenizer: Any) -> dict[str, Any]:
        """Nothing."""
        return {}


def check_same(given: Initialization, known: Mapping[str, Any], output: Path) -> None:
    """TrainingError unless a resumed run is `given` the start whose fingerprint is `known`."""
    own = given.fingerprint()
    if own.get("identity") == known.get("identity"):
        return
    if not known:
        raise TrainingError(f"the run in {output} {own['absent']}")
    raise TrainingError(f"the run in {output} {known['start']}; {known['again']} to go on")
