"""Our recurrent layers equal the stock Keras layers, values and gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from textrnn.models.layers import recurrent

PAIRS = [(recurrent.GRU, keras.layers.GRU), (recurrent.LSTM, keras.layers.LSTM)]
ids = pytest.mark.parametrize(("ours", "stock"), PAIRS, ids=["gru", "lstm"])
FEATURES, UNITS, TIME = 5, 7, 12


def twins(ours, stock, wrap=lambda layer: layer, batch=None, **settings):
    """One layer of each with the same random weights and biases."""
    pair = [wrap(kind(UNITS, **settings)) for kind in (ours, stock)]
    rng = np.random.default_rng(0)
    for layer in pair:
        layer.build((batch, TIME, FEATURES))
    weights = [rng.normal(scale=0.5, size=variable.shape) for variable in pair[1].weights]
    for layer in pair:
        layer.set_weights(weights)
    return pair


def texts(batch: int) -> tf.Tensor:
    return tf.constant(np.random.default_rng(1).normal(size=(batch, TIME, FEATURES)), tf.float32)


def right_padding(batch: int) -> tf.Tensor:
    lengths = np.random.default_rng(2).integers(1, TIME + 1, size=batch)
    return tf.constant(np.arange(TIME) < lengths[:, None])


def values_and_gradients(layer, x, **call):
    with tf.GradientTape() as tape:
        tape.watch(x)
        results = tf.nest.flatten(layer(x, **call))
        # Every number has a different weight, so that errors cannot cancel.
        loss = sum(
            tf.reduce_sum(result * tf.sin(tf.reshape(tf.range(tf.size(result), dtype=tf.float32),
                                                     tf.shape(result))))
            for result in results
        )  # fmt: skip
    return results + tape.gradient(loss, [x, *layer.trainable_variables])


def assert_equal(ours, stock, x, **call):
    left, right = (values_and_gradients(layer, x, **call) for layer in (ours, stock))
    assert len(left) == len(right)
    for one, other in zip(left, right, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5, rtol=1e-5)


@ids
@pytest.mark.parametrize("batch", [1, 16, 33])
@pytest.mark.parametrize("masked", [False, True], ids=["whole", "padded"])
def test_values_and_gradients_equal_the_stock_layers(ours, stock, batch, masked):
    left, right = twins(ours, stock, return_sequences=True)
    mask = right_padding(batch) if masked else None
    assert_equal(left, right, texts(batch), mask=mask)


@ids
@pytest.mark.parametrize(
    "settings",
    [
        {"return_sequences": False},
        {"return_state": True, "return_sequences": True},
        pytest.param({"go_backwards": True, "return_sequences": True}, marks=pytest.mark.slow),
        {"zero_output_for_mask": True, "return_sequences": True},
        {"zero_output_for_mask": True, "go_backwards": True, "return_sequences": True},
        {"kernel_regularizer": "l2", "return_sequences": True},
    ],
    ids="-".join,
)
def test_every_setting_means_what_it_means_to_keras(ours, stock, settings):
    left, right = twins(ours, stock, **settings)
    assert_equal(left, right, texts(17), mask=right_padding(17))
    assert_equal(left, right, texts(17))


@ids
def test_an_initial_state_is_used(ours, stock):
    left, right = twins(ours, stock, return_sequences=True)
    rng = np.random.default_rng(3)
    states = [
        tf.constant(rng.normal(size=(18, UNITS)), tf.float32)
        for _ in range(2 if ours is recurrent.LSTM else 1)
    ]
    assert_equal(left, right, texts(18), initial_state=states)


@ids
def test_both_directions_equal_the_stock_layers(ours, stock):
    left, right = twins(ours, stock, keras.layers.Bidirectional, return_sequences=True)
    assert_equal(left, right, texts(9), mask=right_padding(9))


@ids
def test_a_stateful_run_in_chunks_equals_the_whole(ours, stock):
    chunked, _ = twins(ours, stock, batch=16, return_sequences=True, stateful=True)
    whole, _ = twins(ours, stock, return_sequences=True)
    x = texts(16)
    chunks = [chunked(x[:, start : start + 4]) for start in range(0, TIME, 4)]
    np.testing.assert_allclose(tf.concat(chunks, 1), whole(x), atol=1e-6)
    chunked.reset_state()
    np.testing.assert_allclose(chunked(x[:, :4]), chunks[0], atol=1e-6)


@ids
def test_a_compiled_step_equals_an_eager_one(ours, stock):
    layer, _ = twins(ours, stock, return_sequences=True)
    x = texts(16)
    eager = values_and_gradients(layer, x)
    compiled = tf.function(lambda: values_and_gradients(layer, x))()
    for one, other in zip(eager, compiled, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@ids
def test_a_sequence_of_unknown_length_is_run(ours, stock):
    left, right = twins(ours, stock, return_sequences=True)
    run = tf.function(left, input_signature=[tf.TensorSpec([None, None, FEATURES])])
    for batch in (1, 20):
        np.testing.assert_allclose(run(texts(batch)), right(texts(batch)), atol=1e-5)


@ids
def test_recurrent_dropout_multiplies_the_state_before_its_product(ours, stock, monkeypatch):
    layer, plain = twins(ours, stock, return_sequences=True)
    layer.cell.recurrent_dropout = 0.5
    drop = tf.constant(np.random.default_rng(4).choice([0.0, 2.0], size=(16, UNITS)), tf.float32)
    monkeypatch.setattr(layer.cell, "get_recurrent_dropout_mask", lambda _state: drop)
    x = texts(16)
    # Run the stock cell step by step on the multiplied state. A GRU interpolates with the old
    # state as it was, so its own interpolation is undone and repeated.
    with tf.GradientTape() as tape:
        h, c = tf.zeros((16, UNITS)), tf.zeros((16, UNITS))
        outputs = []
        for time in range(TIME):
            if ours is recurrent.LSTM:
                h, (_, c) = plain.cell(x[:, time], [h * drop, c])
            else:
                kernel = plain.cell.recurrent_kernel
                bias = tf.convert_to_tensor(plain.cell.bias)
                a = x[:, time] @ plain.cell.kernel + bias[0]
                b = (h * drop) @ kernel + bias[1]
                z, r = tf.split(tf.sigmoid(a[:, : 2 * UNITS] + b[:, : 2 * UNITS]), 2, 1)
                g = tf.tanh(a[:, 2 * UNITS :] + r * b[:, 2 * UNITS :])
                h = z * h + (1 - z) * g
            outputs.append(h)
        loss = tf.reduce_sum(tf.stack(outputs, 1) ** 2)
    expected = tape.gradient(loss, plain.trainable_variables)
    with tf.GradientTape() as tape:
        found = layer(x, training=True)
        loss = tf.reduce_sum(found**2)
    np.testing.assert_allclose(found, tf.stack(outputs, 1), atol=1e-5)
    for one, other in zip(tape.gradient(loss, layer.trainable_variables), expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4, rtol=1e-4)


@ids
def test_dropout_draws_one_mask_per_sequence(ours, stock):
    layer = ours(UNITS, return_sequences=True, dropout=0.5, seed=1)
    x = tf.ones((16, TIME, FEATURES))
    layer.build(x.shape)
    # Without recurrence, each step's output depends on its input only: equal masks, equal gates.
    layer.cell.recurrent_kernel.assign(tf.zeros_like(layer.cell.recurrent_kernel))
    seen = []
    recur = layer._recur
    layer._recur = lambda x, *rest: seen.append(x) or recur(x, *rest)
    layer(x, training=True)
    for part in seen:
        assert np.ptp(part.numpy(), axis=1).max() == 0
        assert set(np.unique(part)) == {0.0, 2.0}
    seen.clear()
    layer(x, training=False)
    assert all((part.numpy() == 1).all() for part in seen)


@ids
def test_what_the_fast_loop_cannot_do_is_refused(ours, stock):
    for setting in ({"activation": "relu"}, {"use_bias": False}, {"unroll": True}):
        with pytest.raises(ValueError, match="use Keras's own layer"):
            ours(UNITS, **setting)


@ids
def test_a_layer_is_rebuilt_from_its_config(ours, stock):
    layer = ours(UNITS, return_sequences=True, recurrent_dropout=0.2, name="rnn_1")
    again = ours.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
