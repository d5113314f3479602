"""Loops over time, and products over all steps, for layers with hand-written gradients.

Shapes: sequences (time, rows, ...) in the order of the run, kernels (features, gates x units),
states (rows, units). A function with `backwards` takes or gives the inputs of a layer, (rows, time,
features), which runs from the last step to the first.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Tensor = Any
Tensors = list[Tensor]
Body = Callable[[Tensor, Tensors], tuple[Tensors, Tensors]]  # time, state -> state, outputs


def swap(x: Tensor) -> Tensor:
    """Swap rows and time."""
    return tf.transpose(x, (1, 0, 2))


def _flat(x: Tensor) -> Tensor:
    return tf.reshape(x, (-1, x.shape[-1]))


def shifted(first: Tensor, x: Tensor) -> Tensor:
    """The state before each step, from the initial state and the states `x` after each step."""
    return tf.concat([first[None], x[:-1]], 0)


def input_products(x: Tensor, kernel: Tensor, backwards: bool) -> tuple[Tensor, Tensor]:
    """The inputs, time first and in the order of the run, and their products with `kernel`."""
    x = swap(tf.reverse(x, [1]) if backwards else x)
    shape = tf.concat([tf.shape(x)[:2], [kernel.shape[1]]], 0)
    return x, tf.reshape(tf.matmul(_flat(x), kernel), shape)


def weight_gradients(
    x: Tensor, kernel: Tensor, before: Tensor, d_x: Tensors, d_h: Tensors,
    drop: Tensor | None, backwards: bool,
) -> Tensors:  # fmt: skip
    """Gradients of inputs, kernel and recurrent weights: one product each over all steps.

    `d_x` and `d_h` are the gradients of the input and the recurrent products, per gate.
    """
    flat_x, flat_h = (_flat(tf.concat(gates, 2)) for gates in (d_x, d_h))
    inputs = swap(tf.reshape(tf.matmul(flat_x, kernel, transpose_b=True), tf.shape(x)))
    return [
        tf.reverse(inputs, [1]) if backwards else inputs,
        tf.matmul(_flat(x), flat_x, transpose_a=True),
        tf.matmul(_flat(before if drop is None else before * drop), flat_h, transpose_a=True),
    ]


def loop(length: Tensor, count: int, state: Tensors, body: Body, step: int) -> Any:
    """Run `body(time, state) -> state, outputs` over all steps, forwards or (step -1) backwards.

    Returns the last state and the `count` outputs, each shaped like a state and stacked over time.
    """
    shape = state[0].shape
    arrays = [tf.TensorArray(tf.float32, length, element_shape=shape) for _ in range(count)]

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


def backward_loop(d_outputs: Tensor, d_state: Tensors, gates: int, body: Body) -> Any:
    """`loop` from the last step to the first that also sums each gate's gradient over time.

    Summing in the loop is nearly free; XLA's reduction of the stacked gradients is slow. Returns
    the gradients of the initial state, those of the gates stacked over time, and their sums, each
    (units,).
    """
    count = len(d_state)

    def summing(time: Tensor, state: Tensors) -> tuple[Tensors, Tensors]:
        before, d_gates = body(time, state[:count])
        return before + [a + b for a, b in zip(state[count:], d_gates, strict=True)], d_gates

    state = d_state + [tf.zeros_like(d_state[0])] * gates
    state, d_gates = loop(tf.shape(d_outputs)[0], gates, state, summing, -1)
    return state[:count], d_gates, [tf.reduce_sum(rows, 0) for rows in state[count:]]
