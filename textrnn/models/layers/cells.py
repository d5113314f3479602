"""Which Keras layer runs a cell: ours, fast on a CPU, or one that is made of Keras's own parts.

Both have the same weights under the same names, and give the same results.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import keras
import tensorflow as tf

from textrnn.models.layers.mingru import MinGRU, MinGRUCell
from textrnn.models.layers.recurrent import GRU, LSTM, LayerNormSimpleRNNCell

Fast = bool | Literal["auto"]
# Settings of a cell, which Keras takes with those of the layer that runs it.
OF_CELL = (
    "kernel_initializer", "kernel_regularizer", "recurrent_initializer", "recurrent_regularizer",
    "recurrent_dropout", "seed",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CellLayers:
    """Makers of a cell's layers, each called with units and Keras's settings by name."""

    fast: Callable[..., keras.layers.RNN]
    stock: Callable[..., keras.layers.RNN]
    cudnn: bool = False  # whether `stock` runs on cuDNN where there is a GPU


def _looped(cell: type[keras.layers.Layer], name: str) -> Callable[..., keras.layers.RNN]:
    """What makes Keras's own loop over a cell filed under `name`."""

    def layer(units: int, **settings: Any) -> keras.layers.RNN:
        own = {each: settings.pop(each) for each in OF_CELL if each in settings}
        return keras.layers.RNN(cell(units, name=name, **own), **settings)

    return layer


LAYERS: Mapping[str, CellLayers] = MappingProxyType(
    {
        "gru": CellLayers(fast=GRU, stock=keras.layers.GRU, cudnn=True),
        "lstm": CellLayers(fast=LSTM, stock=keras.layers.LSTM, cudnn=True),
        # Keras's loop over the cell: the copy of keras.layers.SimpleRNN that Bidirectional makes
        # forgets the seed.
        "simple_rnn": CellLayers(
            fast=_looped(keras.layers.SimpleRNNCell, "simple_rnn_cell"),
            stock=keras.layers.SimpleRNN,
        ),
        "layer_norm_rnn": CellLayers(
            fast=_looped(LayerNormSimpleRNNCell, "layer_norm_rnn_cell"),
            stock=_looped(LayerNormSimpleRNNCell, "layer_norm_rnn_cell"),
        ),
        "mingru": CellLayers(fast=MinGRU, stock=_looped(MinGRUCell, "mingru_cell")),
    }
)


def layer_maker(
    cell: str, *, recurrent_dropout: float, fast: Fast
) -> Callable[..., keras.layers.RNN]:
    """What makes a layer of `cell`: our own, or with `fast=False` one of Keras's own parts.

    "auto" is our own, but where there is a GPU Keras's layers that cuDNN runs, which has no
    dropout of the recurrent state.
    """
    layers = LAYERS[cell]
    if fast == "auto":
        gpu = bool(tf.config.list_logical_devices("GPU"))
        fast = not (gpu and layers.cudnn and not recurrent_dropout)
    return layers.fast if fast else layers.stock
