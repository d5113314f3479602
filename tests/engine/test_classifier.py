"""The NumPy classifier equals the Keras model, and logits do not depend on other texts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.classifiers import LETTERS, padded, random_classifier, random_ids
from support.models import random_weights

from textrnn.config.classifier import ClassifierConfig, weight_shapes
from textrnn.config.weights import CELLS
from textrnn.engine import packing
from textrnn.engine.classifier import ClassifierNetwork, build_network
from textrnn.models.classifier import build_classifier

MIDDLE = [30, 29, 17, 5, 2, 1]
SHORT = [9, 1, 6, 2, 5, 9, 3]


def config_of(**settings) -> ClassifierConfig:
    return ClassifierConfig(
        **{"vocab_size": 30, "classes": 2, "embedding_dim": 4, "units": 6, **settings}
    )


def keras_model(config, weights):
    model = build_classifier(config)
    for variable in model.weights:
        variable.assign(weights[variable.path])
    return model


def assert_close(found, expected):
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * scale)


def as_pairs(logits) -> np.ndarray:
    """Expand a single logit z to the pair (0, z)."""
    logits = np.asarray(logits)
    return np.pad(logits, ((0, 0), (1, 0))) if logits.shape[1] == 1 else logits


def assert_equals_keras(config, lengths, seed=0):
    weights = random_weights(config, seed, weight_shapes)
    texts = random_ids(lengths, config.vocab_size, seed)
    expected = as_pairs(keras_model(config, weights)(padded(texts), training=False))
    assert np.ptp(expected, axis=0)[-1] > 1e-3  # the logits differ between texts
    assert_close(ClassifierNetwork(config, weights).logits(texts), expected)


# ---- the Keras model ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        *({"pooling": pooling, "classes": classes, "bidirectional": bidirectional}
          for pooling in ("last", "max", "mean", "all")
          for classes, bidirectional in ((2, True), (3, False))),
        *({"conv_layers": 1, "conv_width": width, "conv_pool": pool}
          for width in (1, 2, 3, 4, 7) for pool in (1, 3)),
        {"conv_layers": 2, "conv_width": 3, "conv_pool": 2, "pooling": "last"},
        {"conv_layers": 2, "conv_width": 4, "conv_pool": 5, "layers": 0, "pooling": "max"},
        {"conv_layers": 1, "conv_width": 20, "conv_pool": 2, "layers": 0, "pooling": "mean"},
        {"layers": 0, "pooling": "max", "bidirectional": True},
        {"layers": 0, "pooling": "mean", "dense_units": 5, "classes": 3},
        {"dense_units": 5, "pooling": "last", "bidirectional": False},
    ],
    ids=lambda settings: " ".join(f"{name}={value}" for name, value in settings.items()),
)  # fmt: skip
def test_every_architecture_equals_keras(settings):
    config = config_of(**{"cell": "simple_rnn", "conv_filters": 5, **settings})
    assert_equals_keras(config, SHORT, seed=3)


@pytest.mark.parametrize(
    "settings",
    [
        *({"cell": cell, "layers": 2, "bidirectional": bidirectional}
          for cell in CELLS for bidirectional in (False, True)),
        {"conv_layers": 2, "dense_units": 4, "classes": 4, "pooling": "max"},
        {"layers": 0, "pooling": "mean"},
    ],
    ids=str,
)  # fmt: skip
def test_weights_have_the_names_shapes_and_order_of_keras(settings):
    config = config_of(**settings)
    found = [
        (variable.path, tuple(variable.shape)) for variable in build_classifier(config).weights
    ]
    assert found == list(weight_shapes(config).items())


@pytest.mark.parametrize(
    "settings",
    [
        {"bidirectional": True},
        {"conv_layers": 1, "conv_width": 4, "conv_pool": 3},
        {"conv_layers": 2, "conv_width": 3, "conv_pool": 2, "layers": 0, "pooling": "mean"},
    ],
    ids=str,
)
def test_padding_changes_no_logit_of_keras(settings):
    config = config_of(**{"cell": "simple_rnn", "conv_filters": 5, **settings})
    model = keras_model(config, random_weights(config, 1, weight_shapes))
    texts = random_ids(SHORT, config.vocab_size)
    whole = model(padded(texts), training=False).numpy()
    assert_close(model(padded(texts, 17), training=False).numpy(), whole)
    for row in (0, 1, 3):
        alone = model(padded(texts[row : row + 1]), training=False)
        assert_close(alone.numpy(), whole[row : row + 1])


def test_a_seed_repeats_the_weights_and_no_two_layers_are_equal():
    config = config_of(layers=2)
    one, same, other = (build_classifier(config, seed=seed).get_weights() for seed in (1, 1, 2))
    assert all(map(np.array_equal, one, same))
    assert not any(map(np.array_equal, one[:1], other[:1]))
    names = [variable.path for variable in build_classifier(config, seed=1).weights]
    kernels = [array for name, array in zip(names, one, strict=True) if "recurrent_kernel" in name]
    assert len({array.tobytes() for array in kernels}) == 4


@pytest.mark.parametrize("cell", [cell for cell in CELLS if CELLS[cell].recurrent])
def test_the_same_seed_draws_the_same_dropout_in_each_direction(cell):
    models = [build_classifier(config_of(cell=cell, recurrent_dropout=0.1)) for _ in range(2)]
    states = [[v.numpy().tolist() for v in model.variables if "seed" in v.path] for model in models]
    assert states[0] == states[1]
    assert len({tuple(state) for state in states[0]}) == len(states[0]) == 5


def test_a_frozen_embedding_is_not_trainable():
    model = build_classifier(config_of(), train_embedding=False)
    assert "embedding/embeddings" not in [v.path for v in model.trainable_variables]


# ---- NumPy alone --------------------------------------------------------------------------------


@settings(max_examples=25)
@given(
    cell=st.sampled_from(list(CELLS)),
    lengths=st.lists(st.integers(1, 30), min_size=1, max_size=9),
    bidirectional=st.booleans(),
    conv_layers=st.integers(0, 2),
    width=st.integers(1, 5),
    pool=st.integers(1, 4),
)
def test_other_texts_and_their_order_change_no_logit(
    cell, lengths, bidirectional, conv_layers, width, pool
):
    config = config_of(
        cell=cell, bidirectional=bidirectional, conv_layers=conv_layers, conv_width=width,
        conv_pool=pool, conv_filters=3,
    )  # fmt: skip
    network = ClassifierNetwork(config, random_weights(config, 5, weight_shapes))
    texts = random_ids(lengths, config.vocab_size)
    together = network.logits(texts)
    assert_close(np.concatenate([network.logits([text]) for text in texts]), together)
    assert_close(network.logits(texts[::-1])[::-1], together)


def test_the_given_weights_are_not_changed():
    config = config_of(cell="lstm", conv_layers=1)
    weights = random_weights(config, 0, weight_shapes)
    before = {name: array.copy() for name, array in weights.items()}
    network = ClassifierNetwork(config, weights)
    texts = random_ids(SHORT, 30)
    np.testing.assert_array_equal(network.logits(texts), network.logits(texts))
    for name, array in weights.items():
        np.testing.assert_array_equal(array, before[name])


def test_no_texts_have_no_logits():
    config = config_of(classes=3)
    network = ClassifierNetwork(config, random_weights(config, 0, weight_shapes))
    assert network.logits([]).shape == (0, 3)


@pytest.mark.parametrize("settings", [{}, {"bidirectional": False, "layers": 2}])
@pytest.mark.parametrize("cell", ["gru", "lstm", "mingru"])
def test_folding_changes_no_logit(cell, settings):
    model = random_classifier(cell=cell, **settings)
    texts = random_ids([7, 1, 30, 12], model.config.vocab_size)
    before = build_network(model).logits(texts)
    network = build_network(model)
    network.fold()
    np.testing.assert_allclose(network.logits(texts), before, atol=1e-5)


@pytest.mark.parametrize("settings", [{}, {"layers": 2}, {"conv_layers": 1, "conv_width": 3}])
def test_the_block_size_changes_no_logit(monkeypatch, settings):
    model, texts = random_classifier(**settings), random_ids(MIDDLE, len(LETTERS))
    before = build_network(model).logits(texts)
    for words in (1, 10):
        monkeypatch.setattr(packing, "BLOCK_WORDS", words)
        np.testing.assert_allclose(build_network(model).logits(texts), before, atol=1e-6)
