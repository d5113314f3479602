"""Recurrent layers that Keras lacks: a GRU and an LSTM fast on a CPU, and a normalised cell.

`GRU` and `LSTM` are Keras's own layers except for the loop over the sequence
(`textrnn.models.layers.recurrence`): same weights, results, masks, states and configuration.
"""

import os
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import keras
import tensorflow as tf

from textrnn.models.layers import recurrence

ROWS_PER_SHARD = 8  # products of fewer rows are too small to be worth a core


class _Fast:
    """The loop over a sequence that `GRU` and `LSTM` share; mixed in before the Keras layer.

    The batch is split into shards of rows that run in parallel, one per core: a step's product is
    too small for several cores, and the element-wise operations would use only one.
    """

    cell: Any
    dropout: float
    go_backwards: bool
    return_sequences: bool
    zero_output_for_mask: bool
    _recur: Callable[..., tuple[Any, ...]]

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
        sizes = _shard_sizes(sequences.shape[0])
        parts = (_split(tensor, sizes) for tensor in (sequences, mask, drop, *states))
        shards = [self._run_shard(*shard) for shard in zip(*parts, strict=True)]
        outputs, *states = (tf.concat(parts, 0) for parts in zip(*shards, strict=True))
        return states[0], outputs, states

    def _run_shard(self, x: Any, mask: Any, drop: Any, *states: Any) -> list[Any]:
        if mask is not None:
            mask = tf.cast(tf.transpose(mask), x.dtype)[:, :, None]
            mask = mask[::-1] if self.go_backwards else mask
        cell = self.cell
        weights = map(tf.convert_to_tensor, (cell.kernel, cell.recurrent_kernel, cell.bias))
        outputs, *last = self._recur(x, *weights, *states, mask, drop, self.go_backwards)
        if mask is not None and self.zero_output_for_mask:
            outputs *= tf.transpose(mask, (1, 0, 2))
        return [outputs, *last]


def _shard_sizes(batch: int | None) -> list[int]:
    """The number of rows of each shard; empty if the batch is not split."""
    cores = os.cpu_count() or 1
    count = 1 if batch is None else max(1, min(cores, batch // ROWS_PER_SHARD))
    edges = [(batch or 0) * index // count for index in range(count + 1)]
    return [end - start for start, end in pairwise(edges)] if count > 1 else []


def _split(tensor: Any, sizes: list[int]) -> list[Any]:
    # Not slices: their gradients are padded with zeros to the whole batch and then added.
    if tensor is None or not sizes:
        return [tensor] * max(1, len(sizes))
    parts: list[Any] = tf.split(tensor, sizes)
    return parts


def _refuse(settings: dict[str, Any], **needed: Any) -> None:
    for name, value in needed.items():
        if settings.get(name, value) != value:
            raise ValueError(f"the fast layer needs {name}={value!r}; use Keras's own layer")


@keras.saving.register_keras_serializable("textrnn")
class GRU(_Fast, keras.layers.GRU):
    """`keras.layers.GRU`, with `reset_after=True` and its default activations, fast on a CPU.

    `recurrent_dropout` draws one mask per sequence for all gates.
    """

    def __init__(self, units: int, **settings: Any) -> None:
        _refuse(settings, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                reset_after=True, unroll=False)  # fmt: skip
        super().__init__(units, **settings)
        self.cell.dropout_mask_count = None  # one mask, not one per gate

    _recur = staticmethod(recurrence.gru)


@keras.saving.register_keras_serializable("textrnn")
class LSTM(_Fast, keras.layers.LSTM):
    """`keras.layers.LSTM` with its default activations, fast on a CPU.

    `recurrent_dropout` draws one mask per sequence for all gates.
    """

    def __init__(self, units: int, **settings: Any) -> None:
        _refuse(settings, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                unroll=False)  # fmt: skip
        super().__init__(units, **settings)
        self.cell.dropout_mask_count = None  # one mask, not one per gate

    _recur = staticmethod(recurrence.lstm)


@keras.saving.register_keras_serializable("textrnn")
class LayerNormSimpleRNNCell(keras.layers.SimpleRNNCell):
    """A tanh cell whose pre-activation is layer-normalised (Ba et al. 2016).

        h' = tanh(LayerNorm(x W + h U + b))

    It inherits SimpleRNNCell's recurrent dropout: one mask per sequence.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(units, activation=None, **kwargs)
        self.layer_norm = keras.layers.LayerNormalization(epsilon=1e-3, name="layer_norm")

    def build(self, input_shape: Any) -> None:
        """Create the weights of the cell and of its normalisation."""
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
