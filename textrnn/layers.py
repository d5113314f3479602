"""Recurrent layers that Keras lacks: its GRU and LSTM, fast on a CPU, and a normalised cell.

`GRU` and `LSTM` are Keras's own layers but for the run over the sequence (`textrnn.recurrence`):
same weights, same results, same masks, states and configuration.
"""

import os
from itertools import pairwise
from typing import Any

import keras
import tensorflow as tf

from textrnn import recurrence

ROWS_A_SHARD = 8  # fewer rows make products too small to be worth a core of their own


class _Fast:
    """The loop over a sequence that `GRU` and `LSTM` share; mixed in before the Keras layer.

    The batch is cut into shards of rows that run side by side, one a core: a step's product is
    too small for several cores, and the element-wise work between the products would use one.
    """

    cell: Any
    dropout: float
    go_backwards: bool
    return_sequences: bool
    zero_output_for_mask: bool

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: bool = False
    ) -> tuple[Any, Any, list[Any]]:
        """Run over sequences (batch, time, features) -> last output, outputs, last states."""
        mask = None if mask is None else keras.tree.flatten(mask)[0]
        if training and self.dropout:
            sequences *= self.cell.get_dropout_mask(sequences[:, 0, :])[:, None, :]
        states, drop = keras.tree.flatten(initial_state), None
        if training and self.cell.recurrent_dropout:
            drop = self.cell.get_recurrent_dropout_mask(states[0])
        shards = [
            self._run_shard(
                sequences[rows],
                [state[rows] for state in states],
                None if mask is None else mask[rows],
                None if drop is None else drop[rows],
            )
            for rows in _shards(sequences.shape[0])
        ]
        outputs, *states = (tf.concat(parts, 0) for parts in zip(*shards, strict=True))
        return states[0], outputs, states

    def _run_shard(self, sequences: Any, states: list[Any], mask: Any, drop: Any) -> list[Any]:
        x = tf.transpose(sequences, (1, 0, 2))
        if mask is not None:
            mask = tf.cast(tf.transpose(mask), x.dtype)[:, :, None]
        if self.go_backwards:
            x, mask = x[::-1], None if mask is None else mask[::-1]
        outputs, *states = self._recur(x, states, mask, drop)
        if mask is not None and self.zero_output_for_mask:
            outputs *= mask
        return [tf.transpose(outputs, (1, 0, 2)), *states]

    def _recur(self, x: Any, states: list[Any], mask: Any, drop: Any) -> tuple[Any, ...]:
        raise NotImplementedError

    def _products(self, x: Any, bias: Any) -> Any:
        """The input products of all steps, x (time, rows, features), as one product."""
        kernel = tf.convert_to_tensor(self.cell.kernel)
        flat = tf.matmul(tf.reshape(x, (-1, x.shape[-1])), kernel) + bias
        return tf.reshape(flat, tf.concat([tf.shape(x)[:2], [kernel.shape[1]]], 0))


def _shards(batch: int | None) -> list[slice]:
    cores = os.cpu_count() or 1
    count = 1 if batch is None else max(1, min(cores, batch // ROWS_A_SHARD))
    edges = [(batch or 0) * index // count for index in range(count + 1)]
    return [slice(None)] if count == 1 else [slice(*edge) for edge in pairwise(edges)]


def _refuse(settings: dict[str, Any], **needed: Any) -> None:
    for name, value in needed.items():
        if settings.get(name, value) != value:
            raise ValueError(f"the fast layer has {name}={value!r} only; use Keras's own layer")


@keras.saving.register_keras_serializable("textrnn")
class GRU(_Fast, keras.layers.GRU):
    """`keras.layers.GRU`, with `reset_after=True` and its default activations, fast on a CPU.

    `recurrent_dropout` draws one mask a sequence for all gates.
    """

    def __init__(self, units: int, **settings: Any) -> None:
        _refuse(settings, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                reset_after=True, unroll=False)  # fmt: skip
        super().__init__(units, **settings)
        self.cell.dropout_mask_count = None  # one mask, not one a gate

    def _recur(self, x: Any, states: list[Any], mask: Any, drop: Any) -> tuple[Any, ...]:
        bias = tf.convert_to_tensor(self.cell.bias)
        return recurrence.gru(
            self._products(x, bias[0]),
            tf.convert_to_tensor(self.cell.recurrent_kernel),
            bias[1],
            states[0],
            mask,
            drop,
        )


@keras.saving.register_keras_serializable("textrnn")
class LSTM(_Fast, keras.layers.LSTM):
    """`keras.layers.LSTM` with its default activations, fast on a CPU.

    `recurrent_dropout` draws one mask a sequence for all gates.
    """

    def __init__(self, units: int, **settings: Any) -> None:
        _refuse(settings, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                unroll=False)  # fmt: skip
        super().__init__(units, **settings)
        self.cell.dropout_mask_count = None  # one mask, not one a gate

    def _recur(self, x: Any, states: list[Any], mask: Any, drop: Any) -> tuple[Any, ...]:
        return recurrence.lstm(
            self._products(x, tf.convert_to_tensor(self.cell.bias)),
            tf.convert_to_tensor(self.cell.recurrent_kernel),
            states[0],
            states[1],
            mask,
            drop,
        )


@keras.saving.register_keras_serializable("textrnn")
class LayerNormSimpleRNNCell(keras.layers.SimpleRNNCell):
    """A tanh cell whose pre-activation is layer-normalised (Ba et al. 2016).

        h' = tanh(LayerNorm(x W + h U + b))

    It inherits SimpleRNNCell's recurrent dropout: one mask a sequence.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(units, activation=None, **kwargs)
        self.layer_norm = keras.layers.LayerNormalization(epsilon=1e-3, name="layer_norm")

    def build(self, input_shape: Any) -> None:
        """Make the cell's weights and its normalisation's."""
        super().build(input_shape)
        self.layer_norm.build((None, self.units))

    def call(self, sequence: Any, states: Any, training: bool = False) -> tuple[Any, list[Any]]:
        """One step: inputs (batch, features), states [(batch, units)] -> output, new states."""
        output, _ = super().call(sequence, states, training=training)
        h = keras.ops.tanh(self.layer_norm(output))
        return h, [h]

    def get_config(self) -> dict[str, Any]:
        """The settings that rebuild the cell."""
        config = super().get_config()
        del config["activation"]
        return config
