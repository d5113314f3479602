"""What a training run tells whoever watches, and asks of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Progress:
    """Where a run stands inside an epoch; `loss` is the epoch's mean so far, in nats."""

    epoch: int  # from 1
    epochs: int
    step: int
    steps: int  # of this epoch
    loss: float
    units_per_second: float
    seconds_left: float
    unit: str = "chars"  # or texts


class Observer:
    """What a run tells whoever watches; every method may be left as it is."""

    def notice(self, text: str) -> None:
        """Something worth saying once."""

    def step(self, progress: Progress) -> None:
        """A step was taken."""

    def epoch(self, row: Mapping[str, Any], best: bool, samples: Mapping[float, str]) -> None:
        """An epoch ended: its line of history, whether it is the best, a sample a temperature."""

    def should_stop(self) -> bool:
        """Asked after every step; True saves and ends the run early."""
        return False
