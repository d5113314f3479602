"""The initial weights of a run: random, or from an earlier training.

Each kind of initialization has its own defaults, tokenizer and weights. `textrnn.training.transfer`
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
    """How a run gets its defaults, its tokenizer and its initial weights."""

    def fingerprint(self) -> dict[str, Any]:
        """What a resumed run must be given again; empty for a run from scratch.

        "identity" is compared. The others are parts of messages: "start" says how the run began,
        "again" how to give the same, "absent" what to do if the run began without it.
        """

    def defaults(self, given: Settings) -> Settings:
        """Defaults for settings that are not `given`; ConfigError if a `given` one does not fit."""

    def tokenizer(
        self, recipe: Any, fit: Callable[[], Any], texts: Sequence[str], notify: Notify
    ) -> Any:
        """The tokenizer; `fit` makes a new one from the training `texts`."""

    def weights(self, fresh: Weights, prepared: Any, notify: Notify) -> Weights:
        """The initial weights; `fresh` are those that the seed draws."""

    def records(self, tokenizer: Any) -> dict[str, Any]:
        """What the model's metadata say about the initialization."""


class Fresh:
    """Training from scratch; also the base class of the other kinds."""

    def fingerprint(self) -> dict[str, Any]:
        """Empty: a resumed run needs nothing else."""
        return {}

    def defaults(self, given: Settings) -> Settings:
        """Empty: the recipe's own defaults hold."""
        return {}

    def tokenizer(
        self, recipe: Any, fit: Callable[[], Any], texts: Sequence[str], notify: Notify
    ) -> Any:
        """A new tokenizer, fitted to the training texts."""
        return fit()

    def weights(self, fresh: Weights, prepared: Any, notify: Notify) -> Weights:
        """The `fresh` weights, drawn by the seed."""
        return fresh

    def records(self, tokenizer: Any) -> dict[str, Any]:
        """Empty: there is nothing to record."""
        return {}


class Resumed(Fresh):
    """The start of a resumed run, which has the `tokenizer` of its checkpoint."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def tokenizer(
        self, recipe: Any, fit: Callable[[], Any], texts: Sequence[str], notify: Notify
    ) -> Any:
        """The tokenizer of the checkpoint."""
        return self._tokenizer


def fine_tuned_from(name: str, checksums: Mapping[str, str]) -> dict[str, Any]:
    """The fingerprint of an initialization from the trained model `name`.

    `checksums` are those of its files; a run of an older version does not have them.
    """
    return {
        "identity": name,
        "sha256": checksums.get("weights.npz"),
        "start": f"started from {name}",
        "again": "fine-tune that model",
        "absent": "started from no model; resume it with `train`",
    }


def check_same(given: Initialization, known: Mapping[str, Any], output: Path) -> None:
    """TrainingError unless the initialization `given` to a resumed run is the `known` one."""
    own = given.fingerprint()
    sums = own.get("sha256"), known.get("sha256")
    if sums[0] == sums[1] if all(sums) else own.get("identity") == known.get("identity"):
        return
    if known and own.get("identity") == known.get("identity"):
        raise TrainingError(
            f"the run in {output} {known['start']}, which has other weights now; restore that "
            f"model to resume the run"
        )
    if not known:
        raise TrainingError(f"the run in {output} {own['absent']}")
    other = f", not from {own['identity']}" if "sha256" in own else ""
    raise TrainingError(
        f"the run in {output} {known['start']}{other}; {known['again']} to resume it"
    )
