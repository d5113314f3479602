"""Exponentials of logits without overflow: softmax and its logarithm, each written once.

What keeps them stable is that the highest logit of a row is taken off the others first: softmax
does not change by that, and no exponential is above 1.
"""

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Real = TypeVar("Real", bound=np.floating[Any])


def below_highest(
    logits: npt.NDArray[Real], out: npt.NDArray[Real] | None = None
) -> npt.NDArray[Real]:
    """Logits (..., classes) less the highest of each row, into `out` where it is given."""
    return np.subtract(logits, logits.max(axis=-1, keepdims=True), out=out)


def softmax_weights(logits: npt.NDArray[Real], temperature: float = 1.0) -> npt.NDArray[Real]:
    """exp(logits / temperature) of each row, (..., classes), in proportion: the highest is 1.

    `logits` are overwritten; their type is that of the result, float64 for exact ratios.
    """
    below_highest(logits, out=logits)
    with np.errstate(over="ignore"):  # at temperature 1e-300 the unlikely ones go to -inf
        logits /= temperature
    return np.exp(logits, out=logits)


def log_sum_exp(logits: npt.NDArray[Real]) -> npt.NDArray[Real]:
    """The log of the sum of each row's exponentials, (..., classes) -> (...)."""
    highest = logits.max(axis=-1)
    sums: npt.NDArray[Real] = np.log(np.exp(logits - highest[..., None]).sum(axis=-1))
    return highest + sums


def log_likelihoods(
    logits: npt.NDArray[Real],
    targets: npt.NDArray[np.integer[Any]],
    out: npt.NDArray[Real] | None = None,
) -> npt.NDArray[Real]:
    """Logits (..., classes) and targets (...) -> log softmax(logits) at the targets, (...).

    `out`, of the shape of `logits` or `logits` itself, is overwritten and saves the memory.
    """
    below = below_highest(logits, out=out)
    chosen = np.take_along_axis(below, targets[..., None].astype(np.int64), axis=-1)[..., 0]
    return chosen - np.log(np.exp(below, out=below).sum(axis=-1))
