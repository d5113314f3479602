"""Turn a classifier's logits into calibrated probabilities by temperature scaling.

An overtrained network reports .999 where it is right nine times in ten. One number, the
temperature, fitted on held-out examples, corrects this (Guo et al., "On calibration of modern
neural networks", 2017). It changes no prediction: dividing by it keeps the order of the logits.

A few correct predictions do not prove certainty. Each of n labels is therefore smoothed by
1 / (n + 2), as in Platt, "Probabilistic outputs for support vector machines" (1999): 20 correct
out of 20 give a probability of 21 / 22.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.engine.numerics import below_highest, softmax_weights
from textrnn.errors import ArtifactError, ConfigError, CorpusError

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]

LOWEST, HIGHEST = 0.05, 20.0  # temperatures
PRECISION = 1e-6  # relative


def fit_temperature(logits: npt.NDArray[np.floating[Any]], labels: npt.ArrayLike) -> float:
    """The temperature from 0.05 to 20 that minimises the log loss of the smoothed labels.

        logits  (n, classes); the single logit z of a binary model becomes (0, z)
        labels  (n,) integers

    The mean log loss of softmax(logits / temperature) is convex in 1 / temperature. If all
    temperatures give the same loss (all logits equal), the result is 1. CorpusError when there is
    no example, ArtifactError when a logit is NaN or infinite.
    """
    labels = validate_labels(labels, logits.shape)
    if not np.isfinite(logits).all():
        raise ArtifactError(
            "the model's logits contain NaN or infinity: its weights are damaged, or training "
            "diverged; train it again with a lower --learning-rate"
        )
    # In float64: the difference of two float32 numbers may overflow float32.
    below: Floats = below_highest(logits.astype(np.float64))
    cold, hot = _gradient(below, labels, 1 / LOWEST), _gradient(below, labels, 1 / HIGHEST)
    if cold == hot == 0:
        return 1.0
    if cold <= 0:
        return LOWEST
    if hot >= 0:
        return HIGHEST
    # The gradient rises monotonically in 1 / temperature, so bisection finds its zero.
    low, high = math.log(LOWEST), math.log(HIGHEST)
    while high - low > PRECISION:
        middle = (low + high) / 2
        if _gradient(below, labels, math.exp(-middle)) > 0:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)


def probabilities(logits: npt.NDArray[np.floating[Any]], temperature: float = 1.0) -> Floats:
    """softmax(logits / temperature), (n, classes) -> (n, classes), without overflow."""
    if not 0 < temperature < math.inf:  # written so that nan fails too
        raise ConfigError(f"temperature must be above 0, got {temperature}")
    weights = softmax_weights(logits.astype(np.float64), temperature)
    return weights / weights.sum(axis=1, keepdims=True)


def validate_labels(labels: npt.ArrayLike, shape: tuple[int, ...]) -> Labels:
    """`labels` as (n,) integers that index the columns of an array of `shape` (n, classes).

    CorpusError when there are no labels, ValueError when they do not fit `shape`.
    """
    labels = np.asarray(labels)
    if len(shape) != 2 or shape[1] < 2 or labels.shape != shape[:1]:
        raise ValueError(
            f"need labels of shape (n,) and an array of shape (n, 2 classes or more), got "
            f"{labels.shape} and {shape}"
        )
    if not len(labels):
        raise CorpusError("there is no labelled example to score; name a file that has some")
    if labels.dtype.kind not in "iu" or not 0 <= labels.min() <= labels.max() < shape[1]:
        raise ValueError(f"labels must be integers from 0 to {shape[1] - 1}")
    return labels.astype(np.int64)


def _gradient(logits: Floats, labels: Labels, inverse: float) -> float:
    """Derivative of the mean log loss by 1 / temperature, at `inverse`: E[z] - z of the label.

    The highest of the `logits` of each row must be 0.
    """
    count, classes = logits.shape
    weights = np.exp(logits * inverse)
    expected = (weights * logits).sum(axis=1) / weights.sum(axis=1)
    own, smoothing = logits[np.arange(count), labels], 1 / (count + 2)
    others = (logits.sum(axis=1) - own) / (classes - 1)
    return float((expected - (1 - smoothing) * own - smoothing * others).mean())
