"""What the networks share: a config's embedding, its cell as a Keras layer, the layers stacked."""

from typing import Any

import keras

from textrnn.config.classifier import ClassifierConfig
from textrnn.config.generator import GeneratorConfig
from textrnn.models.layers.mingru import MinGRU
from textrnn.models.layers.recurrent import GRU, LSTM, LayerNormSimpleRNNCell


def recurrent_layer(
    config: GeneratorConfig | ClassifierConfig, index: int, seeds: Any, **run: Any
) -> Any:
    """Recurrent layer `index`, from 1: (batch, time, features) -> (batch, time, units).

    `run` says how it runs (stateful, go_backwards), and its name if it is not to be rnn_`index`.
    """
    run = {"return_sequences": True, "name": f"rnn_{index}", **run}
    settings: dict[str, Any] = {
        "kernel_initializer": keras.initializers.GlorotUniform(seed=next(seeds)),
        "kernel_regularizer": regularizer(config),
    }
    if config.cell == "mingru":
        return MinGRU(config.units, **settings, **run)
    settings |= {
        "recurrent_initializer": keras.initializers.Orthogonal(seed=next(seeds)),
        "recurrent_regularizer": regularizer(config),
        "recurrent_dropout": config.recurrent_dropout,
        "seed": next(seeds),
    }
    if config.cell in ("gru", "lstm"):
        layer = {"gru": GRU, "lstm": LSTM}[config.cell]
        return layer(config.units, **settings, **run)
    # Not keras.layers.SimpleRNN: the copy of it that Bidirectional makes forgets the seed.
    kinds = {"simple_rnn": keras.layers.SimpleRNNCell, "layer_norm_rnn": LayerNormSimpleRNNCell}
    cell = kinds[config.cell](config.units, name=f"{config.cell}_cell", **settings)
    return keras.layers.RNN(cell, **run)


def embedded(inputs: Any, config: GeneratorConfig, seeds: Any) -> Any:
    """Ids (batch, window) -> their embeddings, of about unit length at first."""
    return keras.layers.Embedding(
        config.vocab_size,
        config.embedding_dim,
        embeddings_initializer=keras.initializers.RandomNormal(
            stddev=config.embedding_dim**-0.5, seed=next(seeds)
        ),
        name="embedding",
    )(inputs)


def recurrent_stack(h: Any, config: GeneratorConfig, seeds: Any, *, stateful: bool) -> Any:
    """Inputs (batch, window, features) -> states (batch, window, units), with all dropouts."""
    h = locked_dropout(h, config.input_dropout, next(seeds), "input_dropout")
    for index in range(1, config.layers + 1):
        if index > 1:
            below = h
            h = locked_dropout(h, config.dropout, next(seeds), f"dropout_{index}")
        h = recurrent_layer(config, index, seeds, stateful=stateful)(h)
        if index > 1 and config.residual:
            h = keras.layers.Add(name=f"residual_{index}")([below, h])
    return locked_dropout(h, config.output_dropout, next(seeds), "output_dropout")


def regularizer(config: GeneratorConfig | ClassifierConfig) -> Any:
    """The penalty on a kernel, or none."""
    if config.l1 or config.l2:
        return keras.regularizers.L1L2(l1=config.l1, l2=config.l2)
    return None


def locked_dropout(h: Any, rate: float, seed: int, name: str) -> Any:
    """Dropout with one mask for all steps of a sequence."""
    # SpatialDropout1D drops whole features.
    return keras.layers.SpatialDropout1D(rate, seed=seed, name=name)(h) if rate else h
