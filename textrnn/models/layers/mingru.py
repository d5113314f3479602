"""minGRU (Feng et al. 2024, arXiv 2410.01201): a GRU whose gates depend on the input only.

    z = sigmoid(x W_z + b_z);  c = x W_h + b_h;  h' = h + z (c - h)

Inference takes one small matrix product per step. Training takes one product for all steps and
then `scan`, the only part that runs step by step: h' is linear in h, without a product.

The candidate c is the paper's plain one. The paper's log-space form makes it positive (v + 1/2 for
v >= 0, sigmoid(v) below), because its scan of logarithms needs that to be stable. Ours uses no
logarithms: h is a weighted mean of candidates, which cannot overflow. Positive candidates were also
worse in every trial on tiny Shakespeare (1,000 steps, two rates, two seeds, two depths), by 0.12 to
0.35 nats per character.
"""

from typing import Any

import keras
import tensorflow as tf

Tensor = Any


def scan(
    products: Tensor, bias: Tensor, h: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Outputs (time, rows, units) and the last state of a minGRU, with a hand-written gradient.

    products  (time, rows, 2 units), the inputs times W_z and W_h, concatenated
    bias      (2 units,), added to the products
    h         (rows, units), the initial state
    mask      (time, rows, 1), 0 where a step is padding and the state stays, or None

    This is a plain loop over time. On two cores it takes a quarter of the time of a parallel scan,
    whose log(time) passes read and write everything.
    """

    @tf.custom_gradient
    def run(products: Tensor, bias: Tensor, first: Tensor) -> Any:
        products, bias, first = map(tf.stop_gradient, (products, bias, first))
        products += bias
        outputs = _forward(products, first, mask)

        def gradient(d_outputs: Tensor, d_last: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            d_products, d_first = _backward(d_outputs, d_last, products, first, outputs, mask)
            # The sum over all steps as a product takes a third of the time of tf.reduce_sum.
            flat = tf.reshape(d_products, (-1, d_products.shape[-1]))
            d_bias = tf.matmul(tf.ones((1, tf.shape(flat)[0])), flat)[0]
            return d_products, d_bias, d_first

        return (outputs, outputs[-1]), gradient

    return run(products, bias, h)


def _gates(products: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """The update gate z (0 at padding) and the candidate."""
    z, candidate = tf.split(products, 2, -1)
    z = tf.sigmoid(z)
    return z if mask is None else z * mask, candidate


@tf.function(jit_compile=True, autograph=False)
def _forward(products: Tensor, first: Tensor, mask: Tensor | None) -> Tensor:
    z, candidate = _gates(products, mask)
    keep, new = 1 - z, z * candidate

    def one(time: Tensor, h: Tensor, outputs: Any) -> Any:
        h = keep[time] * h + new[time]
        return time + 1, h, outputs.write(time, h)

    length = tf.shape(products)[0]
    outputs = tf.TensorArray(tf.float32, length, element_shape=first.shape)
    *_, outputs = tf.while_loop(
        lambda time, *_: time < length, one, (0, first, outputs), maximum_iterations=length
    )
    return outputs.stack()


@tf.function(jit_compile=True, autograph=False)
def _backward(
    d_outputs: Tensor, d_last: Tensor, products: Tensor, first: Tensor, outputs: Tensor,
    mask: Tensor | None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    z, candidate = _gates(products, mask)
    keep = 1 - z

    def one(time: Tensor, d_h: Tensor, gradients: Any) -> Any:
        d_h += d_outputs[time]
        return time - 1, keep[time] * d_h, gradients.write(time, d_h)

    length = tf.shape(products)[0]
    gradients = tf.TensorArray(tf.float32, length, element_shape=d_last.shape)
    _, d_first, gradients = tf.while_loop(
        lambda time, *_: time >= 0, one, (length - 1, d_last, gradients), maximum_iterations=length
    )
    before = tf.concat([first[None], outputs[:-1]], 0)
    d_candidate = gradients.stack() * z
    return tf.concat([d_candidate * keep * (candidate - before), d_candidate], -1), d_first


@keras.saving.register_keras_serializable("textrnn")
class MinGRUCell(keras.layers.Layer):
    """One step of a minGRU; its weights are W_z and W_h, concatenated, and b_z and b_h."""

    def __init__(
        self,
        units: int,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.units = self.state_size = self.output_size = units
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def build(self, input_shape: Any) -> None:
        """Create the kernel (features, 2 units) and the bias (2 units,)."""
        self.kernel = self.add_weight(
            shape=(input_shape[-1], 2 * self.units),
            name="kernel",
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
        )
        self.bias = self.add_weight(
            shape=(2 * self.units,), name="bias", initializer=self.bias_initializer
        )

    def call(self, sequence: Any, states: Any) -> tuple[Any, list[Any]]:
        """One step: inputs (batch, features), states [(batch, units)] -> output, new states."""
        (h,) = states
        products = keras.ops.matmul(sequence, self.kernel) + self.bias
        z, candidate = keras.ops.split(products, 2, -1)
        h = h + keras.ops.sigmoid(z) * (candidate - h)
        return h, [h]

    def get_config(self) -> dict[str, Any]:
        """The settings that rebuild the cell."""
        return {
            **super().get_config(),
            "units": self.units,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }


@keras.saving.register_keras_serializable("textrnn")
class MinGRU(keras.layers.RNN):
    """`keras.layers.RNN(MinGRUCell(units))`, with the products of all steps computed at once.

    It takes RNN's settings (`return_sequences`, `stateful`, `go_backwards` ...) and the cell's
    initializers and regularizer.
    """

    def __init__(
        self,
        units: int,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        **settings: Any,
    ) -> None:
        cell = MinGRUCell(
            units, kernel_initializer, bias_initializer, kernel_regularizer, name="mingru_cell"
        )
        super().__init__(cell, **settings)

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool = False
    ) -> tuple[Any, Any, list[Any]]:
        """Run over sequences (batch, time, features) -> last output, outputs, last states."""
        # Time first, so that the values of one step are contiguous.
        x = tf.transpose(sequences, (1, 0, 2))
        if mask is not None:
            mask = tf.cast(tf.transpose(keras.tree.flatten(mask)[0]), x.dtype)[:, :, None]
        if self.go_backwards:
            x, mask = x[::-1], None if mask is None else mask[::-1]
        products = tf.tensordot(x, tf.convert_to_tensor(self.cell.kernel), 1)
        (first,) = keras.tree.flatten(initial_state)
        outputs, last = scan(products, tf.convert_to_tensor(self.cell.bias), first, mask)
        if mask is not None and self.zero_output_for_mask:
            outputs *= mask
        return last, tf.transpose(outputs, (1, 0, 2)), [last]

    def get_config(self) -> dict[str, Any]:
        """The settings that rebuild the layer."""
        config = super().get_config()
        del config["cell"]
        cell = self.cell.get_config()
        names = ("units", "kernel_initializer", "bias_initializer", "kernel_regularizer")
        return {**config, **{name: cell[name] for name in names}}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "MinGRU":
        """The layer that `get_config` described."""
        return cls(**config)
