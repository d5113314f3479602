"""A trained classifier's forward pass in NumPy: texts as ids -> logits.

Equal to the Keras model of the same config and weights. Texts are packed, not padded: sorted by
length, the words of all texts at one time step lie together, and a text that has ended takes no
further part. `Packed` holds that order.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.classifier_config import ClassifierConfig
from textrnn.forward import Floats, Ids, Layer, cell_shapes

Indices = npt.NDArray[np.intp]
BATCH_WORDS = 65_536  # of one batch's texts together: what bounds memory
BATCH_TEXTS = 256


def classifier_weight_shapes(config: ClassifierConfig) -> dict[str, tuple[int, ...]]:
    """Name -> shape of every weight, named as Keras names them, in its order."""
    shapes: dict[str, tuple[int, ...]] = {
        "embedding/embeddings": (config.vocab_size, config.embedding_dim)
    }
    features = config.embedding_dim
    for index in range(1, config.conv_layers + 1):
        shapes[f"conv_{index}/kernel"] = (config.conv_width, features, config.conv_filters)
        shapes[f"conv_{index}/bias"] = (config.conv_filters,)
        features = config.conv_filters
    for index in range(1, config.layers + 1):
        for cell in cell_names(config, index):
            shapes |= cell_shapes(cell, config.cell, config.units, features)
        features = config.units * config.directions
    features *= 3 if config.pooling == "all" else 1
    if config.dense_units:
        shapes["hidden/kernel"] = (features, config.dense_units)
        shapes["hidden/bias"] = (config.dense_units,)
        features = config.dense_units
    shapes["output/kernel"] = (features, config.logits)
    shapes["output/bias"] = (config.logits,)
    return shapes


def cell_names(config: ClassifierConfig, index: int) -> list[str]:
    """What the weights of recurrent layer `index`, from 1, are filed under, forwards first."""
    cell = f"rnn_{index}/{config.cell}_cell"
    if config.bidirectional:
        return [f"bidirectional_{index}/{way}_{cell}" for way in ("forward", "backward")]
    return [cell]


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
        """Spend memory on speed: a row of the first layer's input products for each id.

        It pays for as many words as there are ids; `vocab_size` x gates x units float32 are kept.
        """
        if not self._tables and self._layers and not self.config.conv_layers:
            table = self._weights["embedding/embeddings"]
            self._tables = [table @ layer.kernel + layer.bias for layer in self._layers[0]]

    def batch_logits(self, texts: Sequence[Ids]) -> Floats:
        """Logits (texts, classes) of one batch of texts, longest first."""
        lengths, ids = np.array([len(ids) for ids in texts]), np.concatenate(texts)
        if self._tables:
            packed = Packed.of(lengths)
            ids = ids[packed.from_rows]
            h, above = self._folded(ids, packed), self._layers[1:]
        else:
            h, lengths = self._convolve(self._weights["embedding/embeddings"][ids], lengths)
            packed = Packed.of(lengths)
            h, above = h[packed.from_rows], self._layers
        for layer in above:
            h = np.concatenate([
                _run(cell, h, packed, backward=bool(way)) for way, cell in enumerate(layer)
            ], axis=1)  # fmt: skip
        pooled = self._pool(h, packed)
        if self.config.dense_units:
            pooled = pooled @ self._weights["hidden/kernel"] + self._weights["hidden/bias"]
            pooled = np.maximum(pooled, 0)
        logits = pooled @ self._weights["output/kernel"] + self._weights["output/bias"]
        if self.config.logits == 1:  # the log-odds of the second class
            logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
        return logits

    def _folded(self, ids: Ids, packed: "Packed") -> Floats:
        """Outputs of the first layer, whose input products are looked up."""
        ways = []
        for way, (cell, table) in enumerate(zip(self._layers[0], self._tables, strict=True)):
            products = table[ids[packed.backward] if way else ids]
            ways.append(_steps(cell, products, packed, backward=bool(way)))
        return np.concatenate(ways, axis=1)

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
                starts += _counted(pooled) * config.conv_pool
                h, lengths = np.maximum.reduceat(h, starts, axis=0), pooled
        return h, lengths

    def _pool(self, h: Floats, packed: "Packed") -> Floats:
        kind, parts = self.config.pooling, []
        if kind in ("last", "all"):
            last = h[packed.last]
            if self.config.directions == 2:
                units = self.config.units
                last[:, units:] = h[: len(last), units:]
            parts.append(last)
        if kind in ("max", "all"):
            highest = h[: len(packed.lengths)].copy()
            for rows, step in packed.steps():
                np.maximum(highest[:rows], h[step], out=highest[:rows])
            parts.append(highest)
        if kind in ("mean", "all"):
            total = np.zeros((len(packed.lengths), h.shape[1]), np.float32)
            for rows, step in packed.steps():
                total[:rows] += h[step]
            total /= packed.lengths[:, None]
            parts.append(total)
        return np.concatenate(parts, axis=1)


@dataclass(frozen=True)
class Packed:
    """Where the words of texts, longest first, lie when they are packed by time step."""

    lengths: Indices  # of each text, falling
    sizes: Indices  # of each step: texts that are that long
    from_rows: Indices  # packed position -> position with the texts one after the other
    backward: Indices  # packed position -> that of the same text read from its end
    last: Indices  # text -> packed position of its last word

    @classmethod
    def of(cls, lengths: Indices) -> "Packed":
        """The packing of texts of these lengths, which must not rise."""
        sizes = (lengths[None, :] > np.arange(lengths[0])[:, None]).sum(axis=1)
        offsets = np.cumsum(sizes) - sizes
        time, text = np.repeat(np.arange(lengths[0]), sizes), _counted(sizes)
        starts = np.cumsum(lengths) - lengths
        return cls(
            lengths,
            sizes,
            starts[text] + time,
            offsets[lengths[text] - 1 - time] + text,
            offsets[lengths - 1] + np.arange(len(lengths)),
        )

    def steps(self) -> Iterator[tuple[int, slice]]:
        """For each step: how many texts take part, and where their words lie."""
        start = 0
        for size in self.sizes.tolist():
            yield size, slice(start, start + size)
            start += size


def batches(lengths: Sequence[int]) -> Iterator[Indices]:
    """Cut texts of these lengths into batches, longest first, of texts of like lengths."""
    order = np.argsort(-np.asarray(lengths), kind="stable")
    start = 0
    while start < len(order):
        count = max(1, min(BATCH_TEXTS, BATCH_WORDS // max(1, lengths[order[start]])))
        yield order[start : start + count]
        start += count


def _run(layer: Layer, h: Floats, packed: Packed, *, backward: bool) -> Floats:
    """Outputs (words, units) of one recurrent layer, in packed order whichever way it reads."""
    products = (h[packed.backward] if backward else h) @ layer.kernel
    products += layer.bias
    return _steps(layer, products, packed, backward=backward)


def _steps(layer: Layer, products: Floats, packed: Packed, *, backward: bool) -> Floats:
    """The same from input products (words, width), which lie in the order of reading."""
    outputs = np.empty((len(products), layer.units), np.float32)
    state = [np.zeros((len(packed.lengths), layer.units), np.float32) for _ in range(2)]
    state = state[: 2 if layer.cell == "lstm" else 1]
    active, step = -1, None
    for rows, words in packed.steps():
        if rows != active:  # the shorter texts' states stay as they are
            active, step = rows, layer.step([part[:rows] for part in state])
        assert step
        outputs[words] = step(products[words])
    return outputs[packed.backward] if backward else outputs


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


def _counted(counts: Indices) -> Indices:
    """0, 1, ... count - 1 for each of `counts`, one after the other."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
