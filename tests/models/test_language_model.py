"""Language models: draws, the sampled loss, scores, and the folder of a model."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from support.kinds import random_language_model
from support.saving import MOST, Killed, die_before_step, same_weights, tree

from textrnn.artifacts import language_model, registry
from textrnn.config.language_model import weight_shapes
from textrnn.engine.language_model import score as score_of
from textrnn.engine.numerics import log_likelihoods
from textrnn.errors import ArtifactError
from textrnn.models.language_model import (
    TiedSoftmax,
    build_language_model,
    sampled_loss,
    sampling_chances,
)
from textrnn.training.transfer.language_model import FromLanguageModel

COUNTS = np.array([3, 40, 30, 20, 9, 9, 2, 1, 0, 0])  # 0, the words, two buckets


# ---- draws --------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(counts=st.lists(st.integers(0, 1000), min_size=1, max_size=40), negatives=st.integers(1, 50))
def test_probabilities_add_up_to_the_number_drawn_and_grow_with_the_counts(counts, negatives):
    chances = sampling_chances(np.array(counts), negatives)
    assert chances.sum() == pytest.approx(min(negatives, len(counts)))
    assert (chances > 0).all() and (chances <= 1).all()
    assert (np.diff(chances[np.argsort(counts)]) >= -1e-12).all()


def test_every_draw_has_different_words_each_by_its_probability():
    chances = sampling_chances(COUNTS, 4)
    softmax = TiedSoftmax(3, chances, seed=1)
    draw = tf.function(softmax.draw)
    draws = np.array([draw() for _ in range(400)])
    assert all(len(set(draw)) == 4 for draw in draws.tolist())
    often = np.bincount(draws.reshape(-1), minlength=len(COUNTS)) / 400
    np.testing.assert_allclose(often, chances, atol=0.08)


# ---- the loss -----------------------------------------------------------------------------------


def random_case(seed: int = 0):
    rng = np.random.default_rng(seed)
    table, bias = rng.normal(size=(len(COUNTS), 3)), rng.normal(size=len(COUNTS))
    outputs, targets = rng.normal(size=(6, 3)), rng.integers(0, len(COUNTS), 6)
    logits = outputs @ table.T + bias
    truth = [tf.constant(array, tf.float32) for array in (outputs, table, bias)]
    return logits, truth, targets


def test_with_all_words_drawn_the_loss_is_that_of_the_full_softmax():
    logits, (outputs, table, bias), targets = random_case()
    drawn = tf.constant(np.random.default_rng(3).permutation(len(COUNTS)))
    loss = sampled_loss(outputs, targets, table, bias, drawn, tf.zeros(len(COUNTS)))
    assert float(loss) == pytest.approx(-log_likelihoods(logits, targets).mean(), abs=1e-5)


def test_the_sum_over_all_words_is_right_in_expectation():
    logits, (outputs, table, bias), targets = random_case(1)
    chances, draws, estimate = sampling_chances(COUNTS, 4), 200, tf.function(sampled_loss)
    edges = np.cumsum(chances)
    log_chances = tf.constant(np.log(chances), tf.float32)
    targets = tf.constant(targets[:3])
    sums = np.zeros(3)
    for start in (np.arange(draws) + 0.5) / draws:
        drawn = tf.constant(np.searchsorted(edges, start + np.arange(4), side="right"))
        for row, target in enumerate(targets.numpy()):
            case = (outputs[row : row + 1], targets[row : row + 1], table, bias, drawn)
            loss = float(estimate(*case, log_chances))
            sums[row] += np.exp(loss + logits[row, target]) / draws
    np.testing.assert_allclose(sums, np.exp(logits[:3]).sum(axis=1), rtol=0.02)


def test_a_score_is_the_full_softmax_that_keras_computes():
    for shape in ({}, {"units": 3}):  # with a projection, and without
        model, ids = random_language_model(**shape), np.random.default_rng(2).integers(0, 10, 131)
        built = build_language_model(model.config, COUNTS, batch_size=2, negatives=4)
        for variable in built.trainable_variables:
            variable.assign(model.weights[variable.path])
        inputs, targets = ids[:130].reshape(2, 65), ids[1:].reshape(2, 65)
        vectors = keras.ops.convert_to_numpy(built(inputs))
        logits = vectors @ model.weights["embedding/embeddings"].T + model.weights["softmax/bias"]
        score = score_of(model, ids)
        assert score["loss"] == pytest.approx(-log_likelihoods(logits, targets).mean(), abs=1e-5)
        assert score["accuracy"] == pytest.approx((logits.argmax(-1) == targets).mean())
        assert score["perplexity"] == pytest.approx(np.exp(score["loss"]))


def test_weights_have_the_names_and_shapes_of_keras_in_its_order():
    config = random_language_model(cell="lstm", layers=2).config
    built = build_language_model(config, COUNTS, batch_size=2, negatives=4)
    shapes = {variable.path: variable.shape for variable in built.trainable_variables}
    assert list(shapes.items()) == list(weight_shapes(config).items())


# ---- the folder: what differs from other kinds (tests/artifacts/test_kinds.py) ------------------


@pytest.fixture
def folder(tmp_path):
    registry.save(random_language_model(), tmp_path / "pretrain")
    return tmp_path / "pretrain"


def test_the_fingerprint_of_its_training_texts_is_loaded(folder):
    loaded = registry.load(folder)
    assert loaded.sha256 == "5a" * 32 and loaded.unit == "words"
    assert registry.is_saved(folder) and not registry.is_saved(folder.parent)


def test_its_card_states_its_texts_and_its_perplexity():
    card = language_model.card(random_language_model(), title="mine")
    for part in (
        "# mine\n",
        "many.csv (7 texts",
        "few.csv",
        "perplexity 12.3",
        "--pretrain FOLDER",
    ):
        assert part in card


def test_without_its_records_it_can_be_used_but_no_classifier_can_start_from_it(folder):
    (folder / "metadata.json").unlink()
    model = registry.load(folder)
    assert score_of(model, np.arange(10))["loss"] > 0
    with pytest.raises(
        ArtifactError, match="corpus, pretraining, tokens, perplexity must be given"
    ):
        FromLanguageModel(model).defaults({})


@pytest.mark.parametrize("number", range(0, MOST, 3))
def test_it_is_read_whole_after_a_save_killed_at_any_step_and_nothing_is_changed(
    folder, tmp_path, monkeypatch, number
):
    old, new = random_language_model(), random_language_model(seed=1)
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        die_before_step(patch, number)
        registry.save(new, folder)
    before = tree(tmp_path)
    assert registry.is_saved(folder)
    loaded = registry.load(folder)
    assert same_weights(loaded, old) or same_weights(loaded, new)
    assert tree(tmp_path) == before


def test_a_run_without_a_finished_epoch_is_reported(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoint.npz").write_bytes(b"")
    assert registry.is_saved(tmp_path)
    with pytest.raises(ArtifactError, match=r"has not finished an epoch yet.* --resume"):
        registry.load(tmp_path)
