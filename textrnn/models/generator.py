"""Turn a GeneratorConfig into a Keras model for training.

Stateless and stateful models of one config have the same weights: a state is a variable of its
layer, not a weight. `textrnn.engine.generator` computes the same function in NumPy.
"""

from typing import Any

import keras

from textrnn.config.generator import GeneratorConfig
from textrnn.models.layers.cells import Fast
from textrnn.models.stack import embed, predicting_stack


def build_generator(
    config: GeneratorConfig,
    *,
    stateful: bool = False,
    batch_size: int | None = None,
    seed: int = 0,
    fast: Fast = "auto",
) -> keras.Model:
    """Ids (batch, window) -> logits of the next character (batch, window, vocab_size).

    `stateful` carries each row's state to the next call and needs `batch_size`; `seed` draws the
    initial weights and the dropout masks. `fast=False` uses Keras's own recurrent layers.
    """
    seeds = iter(range(1000 * seed, 1000 * (seed + 1)))
    inputs = keras.Input((None,), batch_size=batch_size, dtype="int32", name="ids")
    if config.embedding_dim:
        h = embed(inputs, config, seeds)
    else:
        h = keras.layers.Lambda(
            keras.ops.one_hot, arguments={"num_classes": config.vocab_size}, name="one_hot"
        )(inputs)
    h = predicting_stack(h, config, seeds, stateful=stateful, fast=fast)
    logits = keras.layers.Dense(
        config.vocab_size,
        kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)),
        name="output",
    )(h)
    return keras.Model(inputs, logits, name="generator")


def state_variables(model: keras.Model) -> list[Any]:
    """The recurrent states (rows, units) of a stateful model, layer by layer."""
    return [
        variable
        for layer in model.layers
        if isinstance(layer, keras.layers.RNN) and layer.stateful
        for variable in keras.tree.flatten(layer.states)
    ]


def reset_states(model: keras.Model) -> None:
    """Reset every row's state to zero."""
    for variable in state_variables(model):
        variable.assign(keras.ops.zeros_like(variable))
