"""The trained networks' forward pass in NumPy: ids -> logits, with a state that is carried on.

Equal to the Keras model of the same config and weights, and far faster for a character at a
time. What makes it so: the first layer's input product is a table with a row for each id; a
longer input costs one matrix product a layer for all its steps; and the step of a layer
(`textrnn.engine.cells`).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.artifacts.generator import Artifact
from textrnn.config.generator import GeneratorConfig, cell_name
from textrnn.engine.cells import Floats, Layer, State
from textrnn.tokenizers import Ids

CHUNK_VALUES = 2**23  # a layer's input products at a time: 32 MB


def build_network(model: Artifact) -> "Network":
    """The forward pass of a trained generator."""
    return Network(model.config, model.weights)


class Network:
    """A trained generator, ready to compute.

    `config` and `weights` (name -> array, as `weight_shapes` lists them) are what an artifact
    holds; the arrays are not changed.
    """

    def __init__(self, config: GeneratorConfig, weights: Mapping[str, npt.NDArray[Any]]) -> None:
        self.config = config
        self._layers = [
            Layer(config.cell, config.units, cell_name(config, index), weights)
            for index in range(1, config.layers + 1)
        ]
        first = self._layers[0]
        if config.embedding_dim:
            embeddings = weights["embedding/embeddings"].astype(np.float32)
            self._table = embeddings @ first.kernel + first.bias
        else:
            self._table = first.kernel + first.bias
        self._output_kernel = np.ascontiguousarray(weights["output/kernel"], dtype=np.float32)
        self._output_bias = weights["output/bias"].astype(np.float32)

    def zero_state(self, rows: int = 1) -> list[State]:
        """The state before any text: for each layer its arrays, (rows, units)."""
        count = 2 if self.config.cell == "lstm" else 1
        return [
            [np.zeros((rows, self.config.units), np.float32) for _ in range(count)]
            for _ in self._layers
        ]

    def stepper(self, state: list[State]) -> Callable[[Ids], Floats]:
        """A function from ids (rows,) to the next characters' logits (rows, vocab_size).

        Each call moves `state` one character on, in place. The logits are a buffer that the
        next call overwrites.
        """
        rows = len(state[0][0])
        steps = [layer.step(hidden) for layer, hidden in zip(self._layers, state, strict=True)]
        products = [np.empty((rows, layer.width), np.float32) for layer in self._layers]
        gates = [layer.by_gate(each) for layer, each in zip(self._layers, products, strict=True)]
        summed = [np.empty((rows, self.config.units), np.float32) for _ in self._layers]
        logits = np.empty((rows, self.config.vocab_size), np.float32)
        table, residual = self._table, self.config.residual
        kernel, bias = self._output_kernel, self._output_bias
        above = list(zip(self._layers, steps, products, gates, summed, strict=True))[1:]

        def step(ids: Ids) -> Floats:
            table.take(ids, axis=0, out=products[0], mode="clip")
            h = steps[0](gates[0])
            for layer, layer_step, product, parts, total in above:
                np.matmul(h, layer.kernel, out=product)
                np.add(product, layer.bias, out=product)
                below, h = h, layer_step(parts)
                if residual:
                    h = np.add(below, h, out=total)
            np.matmul(h, kernel, out=logits)
            return np.add(logits, bias, out=logits)

        return step

    def chunks(self, ids: Ids, state: list[State]) -> Iterator[Floats]:
        """Logits of `ids`, shape (rows, steps), in pieces (rows, some steps, vocab_size).

        `state` is moved on in place as the pieces are drawn. Memory does not grow with `steps`.
        """
        rows, steps = ids.shape
        width = max(layer.width for layer in self._layers)
        span = max(1, CHUNK_VALUES // (rows * width))
        for start in range(0, steps, span):
            yield self._logits(ids[:, start : start + span], state)

    def logits(self, ids: Ids, state: list[State] | None = None) -> Floats:
        """Logits (rows, steps, vocab_size) after each of `ids`, shape (rows, steps).

        `state` is moved on in place; without one the rows start from the zero state.
        """
        state = self.zero_state(len(ids)) if state is None else state
        return np.concatenate(list(self.chunks(ids, state)), axis=1)

    def _logits(self, ids: Ids, state: list[State]) -> Floats:
        # Time-major, so that a step's rows lie together.
        h = np.empty((ids.shape[1], ids.shape[0], self.config.units), np.float32)
        products = self._table[ids.T]
        for index, (layer, hidden) in enumerate(zip(self._layers, state, strict=True)):
            if index:
                products = h @ layer.kernel + layer.bias
            below, h = h, np.empty_like(h)
            step = layer.step(hidden)
            for time, product in enumerate(layer.by_gate(products)):
                h[time] = step(product)
            if index and self.config.residual:
                h += below
        return (h @ self._output_kernel + self._output_bias).transpose(1, 0, 2)
