"""Pooling over time in NumPy: the steps of each text -> one vector, by the parts of `POOLINGS`.

Steps are pooled as they come, so that outputs themselves need not be kept.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from textrnn.engine.cells import Floats
from textrnn.engine.packing import Indices


def _as_it_is(values: Floats, lengths: Indices) -> Floats:
    return values


def _mean(total: Floats, lengths: Indices) -> Floats:
    total /= lengths[:, None]
    return total


@dataclass(frozen=True)
class Reduction:
    """A part of a pooling: `add` goes over the steps from `first` on, `finish` makes the result.

    Without `add` it is the recurrent layer's state after a text's last step.
    """

    first: float = 0.0
    add: Any = None  # a ufunc
    finish: Callable[[Floats, Indices], Floats] = _as_it_is


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
    """The vectors (texts, units) of each of `parts`, over the outputs of a recurrent layer.

    `steps` give how many texts take part, the longest first, and their outputs (rows, units);
    they move `state` (texts, units) on in place.
    """
    reductions = [PARTS[part] for part in parts]
    values = [np.full_like(state, each.first) if each.add else state for each in reductions]
    adding = [(each.add, total) for each, total in zip(reductions, values, strict=True) if each.add]
    for rows, output in steps:
        for add, total in adding:
            add(total[:rows], output, out=total[:rows])
    return [each.finish(total, lengths) for each, total in zip(reductions, values, strict=True)]


def pool_words(parts: Sequence[str], values: Floats, lengths: Indices) -> list[Floats]:
    """The same of features (words, features), the words of texts one after the other."""
    starts = np.cumsum(lengths) - lengths
    return [
        each.finish(each.add.reduceat(values, starts, axis=0), lengths)
        for each in (PARTS[part] for part in parts)
    ]
