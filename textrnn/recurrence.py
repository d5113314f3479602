"""A GRU's and an LSTM's run over a sequence, with gradients written by hand.

Input products (time, rows, width) and a first state go in; the outputs of every step and the last
state come out. What makes it fast on a CPU: no product with the inputs inside the loop; one
recurrent product a step; the gradient of the recurrent weights as one product over all steps;
XLA, which fuses the element-wise work between the products and keeps the loop out of the
interpreter.

Shapes: products (time, rows, gates x units), `recurrent` (units, gates x units), states (rows,
units); `mask` (time, rows, 1), 0 where a step is padding and the state stays, or None;
`drop` (rows, units), what the state is multiplied by on its way into the recurrent product, or
None.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Tensor = Any
Tensors = list[Tensor]
Body = Callable[[Tensor, Tensors], tuple[Tensors, Tensors]]


def gru(
    products: Tensor, recurrent: Tensor, recurrent_bias: Tensor, h: Tensor,
    mask: Tensor | None = None, drop: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Outputs (time, rows, units) and the last state of a GRU (Keras's `reset_after=True`).

    z, r = sigmoid(x + h U + b);  g = tanh(x + r (h U + b));  h' = z h + (1 - z) g
    """

    @tf.custom_gradient
    def run(products: Tensor, recurrent: Tensor, bias: Tensor, first: Tensor) -> Any:
        products, recurrent, bias, first = map(tf.stop_gradient, (products, recurrent, bias, first))
        outputs, gates = _gru_forward(products, recurrent, bias, first, mask, drop)

        def gradient(d_outputs: Tensor, d_last: Tensor) -> Tensors:
            before = tf.concat([first[None], outputs[:-1]], 0)
            d_products, d_recurrent, d_first = _gru_backward(
                d_outputs, d_last, recurrent, gates, before, mask, drop
            )
            return [
                d_products,
                _weight_gradient(before, d_recurrent, drop),
                tf.reduce_sum(d_recurrent, [0, 1]),
                d_first,
            ]

        return (outputs, outputs[-1]), gradient

    return run(products, recurrent, recurrent_bias, h)


def lstm(
    products: Tensor, recurrent: Tensor, h: Tensor, c: Tensor,
    mask: Tensor | None = None, drop: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Outputs (time, rows, units) and the last h and c of an LSTM.

    i, f, o = sigmoid(x + h U);  g = tanh(x + h U);  c' = f c + i g;  h' = o tanh(c')
    """

    @tf.custom_gradient
    def run(products: Tensor, recurrent: Tensor, h: Tensor, c: Tensor) -> Any:
        products, recurrent, h, c = map(tf.stop_gradient, (products, recurrent, h, c))
        outputs, cells, gates = _lstm_forward(products, recurrent, h, c, mask, drop)

        def gradient(d_outputs: Tensor, d_h: Tensor, d_c: Tensor) -> Tensors:
            cells_before = tf.concat([c[None], cells[:-1]], 0)
            d_products, d_h, d_c = _lstm_backward(
                d_outputs, d_h, d_c, recurrent, gates, cells_before, mask, drop
            )
            before = tf.concat([h[None], outputs[:-1]], 0)
            return [d_products, _weight_gradient(before, d_products, drop), d_h, d_c]

        return (outputs, outputs[-1], cells[-1]), gradient

    return run(products, recurrent, h, c)


def _weight_gradient(before: Tensor, d_product: Tensor, drop: Tensor | None) -> Tensor:
    """The recurrent weights' gradient: one product over all steps and rows."""
    if drop is not None:
        before *= drop
    flat = [tf.reshape(x, (-1, x.shape[-1])) for x in (before, d_product)]
    return tf.matmul(flat[0], flat[1], transpose_a=True)


def _loop(length: Tensor, widths: tuple[int, ...], state: Tensors, body: Body, step: int) -> Any:
    """Run `body(time, state) -> state, outputs` over all times, forwards or (step -1) backwards.

    Gives the last state and each output stacked over time; `widths` are theirs.
    """
    rows = state[0].shape[0]
    arrays = [tf.TensorArray(tf.float32, length, element_shape=(rows, width)) for width in widths]

    def one(time: Tensor, state: Tensors, arrays: Any) -> Any:
        state, outputs = body(time, state)
        arrays = [array.write(time, output) for array, output in zip(arrays, outputs, strict=True)]
        return time + step, state, arrays

    _, state, arrays = tf.while_loop(
        lambda time, *_: (time >= 0) & (time < length),
        one,
        (0 if step > 0 else length - 1, state, arrays),
        maximum_iterations=length,
    )
    return state, [array.stack() for array in arrays]


@tf.function(jit_compile=True, autograph=False)
def _gru_forward(
    products: Tensor, recurrent: Tensor, bias: Tensor, h: Tensor,
    mask: Tensor | None, drop: Tensor | None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    units = recurrent.shape[0]

    def body(time: Tensor, state: Tensors) -> tuple[Tensors, Tensors]:
        (h,) = state
        x = products[time]
        a = tf.matmul(h if drop is None else h * drop, recurrent) + bias
        zr = tf.sigmoid(x[:, : 2 * units] + a[:, : 2 * units])
        z, r, q = zr[:, :units], zr[:, units:], a[:, 2 * units :]
        g = tf.tanh(x[:, 2 * units :] + r * q)
        new = g + z * (h - g)
        if mask is not None:
            new = h + mask[time] * (new - h)
        return [new], [new, tf.concat([zr, g, q], 1)]

    _, (outputs, gates) = _loop(tf.shape(products)[0], (units, 4 * units), [h], body, 1)
    return outputs, gates


@tf.function(jit_compile=True, autograph=False)
def _gru_backward(
    d_outputs: Tensor, d_last: Tensor, recurrent: Tensor, gates: Tensor, before: Tensor,
    mask: Tensor | None, drop: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    units = recurrent.shape[0]

    def body(time: Tensor, state: Tensors) -> tuple[Tensors, Tensors]:
        d_h = state[0] + d_outputs[time]
        z, r, g, q = tf.split(gates[time], 4, 1)
        kept = 0.0
        if mask is not None:
            kept = (1 - mask[time]) * d_h
            d_h *= mask[time]
        d_g = d_h * (1 - z) * (1 - g * g)
        d_zr = [d_h * (before[time] - g) * z * (1 - z), d_g * q * r * (1 - r)]
        d_a = tf.concat([*d_zr, d_g * r], 1)
        back = tf.matmul(d_a, recurrent, transpose_b=True)
        if drop is not None:
            back *= drop
        return [d_h * z + back + kept], [tf.concat([*d_zr, d_g], 1), d_a]

    (d_first,), (d_products, d_recurrent) = _loop(
        tf.shape(gates)[0], (3 * units, 3 * units), [d_last], body, -1
    )
    return d_products, d_recurrent, d_first


@tf.function(jit_compile=True, autograph=False)
def _lstm_forward(
    products: Tensor, recurrent: Tensor, h: Tensor, c: Tensor,
    mask: Tensor | None, drop: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    units = recurrent.shape[0]

    def body(time: Tensor, state: Tensors) -> tuple[Tensors, Tensors]:
        h, c = state
        a = products[time] + tf.matmul(h if drop is None else h * drop, recurrent)
        i, f, g, o = tf.split(a, 4, 1)
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        new_c = f * c + i * g
        new_h = o * tf.tanh(new_c)
        if mask is not None:
            new_h, new_c = h + mask[time] * (new_h - h), c + mask[time] * (new_c - c)
        return [new_h, new_c], [new_h, new_c, tf.concat([i, f, g, o], 1)]

    _, (outputs, cells, gates) = _loop(
        tf.shape(products)[0], (units, units, 4 * units), [h, c], body, 1
    )
    return outputs, cells, gates


@tf.function(jit_compile=True, autograph=False)
def _lstm_backward(
    d_outputs: Tensor, d_h: Tensor, d_c: Tensor, recurrent: Tensor, gates: Tensor, before: Tensor,
    mask: Tensor | None, drop: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    units = recurrent.shape[0]

    def body(time: Tensor, state: Tensors) -> tuple[Tensors, Tensors]:
        d_h, d_c = state
        d_h += d_outputs[time]
        i, f, g, o = tf.split(gates[time], 4, 1)
        kept = [0.0, 0.0]
        if mask is not None:
            kept = [(1 - mask[time]) * d_h, (1 - mask[time]) * d_c]
            d_h, d_c = mask[time] * d_h, mask[time] * d_c
        c = tf.tanh(f * before[time] + i * g)
        d_c += d_h * o * (1 - c * c)
        d_a = tf.concat(
            [
                d_c * g * i * (1 - i),
                d_c * before[time] * f * (1 - f),
                d_c * i * (1 - g * g),
                d_h * c * o * (1 - o),
            ],
            1,
        )
        back = tf.matmul(d_a, recurrent, transpose_b=True)
        if drop is not None:
            back *= drop
        return [back + kept[0], d_c * f + kept[1]], [d_a]

    (d_h, d_c), (d_products,) = _loop(tf.shape(gates)[0], (4 * units,), [d_h, d_c], body, -1)
    return d_products, d_h, d_c
