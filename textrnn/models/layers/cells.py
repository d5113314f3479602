"""Choose the Keras layer that runs a cell: ours, fast on a CPU, or one of stock Keras parts.

Both have the same weights under the same names and give the same results.
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
# Settings of a cell, which Keras's layers take together with their own.
CELL_SETTINGS = (
    "kernel_initializer", "kernel_regularizer", "recurrent_initializer", "recurrent_regularizer",
    "recurrent_dropout", "seed",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CellLayers:
    """Constructors of a cell's layers, each called with units and Keras's keyword arguments."""

    fast: Callable[..., keras.layers.RNN]
    stock: Callable[..., keras.layers.RNN]
    cudnn: bool = False  # whether `stock` runs on cuDNN where there is a GPU


def _looped(cell: type[keras.layers.Layer], name: str) -> Callable[..., keras.layers.RNN]:
    """A constructor of Keras's own loop over a cell called `name`."""

    def layer(units: int, **settings: Any) -> keras.layers.RNN:
        own = {each: settings.pop(each) for each in CELL_SETTINGS if each in settings}
        return keras.layers.RNN(cell(units, name=name, **own), **settings)

    return layer


LAYERS: Mapping[str, CellLayers] = MappingProxyType(
    {
        "gru": CellLayers(fast=GRU, stock=keras.layers.GRU, cudnn=True),
        "lstm": CellLayers(fast=LSTM, stock=keras.layers.LSTM, cudnn=True),
        # Keras's loop over the cell: Bidirectional copies keras.layers.SimpleRNN without its seed.
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
    """The constructor of a layer of `cell`: our own, or with `fast=False` one of stock Keras parts.

    "auto" is our own, except on a GPU, where it is Keras's layer if cuDNN runs it; cuDNN has no
    recurrent dropout.
    """
    layers = LAYERS[cell]
    if fast == "auto":
        gpu = bool(tf.config.list_logical_devices("GPU"))
        fast = not (gpu and layers.cudnn and not recurrent_dropout)
    return layers.fast if fast else layers.stock
