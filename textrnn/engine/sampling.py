"""Turn logits into the next id.

`probabilities` applies the settings to the logits. `draw` picks an id with one uniform number per
row, by inverting the cumulative distribution. The stream of uniforms is the only randomness.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.config.sampling import SamplingConfig
from textrnn.engine.numerics import not_finite, softmax_weights
from textrnn.tokenizers import Ids

Floats = npt.NDArray[np.floating[Any]]


def sample(
    logits: Floats,
    rng: np.random.Generator,
    config: SamplingConfig,
    recent: Ids | None = None,
) -> Ids:
    """Draw one id per row: `logits` (rows, vocab_size) -> (rows,).

    The repetition penalty applies to the ids in `recent` (rows, steps).
    """
    return draw(probabilities(logits, config, recent), rng.random(len(logits)))


def probabilities(logits: Floats, config: SamplingConfig, recent: Ids | None = None) -> Floats:
    """Logits (rows, vocab_size) -> unnormalised weights of the same shape, float64.

    A weight of 0 is never drawn. At temperature 0 only the most likely id has weight (on a tie,
    the first).
    """
    weights = logits.astype(np.float64)
    if recent is not None and config.repetition_penalty != 1:
        _penalise(weights, config, recent)
    if config.temperature == 0:
        best = weights.argmax(axis=-1)
        weights[:] = 0
        weights[np.arange(len(weights)), best] = 1
        return weights
    softmax_weights(weights, config.temperature)
    if 0 < config.top_k < weights.shape[-1]:
        _keep_top_k(weights, config.top_k)
    if config.top_p < 1:
        _keep_top_p(weights, config.top_p)
    if config.min_p > 0:
        weights[weights < config.min_p * weights.max(axis=-1, keepdims=True)] = 0
    return weights


def draw(weights: Floats, uniforms: Floats) -> Ids:
    """Weights (rows, vocab_size) and uniforms in [0, 1) (rows,) -> ids (rows,).

    ArtifactError when a weight is not finite.
    """
    cumulative = weights.cumsum(axis=-1)
    total = cumulative[:, -1]
    if not math.isfinite(sum(total.tolist())):  # for one row, the fastest check
        raise not_finite()
    # Stay below the total even when the product rounds up to it: there is no id beyond.
    thresholds = np.minimum(uniforms * total, np.nextafter(total, 0))
    if len(weights) == 1:
        return cumulative[0].searchsorted(thresholds, side="right")
    return (cumulative <= thresholds[:, None]).sum(axis=-1)


def uniforms(seed: int, count: int, first: int = 0, block: int = 1024) -> Iterator[Floats]:
    """Endless uniforms, (count,) per step; row i comes from child generator first + i of `seed`."""
    rngs = [
        np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(i,)))
        for i in range(first, first + count)
    ]
    while True:
        yield from np.stack([rng.random(block) for rng in rngs], axis=1)


def _penalise(weights: Floats, config: SamplingConfig, recent: Ids) -> None:
    recent = recent[:, -config.repetition_window :]
    values = np.take_along_axis(weights, recent, axis=-1)
    penalty = config.repetition_penalty
    values = np.where(values > 0, values / penalty, values * penalty)
    np.put_along_axis(weights, recent, values, axis=-1)


def _keep_top_k(weights: Floats, k: int) -> None:
    # Stable ranks: on ties the first id wins, so exactly k are kept.
    order = np.argsort(-weights, axis=-1, kind="stable")
    np.put_along_axis(weights, order[:, k:], 0, axis=-1)


def _keep_top_p(weights: Floats, p: float) -> None:
    order = np.argsort(-weights, axis=-1, kind="stable")
    ranked = np.take_along_axis(weights, order, axis=-1)
    before = ranked.cumsum(axis=-1) - ranked
    ranked[before >= p * ranked.sum(axis=-1, keepdims=True)] = 0
    np.put_along_axis(weights, order, ranked, axis=-1)
