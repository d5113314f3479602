"""One recurrent layer's step in NumPy, of every kind of cell: input products and state -> outputs.

The gates' sigmoids share one tanh with the rest, by sigmoid(a) = tanh(a / 2) / 2 + 1/2 with the
halves folded into the weights. Of many rows each gate's values lie together, so that NumPy goes
through them in one run.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.config.weights import GATES

Floats = npt.NDArray[np.float32]
State = list[Floats]  # of one layer, each (rows, units); changed in place


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
