"""Turn a ClassifierConfig into a Keras model for training.

`textrnn.engine.classifier` computes the same function in NumPy.
"""

from typing import Any

import keras

from textrnn.config.classifier import ClassifierConfig
from textrnn.models.layers.cells import Fast
from textrnn.models.layers.masked import (
    MaskedConv1D,
    MaskedMaxPooling1D,
    MaskedPooling,
    WordDropout,
)
from textrnn.models.stack import Seeds, locked_dropout, recurrent_stack, regularizer

# The layers (where present) that turn ids into embedded words.
WORD_LAYERS = ("embedding", "word_dropout", "embedding_dropout")


def build_classifier(
    config: ClassifierConfig,
    *,
    seed: int = 0,
    train_embedding: bool = True,
    text_embedding: keras.layers.Layer | None = None,
    fast: Fast = "auto",
) -> keras.Model:
    """Ids (batch, words), padded on the right with 0 -> logits (batch, 1 or classes).

    Two classes have one logit, the log-odds of the second. `seed` draws the initial weights and
    the dropout masks. A `text_embedding` turns texts (batch,) into vectors and replaces everything
    below the head. `fast=False` uses Keras's own recurrent layers.
    """
    seeds = iter(range(1000 * seed, 1000 * (seed + 1)))
    if text_embedding:
        inputs = keras.Input((), dtype="string", name="texts")
        return _with_head(inputs, text_embedding(inputs), config, seeds)
    inputs = keras.Input((None,), dtype="int32", name="ids")
    h = keras.layers.Embedding(
        config.vocab_size,
        config.embedding_dim,
        mask_zero=True,
        embeddings_initializer=keras.initializers.RandomUniform(-0.05, 0.05, seed=next(seeds)),
        trainable=train_embedding,
        name="embedding",
    )(inputs)
    if config.word_dropout:
        h = WordDropout(config.word_dropout, seed=next(seeds), name="word_dropout")(h)
    h = locked_dropout(h, config.embedding_dropout, next(seeds), "embedding_dropout")
    h = _convolutions(h, config, seeds)
    h = recurrent_stack(h, config, seeds, fast=fast)
    h = MaskedPooling(
        config.pooling, config.directions if config.layers else 1, name="pooling"
    )(h)  # fmt: skip
    return _with_head(inputs, h, config, seeds)


def split_at_words(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """Split a classifier over ids in two: ids -> embedded words (with dropout), words -> logits.

    Both share its layers. The second sees no ids, so call it with `mask` (batch, words), which is
    true where there is a word.
    """
    last = max(row for row, layer in enumerate(model.layers) if layer.name in WORD_LAYERS)
    words = model.layers[last].output
    h = inputs = keras.Input(words.shape[1:], name="words")
    for layer in model.layers[last + 1 :]:  # a chain: each layer feeds the next
        h = layer(h)
    rest = keras.Model(inputs, h, name="rest")
    rest.supports_masking = True
    return keras.Model(model.input, words, name="words"), rest


def _with_head(inputs: Any, h: Any, config: ClassifierConfig, seeds: Seeds) -> keras.Model:
    if config.dropout:
        h = keras.layers.Dropout(config.dropout, seed=next(seeds), name="head_dropout")(h)
    if config.dense_units:
        h = _dense(config, config.dense_units, "hidden", seeds, activation="relu")(h)
    logits = _dense(config, config.logits, "output", seeds)(h)
    return keras.Model(inputs, logits, name="classifier")


def _convolutions(h: Any, config: ClassifierConfig, seeds: Seeds) -> Any:
    for index in range(1, config.conv_layers + 1):
        h = MaskedConv1D(
            config.conv_filters,
            config.conv_width,
            kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)),
            kernel_regularizer=regularizer(config),
            name=f"conv_{index}",
        )(h)
        if config.conv_pool > 1 and (index < config.conv_layers or config.layers):
            h = MaskedMaxPooling1D(config.conv_pool, name=f"conv_pool_{index}")(h)
    return h


def _dense(config: ClassifierConfig, units: int, name: str, seeds: Seeds, **settings: Any) -> Any:
    return keras.layers.Dense(
        units,
        kernel_initializer=keras.initializers.GlorotUniform(seed=next(seeds)),
        kernel_regularizer=regularizer(config),
        name=name,
        **settings,
    )
