"""Adversarial training: the length and direction of the perturbation, and its effect."""

import numpy as np
import pytest
import tensorflow as tf
from support.classifiers import reviews
from support.watching import Watch, history

from textrnn.config.classifier import ClassifierConfig, ClassifierTrainingConfig
from textrnn.errors import ConfigError
from textrnn.models.classifier import build_classifier, split_at_words
from textrnn.training.adversarial import AdversarialLearner, perturbation, random_states
from textrnn.training.learner import Learner
from textrnn.training.losses import classification_loss
from textrnn.training.tasks.classifier import train_classifier

SHAPE = {"cell": "gru", "units": 4, "embedding_dim": 6, "layers": 1}
DROPOUTS = {"word_dropout": 0.3, "embedding_dropout": 0.3, "dropout": 0.3, "recurrent_dropout": 0.2}
NONE = dict.fromkeys(DROPOUTS, 0.0)
IDS = np.array([[3, 4, 5, 0, 0], [7, 2, 9, 11, 6]], np.int32)
LABELS = np.array([0, 1], np.int32)


def learner(size, rates, shape=SHAPE, **training):
    config = ClassifierConfig(vocab_size=12, classes=2, **{**shape, **rates})
    model = build_classifier(config, seed=1)
    settings = ClassifierTrainingConfig(adversarial=size, learning_rate=0.01, **training)
    kind = AdversarialLearner if size else Learner
    return kind(model, settings, 100, classification_loss(None))


def test_a_perturbation_has_the_given_norm_raises_the_loss_and_leaves_padding_alone():
    rng = np.random.default_rng(0)
    words, slope = rng.normal(size=(2, 3, 5, 4)).astype(np.float32)
    slope[1, 2:] = 0.0
    shift = perturbation(tf.constant(words), tf.constant(slope), 2.5).numpy()
    counted = words[slope != 0]
    length = 2.5 * np.sqrt((counted**2).mean())
    np.testing.assert_allclose(np.sqrt((shift**2).sum((1, 2))), length, rtol=1e-5)
    assert (shift[1, 2:] == 0).all()
    cosine = (shift * slope).sum((1, 2)) / np.sqrt((shift**2).sum((1, 2)) * (slope**2).sum((1, 2)))
    np.testing.assert_allclose(cosine, 1, rtol=1e-5)


def test_a_text_with_a_zero_gradient_is_not_perturbed():
    words, slope = tf.ones((1, 3, 2)), tf.zeros((1, 3, 2))
    assert (perturbation(words, slope, 5.0).numpy() == 0).all()


def gradients(learner):
    loss, found = learner._gradients(tf.constant(IDS), tf.constant(LABELS))
    return float(loss), [gradient.numpy() for gradient in found]


@pytest.mark.parametrize(
    "shape",
    [SHAPE, {**SHAPE, "conv_layers": 1, "conv_width": 3, "l2": 0.1}, {**SHAPE, "layers": 0,
     "pooling": "max", "dense_units": 3}],
    ids=["recurrent", "convolution", "bag"],
)  # fmt: skip
def test_the_gradient_is_that_of_the_mean_of_both_losses_and_the_penalties(shape):
    adversarial, plain = learner(2.0, NONE, shape), learner(0.0, NONE, shape)
    loss, found = gradients(adversarial)
    clean_loss, clean = gradients(plain)
    assert loss == pytest.approx(clean_loss)
    model, (below, above) = plain.model, split_at_words(plain.model)
    mask, loss_at = tf.constant(IDS != 0), classification_loss(None)
    with tf.GradientTape() as tape:
        words = below(IDS)
        first = loss_at(LABELS, above(words, mask=mask))
    shift = perturbation(words, tape.gradient(first, words), 2.0)
    with tf.GradientTape() as tape:  # the second loss as one function of all weights
        second = loss_at(LABELS, above(below(IDS) + shift, mask=mask))
    assert second > first + 1e-4
    rows = zip(found, clean, tape.gradient(second, model.trainable_variables), strict=True)
    for mean, one, other in rows:
        np.testing.assert_allclose(mean, (one + tf.convert_to_tensor(other).numpy()) / 2, atol=1e-6)


def test_a_fixed_embedding_has_no_gradient():
    config = ClassifierConfig(vocab_size=12, classes=2, **SHAPE, **NONE)
    model = build_classifier(config, train_embedding=False)
    settings = ClassifierTrainingConfig(adversarial=1.0)
    _, found = gradients(AdversarialLearner(model, settings, 100, classification_loss(None)))
    assert [each.shape for each in found] == [v.shape for v in model.trainable_variables]


@pytest.mark.parametrize("rates", [NONE, DROPOUTS], ids=["plain", "dropout"])
def test_both_parts_of_a_classifier_are_the_classifier_and_share_its_weights(rates):
    model = build_classifier(ClassifierConfig(vocab_size=12, classes=2, **SHAPE, **rates))
    below, above = split_at_words(model)
    whole = model(IDS, training=False)
    parts = above(below(IDS, training=False), mask=tf.constant(IDS != 0), training=False)
    np.testing.assert_allclose(parts, whole, atol=1e-6)
    shared = [id(variable) for variable in [*below.weights, *above.weights]]
    assert shared == [id(variable) for variable in model.weights]
    draws = [v.path for v in [*random_states(below), *random_states(above)]]
    assert sorted(draws) == sorted(v.path for v in model.variables if "seed" in v.path)


def test_a_tiny_perturbation_trains_as_without_one_whatever_is_dropped():
    # Both halves of the gradient agree only if both use the same dropout masks.
    adversarial, plain = learner(1e-7, DROPOUTS), learner(0.0, DROPOUTS)
    for _ in range(3):
        for found in (adversarial, plain):
            loss = found.step(IDS, LABELS)
            assert np.isfinite(loss)
    one, other = adversarial.average_weights(), plain.average_weights()
    for name in one:
        if "seed_generator" not in name:
            np.testing.assert_allclose(one[name], other[name], atol=1e-5)


@pytest.mark.slow
def test_an_adversarial_run_learns_and_resumes_to_the_losses_of_one_never_stopped(tmp_path):
    settings = {
        "cell": "gru", "units": 5, "embedding_dim": 6, "bidirectional": False, "batch_size": 14,
        "validation": 0.2, "length_buckets": 1, "epochs": 10, "learning_rate": 0.1,
        "warmup_steps": 0, "ema": 0.5, "patience": 0, "max_tokens": 12, "min_count": 1,
        "adversarial": 0.5,
    }  # fmt: skip
    data, whole, part = reviews(70), tmp_path / "whole", tmp_path / "part"
    assert train_classifier(data, whole, settings=settings) is not None
    losses = [float(row["validation_loss"]) for row in history(whole)]
    assert losses[-1] < 0.5 * losses[0]
    assert train_classifier(data, part, settings=settings, observer=Watch(6)) is None
    assert train_classifier(data, part, resume=True) is not None
    resumed = [float(row["validation_loss"]) for row in history(part)]
    assert resumed == pytest.approx(losses, abs=1e-6)


def test_a_norm_below_0_is_refused():
    with pytest.raises(ConfigError, match="adversarial must be 0 or more"):
        ClassifierTrainingConfig(adversarial=-1.0)
