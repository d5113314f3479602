"""A GRU layer and an LSTM layer as functions of their weights, with hand-written gradients.

Inputs (rows, time, features) and an initial state go in; the outputs of every step and the last
state come out. `textrnn.models.layers.time_loop` has the parts of both. Why it is fast on a CPU:

- the input products of all steps are one product, and so are the gradients of both kernels: the
  loop has only one product per step;
- XLA compiles the whole pass of a layer, so that a shard of the batch runs on one core from end
  to end, and the element-wise operations between the products are fused;
- the loop does not concatenate gates: each has its own array, and in the backward pass its own
  product. Concatenating them in every step took as long as the product.

Shapes: x and outputs (rows, time, ...), time first inside; `kernel` (features, gates x units),
`recurrent` (units, gates x units), states (rows, units); `mask` (time, rows, 1) in the order of
the run, 0 where a step is padding and the state stays, or None; `drop` (rows, units), the
recurrent dropout mask that multiplies the state before the recurrent product, or None.
`backwards` runs from the last step to the first and returns the outputs in that order, as Keras
does.
"""

from typing import Any

import tensorflow as tf

from textrnn.models.layers.time_loop import (
    Tensor,
    Tensors,
    backward_loop,
    input_products,
    loop,
    shifted,
    swap,
    weight_gradients,
)


def gru(
    x: Tensor, kernel: Tensor, recurrent: Tensor, bias: Tensor, h: Tensor,
    mask: Tensor | None = None, drop: Tensor | None = None, backwards: bool = False,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Outputs and the last state of a GRU (Keras's `reset_after=True`); bias (2, 3 x units).

    z, r = sigmoid(x W + b + h U + c);  g = tanh(x W + b + r (h U + c));  h' = z h + (1 - z) g
    """

    @tf.custom_gradient
    def run(*inputs: Tensor) -> Any:
        inputs = tuple(map(tf.stop_gradient, inputs))
        outputs, last, *saved = _gru_forward(*inputs, mask, drop, backwards)

        def gradient(*d: Tensor) -> Tensors:
            return list(_gru_backward(*d, *inputs[1:3], saved, mask, drop, backwards))

        return (outputs, last), gradient

    return run(x, kernel, recurrent, bias, h)


def lstm(
    x: Tensor, kernel: Tensor, recurrent: Tensor, bias: Tensor, h: Tensor, c: Tensor,
    mask: Tensor | None = None, drop: Tensor | None = None, backwards: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Outputs and the last h and c of an LSTM; bias (4 x units,).

    i, f, o = sigmoid(x W + h U + b);  g = tanh(x W + h U + b);  c' = f c + i g;  h' = o tanh(c')
    """

    @tf.custom_gradient
    def run(*inputs: Tensor) -> Any:
        inputs = tuple(map(tf.stop_gradient, inputs))
        outputs, last, last_c, *saved = _lstm_forward(*inputs, mask, drop, backwards)

        def gradient(*d: Tensor) -> Tensors:
            return list(_lstm_backward(*d, *inputs[1:3], saved, mask, drop, backwards))

        return (outputs, last, last_c), gradient

    return run(x, kernel, recurrent, bias, h, c)


@tf.function(jit_compile=True, autograph=False)
def _gru_forward(
    x: Tensor, kernel: Tensor, recurrent: Tensor, bias: Tensor, first: Tensor,
    mask: Tensor | None, drop: Tensor | None, backwards: bool,
) -> Tensors:  # fmt: skip
    x, products = input_products(x, kernel, backwards)
    (b_z, b_r, b_g), (c_z, c_r, c_q) = (tf.split(part, 3) for part in tf.unstack(bias))

    def body(time: Tensor, state: Tensors) -> tuple[Tensors, Tensors]:
        (h,) = state
        x_z, x_r, x_g = tf.split(products[time], 3, 1)
        h_z, h_r, h_q = tf.split(tf.matmul(h if drop is None else h * drop, recurrent), 3, 1)
        z, r, q = (
            tf.sigmoid(x_z + h_z + (b_z + c_z)),
            tf.sigmoid(x_r + h_r + (b_r + c_r)),
            h_q + c_q,
        )
        g = tf.tanh(x_g + b_g + r * q)
        new = g + z * (h - g)
        if mask is not None:
            new = h + mask[time] * (new - h)
        return [new], [new, z, r, g, q]

    (last,), (outputs, *gates) = loop(tf.shape(x)[0], 5, [first], body, 1)
    return [swap(outputs), last, x, shifted(first, outputs), *gates]


@tf.function(jit_compile=True, autograph=False)
def _gru_backward(
    d_outputs: Tensor, d_last: Tensor, kernel: Tensor, recurrent: Tensor, saved: Tensors,
    mask: Tensor | None, drop: Tensor | None, backwards: bool,
) -> Tensors:  # fmt: skip
    d_outputs = swap(d_outputs)
    x, before, *gates = saved
    parts = tf.split(tf.transpose(recurrent), 3)

    def body(time: Tensor, state: Tensors) -> tuple[Tensors, Tensors]:
        d_h = state[0] + d_outputs[time]
        z, r, g, q = (gate[time] for gate in gates)
        kept = 0.0
        if mask is not None:
            kept = (1 - mask[time]) * d_h
            d_h *= mask[time]
        d_g = d_h * (1 - z) * (1 - g * g)
        d_z, d_r, d_q = d_h * (before[time] - g) * z * (1 - z), d_g * q * r * (1 - r), d_g * r
        back = sum(map(tf.matmul, (d_z, d_r, d_q), parts))
        if drop is not None:
            back *= drop
        return [d_h * z + back + kept], [d_z, d_r, d_g, d_q]

    (d_first,), (d_z, d_r, d_g, d_q), (z, r, g, q) = backward_loop(d_outputs, [d_last], 4, body)
    d_bias = tf.stack([tf.concat([z, r, g], 0), tf.concat([z, r, q], 0)])
    weights = weight_gradients(x, kernel, before, [d_z, d_r, d_g], [d_z, d_r, d_q], drop, backwards)
    return [*weights, d_bias, d_first]


@tf.function(jit_compile=True, autograph=False)
def _lstm_forward(
    x: Tensor, kernel: Tensor, recurrent: Tensor, bias: Tensor, first_h: Tensor, first_c: Tensor,
    mask: Tensor | None, drop: Tensor | None, backwards: bool,
) -> Tensors:  # fmt: skip
    x, products = input_products(x, kernel, backwards)

    def body(time: Tensor, state: Tensors) -> tuple[Tensors, Tensors]:
        h, c = state
        a = products[time] + bias + tf.matmul(h if drop is None else h * drop, recurrent)
        i, f, g, o = tf.split(a, 4, 1)
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        new_c = f * c + i * g
        new_h = o * tf.tanh(new_c)
        if mask is not None:
            new_h, new_c = h + mask[time] * (new_h - h), c + mask[time] * (new_c - c)
        return [new_h, new_c], [new_h, new_c, i, f, g, o]

    last, (outputs, cells, *gates) = loop(tf.shape(x)[0], 6, [first_h, first_c], body, 1)
    before = shifted(first_h, outputs), shifted(first_c, cells)
    return [swap(outputs), *last, x, *before, *gates]


@tf.function(jit_compile=True, autograph=False)
def _lstm_backward(
    d_outputs: Tensor, d_h: Tensor, d_c: Tensor, kernel: Tensor, recurrent: Tensor, saved: Tensors,
    mask: Tensor | None, drop: Tensor | None, backwards: bool,
) -> Tensors:  # fmt: skip
    d_outputs = swap(d_outputs)
    x, before, cells, *gates = saved
    parts = tf.split(tf.transpose(recurrent), 4)

    def body(time: Tensor, state: Tensors) -> tuple[Tensors, Tensors]:
        d_h, d_c = state
        d_h += d_outputs[time]
        i, f, g, o = (gate[time] for gate in gates)
        kept = [0.0, 0.0]
        if mask is not None:
            kept = [(1 - mask[time]) * d_h, (1 - mask[time]) * d_c]
            d_h, d_c = mask[time] * d_h, mask[time] * d_c
        c = tf.tanh(f * cells[time] + i * g)
        d_c += d_h * o * (1 - c * c)
        d_gates = [
            d_c * g * i * (1 - i),
            d_c * cells[time] * f * (1 - f),
            d_c * i * (1 - g * g),
            d_h * c * o * (1 - o),
        ]
        back = sum(map(tf.matmul, d_gates, parts))
        if drop is not None:
            back *= drop
        return [back + kept[0], d_c * f + kept[1]], d_gates

    d_first, d_gates, sums = backward_loop(d_outputs, [d_h, d_c], 4, body)
    weights = weight_gradients(x, kernel, before, d_gates, d_gates, drop, backwards)
    return [*weights, tf.concat(sums, 0), *d_first]
