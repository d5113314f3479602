"""The time step of one recurrent layer in NumPy, per cell: input products and state -> outputs.

Sigmoids are computed by the same tanh call as the candidates: sigmoid(a) = tanh(a / 2) / 2 + 1/2,
with the factor 1/2 of the argument folded into the weights. With several rows the values of each
gate are contiguous, so that NumPy processes them in one pass.
"""

from collections.abc import Callable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.config.weights import CELLS

Floats = npt.NDArray[np.float32]
State = list[Floats]  # arrays (rows, units) of one layer, updated in place
Step = Callable[[Floats], Floats]  # input products (gates, rows, units) -> outputs (rows, units)


class Layer:
    """The weights of one recurrent layer, prepared for the step of its cell.

    Each cell is a subclass. `_prepare` reorders and scales the weights; `_make_step` builds the
    step function.
    """

    kernel: Floats  # (features, width)
    bias: Floats  # (width,), added to the input products
    recurrent: Floats  # (units, width), if the cell has a recurrent product

    def __init__(
        self, units: int, weights: Mapping[str, Floats], *, gates: int, states: int
    ) -> None:
        self.units, self.gates, self.states, self.width = units, gates, states, gates * units
        self._prepare(weights)

    def zero_state(self, rows: int) -> State:
        """The state before the first step: zero arrays (rows, units), outputs first."""
        return [np.zeros((rows, self.units), np.float32) for _ in range(self.states)]

    def by_gate(self, products: Floats) -> Floats:
        """Products (..., rows, width) as a view (..., gates, rows, units)."""
        *shape, width = products.shape
        parts = products.reshape(*shape, width // self.units, self.units)
        return parts.swapaxes(-3, -2)

    def step(self, hidden: State) -> Step:
        """A function from input products (gates, rows, units) to outputs (rows, units).

        It updates `hidden` in place.
        """
        return self._make_step(hidden, np.empty((self.gates, *hidden[0].shape), np.float32))

    def _prepare(self, weights: Mapping[str, Floats]) -> None:
        """Set the arrays that the step needs from `weights` (part -> array): kernel, bias, ..."""
        raise NotImplementedError

    def _make_step(self, hidden: State, a: Floats) -> Step:
        """Build the step; `a` (gates, rows, units) is its work buffer."""
        raise NotImplementedError

    @cached_property
    def _recurrent_by_gate(self) -> Floats:
        return np.ascontiguousarray(self.by_gate(self.recurrent))

    def _recurrence(self, a: Floats) -> tuple[Floats, Floats]:
        """The recurrent kernel, and the view of `a` that takes the product of a state with it.

        For one row a single product fills `a` gate by gate, which is faster.
        """
        if a.shape[1] == 1:
            return self.recurrent, a.reshape(1, self.width)
        return self._recurrent_by_gate, a


class GRU(Layer):
    """z, r = sigmoid(x W + b + h U + c);  g = tanh(x W + b + r (h U + c));  h' = g + z (h - g)."""

    def _prepare(self, weights: Mapping[str, Floats]) -> None:
        # The Keras order is z, r, candidate. With reset_after the recurrent bias of the candidate
        # stays inside the product with r; the other recurrent biases are added to the input bias.
        gates, bias = 2 * self.units, weights["bias"]
        self.recurrent_bias = bias[1, gates:].copy()
        self.bias = _halve(bias[0] + np.where(np.arange(self.width) < gates, bias[1], 0), gates)
        self.kernel = _halve(weights["kernel"], gates)
        self.recurrent = _halve(weights["recurrent_kernel"], gates)

    def _make_step(self, hidden: State, a: Floats) -> Step:
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


class LSTM(Layer):
    """i, f, o, g of x W + h U + b;  c' = f c + i g;  h' = o tanh(c')."""

    def _prepare(self, weights: Mapping[str, Floats]) -> None:
        # The Keras order is i, f, candidate, o; our order keeps the three sigmoids contiguous.
        i, f, g, o = np.split(np.arange(self.width), 4)
        order = np.concatenate([i, f, o, g])
        self.kernel, self.recurrent, self.bias = (
            _halve(weights[part][..., order], 3 * self.units)
            for part in ("kernel", "recurrent_kernel", "bias")
        )

    def _make_step(self, hidden: State, a: Floats) -> Step:
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


class MinGRU(Layer):
    """z = sigmoid(x W_z + b_z);  c = x W_h + b_h;  h' = h + z (c - h)."""

    def _prepare(self, weights: Mapping[str, Floats]) -> None:
        self.kernel = _halve(weights["kernel"], self.units)
        self.bias = _halve(weights["bias"], self.units)

    def _make_step(self, hidden: State, a: Floats) -> Step:
        (h,), (z, change) = hidden, a

        def step(product: Floats) -> Floats:
            np.tanh(product[0], out=z)
            np.multiply(z, 0.5, out=z)
            np.add(z, 0.5, out=z)
            np.subtract(product[1], h, out=change)  # h' = h + z (candidate - h)
            np.multiply(change, z, out=change)
            return np.add(h, change, out=h)

        return step


class SimpleRNN(Layer):
    """h' = tanh(x W + h U + b)."""

    def _prepare(self, weights: Mapping[str, Floats]) -> None:
        self.kernel, self.bias = np.ascontiguousarray(weights["kernel"]), weights["bias"]
        self.recurrent = np.ascontiguousarray(weights["recurrent_kernel"])

    def _make_step(self, hidden: State, a: Floats) -> Step:
        (h,), (values,), (recurrent, out) = hidden, a, self._recurrence(a)

        def step(product: Floats) -> Floats:
            np.matmul(h, recurrent, out=out)
            np.add(values, product[0], out=values)
            return np.tanh(values, out=h)

        return step


class LayerNormRNN(SimpleRNN):
    """h' = tanh(LayerNorm(x W + h U + b)), with the default epsilon of Keras, 0.001."""

    def _prepare(self, weights: Mapping[str, Floats]) -> None:
        super()._prepare(weights)
        self.gamma, self.beta = weights["layer_norm/gamma"], weights["layer_norm/beta"]

    def _make_step(self, hidden: State, a: Floats) -> Step:
        (h,), (values,), (recurrent, out) = hidden, a, self._recurrence(a)

        def step(product: Floats) -> Floats:
            np.matmul(h, recurrent, out=out)
            np.add(values, product[0], out=values)
            np.subtract(values, values.mean(axis=1, keepdims=True), out=values)
            variance = np.square(values).mean(axis=1, keepdims=True)
            np.divide(values, np.sqrt(variance + 1e-3), out=values)
            np.multiply(values, self.gamma, out=values)
            np.add(values, self.beta, out=values)
            return np.tanh(values, out=h)

        return step


STEPS: Mapping[str, type[Layer]] = MappingProxyType(
    {
        "gru": GRU,
        "lstm": LSTM,
        "simple_rnn": SimpleRNN,
        "layer_norm_rnn": LayerNormRNN,
        "mingru": MinGRU,
    }
)


def layer_of(cell: str, units: int, name: str, weights: Mapping[str, npt.NDArray[Any]]) -> Layer:
    """A layer with a copy of the weights that are stored under the prefix `name`."""
    spec, prefix = CELLS[cell], f"{name}/"
    own = {
        key.removeprefix(prefix): weights[key].astype(np.float32)
        for key in spec.shapes(name, units, features=1)
    }
    return STEPS[cell](units, own, gates=spec.gates, states=spec.states)


def _halve(array: Floats, columns: int) -> Floats:
    array = array.copy()
    array[..., :columns] *= 0.5
    return array
