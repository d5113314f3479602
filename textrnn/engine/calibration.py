"""Turn a classifier's logits into probabilities that mean what they say.

A network trained long claims .999 where it is right nine times in ten. One number, the
temperature, fitted on held-out examples, takes that back (Guo et al., "On calibration of modern
neural networks", 2017). It changes no prediction: dividing by it keeps the logits' order.

A few examples, all judged right, are no proof of certainty. So each of n labels counts as true
but for a share of 1 / (n + 2), as in Platt's "Probabilistic outputs for support vector machines"
(1999): of 20 out of 20 right a probability of 21 / 22 is made.
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
    """The temperature from 0.05 to 20 under which the labels, hardly doubted, are likeliest.

        logits  (n, classes); a binary model's one logit z is the pair (0, z)
        labels  (n,) integers

    The mean log loss of softmax(logits / temperature) is convex in 1 / temperature. Where every
    temperature does equally well (all logits alike), it is 1. CorpusError when there is no
    example, ArtifactError when a logit is no number.
    """
    labels = checked_labels(labels, logits.shape)
    if not np.isfinite(logits).all():
        raise ArtifactError("the model gives logits that are no numbers: its weights are damaged")
    # In float64: the difference of two float32 may be no float32.
    below: Floats = below_highest(logits.astype(np.float64))
    cold, hot = _slope(below, labels, 1 / LOWEST), _slope(below, labels, 1 / HIGHEST)
    if cold == hot == 0:
        return 1.0
    if cold <= 0:
        return LOWEST
    if hot >= 0:
        return HIGHEST
    # The slope in 1 / temperature only ever rises, so its zero is found by halving.
    low, high = math.log(LOWEST), math.log(HIGHEST)
    while high - low > PRECISION:
        middle = (low + high) / 2
        if _slope(below, labels, math.exp(-middle)) > 0:
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


def checked_labels(labels: npt.ArrayLike, shape: tuple[int, ...]) -> Labels:
    """`labels` as (n,) integers that index the columns of an array of `shape` (n, classes).

    CorpusError when there are none at all.
    """
    labels = np.asarray(labels)
    if len(shape) != 2 or shape[1] < 2 or labels.shape != shape[:1]:
        raise ValueError(
            f"labels of shape (n,) and an array (n, 2 classes or more) are needed, got "
            f"{labels.shape} and {shape}"
        )
    if not len(labels):
        raise CorpusError("there is no labelled example to score; name a file that holds some")
    if labels.dtype.kind not in "iu" or not 0 <= labels.min() <= labels.max() < shape[1]:
        raise ValueError(f"labels must be integers from 0 to {shape[1] - 1}")
    return labels.astype(np.int64)


def _slope(logits: Floats, labels: Labels, inverse: float) -> float:
    """Derivative of the mean log loss by 1 / temperature, at `inverse`: E[z] - z of the truth.

    `logits` are at most 0, the highest of each row being 0.
    """
    count, classes = logits.shape
    weights = np.exp(logits * inverse)
    expected = (weights * logits).sum(axis=1) / weights.sum(axis=1)
    own, doubt = logits[np.arange(count), labels], 1 / (count + 2)
    others = (logits.sum(axis=1) - own) / (classes - 1)
    return float((expected - (1 - doubt) * own - doubt * others).mean())
