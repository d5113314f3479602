"""Time cases in turns, so that a busy machine slows all of them alike, and show what was found.

A case is a function that runs once and returns one figure: seconds, or things per second. Cases
take turns, round by round; a ratio is that of two figures of the same round.
"""

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Timed = Callable[[], float]  # runs once; seconds, or things per second


def seconds_of(run: Callable[[], object]) -> Timed:
    """The seconds that `run` takes."""

    def timed() -> float:
        started = time.perf_counter()
        run()
        return time.perf_counter() - started

    return timed


def per_second(count: int, run: Callable[[], object]) -> Timed:
    """How many of the `count` things that `run` handles it handles in a second."""
    seconds = seconds_of(run)
    return lambda: count / seconds()


def process(*command: str) -> Timed:
    """The seconds of a whole process. CalledProcessError where it fails."""
    return seconds_of(lambda: subprocess.run(command, check=True, capture_output=True))


def interleaved(cases: Mapping[str, Timed], rounds: int, *, warm: int) -> dict[str, list[float]]:
    """The figures of each case, one a round, after `warm` runs of each that are not kept."""
    for run in cases.values():
        for _ in range(warm):
            run()
    figures: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, run in cases.items():
            figures[name].append(run())
    return figures


@dataclass(frozen=True)
class Spread:
    """The median of some figures and their range; a format is that of a number: f"{spread:.2f}"."""

    median: float
    min: float
    max: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of one figure or more."""
        return cls(statistics.median(values), min(values), max(values))

    def __format__(self, form: str) -> str:
        return f"{self.median:{form}} ({self.range(form)})"

    def range(self, form: str) -> str:
        """The least and the greatest figure."""
        return f"{self.min:{form}}-{self.max:{form}}"

    def to_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        return asdict(self)


def ratio(first: Sequence[float], second: Sequence[float]) -> Spread:
    """The spread of first / second, round by round."""
    return Spread.of([one / other for one, other in zip(first, second, strict=True)])
