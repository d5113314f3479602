"""The trained networks' forward pass in NumPy: ids -> logits, with a state that is carried on.

Equal to the Keras model of the same config and weights, and far faster for a character at a
time. What makes it so: the first layer's input product is a table with a row for each id; a
longer input costs one matrix product a layer for all its steps; and the gates' sigmoids share
one tanh with the rest, by sigmoid(a) = tanh(a / 2) / 2 + 1/2 with the halves folded into the
weights. Of many rows each gate's values lie together, so that NumPy goes through them in one run.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.config import GeneratorConfig

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.integer[Any]]
State = list[Floats]  # of one layer, each (rows, units); changed in place
CHUNK_VALUES = 2**23  # a layer's input products at a time: 32 MB

GATES = {"gru": 3, "lstm": 4, "simple_rnn": 1, "layer_norm_rnn": 1, "mingru": 2}


def weight_shapes(config: GeneratorConfig) -> dict[str, tuple[int, ...]]:
    """Name -> shape of every weight, named as Keras names them, in its order."""
    shapes: dict[str, tuple[int, ...]] = {}
    if config.embedding_dim:
        shapes["embedding/embeddings"] = (config.vocab_size, config.embedding_dim)
    features = config.embedding_dim or config.vocab_size
    for index in range(1, config.layers + 1):
        shapes |= cell_shapes(cell_name(config, index), config.cell, config.units, features)
        features = config.units
    shapes["output/kernel"] = (config.units, config.vocab_size)
    shapes["output/bias"] = (config.vocab_size,)
    return shapes


def cell_shapes(name: str, cell: str, units: int, features: int) -> dict[str, tuple[int, ...]]:
    """The same of one recurrent layer over so many features, filed under `name`."""
    width = GATES[cell] * units
    shapes: dict[str, tuple[int, ...]] = {f"{name}/kernel": (features, width)}
    if cell != "mingru":  # its gates see the input alone
        shapes[f"{name}/recurrent_kernel"] = (units, width)
    shapes[f"{name}/bias"] = (2, width) if cell == "gru" else (width,)
    if cell == "layer_norm_rnn":
        shapes |= {f"{name}/layer_norm/{part}": (width,) for part in ("gamma", "beta")}
    return shapes


def cell_name(config: GeneratorConfig, index: int) -> str:
    """What the weights of recurrent layer `index`, from 1, are filed under."""
    return f"rnn_{index}/{config.cell}_cell"


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


class Layer:
    """One recurrent layer's weights, reordered and scaled for its step."""

    def __init__(
        self, cell: str, units: int, name: str, weights: Mapping[str, npt.NDArray[Any]]
    ) -> None:
        self.cell, self.units = cell, units
        self.width = GATES[cell] * units
        kernel, bias = (weights[f"{name}/{part}"].astype(np.float32) for part in ("kernel", "bias"))
        if cell == "mingru":
            self.kernel, self.bias = (_halve(array, self.units) for array in (kernel, bias))
            return
        recurrent = weights[f"{name}/recurrent_kernel"].astype(np.float32)
        if cell == "gru":
            # Keras's order is z, r, candidate; reset_after keeps the candidate's recurrent bias
            # inside the product with r, the other recurrent biases join the input's.
            self.recurrent_bias = bias[1, 2 * self.units :].copy()
            bias = bias[0] + np.where(np.arange(self.width) < 2 * self.units, bias[1], 0)
            kernel, recurrent, bias = (_halve(a, 2 * self.units) for a in (kernel, recurrent, bias))
        elif cell == "lstm":
            # Keras's order is i, f, candidate, o; ours puts the three sigmoids side by side.
            i, f, g, o = np.split(np.arange(self.width), 4)
            order = np.concatenate([i, f, o, g])
            kernel, recurrent, bias = (
                _halve(a[..., order], 3 * self.units) for a in (kernel, recurrent, bias)
            )
        elif cell == "layer_norm_rnn":
            self.gamma, self.beta = (
                weights[f"{name}/layer_norm/{part}"].astype(np.float32)
                for part in ("gamma", "beta")
            )
        self.kernel, self.bias = np.ascontiguousarray(kernel), bias
        self.recurrent = np.ascontiguousarray(recurrent)

    @cached_property
    def _recurrent_by_gate(self) -> Floats:
        return np.ascontiguousarray(self.by_gate(self.recurrent))

    def by_gate(self, products: Floats) -> Floats:
        """Products (..., rows, width) as a view (..., gates, rows, units)."""
        *shape, width = products.shape
        parts = products.reshape(*shape, width // self.units, self.units)
        return parts.swapaxes(-3, -2)

    def step(self, hidden: State) -> Callable[[Floats], Floats]:
        """A function from input products (gates, rows, units) to outputs (rows, units).

        It moves `hidden` on in place.
        """
        cells = {"gru": self._gru, "lstm": self._lstm, "mingru": self._mingru}
        make = cells.get(self.cell, self._simple)
        return make(hidden, np.empty((GATES[self.cell], *hidden[0].shape), np.float32))

    def _recurrence(self, a: Floats) -> tuple[Floats, Floats]:
        """What to multiply a state by, and where to, so that `a` holds its recurrent products.

        One row's lie gate by gate as they come from a single product, which is the faster way.
        """
        if a.shape[1] == 1:
            return self.recurrent, a.reshape(1, self.width)
        return self._recurrent_by_gate, a

    def _gru(self, hidden: State, a: Floats) -> Callable[[Floats], Floats]:
        (h,), bias, (recurrent, out) = hidden, self.recurrent_bias, self._recurrence(a)
        gates, (z, r, candidate) = a[:2], a
        matmul, add, multiply, subtract, tanh = np.matmul, np.add, np.multiply, np.subtract, np.tanh

        def step(product: Floats) -> Floats:
            matmul(h, recurrent, out=out)
            add(gates, product[:2], out=gates)
            tanh(gates, out=gates)
            multiply(gates, 0.5, out=gates)
            add(gates, 0.5, out=gates)
            add(candidate, bias, out=candidate)
            multiply(candidate, r, out=candidate)
            add(candidate, product[2], out=candidate)
            tanh(candidate, out=candidate)
            subtract(h, candidate, out=h)  # h' = candidate + z (h - candidate)
            multiply(h, z, out=h)
            return add(h, candidate, out=h)

        return step

    def _lstm(self, hidden: State, a: Floats) -> Callable[[Floats], Floats]:
        (h, c), (recurrent, out) = hidden, self._recurrence(a)
        gates, (i, f, o, candidate) = a[:3], a
        matmul, add, multiply, tanh = np.matmul, np.add, np.multiply, np.tanh

        def step(product: Floats) -> Floats:
            matmul(h, recurrent, out=out)
            add(a, product, out=a)
            tanh(a, out=a)
            multiply(gates, 0.5, out=gates)
            add(gates, 0.5, out=gates)
            multiply(c, f, out=c)  # c' = f c + i candidate
            multiply(candidate, i, out=candidate)
            add(c, candidate, out=c)
            tanh(c, out=h)
            return multiply(h, o, out=h)

        return step

    def _mingru(self, hidden: State, a: Floats) -> Callable[[Floats], Floats]:
        (h,), (z, change) = hidden, a

        def step(product: Floats) -> Floats:
            np.tanh(product[0], out=z)
            np.multiply(z, 0.5, out=z)
            np.add(z, 0.5, out=z)
            np.subtract(product[1], h, out=change)  # h' = h + z (candidate - h)
            np.multiply(change, z, out=change)
            return np.add(h, change, out=h)

        return step

    def _simple(self, hidden: State, a: Floats) -> Callable[[Floats], Floats]:
        (h,), (values,), (recurrent, out) = hidden, a, self._recurrence(a)
        normalised = self.cell == "layer_norm_rnn"

        def step(product: Floats) -> Floats:
            np.matmul(h, recurrent, out=out)
            np.add(values, product[0], out=values)
            if normalised:
                np.subtract(values, values.mean(axis=1, keepdims=True), out=values)
                variance = np.square(values).mean(axis=1, keepdims=True)
                np.divide(values, np.sqrt(variance + 1e-3), out=values)
                np.multiply(values, self.gamma, out=values)
                np.add(values, self.beta, out=values)
            return np.tanh(values, out=h)

        return step


def _halve(array: Floats, columns: int) -> Floats:
    array = array.copy()
    array[..., :columns] *= 0.5
    return array
