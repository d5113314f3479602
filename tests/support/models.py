"""Models with random weights that several test modules share."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.generator import GeneratorConfig, weight_shapes
from textrnn.config.text import GeneratorTextConfig
from textrnn.tokenizers import CharTokenizer


def random_weights(
    config: Any, seed: int = 0, shapes: Callable[..., Mapping[str, Any]] = weight_shapes
) -> dict[str, np.ndarray]:
    """Random weights and biases for `config` that keep every pre-activation near 1.

    The recurrent kernels of tanh cells are scaled to the spectral norm 0.7: a chaotic network would
    amplify rounding errors without limit.
    """
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in shapes(config).items():
        values = rng.normal(size=shape)
        if name.endswith(("bias", "beta")):
            values *= 0.3
        elif name.endswith("gamma"):
            values = 1 + 0.1 * values
        elif config.cell.endswith("_rnn") and "recurrent" in name:
            values *= 0.7 / np.linalg.norm(values, 2)
        elif "embeddings" not in name:
            values /= np.sqrt(np.prod(shape[:-1]))
        weights[name] = values.astype(np.float32)
    return weights


def tiny_model(
    cell: str = "lstm",
    text: str = "\n abcdefghijklmnopqrstuvwxyz",
    units: int = 8,
    seed: int = 0,
    **config: object,
) -> GeneratorArtifact:
    """An untrained model over the alphabet of `text`; the same arguments give the same model."""
    tokenizer = CharTokenizer.fit([text])
    settings = {"embedding_dim": 5, **config}
    network = GeneratorConfig(vocab_size=tokenizer.vocab_size, cell=cell, units=units, **settings)
    return GeneratorArtifact(
        config=network,
        text=GeneratorTextConfig(),
        tokenizer=tokenizer,
        weights=random_weights(network, seed),
    )
