"""Estimate a run's remaining time from the durations of its steps and validations.

The first step with each batch shape is compiled, which takes a thousand times as long as the step
itself. The mean of all steps would predict hours instead of minutes, so slow steps do not count.
"""

import statistics
import time
from collections import deque
from collections.abc import Callable

FIRST = 10  # steps before the first estimate
RECENT = 100  # steps that the estimate uses
SLOW = 5  # times the median: a step that compiles


class Pace:
    """The speed of a run; call its methods as each step and validation ends.

    `clock` returns seconds. A resumed run measures again, because it may run on another machine.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()  # when the last step or validation ended
        self._steps: deque[float] = deque(maxlen=RECENT)
        self._validation: float | None = None  # seconds of the last one
        self._fraction: float | None = None  # done of the validation in progress

    def end_step(self) -> None:
        """One step ended; it took the time since the last call."""
        self.end_steps(1)

    def end_steps(self, count: int) -> None:
        """`count` steps ended; together they took the time since the last call."""
        self._steps.append(self._lap() / count)

    def validate(self, fraction: float) -> None:
        """A validation is in progress, and this fraction (0 to 1) of it is done."""
        self._fraction = fraction

    def end_validation(self) -> None:
        """The validation ended, with its calibration, sampling and saving."""
        self._validation, self._fraction = self._lap(), None

    def _lap(self) -> float:
        now = self._clock()
        seconds, self._since = now - self._since, now
        return seconds

    def step_seconds(self) -> float:
        """Mean seconds of the recent steps without the slow ones; 0 before the first step."""
        if not self._steps:
            return 0.0
        usual = SLOW * statistics.median(self._steps)
        return statistics.fmean(each for each in self._steps if each <= usual)

    def seconds_left(self, steps: int, validations: int) -> float | None:
        """Seconds for `steps` and `validations` more, including the validation in progress.

        None while too little has been measured: only a few steps, or nothing of the first
        validation. A validation counts as long as the last one. The first is extrapolated from the
        fraction that is done, and counts as 0 before it begins.
        """
        unmeasured = self._fraction == 0 and self._validation is None
        if (steps and len(self._steps) < FIRST) or unmeasured:
            return None
        spent = 0.0 if self._fraction is None else self._clock() - self._since
        each = self._validation
        if each is None:
            each = spent / self._fraction if self._fraction else 0.0
        current = 0.0 if self._fraction is None else min(spent, each)
        return steps * self.step_seconds() + validations * each - current
