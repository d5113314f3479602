"""Laws of recurrent stacks as Keras models, for every cell, both directions, both kinds."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from support.classifiers import padded, random_ids
from support.models import random_weights

from textrnn.config.classifier import ClassifierConfig
from textrnn.config.classifier import weight_shapes as classifier_shapes
from textrnn.config.generator import GeneratorConfig
from textrnn.config.network import POOLINGS
from textrnn.config.weights import CELLS
from textrnn.engine import cells as engine_cells
from textrnn.engine import pooling as engine_pooling
from textrnn.engine.classifier import ClassifierNetwork
from textrnn.engine.generator import Network
from textrnn.models.classifier import build_classifier
from textrnn.models.generator import build_generator
from textrnn.models.layers import masked
from textrnn.models.layers.cells import LAYERS, layer_maker
from textrnn.models.layers.recurrent import GRU, LSTM

LENGTHS = [200, 131, 7, 1]
every_cell = pytest.mark.parametrize("cell", CELLS)
both_directions = pytest.mark.parametrize("bidirectional", [False, True], ids=["one", "both"])
both_kinds = pytest.mark.parametrize("fast", [True, False], ids=["fast", "stock"])


def shape(cell: str, bidirectional: bool, **settings: object) -> ClassifierConfig:
    return ClassifierConfig(**{
        "vocab_size": 30, "classes": 3, "embedding_dim": 4, "units": 5, "layers": 2, "cell": cell,
        "bidirectional": bidirectional, **settings,
    })  # fmt: skip


def classifier(config: ClassifierConfig, weights, **settings: object) -> keras.Model:
    model = build_classifier(config, **settings)
    for variable in model.weights:
        variable.assign(weights[variable.path])
    return model


def as_graph(model: keras.Model):
    """The model as a graph: eagerly, hundreds of steps take seconds."""
    return tf.function(lambda ids: model(ids, training=False), reduce_retracing=True)


def test_every_cell_has_a_step_and_layers_and_every_part_of_a_pooling_its_functions():
    assert list(engine_cells.STEPS) == list(LAYERS) == list(CELLS)
    parts = {part for each in POOLINGS.values() for part in each.parts}
    assert set(engine_pooling.PARTS) == set(masked.PARTS) == parts


@both_kinds
@both_directions
@every_cell
def test_the_engine_equals_keras_over_200_steps_and_padding_changes_no_logit(
    cell, bidirectional, fast
):
    config = shape(cell, bidirectional)
    weights = random_weights(config, 0, classifier_shapes)
    texts = random_ids(LENGTHS, config.vocab_size)
    call = as_graph(classifier(config, weights, fast=fast))
    found = call(padded(texts)).numpy()
    assert np.ptp(found, axis=0).min() > 1e-3  # it does distinguish texts
    np.testing.assert_allclose(found, ClassifierNetwork(config, weights).logits(texts), atol=1e-5)
    np.testing.assert_allclose(call(padded(texts, 211)).numpy(), found, atol=1e-6)


@both_kinds
@every_cell
def test_stateful_chunks_equal_the_whole_and_the_engine_over_200_steps(cell, fast):
    config = GeneratorConfig(vocab_size=9, cell=cell, units=5, embedding_dim=4, layers=2)
    weights = random_weights(config)
    ids = np.random.default_rng(0).integers(0, 9, (3, 200)).astype(np.int32)
    expected = Network(config, weights).logits(ids)
    for stateful in (False, True):
        model = build_generator(config, stateful=stateful, batch_size=3, fast=fast)
        for variable in model.trainable_variables:
            variable.assign(weights[variable.path])
        call = as_graph(model)
        parts = np.split(ids, 4, axis=1) if stateful else [ids]
        found = np.concatenate([call(tf.constant(part)) for part in parts], axis=1)
        np.testing.assert_allclose(found, expected, atol=1e-5)


@both_directions
@every_cell
def test_fast_and_stock_layers_have_the_same_weights_values_and_gradients(cell, bidirectional):
    config = shape(cell, bidirectional, word_dropout=0, embedding_dropout=0, dropout=0)
    models = [build_classifier(config, seed=3, fast=fast) for fast in (True, False)]
    ids, results = padded(random_ids([12, 9, 1], config.vocab_size)), []
    for model in models:
        with tf.GradientTape() as tape:
            logits = model(ids, training=True)
            loss = tf.reduce_sum(tf.sin(logits))
        gradients = tape.gradient(loss, model.trainable_variables)
        results.append([logits, *map(tf.convert_to_tensor, gradients)])
    one, other = ([(v.path, v.numpy()) for v in model.weights] for model in models)
    assert [name for name, _ in one] == [name for name, _ in other]
    for (name, array), (_, same) in zip(one, other, strict=True):
        np.testing.assert_array_equal(array, same, err_msg=name)
    for left, right in zip(*results, strict=True):
        np.testing.assert_allclose(left, right, atol=1e-5)


# ---- which layers -------------------------------------------------------------------------------


def with_gpus(monkeypatch, count: int) -> None:
    gpus = ["GPU"] * count
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind=None: list(gpus))


@every_cell
@pytest.mark.parametrize("rate", [0.0, 0.2])
@pytest.mark.parametrize("gpus", [0, 1])
def test_by_itself_a_network_takes_stock_layers_only_where_cudnn_runs_them(
    monkeypatch, cell, rate, gpus
):
    with_gpus(monkeypatch, gpus)
    found = layer_maker(cell, recurrent_dropout=rate, fast="auto")
    cudnn = bool(gpus) and rate == 0 and cell in ("gru", "lstm")
    assert found == (LAYERS[cell].stock if cudnn else LAYERS[cell].fast)
    assert layer_maker(cell, recurrent_dropout=rate, fast=True) == LAYERS[cell].fast
    assert layer_maker(cell, recurrent_dropout=rate, fast=False) == LAYERS[cell].stock


@pytest.mark.parametrize(("cell", "stock", "own"), [
    ("gru", keras.layers.GRU, GRU), ("lstm", keras.layers.LSTM, LSTM),
])  # fmt: skip
def test_the_choice_reaches_the_layers_of_a_network(monkeypatch, cell, stock, own):
    config = GeneratorConfig(vocab_size=9, cell=cell, layers=1, recurrent_dropout=0.0)

    def layer(**settings: object) -> type:
        return type(build_generator(config, **settings).get_layer("rnn_1"))

    assert layer() is layer(fast=True) is own
    with_gpus(monkeypatch, 1)
    assert layer() is layer(fast=False) is stock


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("setting", ["l2", "recurrent_l2"])
def test_each_penalty_is_on_its_own_kind_of_kernel(cell, setting):
    config = GeneratorConfig(vocab_size=5, cell=cell, units=4, embedding_dim=3, **{setting: 0.5})
    model = build_generator(config)
    kernels = [
        weight
        for weight in model.weights
        if weight.path.startswith("rnn_")
        and weight.path.endswith("/recurrent_kernel" if setting == "recurrent_l2" else "/kernel")
    ]
    expected = sum(0.5 * float((weight.numpy() ** 2).sum()) for weight in kernels)
    assert bool(kernels) == (CELLS[cell].recurrent or setting == "l2")
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)
