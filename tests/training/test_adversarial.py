"""Learning from words shifted the worst way: the shift's length and direction, and what it does."""

import numpy as np
import pytest
import tensorflow as tf
from support.classifiers import reviews
from support.watching import Watch, history

from textrnn.config.classifier import ClassifierConfig, ClassifierTrainingConfig
from textrnn.errors import ConfigError
from textrnn.models.classifier import build_classifier
from textrnn.training.adversarial import AdversarialLearner, worst_shift
from textrnn.training.learner import Learner
from textrnn.training.tasks.classifier import loss_of, train_classifier

SHAPE = {"cell": "gru", "units": 4, "embedding_dim": 6, "layers": 1}
DROPOUTS = {"word_dropout": 0.3, "embedding_dropout": 0.3, "dropout": 0.3, "recurrent_dropout": 0.2}
NONE = dict.fromkeys(DROPOUTS, 0.0)
IDS = np.array([[3, 4, 5, 0, 0], [7, 2, 9, 11, 6]], np.int32)
LABELS = np.array([0, 1], np.int32)


def learner(size, rates, **training):
    config = ClassifierConfig(vocab_size=12, classes=2, **SHAPE, **rates)
    model = build_classifier(config, seed=1, adversarial=bool(size))
    settings = ClassifierTrainingConfig(adversarial=size, learning_rate=0.01, **training)
    kind = AdversarialLearner if size else Learner
    return kind(model, settings, 100, loss_of(None))


def test_a_shift_has_the_asked_for_length_goes_up_and_leaves_padding_alone():
    rng = np.random.default_rng(0)
    words, slope = rng.normal(size=(2, 3, 5, 4)).astype(np.float32)
    slope[1, 2:] = 0.0
    shift = worst_shift(tf.constant(words), tf.constant(slope), 2.5).numpy()
    counted = words[slope != 0]
    length = 2.5 * np.sqrt((counted**2).mean())
    np.testing.assert_allclose(np.sqrt((shift**2).sum((1, 2))), length, rtol=1e-5)
    assert (shift[1, 2:] == 0).all()
    cosine = (shift * slope).sum((1, 2)) / np.sqrt((shift**2).sum((1, 2)) * (slope**2).sum((1, 2)))
    np.testing.assert_allclose(cosine, 1, rtol=1e-5)


def test_a_text_without_a_slope_is_not_shifted():
    words, slope = tf.ones((1, 3, 2)), tf.zeros((1, 3, 2))
    assert (worst_shift(words, slope, 5.0).numpy() == 0).all()


def gradients(learner):
    loss, found = learner._slopes(tf.constant(IDS), tf.constant(LABELS))
    return float(loss), [gradient.numpy() for gradient in found]


def test_the_gradient_is_the_mean_of_that_at_the_words_and_that_at_the_shifted_words():
    adversarial, plain = learner(2.0, NONE), learner(0.0, NONE)
    loss, found = gradients(adversarial)
    clean_loss, clean = gradients(plain)
    assert loss == pytest.approx(clean_loss)
    model, layer = adversarial.model, adversarial.model.get_layer("shifted")
    with tf.GradientTape() as tape:
        first = loss_of(None)(LABELS, model(IDS, training=True))
        words = layer.passed
    layer.shift = worst_shift(words, tape.gradient(first, words), 2.0)
    with tf.GradientTape() as tape:
        second = loss_of(None)(LABELS, model(IDS, training=True))
    assert second > first + 1e-4
    rows = zip(found, clean, tape.gradient(second, model.trainable_variables), strict=True)
    for mean, one, other in rows:
        np.testing.assert_allclose(mean, (one + tf.convert_to_tensor(other).numpy()) / 2, atol=1e-6)


def test_a_shift_of_next_to_nothing_learns_as_no_adversary_does_whatever_is_dropped():
    # Only with the same masks twice are both halves of the gradient the same.
    adversarial, plain = learner(1e-7, DROPOUTS), learner(0.0, DROPOUTS)
    for _ in range(3):
        for found in (adversarial, plain):
            loss = found.step(IDS, LABELS)
            assert np.isfinite(loss)
    one, other = adversarial.average_weights(), plain.average_weights()
    for name in one:
        if "seed_generator" not in name:
            np.testing.assert_allclose(one[name], other[name], atol=1e-5)


def test_an_adversarial_run_learns_and_resumes_to_the_losses_of_one_never_stopped(tmp_path):
    settings = {
        "cell": "gru", "units": 5, "embedding_dim": 6, "bidirectional": False, "batch_size": 14,
        "validation": 0.2, "buckets": 1, "epochs": 10, "learning_rate": 0.1, "warmup_steps": 0,
        "ema": 0.5, "patience": 0, "max_words": 12, "min_count": 1, "adversarial": 0.5,
    }  # fmt: skip
    data, whole, part = reviews(70), tmp_path / "whole", tmp_path / "part"
    assert train_classifier(data, whole, settings=settings) is not None
    losses = [float(row["validation_loss"]) for row in history(whole)]
    assert losses[-1] < 0.5 * losses[0]
    assert train_classifier(data, part, settings=settings, observer=Watch(6)) is None
    assert train_classifier(data, part, resume=True) is not None
    resumed = [float(row["validation_loss"]) for row in history(part)]
    assert resumed == pytest.approx(losses, abs=1e-6)


def test_a_length_below_0_is_refused():
    with pytest.raises(ConfigError, match="adversarial must be 0 or more"):
        ClassifierTrainingConfig(adversarial=-1.0)
