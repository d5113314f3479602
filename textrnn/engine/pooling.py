"""Pooling over time in NumPy: the steps of each text -> one vector, by the parts of `POOLINGS`.

Steps are pooled as they are computed, so that the outputs need not be stored.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from textrnn.engine.cells import Floats
from textrnn.engine.packing import Indices


def _identity(values: Floats, lengths: Indices) -> Floats:
    return values


def _mean(total: Floats, lengths: Indices) -> Floats:
    total /= lengths[:, None]
    return total


@dataclass(frozen=True)
class Reduction:
    """One part of a pooling: `add` folds the steps into the initial value `first`, then `finish`.

    Without `add` the result is the state of the recurrent layer after the last step of each text.
    """

    first: float = 0.0
    add: Any = None  # a ufunc
    finish: Callable[[Floats, Indices], Floats] = _identity


PARTS: Mapping[str, Reduction] = MappingProxyType(
    {
        "last": Reduction(),
        "max": Reduction(-np.inf, np.maximum),
        "mean": Reduction(0.0, np.add, _mean),
    }
)


def pool_steps(
    parts: Sequence[str], steps: Iterable[tuple[int, Floats]], state: Floats, lengths: Indices
) -> list[Floats]:
    """Pool the outputs of a recurrent layer: one array (texts, units) per part.

    Each step gives the number of active texts (the longest ones) and their outputs (rows, units);
    drawing a step updates `state` (texts, units) in place.
    """
    reductions = [PARTS[part] for part in parts]
    values = [np.full_like(state, each.first) if each.add else state for each in reductions]
    adding = [(each.add, total) for each, total in zip(reductions, values, strict=True) if each.add]
    for rows, output in steps:
        for add, total in adding:
            add(total[:rows], output, out=total[:rows])
    return [each.finish(total, lengths) for each, total in zip(reductions, values, strict=True)]


def pool_words(parts: Sequence[str], values: Floats, lengths: Indices) -> list[Floats]:
    """Pool features (words, features) of concatenated texts: (texts, features) per part."""
    starts = np.cumsum(lengths) - lengths
    return [
        each.finish(each.add.reduceat(values, starts, axis=0), lengths)
        for each in (PARTS[part] for part in parts)
    ]
