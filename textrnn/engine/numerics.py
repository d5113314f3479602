"""Softmax and log-softmax without overflow, and the error of a model whose results overflow.

The highest logit of each row is subtracted first. This does not change the softmax, and keeps every
exponential at 1 or below.
"""

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from textrnn.errors import ArtifactError

Real = TypeVar("Real", bound=np.floating[Any])


def below_highest(
    logits: npt.NDArray[Real], out: npt.NDArray[Real] | None = None
) -> npt.NDArray[Real]:
    """Subtract the highest logit of each row from `logits` (..., classes); `out` as in NumPy."""
    return np.subtract(logits, logits.max(axis=-1, keepdims=True), out=out)


def softmax_weights(logits: npt.NDArray[Real], temperature: float = 1.0) -> npt.NDArray[Real]:
    """exp(logits / temperature), (..., classes), scaled so that the highest of each row is 1.

    `logits` are overwritten, and the result keeps their type: pass float64 for exact ratios.
    """
    below_highest(logits, out=logits)
    with np.errstate(over="ignore"):  # at temperature 1e-300 lower logits become -inf
        logits /= temperature
    return np.exp(logits, out=logits)


def log_sum_exp(logits: npt.NDArray[Real]) -> npt.NDArray[Real]:
    """log(sum(exp(logits))) of each row, (..., classes) -> (...)."""
    highest = logits.max(axis=-1)
    sums: npt.NDArray[Real] = np.log(np.exp(logits - highest[..., None]).sum(axis=-1))
    return highest + sums


def log_likelihoods(
    logits: npt.NDArray[Real],
    targets: npt.NDArray[np.integer[Any]],
    out: npt.NDArray[Real] | None = None,
) -> npt.NDArray[Real]:
    """Logits (..., classes) and targets (...) -> log softmax(logits) at the targets, (...).

    `out` is a work buffer of the shape of `logits`, or `logits` itself, to save memory.
    """
    below = below_highest(logits, out=out)
    chosen = np.take_along_axis(below, targets[..., None].astype(np.int64), axis=-1)[..., 0]
    return chosen - np.log(np.exp(below, out=below).sum(axis=-1))


def not_finite(name: str = "the model") -> ArtifactError:
    """The error of a model whose weights are finite, but whose results are not."""
    return ArtifactError(
        f"{name} gives results that are not finite numbers: its weights are damaged, or its "
        f"training diverged; restore it from a copy, or train it again"
    )
