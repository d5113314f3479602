"""Turn the times that steps and validations took into the time that a run still takes.

The first step with each shape of batch is compiled, which takes a thousand times as long as the
step itself: the mean of all steps would predict hours for minutes, so slow steps do not count.
"""

import statistics
import time
from collections import deque
from collections.abc import Callable

FIRST = 10  # steps before anything is predicted
RECENT = 100  # steps that the prediction goes by
SLOW = 5  # times the median: a step that compiles


class Pace:
    """The speed of a run, told of every step and validation as it ends.

    `clock` gives seconds. A resumed run has a new one: another machine may go on with it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()  # when the last step or validation ended
        self._steps: deque[float] = deque(maxlen=RECENT)
        self._validation: float | None = None  # seconds that the last one took
        self._share: float | None = None  # of the validation in progress

    def end_step(self) -> None:
        """A step ended: it took the time since the one before."""
        self.end_steps(1)

    def end_steps(self, count: int) -> None:
        """So many steps ended, which took the time since the ones before."""
        self._steps.append(self._lap() / count)

    def validate(self, share: float) -> None:
        """A validation is in progress, and this share (0 to 1) of it is done."""
        self._share = share

    def end_validation(self) -> None:
        """The validation ended, with all that belongs to it: calibrating, sampling, saving."""
        self._validation, self._share = self._lap(), None

    def _lap(self) -> float:
        now = self._clock()
        seconds, self._since = now - self._since, now
        return seconds

    def step_seconds(self) -> float:
        """Mean seconds of the recent steps without the slow ones; 0 before the first."""
        if not self._steps:
            return 0.0
        usual = SLOW * statistics.median(self._steps)
        return statistics.fmean(each for each in self._steps if each <= usual)

    def seconds_left(self, steps: int, validations: int) -> float | None:
        """Seconds for so many more steps and validations, the one in progress among the latter.

        None while too little was measured to tell: a few steps, or nothing of the first validation
        that is in progress. A validation counts as long as the last one took, the first one by
        the share of it that is done, and as 0 before it begins.
        """
        if (steps and len(self._steps) < FIRST) or (self._share == 0 and self._validation is None):
            return None
        spent = 0.0 if self._share is None else self._clock() - self._since
        each = self._validation
        if each is None:
            each = spent / self._share if self._share else 0.0
        current = 0.0 if self._share is None else min(spent, each)
        return steps * self.step_seconds() + validations * each - current
