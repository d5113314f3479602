"""Layers over padded texts: padding changes no result, and the mask is passed on."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from textrnn.models.layers.masked import (
    MaskedConv1D,
    MaskedMaxPooling1D,
    MaskedPooling,
    WordDropout,
)

ROWS, WORDS, FEATURES = 4, 7, 6
LENGTHS = [7, 1, 4, 5]
MASK = tf.constant(np.arange(WORDS) < np.array(LENGTHS)[:, None])


def values(seed=0, shape=(ROWS, WORDS, FEATURES)):
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)


def with_other_padding(x):
    return tf.where(MASK[:, :, None], x, values(seed=9) * 100)


# ---- pooling over time --------------------------------------------------------------------------


def pooled_by_hand(x, kind, directions):
    x, half, rows = x.numpy(), FEATURES // 2, []
    for row, length in enumerate(LENGTHS):
        words = x[row, :length]
        last = words[-1] if directions == 1 else np.r_[words[-1, :half], words[0, half:]]
        parts = {"last": last, "max": words.max(axis=0), "mean": words.mean(axis=0)}
        rows.append(np.concatenate(list(parts.values())) if kind == "all" else parts[kind])
    return np.array(rows)


@pytest.mark.parametrize("directions", [1, 2])
@pytest.mark.parametrize("kind", ["last", "max", "mean", "all"])
def test_pooling_takes_the_last_the_highest_or_the_mean_of_a_texts_own_words(kind, directions):
    layer, x = MaskedPooling(kind, directions), values() - 3  # all below 0, unlike the padding
    found = layer(x, mask=MASK)
    np.testing.assert_allclose(found, pooled_by_hand(x, kind, directions), atol=1e-6)
    np.testing.assert_array_equal(layer(with_other_padding(x), mask=MASK), found)
    assert layer.compute_output_shape(x.shape) == found.shape
    assert layer.compute_mask(x, MASK) is None


def test_without_a_mask_every_word_is_pooled():
    full = tf.ones((ROWS, WORDS), tf.bool)
    for kind in ("last", "max", "mean", "all"):
        layer = MaskedPooling(kind)
        np.testing.assert_allclose(layer(values()), layer(values(), mask=full), atol=1e-6)


# ---- pooling of neighbours ----------------------------------------------------------------------


@pytest.mark.parametrize("pool", [1, 2, 3, 7, 10])
def test_max_pooling_keeps_the_last_few_words_and_the_mask_of_those_that_hold_one(pool):
    layer, x = MaskedMaxPooling1D(pool), tf.nn.relu(values()) * tf.cast(MASK, tf.float32)[..., None]
    found, mask = layer(x).numpy(), layer.compute_mask(x, MASK).numpy()
    steps = -(-WORDS // pool)
    assert layer.compute_output_shape(x.shape) == found.shape == (ROWS, steps, FEATURES)
    assert layer.compute_output_shape((None, None, 3)) == (None, None, 3)
    for step in range(steps):
        words = slice(step * pool, (step + 1) * pool)
        np.testing.assert_array_equal(found[:, step], x.numpy()[:, words].max(axis=1))
        np.testing.assert_array_equal(mask[:, step], MASK.numpy()[:, words].any(axis=1))
    assert layer.compute_mask(x) is None


# ---- convolution --------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [1, 2, 3, 4, 9])
def test_a_convolution_sees_zeros_beyond_a_texts_end_padded_or_not(width):
    layer, x = MaskedConv1D(5, width, bias_initializer=keras.initializers.Constant(0.3)), values()
    found = layer(x, mask=MASK).numpy()
    np.testing.assert_array_equal(layer(with_other_padding(x), mask=MASK), found)
    for row, length in enumerate(LENGTHS):
        alone = layer(x[row : row + 1, :length])[0]
        np.testing.assert_allclose(found[row, :length], alone, atol=1e-5)
        assert not found[row, length:].any()
    assert (found >= 0).all() and found.any()


# ---- dropout of words ---------------------------------------------------------------------------


def test_word_dropout_drops_whole_words_and_keeps_the_mean():
    x, rate = tf.ones((40, 50, 3)), 0.3
    found = WordDropout(rate, seed=1)(x, training=True).numpy()
    np.testing.assert_array_equal(found.min(axis=2), found.max(axis=2))
    np.testing.assert_allclose(np.unique(found), [0, 1 / (1 - rate)], rtol=1e-6)
    assert (found == 0).mean() == pytest.approx(rate, abs=0.04)  # 4 standard deviations
    assert found.mean() == pytest.approx(1, abs=0.06)


def test_word_dropout_draws_again_each_step_and_repeats_with_a_seed():
    one, other = (WordDropout(0.5, seed=4) for _ in range(2))
    x = tf.ones((8, 20, 2))
    draws = [(one(x, training=True).numpy(), other(x, training=True).numpy()) for _ in range(2)]
    for left, right in draws:
        np.testing.assert_array_equal(left, right)
    assert not np.array_equal(draws[0][0], draws[1][0])


def test_word_dropout_does_nothing_unless_training():
    layer = WordDropout(0.9)
    np.testing.assert_array_equal(layer(values()), values())
    np.testing.assert_array_equal(layer(values(), training=False), values())


# ---- as parts of a model ------------------------------------------------------------------------


def test_the_mask_of_an_embedding_reaches_the_pooling_through_all_layers():
    ids = tf.constant([[3, 1, 2, 0, 0, 0, 0], [2, 2, 3, 1, 1, 2, 3], [1, 0, 0, 0, 0, 0, 0]])
    embedding = keras.layers.Embedding(4, FEATURES, mask_zero=True)
    layers = [embedding, WordDropout(0.5), MaskedConv1D(5, 3), MaskedMaxPooling1D(2)]
    model = keras.Sequential([keras.Input((None,), dtype="int32"), *layers, MaskedPooling("mean")])
    whole = model(ids).numpy()
    for row, length in enumerate((3, 7, 1)):
        np.testing.assert_allclose(whole[row], model(ids[row : row + 1, :length])[0], atol=1e-6)


def test_a_saved_keras_model_loads_again(tmp_path):
    model = keras.Sequential(
        [
            keras.Input((None, FEATURES)),
            WordDropout(0.25, seed=3, name="words"),
            MaskedConv1D(5, 3, kernel_regularizer="l2", name="conv"),
            MaskedMaxPooling1D(2),
            MaskedPooling("all", 1),
        ]
    )
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(values()), model(values()))
    assert again.get_layer("words").rate == 0.25
    assert again.get_layer("conv").kernel_regularizer is not None
