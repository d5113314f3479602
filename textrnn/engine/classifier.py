"""The forward pass of a trained classifier in NumPy: texts as ids -> logits.

It equals the Keras model of the same config and weights. Texts are packed, not padded
(`textrnn.engine.packing`), and the outputs of the top layer are pooled as they are computed. The
working set fits the processor's cache, whatever the number and length of the texts.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.artifacts.hub import check_trusted
from textrnn.config.classifier import ClassifierConfig
from textrnn.config.network import POOLINGS
from textrnn.engine.cells import Floats
from textrnn.engine.packing import Indices, batches, ranges
from textrnn.engine.pooling import pool_words
from textrnn.engine.stack import RecurrentStack
from textrnn.errors import needs_extra
from textrnn.tokenizers import Ids

# The module with the network that takes whole texts instead of ids. It is imported by name, because
# it needs TensorFlow and no other model should load that.
TEXT_NETWORK = "textrnn.models.hub.network"


def build_network(model: ClassifierArtifact) -> Any:
    """The forward pass of a trained classifier: a ClassifierNetwork, or a PooledNetwork over texts.

    A PooledNetwork needs TensorFlow and a TF-Hub module; MissingExtraError and ArtifactError when
    either is missing. ArtifactError unless the user trusts the module (`model.trust_hub`).
    """
    if model.tokenizer.has_ids:
        return ClassifierNetwork(model.config, model.weights)
    check_trusted(model.hub, model.name, model.trust_hub)
    with needs_extra(f"{model.name}, which reads texts through a TF-Hub module,"):
        network = import_module(TEXT_NETWORK)
    return network.PooledNetwork(model.config, model.weights, model.hub, model.name)


class ClassifierNetwork:
    """A trained classifier that is ready to compute; `weights` are not changed."""

    def __init__(self, config: ClassifierConfig, weights: Mapping[str, npt.NDArray[Any]]) -> None:
        self.config = config
        self._weights = {name: np.asarray(array, np.float32) for name, array in weights.items()}
        self._stack = RecurrentStack(config, self._weights)

    def logits(self, texts: Sequence[Ids]) -> Floats:
        """Logits (texts, classes) of texts of one id or more each, batched by length."""
        result = np.empty((len(texts), self.config.classes), np.float32)
        for rows in batches([len(ids) for ids in texts]):
            result[rows] = self.batch_logits([texts[row] for row in rows])
        return result

    def fold(self) -> None:
        """Trade memory for speed: store the first recurrent layer's input products of each id.

        It pays off from `vocab_size` words on; `RecurrentStack.fold` gives the memory. No effect
        behind a convolution.
        """
        if not self.config.conv_layers:
            self._stack.fold()

    def batch_logits(self, texts: Sequence[Ids]) -> Floats:
        """Logits (texts, classes) of one batch of texts, longest first."""
        lengths, ids = np.array([len(ids) for ids in texts]), np.concatenate(texts)
        values, places = self._weights["embedding/embeddings"], ids.astype(np.intp)
        if self.config.conv_layers:
            values, lengths = self._convolve(values[ids], lengths)
            places = np.arange(len(values))
        parts = POOLINGS[self.config.pooling].parts
        if self.config.layers:
            pooled = self._stack.pooled(values, places, lengths, parts)
        else:
            pooled = np.concatenate(pool_words(parts, values[places], lengths), axis=1)
        if self.config.dense_units:
            pooled = pooled @ self._weights["hidden/kernel"] + self._weights["hidden/bias"]
            pooled = np.maximum(pooled, 0)
        logits = pooled @ self._weights["output/kernel"] + self._weights["output/bias"]
        if self.config.logits == 1:  # the log-odds of the second class
            logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
        return logits

    def _convolve(self, h: Floats, lengths: Indices) -> tuple[Floats, Indices]:
        """Convolve and pool `h` (words, features) of concatenated texts; also the new lengths."""
        config = self.config
        for index in range(1, config.conv_layers + 1):
            h = _convolution(
                h, lengths, self._weights[f"conv_{index}/kernel"],
                self._weights[f"conv_{index}/bias"],
            )  # fmt: skip
            if config.conv_pool > 1 and (index < config.conv_layers or config.layers):
                pooled = -(-lengths // config.conv_pool)
                starts = np.repeat(np.cumsum(lengths) - lengths, pooled)
                starts += ranges(pooled) * config.conv_pool
                h, lengths = np.maximum.reduceat(h, starts, axis=0), pooled
        return h, lengths


def _convolution(h: Floats, lengths: Indices, kernel: Floats, bias: Floats) -> Floats:
    """ReLU of a convolution over each text, zero-padded at its ends ("same" padding)."""
    width = len(kernel)
    before = (width - 1) // 2
    gaps = np.repeat(np.arange(len(lengths)) * (width - 1) + before, lengths)
    places = np.arange(len(h)) + gaps
    padded = np.zeros((len(h) + len(lengths) * (width - 1), h.shape[1]), np.float32)
    padded[places] = h
    total = np.zeros((len(h), kernel.shape[2]), np.float32)
    for index, weights in enumerate(kernel):
        total += padded[places + (index - before)] @ weights
    return np.maximum(total + bias, 0)
