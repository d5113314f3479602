"""Turn a number of correct predictions into a confidence interval of the accuracy."""

import math
from dataclasses import dataclass

Z95 = 1.959964  # 95 % of a normal distribution lies within this many standard deviations


@dataclass(frozen=True)
class Interval:
    """A 95 % confidence interval of a fraction."""

    low: float
    high: float


def wilson(right: int, examples: int) -> Interval:
    """The Wilson score interval of `right` / `examples` (Wilson 1927), always within 0 to 1.

    ValueError when `right` is not within 0 to `examples`, or there are no examples.
    """
    if not 0 <= right <= examples or examples == 0:
        raise ValueError(
            f"right must be from 0 to examples (at least 1), got {right} of {examples}"
        )
    fraction, spread = right / examples, Z95**2 / examples
    centre = fraction + spread / 2
    half = math.sqrt(spread * (fraction * (1 - fraction) + spread / 4))
    low, high = (centre - half) / (1 + spread), (centre + half) / (1 + spread)
    return Interval(max(0.0, low), min(1.0, high))
