"""Parts that the networks share: the embedding, recurrent layers and stacks of them."""

from collections.abc import Iterator
from typing import Any

import keras

from textrnn.config.generator import GeneratorConfig
from textrnn.config.network import RecurrentConfig
from textrnn.config.weights import CELLS
from textrnn.models.layers.cells import Fast, layer_maker

Seeds = Iterator[int]  # each part of a network takes the next one, in a fixed order


def recurrent_layer(
    config: RecurrentConfig, index: int, seeds: Seeds, *, fast: Fast = "auto", **run: Any
) -> Any:
    """Recurrent layer `index`, from 1: (batch, time, features) -> (batch, time, units).

    `fast=False` uses Keras's own layers, "auto" those that suit the device (`layer_maker`). `run`
    holds Keras's settings of the run (stateful, go_backwards) and the name, by default rnn_`index`.
    """
    run = {"return_sequences": True, "name": f"rnn_{index}", **run}
    settings: dict[str, Any] = {
        "kernel_initializer": keras.initializers.GlorotUniform(seed=next(seeds)),
        "kernel_regularizer": regularizer(config),
    }
    if CELLS[config.cell].recurrent:
        settings |= {
            "recurrent_initializer": keras.initializers.Orthogonal(seed=next(seeds)),
            "recurrent_regularizer": penalty(config.recurrent_l1, config.recurrent_l2),
            "recurrent_dropout": config.recurrent_dropout,
            "seed": next(seeds),
        }
    make = layer_maker(config.cell, recurrent_dropout=config.recurrent_dropout or 0.0, fast=fast)
    return make(config.units, **settings, **run)


def recurrent_stack(
    h: Any,
    config: RecurrentConfig,
    seeds: Seeds,
    *,
    residual: bool = False,
    stateful: bool = False,
    fast: Fast = "auto",
) -> Any:
    """Inputs (batch, time, features) -> outputs (batch, time, directions x units).

    There is dropout between layers. With `residual`, every layer but the first adds its input to
    its output.
    """
    for index in range(1, config.layers + 1):
        if index > 1:
            below = h
            h = locked_dropout(h, config.dropout, next(seeds), f"dropout_{index}")
        layer = recurrent_layer(config, index, seeds, stateful=stateful, fast=fast)
        if config.directions == 2:
            back = recurrent_layer(
                config, index, seeds, stateful=stateful, fast=fast,
                go_backwards=True, name=f"backward_rnn_{index}",
            )  # fmt: skip
            layer = keras.layers.Bidirectional(
                layer, backward_layer=back, name=f"bidirectional_{index}"
            )
        h = layer(h)
        if index > 1 and residual:
            h = keras.layers.Add(name=f"residual_{index}")([below, h])
    return h


def predicting_stack(
    h: Any, config: GeneratorConfig, seeds: Seeds, *, stateful: bool, fast: Fast = "auto"
) -> Any:
    """Inputs (batch, window, features) -> outputs (batch, window, units), input to the softmax.

    Includes input, recurrent-stack and output dropout.
    """
    h = locked_dropout(h, config.input_dropout, next(seeds), "input_dropout")
    h = recurrent_stack(h, config, seeds, residual=config.residual, stateful=stateful, fast=fast)
    return locked_dropout(h, config.output_dropout, next(seeds), "output_dropout")


def embed(inputs: Any, config: GeneratorConfig, seeds: Seeds) -> Any:
    """Ids (batch, window) -> their embeddings, initialised to about unit length."""
    return keras.layers.Embedding(
        config.vocab_size,
        config.embedding_dim,
        embeddings_initializer=keras.initializers.RandomNormal(
            stddev=config.embedding_dim**-0.5, seed=next(seeds)
        ),
        name="embedding",
    )(inputs)


def regularizer(config: RecurrentConfig) -> Any:
    """The penalty on a kernel, or None."""
    return penalty(config.l1, config.l2)


def penalty(l1: float, l2: float) -> Any:
    """A Keras regularizer, or None if both factors are 0."""
    return keras.regularizers.L1L2(l1=l1, l2=l2) if l1 or l2 else None


def locked_dropout(h: Any, rate: float, seed: int, name: str) -> Any:
    """Dropout with one mask for all steps of a sequence (variational dropout)."""
    # SpatialDropout1D drops whole features.
    return keras.layers.SpatialDropout1D(rate, seed=seed, name=name)(h) if rate else h
