"""The NumPy forward pass, the Keras model and the written equations are one function."""

from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
from support.models import random_weights

from textrnn.config.generator import GeneratorConfig, weight_shapes
from textrnn.config.weights import CELLS
from textrnn.engine import stack
from textrnn.engine.generator import Network
from textrnn.models.generator import build_generator, reset_states, state_variables
from textrnn.models.layers.recurrent import LayerNormSimpleRNNCell

RECURRENT = [cell for cell, spec in CELLS.items() if spec.recurrent]
VOCAB_SIZE, ROWS = 11, 3


def shape(cell: str, **settings: object) -> GeneratorConfig:
    defaults = {"vocab_size": VOCAB_SIZE, "units": 7, "embedding_dim": 5, "layers": 2}
    return GeneratorConfig(cell=cell, **{**defaults, **settings})


def random_ids(steps: int, rows: int = ROWS, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, VOCAB_SIZE, (rows, steps)).astype(np.uint8)


def keras_model(config: GeneratorConfig, weights=None, **settings: object) -> keras.Model:
    model = build_generator(config, **settings)
    for variable in model.trainable_variables if weights else ():
        variable.assign(weights[variable.path])
    return model


def run(model: keras.Model, ids: np.ndarray, *, training: bool = False) -> np.ndarray:
    """Run the model as a graph: hundreds of eager steps take seconds."""
    call = tf.function(lambda ids: model(ids, training=training))
    return call(tf.constant(ids)).numpy()


def values(variable: keras.Variable) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable)


def close(left, right, tolerance: float = 1e-5) -> bool:
    return np.abs(np.asarray(left) - np.asarray(right)).max() <= tolerance


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("embedding_dim", [0, 5])
@pytest.mark.parametrize("cell", CELLS)
def test_weights_have_the_names_shapes_and_order_of_keras(cell, embedding_dim, layers):
    config = shape(cell, embedding_dim=embedding_dim, layers=layers)
    variables = build_generator(config).trainable_variables
    assert [(v.path, tuple(v.shape)) for v in variables] == [*weight_shapes(config).items()]


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("embedding_dim", [0, 5])
@pytest.mark.parametrize("cell", CELLS)
def test_logits_equal_the_keras_model_over_200_steps(cell, embedding_dim, residual):
    # Dropout is inactive here, but with recurrent dropout Keras computes the gates differently.
    rate = 0.5 if residual else 0.0
    config = shape(
        cell, embedding_dim=embedding_dim, residual=residual, layers=3, input_dropout=rate,
        dropout=rate, output_dropout=rate, recurrent_dropout=rate if cell in RECURRENT else 0,
    )  # fmt: skip
    weights, ids = random_weights(config), random_ids(200)
    logits = Network(config, weights).logits(ids)
    assert logits.shape == (ROWS, 200, VOCAB_SIZE) and logits.dtype == np.float32
    assert logits.std() > 0.1
    assert close(run(keras_model(config, weights), ids), logits)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("embedding_dim", [0, 5])
@pytest.mark.parametrize("cell", CELLS)
def test_one_step_at_a_time_equals_all_at_once(cell, embedding_dim, residual):
    config = shape(cell, embedding_dim=embedding_dim, residual=residual, layers=3)
    network, ids = Network(config, random_weights(config)), random_ids(200)
    state, whole_state = network.zero_state(ROWS), network.zero_state(ROWS)
    step = network.stepper(state)
    logits = np.stack([step(column).copy() for column in ids.T], axis=1)
    assert close(logits, network.logits(ids, whole_state))
    for arrays, whole in zip(state, whole_state, strict=True):
        assert all(map(close, arrays, whole))


@pytest.mark.parametrize("cell", CELLS)
def test_carrying_the_state_over_chunks_equals_the_whole(cell):
    config = shape(cell)
    network, ids = Network(config, random_weights(config)), random_ids(100)
    state = network.zero_state(ROWS)
    cuts = [0, 1, 2, 40, 99, 100]
    parts = [network.logits(ids[:, start:end], state) for start, end in pairwise(cuts)]
    assert close(np.concatenate(parts, axis=1), network.logits(ids))


@pytest.mark.parametrize("cell", CELLS)
def test_logits_do_not_depend_on_the_chunk_size(cell, monkeypatch):
    config = shape(cell)
    network, ids = Network(config, random_weights(config)), random_ids(50)
    whole = network.logits(ids)
    for values in (1, 7 * ROWS * 4 * 7, 2**23):
        monkeypatch.setattr(stack, "CHUNK_VALUES", values)
        chunks = list(network.chunks(ids, network.zero_state(ROWS)))
        width = CELLS[cell].gates * config.units
        span = max(1, values // (ROWS * width))
        assert [chunk.shape[1] for chunk in chunks[:-1]] == [span] * (len(chunks) - 1)
        assert close(np.concatenate(chunks, axis=1), whole)


@pytest.mark.parametrize("cell", CELLS)
def test_batched_logits_equal_single_ones(cell):
    config = shape(cell, units=16)
    network, ids = Network(config, random_weights(config)), random_ids(100, rows=9)
    batched = network.logits(ids)
    for row in range(len(ids)):
        assert close(network.logits(ids[row : row + 1])[0], batched[row])


@pytest.mark.parametrize("cell", CELLS)
def test_without_a_state_the_rows_start_from_zero_and_keep_no_state(cell):
    config = shape(cell)
    network, ids = Network(config, random_weights(config)), random_ids(20)
    first = network.logits(ids)
    assert (network.logits(ids) == first).all()
    assert all((array == 0).all() for layer in network.zero_state() for array in layer)


@pytest.mark.parametrize("cell", CELLS)
def test_a_network_changes_none_of_its_weights(cell):
    config = shape(cell)
    weights = random_weights(config)
    network, copies = Network(config, weights), {k: v.copy() for k, v in weights.items()}
    network.logits(random_ids(5))
    network.stepper(network.zero_state())(np.array([1]))
    assert all((weights[name] == copies[name]).all() for name in copies)


# ---- second implementations ---------------------------------------------------------------------


def sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


def slow_logits(config: GeneratorConfig, weights, ids: np.ndarray) -> np.ndarray:
    """The equations as written, for one sequence (steps,), in float64."""
    w = {name: array.astype(np.float64) for name, array in weights.items()}
    states = [[np.zeros(config.units)] * 2 for _ in range(config.layers)]
    logits = []
    for i in ids:
        x = w["embedding/embeddings"][i] if config.embedding_dim else np.eye(config.vocab_size)[i]
        for layer in range(config.layers):
            name = f"rnn_{layer + 1}/{config.cell}_cell"
            W, b, U = (w.get(f"{name}/{part}") for part in ("kernel", "bias", "recurrent_kernel"))
            h, c = states[layer]
            if config.cell == "gru":
                xz, xr, xh = np.split(x @ W + b[0], 3)
                hz, hr, hh = np.split(h @ U + b[1], 3)
                z, r = sigmoid(xz + hz), sigmoid(xr + hr)
                h = z * h + (1 - z) * np.tanh(xh + r * hh)
            elif config.cell == "lstm":
                i_gate, f_gate, g, o_gate = np.split(x @ W + h @ U + b, 4)
                c = sigmoid(f_gate) * c + sigmoid(i_gate) * np.tanh(g)
                h = sigmoid(o_gate) * np.tanh(c)
            elif config.cell == "mingru":
                z, g = np.split(x @ W + b, 2)
                h = (1 - sigmoid(z)) * h + sigmoid(z) * g
            else:
                a = x @ W + h @ U + b
                if config.cell == "layer_norm_rnn":
                    gamma, beta = (w[f"{name}/layer_norm/{part}"] for part in ("gamma", "beta"))
                    a = (a - a.mean()) / np.sqrt(a.var() + 1e-3) * gamma + beta
                h = np.tanh(a)
            states[layer] = [h, c]
            x = x + h if layer and config.residual else h
        logits.append(x @ w["output/kernel"] + w["output/bias"])
    return np.array(logits)


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("embedding_dim", [0, 5])
@pytest.mark.parametrize("cell", CELLS)
def test_logits_equal_the_equations_as_written(cell, embedding_dim, residual):
    config = shape(cell, embedding_dim=embedding_dim, residual=residual, layers=3)
    weights, ids = random_weights(config), random_ids(100, rows=1)
    expected = slow_logits(config, weights, ids[0])
    assert close(Network(config, weights).logits(ids)[0], expected)


def test_the_layer_norm_cell_is_the_tanh_of_the_normalised_sum():
    rng = np.random.default_rng(0)
    cell = LayerNormSimpleRNNCell(6)
    cell.build((None, 4))
    for variable in cell.trainable_variables:
        variable.assign(rng.normal(size=variable.shape))
    kernel, recurrent, bias, gamma, beta = map(values, cell.trainable_variables)
    x, h = rng.normal(size=(5, 4)).astype(np.float32), rng.normal(size=(5, 6)).astype(np.float32)
    a = x @ kernel + h @ recurrent + bias
    a = (a - a.mean(axis=1, keepdims=True)) / np.sqrt(a.var(axis=1, keepdims=True) + 1e-3)
    output, (state,) = cell(x, [h])
    assert close(output, np.tanh(a * gamma + beta))
    assert np.array_equal(output, state)


def test_the_layer_norm_cell_can_be_rebuilt_from_its_settings():
    cell = LayerNormSimpleRNNCell(6, recurrent_dropout=0.3, name="cell")
    again = LayerNormSimpleRNNCell.from_config(cell.get_config())
    assert again.get_config() == cell.get_config()


# ---- the Keras model ----------------------------------------------------------------------------


@pytest.mark.parametrize("cell", CELLS)
def test_a_stateful_run_in_chunks_equals_the_stateless_run_over_the_whole(cell):
    config = shape(cell)
    weights, ids = random_weights(config), random_ids(60)
    whole = run(keras_model(config, weights), ids)
    model = keras_model(config, weights, stateful=True, batch_size=ROWS)
    step = tf.function(model)
    for _ in range(2):  # the second pass follows a reset
        chunks = [step(tf.constant(ids[:, start : start + 20])) for start in (0, 20, 40)]
        assert close(np.concatenate(chunks, axis=1), whole)
        assert any(values(state).any() for state in state_variables(model))
        reset_states(model)
        assert not any(values(state).any() for state in state_variables(model))


@pytest.mark.parametrize("cell", CELLS)
def test_stateful_and_stateless_models_start_from_the_same_weights(cell):
    config = shape(cell, recurrent_dropout=0.1 if cell in RECURRENT else 0)
    stateless = build_generator(config, seed=4).trainable_variables
    stateful = build_generator(config, stateful=True, batch_size=2, seed=4).trainable_variables
    assert [v.path for v in stateful] == [v.path for v in stateless]
    for left, right in zip(stateful, stateless, strict=True):
        assert (values(left) == values(right)).all()


def test_the_seed_draws_the_weights():
    kernels = [values(build_generator(shape("gru"), seed=s).weights[1]) for s in (1, 1, 2)]
    assert (kernels[0] == kernels[1]).all()
    assert (kernels[0] != kernels[2]).any()


@pytest.mark.parametrize("name", ["input_dropout", "dropout_2", "output_dropout"])
def test_dropout_draws_one_mask_per_sequence(name):
    config = shape("gru", units=40, embedding_dim=40, residual=False, input_dropout=0.5,
                   dropout=0.5, output_dropout=0.5)  # fmt: skip
    model = build_generator(config)
    dropped = keras.Model(model.input, model.get_layer(name).output)
    masks = run(dropped, random_ids(12), training=True) != 0
    assert 0.3 < masks.mean() < 0.7
    assert (masks == masks[:, :1]).all()  # the same at every step
    assert (masks[0] != masks[1]).any()  # but different for each sequence
    again = run(dropped, random_ids(12), training=True) != 0
    assert (masks != again).any()
    assert (run(dropped, random_ids(12)) != 0).all()


@pytest.mark.parametrize("embedding_dim", [0, 40])
def test_constant_ids_stay_constant_after_the_input_dropout(embedding_dim):
    config = shape("gru", embedding_dim=embedding_dim, input_dropout=0.4)
    model = build_generator(config)
    inputs = keras.Model(model.input, model.get_layer("input_dropout").output)
    h = run(inputs, np.full((ROWS, 9), 2), training=True)
    assert (h == h[:, :1]).all()


@pytest.mark.parametrize("cell", RECURRENT)
def test_recurrent_dropout_draws_one_mask_per_sequence(cell):
    # With a constant input a contraction converges, unless its masks change from step to step.
    config = shape(cell, layers=1, recurrent_dropout=0.5)
    weights = random_weights(config)
    name = f"rnn_1/{cell}_cell/recurrent_kernel"
    weights[name] *= 0.3
    model = keras_model(config, weights)
    ids = np.full((ROWS, 100), 2)
    converged = run(model, ids, training=True)
    assert close(converged[:, -1], converged[:, -2], 1e-6)
    assert not close(converged[:, -1], run(model, ids)[:, -1], 1e-3)
    assert not close(converged[0, -1], converged[1, -1], 1e-3)
    assert not close(converged[:, -1], run(model, ids, training=True)[:, -1], 1e-3)


@pytest.mark.parametrize("stateful", [False, True])
@pytest.mark.parametrize("cell", RECURRENT)
def test_recurrent_dropout_stays_finite_over_300_steps(cell, stateful):
    config = shape(cell, layers=2, recurrent_dropout=0.5, output_dropout=0.0)
    weights = {name: 3 * array for name, array in random_weights(config).items()}
    model = keras_model(config, weights, stateful=stateful, batch_size=ROWS)
    # Units are bounded by 1, so logits are bounded by the column sums of the output kernel.
    bound = np.abs(weights["output/kernel"]).sum(axis=0) * 2 + np.abs(weights["output/bias"])
    call = tf.function(lambda ids: model(ids, training=True))
    for chunk in np.split(random_ids(300), 3, axis=1) if stateful else [random_ids(300)]:
        logits = call(tf.constant(chunk)).numpy()
        assert np.isfinite(logits).all()
        assert (np.abs(logits) <= bound).all()
