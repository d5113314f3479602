"""Keras layers over padded texts whose results do not depend on the padding.

All map (batch, words, features) to the same layout, with the mask (batch, words) of the embedding;
every row has at least one word.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import keras
import tensorflow as tf

from textrnn.config.network import POOLINGS


@keras.saving.register_keras_serializable("textrnn")
class WordDropout(keras.layers.Layer):
    """Dropout of whole words at `rate`; the others are scaled by 1 / (1 - rate)."""

    def __init__(self, rate: float, seed: int = 0, **settings: Any) -> None:
        super().__init__(**settings)
        self.rate, self.seed, self.supports_masking = rate, seed, True
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, x: Any, training: bool = False) -> Any:
        """Drop words when training."""
        if not training:
            return x
        shape = tf.concat([tf.shape(x)[:2], [1]], 0)
        draw = keras.random.uniform(shape, seed=self.seed_generator)
        return x * tf.cast(draw >= self.rate, x.dtype) / (1 - self.rate)

    def get_config(self) -> dict[str, Any]:
        """The settings that rebuild the layer."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


@keras.saving.register_keras_serializable("textrnn")
class MaskedConv1D(keras.layers.Conv1D):
    """A convolution over words with ReLU; it sees zeros beyond a text's end, padded or not."""

    def __init__(self, filters: int, width: int, **settings: Any) -> None:
        super().__init__(filters, width, padding="same", activation="relu", **settings)
        self.supports_masking = True

    def call(self, x: Any, mask: Any = None) -> Any:
        """Features (batch, words, filters), 0 where there is padding."""
        if mask is None:
            return super().call(x)
        kept = tf.cast(mask, x.dtype)[:, :, None]
        return super().call(x * kept) * kept

    def get_config(self) -> dict[str, Any]:
        """The settings that rebuild the layer."""
        config = super().get_config()
        (width,) = config.pop("kernel_size")
        for name in ("padding", "activation"):
            del config[name]
        return {**config, "width": width}


@keras.saving.register_keras_serializable("textrnn")
class MaskedMaxPooling1D(keras.layers.Layer):
    """Max pooling over every `pool` words, the incomplete last group included; features >= 0."""

    def __init__(self, pool: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.pool, self.supports_masking = pool, True

    def call(self, x: Any) -> Any:
        """(batch, words, features) -> (batch, words / pool rounded up, features)."""
        x = tf.pad(x, [[0, 0], [0, -tf.shape(x)[1] % self.pool], [0, 0]])
        rows, features = tf.shape(x)[0], x.shape[-1]
        return tf.reduce_max(tf.reshape(x, (rows, -1, self.pool, features)), 2)

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """A pooled step is valid if its first word is: padding is on the right."""
        return None if mask is None else mask[:, :: self.pool]

    def compute_output_shape(self, shape: Any) -> Any:
        """(batch, words / pool rounded up, features)."""
        words = None if shape[1] is None else -(-shape[1] // self.pool)
        return (shape[0], words, shape[2])

    def get_config(self) -> dict[str, Any]:
        """The settings that rebuild the layer."""
        return {**super().get_config(), "pool": self.pool}


def _last(x: Any, mask: Any, directions: int) -> Any:
    lengths = tf.reduce_sum(tf.cast(mask, tf.int32), 1)
    last = tf.gather(x, lengths - 1, axis=1, batch_dims=1)
    if directions == 1:
        return last
    # The backward direction ends at the first step.
    units = x.shape[-1] // 2
    return tf.concat([last[:, :units], x[:, 0, units:]], 1)


def _max(x: Any, mask: Any, directions: int) -> Any:
    return tf.reduce_max(tf.where(mask[:, :, None], x, x.dtype.min), 1)


def _mean(x: Any, mask: Any, directions: int) -> Any:
    weights = tf.cast(mask, x.dtype)[:, :, None]
    return tf.reduce_sum(x * weights, 1) / tf.reduce_sum(weights, 1)


# Features (batch, words, features), their mask and the number of directions -> (batch, features).
PARTS: Mapping[str, Callable[[Any, Any, int], Any]] = MappingProxyType(
    {"last": _last, "max": _max, "mean": _mean}
)


@keras.saving.register_keras_serializable("textrnn")
class MaskedPooling(keras.layers.Layer):
    """One vector per text: the parts of a `kind` of pooling, concatenated.

    With `directions` 2, the last step of the backward half is the first word: it has read all.
    """

    def __init__(self, kind: str, directions: int = 1, **settings: Any) -> None:
        super().__init__(**settings)
        self.kind, self.directions, self.supports_masking = kind, directions, True
        self.parts = POOLINGS[kind].parts

    def call(self, x: Any, mask: Any = None) -> Any:
        """(batch, words, features) -> (batch, features of all parts)."""
        if mask is None:
            mask = tf.ones(tf.shape(x)[:2], tf.bool)
        return tf.concat([PARTS[part](x, mask, self.directions) for part in self.parts], 1)

    def compute_mask(self, x: Any, mask: Any = None) -> None:
        """None: a pooled text has no padding."""
        return

    def compute_output_shape(self, shape: Any) -> Any:
        """(batch, features of all parts)."""
        return (shape[0], shape[2] * len(self.parts))

    def get_config(self) -> dict[str, Any]:
        """The settings that rebuild the layer."""
        return {**super().get_config(), "kind": self.kind, "directions": self.directions}
