"""What a training run tells whoever watches, and asks of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from textrnn.training.metrics import Metrics

OnProgress = Callable[[int, int], None]  # how much of a validation is done, how much in all


@dataclass(frozen=True)
class Progress:
    """Where a run stands inside an epoch; `loss` is the epoch's mean so far, in nats.

    `seconds_left` includes the validations still to come, once one was measured; it is None
    while too little was measured to tell.
    """

    epoch: int  # from 1
    epochs: int
    step: int
    steps: int  # of this epoch
    loss: float
    units_per_second: float
    seconds_left: float | None
    unit: str = "chars"  # or texts, words, pieces
    note: str = ""  # the loss in another unit

    def headline(self) -> str:
        """The loss, in a few words."""
        return f"loss {self.loss:.3f}{self.note and f'  {self.note}'}"


@dataclass(frozen=True)
class ValidationProgress:
    """How much of an epoch's validation is done; `seconds_left` is the run's, as in Progress."""

    epoch: int  # from 1
    epochs: int
    share: float  # 0 to 1
    seconds_left: float | None


@dataclass(frozen=True, kw_only=True)
class EpochEnd:
    """An epoch that was learnt from and validated.

    `is_best` says whether its weights are the ones to keep so far. `samples` are texts that a
    generator wrote with them, by temperature; other kinds of model write none.
    """

    epoch: int  # from 1
    epochs: int
    steps: int  # of the run so far
    metrics: Metrics
    learning_rate: float  # of the next step
    is_best: bool
    samples: Mapping[float, str] = field(default_factory=dict)

    def headline(self) -> str:
        """The epoch in one line."""
        best = ", the best so far" if self.is_best else ""
        return f"epoch {self.epoch}: {self.metrics.headline()}{best}"

    def to_dict(self) -> dict[str, Any]:
        """The epoch's row of the history, strict JSON."""
        return {
            "epoch": self.epoch,
            "steps": self.steps,
            **self.metrics.to_dict(),
            "learning_rate": self.learning_rate,
        }


class Observer:
    """What a run tells whoever watches; every method may be left as it is."""

    def notice(self, text: str) -> None:
        """Something worth saying once."""

    def step(self, progress: Progress) -> None:
        """One or more steps were taken."""

    def validation(self, progress: ValidationProgress) -> None:
        """A validation began, at the share 0, or a part of it is done."""

    def epoch(self, end: EpochEnd) -> None:
        """An epoch ended: its figures, whether it is the best, and samples."""

    def should_stop(self) -> bool:
        """Asked after every step, and after every validation that steps would follow.

        True saves and ends the run early.
        """
        return False
