"""Turn logits into the next id.

`probabilities` says what the settings make of the logits; `draw` picks by one uniform number a
row (inversion of the cumulative distribution), so that a stream of uniforms is all the
randomness there is.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.config.sampling import SamplingConfig
from textrnn.engine.numerics import softmax_weights
from textrnn.tokenizers import Ids

Floats = npt.NDArray[np.floating[Any]]


def sample(
    logits: Floats,
    rng: np.random.Generator,
    config: SamplingConfig,
    recent: Ids | None = None,
) -> Ids:
    """Draw an id a row from `logits` (rows, vocab_size) -> (rows,).

    `recent` (rows, characters) is what the repetition penalty looks back at.
    """
    return draw(probabilities(logits, config, recent), rng.random(len(logits)))


def probabilities(logits: Floats, config: SamplingConfig, recent: Ids | None = None) -> Floats:
    """Logits (rows, vocab_size) -> weights of the same shape, float64, not normalised.

    A weight of 0 is never drawn. At temperature 0 all weight is on the likeliest (the first of
    equals).
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
    """Weights (rows, vocab_size) and uniforms in [0, 1) (rows,) -> ids (rows,)."""
    cumulative = weights.cumsum(axis=-1)
    total = cumulative[:, -1]
    # Below the total even when the product rounds up to it: past it there is nothing to draw.
    thresholds = np.minimum(uniforms * total, np.nextafter(total, 0))
    if len(weights) == 1:
        return cumulative[0].searchsorted(thresholds, side="right")
    return (cumulative <= thresholds[:, None]).sum(axis=-1)


def uniforms(seed: int, count: int, first: int = 0, block: int = 1024) -> Iterator[Floats]:
    """Uniforms (count,) a step, for ever; row i is of the child generator of (seed, first + i)."""
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
    # By rank, the first of equals first: exactly k are kept.
    order = np.argsort(-weights, axis=-1, kind="stable")
    np.put_along_axis(weights, order[:, k:], 0, axis=-1)


def _keep_top_p(weights: Floats, p: float) -> None:
    order = np.argsort(-weights, axis=-1, kind="stable")
    ranked = np.take_along_axis(weights, order, axis=-1)
    before = ranked.cumsum(axis=-1) - ranked
    ranked[before >= p * ranked.sum(axis=-1, keepdims=True)] = 0
    np.put_along_axis(weights, order, ranked, axis=-1)
