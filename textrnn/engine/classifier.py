"""A trained classifier's forward pass in NumPy: texts as ids -> logits.

Equal to the Keras model of the same config and weights. Texts are packed, not padded
(`textrnn.engine.packing`), and the outputs of the uppermost layer are pooled as they come: what
is at work fits the processor's cache, however long and many the texts are.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.config.classifier import ClassifierConfig, cell_names
from textrnn.engine.cells import Floats, Layer
from textrnn.engine.packing import Indices, Packed, batches, counted
from textrnn.errors import ArtifactError
from textrnn.tokenizers import Ids

Products = Callable[[slice], Floats]  # words in the order of reading -> (gates, words, units)


# What computes the logits of a classifier that reads whole texts instead of ids. Imported by name:
# it takes TensorFlow, which no other model is to pay for.
TEXT_NETWORK = "textrnn.models.hub.network"


def build_network(model: ClassifierArtifact) -> Any:
    """The forward pass of a trained classifier: a ClassifierNetwork, or a PooledNetwork over texts.

    The latter needs TensorFlow and a TF-Hub module; ArtifactError when they cannot be had.
    """
    if model.tokenizer.has_ids:
        return ClassifierNetwork(model.config, model.weights)
    try:
        network = import_module(TEXT_NETWORK)
    except ImportError as error:
        raise ArtifactError(
            f"{model.name} reads texts through the TF-Hub module {model.hub['handle']}, which "
            f"takes TensorFlow, and that cannot be imported: {error}; pip install tensorflow"
        ) from error
    return network.PooledNetwork(model.config, model.weights, model.hub, model.name)


class ClassifierNetwork:
    """A trained classifier, ready to compute; the arrays it is given are not changed."""

    def __init__(self, config: ClassifierConfig, weights: Mapping[str, npt.NDArray[Any]]) -> None:
        self.config = config
        self._tables: list[Floats] = []
        self._weights = {name: np.asarray(array, np.float32) for name, array in weights.items()}
        self._layers = [
            [
                Layer(config.cell, config.units, name, self._weights)
                for name in cell_names(config, index)
            ]
            for index in range(1, config.layers + 1)
        ]

    def logits(self, texts: Sequence[Ids]) -> Floats:
        """Logits (texts, classes) of texts of one id or more each; batches by length inside."""
        result = np.empty((len(texts), self.config.classes), np.float32)
        for rows in batches([len(ids) for ids in texts]):
            result[rows] = self.batch_logits([texts[row] for row in rows])
        return result

    def fold(self) -> None:
        """Spend memory on speed: the first layer's input products of each id.

        It pays for as many words as there are ids; `vocab_size` x gates x units float32 are kept.
        """
        if not self._tables and self._layers and not self.config.conv_layers:
            table = self._weights["embedding/embeddings"]
            self._tables = [_by_gate(table, layer) for layer in self._layers[0]]

    def batch_logits(self, texts: Sequence[Ids]) -> Floats:
        """Logits (texts, classes) of one batch of texts, longest first."""
        lengths, ids = np.array([len(ids) for ids in texts]), np.concatenate(texts)
        values, places = self._weights["embedding/embeddings"], ids.astype(np.intp)
        if self.config.conv_layers:
            values, lengths = self._convolve(values[ids], lengths)
            places = np.arange(len(values))
        read = self._read if self._layers else self._pool
        pooled = read(values, places, lengths)
        if self.config.dense_units:
            pooled = pooled @ self._weights["hidden/kernel"] + self._weights["hidden/bias"]
            pooled = np.maximum(pooled, 0)
        logits = pooled @ self._weights["output/kernel"] + self._weights["output/bias"]
        if self.config.logits == 1:  # the log-odds of the second class
            logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
        return logits

    def _read(self, values: Floats, places: Indices, lengths: Indices) -> Floats:
        """What the recurrent layers make of texts, pooled: (texts, features).

        The words of texts one after the other have the features `values[places]`.
        """
        packed = Packed.of(lengths)
        places = places[packed.from_rows]
        for below in self._layers[:-1]:
            ways = [
                _outputs(cell, products, packed)
                for cell, products in self._products(below, values, places, packed)
            ]
            ways[1:] = [outputs[packed.backward] for outputs in ways[1:]]
            values, places = np.concatenate(ways, axis=1), np.arange(len(places))
        ends = [
            _pooled(cell, products, packed, self.config.pooling)
            for cell, products in self._products(self._layers[-1], values, places, packed)
        ]
        # Of each kind of pooling both directions side by side.
        return np.concatenate([part for kinds in zip(*ends, strict=True) for part in kinds], axis=1)

    def _products(
        self, layer: Sequence[Layer], values: Floats, places: Indices, packed: Packed
    ) -> Iterator[tuple[Layer, Products]]:
        """The one or two directions of a layer, and what gives the input products of each."""
        tables = self._tables if layer is self._layers[0] else []
        for way, cell in enumerate(layer):
            order = places[packed.backward] if way else places
            if tables:
                yield cell, _looked_up(tables[way], order)
            else:
                yield cell, _multiplied(values, order, cell)

    def _pool(self, values: Floats, places: Indices, lengths: Indices) -> Floats:
        """The highest or the mean of the words' features in each text, (texts, features)."""
        starts = np.cumsum(lengths) - lengths
        if self.config.pooling == "max":
            highest: Floats = np.maximum.reduceat(values[places], starts, axis=0)
            return highest
        sums: Floats = np.add.reduceat(values[places], starts, axis=0)
        sums /= lengths[:, None]
        return sums

    def _convolve(self, h: Floats, lengths: Indices) -> tuple[Floats, Indices]:
        """Convolutions over texts one after the other, (words of all, features)."""
        config = self.config
        for index in range(1, config.conv_layers + 1):
            h = _convolution(
                h, lengths, self._weights[f"conv_{index}/kernel"],
                self._weights[f"conv_{index}/bias"],
            )  # fmt: skip
            if config.conv_pool > 1 and (index < config.conv_layers or config.layers):
                pooled = -(-lengths // config.conv_pool)
                starts = np.repeat(np.cumsum(lengths) - lengths, pooled)
                starts += counted(pooled) * config.conv_pool
                h, lengths = np.maximum.reduceat(h, starts, axis=0), pooled
        return h, lengths


def _looked_up(table: Floats, order: Indices) -> Products:
    return lambda words: table.take(order[words], axis=1)


def _multiplied(values: Floats, order: Indices, layer: Layer) -> Products:
    return lambda words: _by_gate(values[order[words]], layer)


def _by_gate(values: Floats, layer: Layer) -> Floats:
    """Values (rows, features) -> a layer's input products (gates, rows, units)."""
    products: Floats = np.matmul(values, layer.by_gate(layer.kernel))
    products += layer.by_gate(layer.bias[None])
    return products


def _steps(
    layer: Layer, products: Products, packed: Packed, state: list[Floats]
) -> Iterator[tuple[int, slice, Floats]]:
    """Of each step: how many texts take part, where their words lie, the outputs (rows, units).

    `state` is moved on in place; the next step overwrites the outputs.
    """
    active, step = -1, None
    for block in packed.blocks():
        first = block[0][1].start
        ready = products(slice(first, block[-1][1].stop))
        for rows, words in block:
            if rows != active:  # the shorter texts' states stay as they are
                active, step = rows, layer.step([part[:rows] for part in state])
            assert step
            yield rows, words, step(ready[:, words.start - first : words.stop - first])


def _first_state(layer: Layer, texts: int) -> list[Floats]:
    parts = 2 if layer.cell == "lstm" else 1
    return [np.zeros((texts, layer.units), np.float32) for _ in range(parts)]


def _outputs(layer: Layer, products: Products, packed: Packed) -> Floats:
    """Outputs (words, units) of one recurrent layer, in the order of reading."""
    outputs = np.empty((packed.lengths.sum(), layer.units), np.float32)
    state = _first_state(layer, len(packed.lengths))
    for _, words, output in _steps(layer, products, packed, state):
        outputs[words] = output
    return outputs


def _pooled(layer: Layer, products: Products, packed: Packed, kind: str) -> list[Floats]:
    """The last, highest and mean outputs of one recurrent layer, or one of these: (texts, units).

    A text's mean is a sum over its steps: outputs themselves are not kept.
    """
    state = _first_state(layer, len(packed.lengths))
    highest, total = np.full_like(state[0], -np.inf), np.zeros_like(state[0])
    for rows, _, output in _steps(layer, products, packed, state):
        if kind in ("max", "all"):
            np.maximum(highest[:rows], output, out=highest[:rows])
        if kind in ("mean", "all"):
            np.add(total[:rows], output, out=total[:rows])
    total /= packed.lengths[:, None]
    parts = {"last": state[0], "max": highest, "mean": total}
    return list(parts.values()) if kind == "all" else [parts[kind]]


def _convolution(h: Floats, lengths: Indices, kernel: Floats, bias: Floats) -> Floats:
    """relu of a convolution over each text, with zeros beyond its ends, as "same" padding has."""
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
