"""The minGRU over a whole sequence equals its cell step by step, values and gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from textrnn.models.layers.mingru import MinGRU, MinGRUCell, scan

FEATURES, UNITS, TIME = 5, 7, 12


def twins(wrap=lambda layer: layer, batch=None, **settings):
    """The layer and Keras's own loop over its cell, with the same random weights."""
    pair = [
        wrap(layer)
        for layer in (MinGRU(UNITS, **settings), keras.layers.RNN(MinGRUCell(UNITS), **settings))
    ]
    rng = np.random.default_rng(0)
    for layer in pair:
        layer.build((batch, TIME, FEATURES))
    weights = [rng.normal(size=variable.shape) for variable in pair[0].weights]
    for layer in pair:
        layer.set_weights(weights)
    return pair


def inputs(batch, seed=1):
    values = np.random.default_rng(seed).normal(size=(batch, TIME, FEATURES))
    return tf.constant(values, tf.float32)


def right_padding(batch):
    lengths = np.random.default_rng(2).integers(1, TIME + 1, size=batch)
    return tf.constant(np.arange(TIME) < lengths[:, None])


def first_states(batch, count=1):
    rng = np.random.default_rng(3)
    return [tf.constant(rng.normal(size=(batch, UNITS)), tf.float32) for _ in range(count)]


def values_and_gradients(layer, x, states=None, mask=None):
    watched = [x, *(states or [])]
    with tf.GradientTape() as tape:
        tape.watch(watched)
        results = tf.nest.flatten(layer(x, initial_state=states, mask=mask))
        # Every number has a different weight, so that errors cannot cancel.
        loss = sum(
            tf.reduce_sum(result * tf.reshape(tf.sin(tf.range(tf.size(result), dtype=tf.float32)),
                                              tf.shape(result)))
            for result in results
        )  # fmt: skip
    return results + tape.gradient(loss, [*watched, *layer.trainable_variables])


def assert_equal(pair, x, **call):
    left, right = (values_and_gradients(layer, x, **call) for layer in pair)
    assert len(left) == len(right)
    for one, other in zip(left, right, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5, rtol=1e-5)


# ---- parallel equals sequential -----------------------------------------------------------------


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "padded"])
@pytest.mark.parametrize(
    "settings",
    [
        {"return_sequences": False},
        {"return_sequences": True},
        {"return_sequences": True, "return_state": True},
        {"return_sequences": True, "go_backwards": True},
        {"return_sequences": True, "zero_output_for_mask": True},
    ],
    ids=lambda settings: "-".join(settings),
)
def test_a_whole_sequence_equals_the_cell_step_by_step(settings, masked):
    mask = right_padding(6) if masked else None
    assert_equal(twins(**settings), inputs(6), mask=mask)


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "padded"])
def test_an_initial_state_is_used_and_has_a_gradient(masked):
    mask = right_padding(6) if masked else None
    assert_equal(twins(return_sequences=True), inputs(6), states=first_states(6), mask=mask)


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "padded"])
def test_both_directions_equal_the_cell_step_by_step(masked):
    mask = right_padding(6) if masked else None
    for sequences in (False, True):
        pair = twins(keras.layers.Bidirectional, return_sequences=sequences)
        assert_equal(pair, inputs(6), states=first_states(6, 2), mask=mask)


def test_a_compiled_step_of_unknown_shape_equals_an_eager_one():
    layer, _ = twins(return_sequences=True)
    shape = tf.TensorSpec([None, None, FEATURES])
    compiled = tf.function(lambda x: values_and_gradients(layer, x), input_signature=[shape])
    for batch in (1, 4):
        x = inputs(batch)[:, : TIME - batch]
        for one, other in zip(values_and_gradients(layer, x), compiled(x), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


def test_hundreds_of_steps_equal_the_equation_in_double_precision():
    rng = np.random.default_rng(4)
    shapes = (500, 2, 2 * UNITS), (2 * UNITS,), (2, UNITS)
    products, bias, h = (3 * rng.normal(size=shape) for shape in shapes)
    outputs, last = scan(*(tf.constant(array, tf.float32) for array in (products, bias, h)))
    z, candidate = np.split(products + bias, 2, axis=2)
    z = 1 / (1 + np.exp(-z))
    for time in range(500):
        h = (1 - z[time]) * h + z[time] * candidate[time]
        np.testing.assert_allclose(outputs[time], h, atol=1e-5)
    np.testing.assert_array_equal(last, outputs[-1])


# ---- states and padding -------------------------------------------------------------------------


def test_a_stateful_run_in_chunks_equals_the_whole():
    chunked, _ = twins(batch=4, return_sequences=True, stateful=True)
    whole, _ = twins(return_sequences=True)
    x = inputs(4)
    chunks = [chunked(x[:, start : start + 4]) for start in range(0, TIME, 4)]
    np.testing.assert_allclose(tf.concat(chunks, 1), whole(x), atol=1e-6)
    np.testing.assert_array_equal(chunked.states[0], chunks[-1][:, -1])
    assert len(chunked.weights) == len(whole.weights) == 2  # the state is not a weight
    chunked.reset_state()
    np.testing.assert_array_equal(chunked(x[:, :4]), chunks[0])


@pytest.mark.parametrize("sequences", [False, True], ids=["last", "all"])
@pytest.mark.parametrize("wrap", [lambda layer: layer, keras.layers.Bidirectional])
def test_the_values_in_the_padding_change_nothing(wrap, sequences):
    layer, _ = twins(wrap, return_sequences=sequences)
    mask = right_padding(6)
    real, other = inputs(6), inputs(6, seed=9)
    padded = layer(tf.where(mask[:, :, None], real, other), mask=mask)
    np.testing.assert_array_equal(layer(real, mask=mask), padded)
    for row, length in enumerate(mask.numpy().sum(axis=1)):
        alone = layer(real[row : row + 1, :length])[0]
        found = padded[row, :length] if sequences else padded[row]
        np.testing.assert_allclose(found, alone, atol=1e-6)


def test_no_state_leaves_the_range_of_its_candidates():
    products = 30 * np.random.default_rng(5).normal(size=(300, 2, 2 * UNITS)).astype(np.float32)
    outputs, _ = scan(tf.constant(products), tf.zeros(2 * UNITS), tf.zeros((2, UNITS)))
    assert np.abs(outputs).max() <= np.abs(products[..., UNITS:]).max() * (1 + 1e-6)


# ---- settings -----------------------------------------------------------------------------------


def test_the_weights_are_one_kernel_and_one_bias_named_after_the_cell():
    layer = MinGRU(UNITS, name="rnn_1")
    layer.build((None, TIME, FEATURES))
    assert [(v.path, tuple(v.shape)) for v in layer.weights] == [
        ("rnn_1/mingru_cell/kernel", (FEATURES, 2 * UNITS)),
        ("rnn_1/mingru_cell/bias", (2 * UNITS,)),
    ]


@pytest.mark.parametrize("kind", [MinGRU, MinGRUCell])
def test_a_layer_is_rebuilt_from_its_config(kind):
    layer = kind(
        UNITS,
        kernel_initializer=keras.initializers.GlorotUniform(seed=3),
        kernel_regularizer=keras.regularizers.L2(0.01),
        name="one",
    )
    again = kind.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert layer.get_config()["units"] == UNITS


def test_a_saved_keras_model_loads_again(tmp_path):
    model = keras.Sequential([keras.Input((None, FEATURES)), MinGRU(UNITS)])
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(inputs(2)), model(inputs(2)))
