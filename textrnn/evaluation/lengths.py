"""Accuracy by the length of the text."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from textrnn.evaluation.intervals import Interval, wilson

LENGTH_EDGES = (50, 100, 200, 400, 800)  # words


@dataclass(frozen=True)
class LengthRow:
    """The examples of `low` to `high` words, inclusive; `high` None means no upper limit.

    `accuracy` and its `interval` are None without examples.
    """

    low: int
    high: int | None
    count: int
    accuracy: float | None
    interval: Interval | None


def accuracy_by_length(
    lengths: npt.ArrayLike, right: npt.ArrayLike, edges: Sequence[int] = LENGTH_EDGES
) -> list[LengthRow]:
    """Accuracy by text length.

    lengths  (n,) integers, words of each text
    right    (n,) bool, whether the prediction is correct
    edges    ascending; each is the maximum length of its row, and one open row follows
    """
    lengths, right = np.asarray(lengths), np.asarray(right, dtype=bool)
    if lengths.shape != right.shape:
        raise ValueError(f"{lengths.shape} lengths do not fit {right.shape} predictions")
    if list(edges) != sorted(set(edges)):
        raise ValueError(f"edges must ascend, got {list(edges)}")
    rows, low = [], 0
    for high in (*edges, None):
        inside = (lengths >= low) & (lengths <= (math.inf if high is None else high))
        count, hits = int(inside.sum()), int((right & inside).sum())
        scores = (hits / count, wilson(hits, count)) if count else (None, None)
        rows.append(LengthRow(low, high, count, *scores))
        low = 0 if high is None else high + 1
    return rows
