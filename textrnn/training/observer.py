"""The interface between a training run and whoever watches it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from textrnn.training.metrics import Metrics

TIMES = ("seconds", "date")  # columns of the history in which two equal runs differ
OnProgress = Callable[[int, int], None]  # parts of a validation done, and in all


@dataclass(frozen=True)
class Progress:
    """Progress of a run inside an epoch; `loss` is the epoch's mean so far.

    `seconds_left` includes the remaining validations once one has been measured; it is None while
    too little has been measured.
    """

    epoch: int  # from 1
    epochs: int
    step: int
    steps: int  # of this epoch
    loss: float
    units_per_second: float
    seconds_left: float | None
    unit: str = "chars"  # or texts, or the unit of the tokens
    note: str = ""  # the loss in another unit

    def headline(self) -> str:
        """The loss and its note."""
        return f"loss {self.loss:.3f}{self.note and f'  {self.note}'}"


@dataclass(frozen=True)
class ValidationProgress:
    """Progress of an epoch's validation; `seconds_left` is the run's, as in Progress."""

    epoch: int  # from 1
    epochs: int
    share: float  # 0 to 1
    seconds_left: float | None


@dataclass(frozen=True, kw_only=True)
class EpochEnd:
    """The result of an epoch after validation.

    `is_best` says whether its weights are the best so far. `samples` are texts that a generator
    wrote with them, by temperature; other kinds of models have none.
    """

    epoch: int  # from 1
    epochs: int
    steps: int  # of the run so far
    metrics: Metrics
    learning_rate: float  # of the next step
    is_best: bool
    samples: Mapping[float, str] = field(default_factory=dict)
    seconds: float = 0.0  # of the epoch, with its validation
    date: str | None = None  # its end in UTC, ISO 8601

    def headline(self, width: int | None = None) -> str:
        """The epoch in one line, of at most `width` columns if leaving out notes is enough."""
        start = f"epoch {self.epoch}/{self.epochs}: "
        best = self.is_best and self.metrics.validated
        end = f", {duration(self.seconds)}{', best' if best else ''}"
        room = None if width is None else width - len(start) - len(end)
        return f"{start}{self.metrics.headline(room)}{end}"

    def to_dict(self) -> dict[str, Any]:
        """The epoch's row of the history, strict JSON."""
        return {
            "epoch": self.epoch,
            "steps": self.steps,
            **self.metrics.to_dict(),
            "learning_rate": self.learning_rate,
            "seconds": round(self.seconds, 3),
            "date": self.date,
        }


class Observer:
    """Receives the events of a run; override any of the methods."""

    def notice(self, text: str) -> None:
        """A message for people, sent once."""

    def step(self, progress: Progress) -> None:
        """One or more steps have been taken."""

    def validation(self, progress: ValidationProgress) -> None:
        """A validation has begun (fraction 0), or a part of it is done."""

    def epoch(self, end: EpochEnd) -> None:
        """An epoch has ended: its metrics, whether it is the best, and samples."""

    def should_stop(self) -> bool:
        """Whether to save and end the run early.

        Called after every step, and after every validation but the last.
        """
        return False


def duration(seconds: float) -> str:
    """Seconds as h:mm:ss or m:ss."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
