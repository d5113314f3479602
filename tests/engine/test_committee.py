"""Several classifiers as one: their mean, its calibration by length, and the passages for that."""

from dataclasses import replace

import numpy as np
import pytest
from support.classifiers import BINARY, random_classifier, reviews

from textrnn.engine import calibration, committee
from textrnn.engine.classification import Predictor
from textrnn.engine.committee import Committee, LengthCalibration
from textrnn.errors import ConfigError

DATA = reviews(200)


def drawn(scale, shift, spread, count=20_000):
    """Log-odds, lengths, and labels as likely as `scale` and `shift` say."""
    rng = np.random.default_rng(0)
    odds, words = rng.normal(0, spread, count), rng.integers(1, 400, count)
    true = LengthCalibration(scale, shift).apply(odds, words)
    return odds, words, (rng.random(count) < 1 / (1 + np.exp(-true))).astype(int)


def noisy(seed, noise=1.5):
    """A classifier that knows the adjectives, and errs on a text the same way each time."""

    def classify(texts):
        found = []
        for text in texts:
            known = "lovely" in text or "great" in text
            error = np.random.default_rng([seed, *text.encode()]).normal(0, noise)
            found.append((0.3, 0.3 + 3 * known - 1.5 + error))
        return np.array(found, np.float32)

    return classify


@pytest.mark.parametrize(
    ("scale", "shift", "spread"), [(0.0, 0.0, 2), (0.8, -0.5, 2), (-0.5, 1.0, 2), (-0.9, 0.3, 6)]
)
def test_the_scale_and_shift_that_labels_were_drawn_by_are_found(scale, shift, spread):
    found = LengthCalibration.fit(*drawn(scale, shift, spread))
    assert (found.scale, found.shift) == pytest.approx((scale, shift), abs=0.15)


def test_a_long_text_stays_as_it_was_and_a_short_one_does_not():
    short, long = LengthCalibration(0.5, -2.0).apply(np.array([2.0, 2.0]), [5, 400])
    assert long == pytest.approx(2, abs=1e-4) and short < 1.5


def test_passages_all_classified_right_make_nobody_certain():
    odds = np.linspace(-3, 3, 50)
    found = LengthCalibration.fit(odds, np.full(50, 5), (odds > 0).astype(int))
    assert 0 < found.scale < 100 and found.shift == pytest.approx(0, abs=1e-6)


def test_predictions_are_never_turned_round():
    odds, words, labels = drawn(0.0, 0.0, 2)
    with pytest.raises(ConfigError, match="wrong about passages more often than right"):
        LengthCalibration.fit(odds, np.full_like(words, 5), 1 - labels)


def test_a_passage_is_one_to_three_whole_sentences_of_its_text():
    texts = [f"One {n}. Two! Is it three?<br />Four, of course. Five." for n in range(200)]
    passages = list(committee.passages(texts))
    for text, passage in zip(texts, passages, strict=True):
        assert passage in text.replace("<br />", " ")
        assert passage[0].isupper() and passage[-1] in ".!?"
    counts = {sum(passage.count(mark) for mark in ".!?") for passage in passages}
    assert counts == {1, 2, 3}
    assert passages == list(committee.passages(texts))


def test_a_committee_of_one_is_that_classifier_calibrated():
    one = Committee([noisy(0)], DATA.texts, DATA.labels)
    logits = noisy(0)(DATA.texts)
    temperature = calibration.fit_temperature(logits, DATA.labels)
    np.testing.assert_allclose(one.odds(DATA.texts), np.diff(logits / temperature)[:, 0], atol=1e-6)


def test_a_committee_of_equals_thinks_what_each_of_them_does():
    one, three = (Committee([noisy(0)] * count, DATA.texts, DATA.labels) for count in (1, 3))
    np.testing.assert_allclose(three.logits(DATA.texts), one.logits(DATA.texts), atol=1e-6)


def test_a_committee_errs_less_than_its_members():
    members = [noisy(seed) for seed in range(9)]
    other = reviews(200, seed=1)

    def accuracy(logits):
        return (logits.argmax(1) == other.labels).mean()

    together = accuracy(Committee(members, DATA.texts, DATA.labels).logits(other.texts))
    assert together > max(accuracy(member(other.texts)) for member in members)


def test_a_committee_is_calibrated_on_passages_too():
    # The sentences of a text are of one label: every second review has the same one.
    long = [" ".join(DATA.texts[row : row + 10 : 2]) for row in range(len(DATA) - 10)]
    found = Committee([noisy(0)], long, DATA.labels[:-10])
    texts, labels = [*long, *committee.passages(long)], np.tile(DATA.labels[:-10], 2)
    assert not set(texts[len(long) :]) & set(long)
    assert found.calibration == LengthCalibration.fit(
        found.odds(texts), committee.word_counts(texts), labels
    )


def test_the_probabilities_are_those_of_the_logits():
    found = Committee([noisy(0), noisy(1)], DATA.texts, DATA.labels)
    logits = found.logits(DATA.texts)
    expected = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
    np.testing.assert_allclose(found.probabilities(DATA.texts)[:, 1], expected)


def test_what_is_added_to_all_logits_of_a_text_changes_no_mean():
    rng = np.random.default_rng(0)
    logits, added = rng.normal(size=(2, 5, 3)), rng.normal(size=(5, 1))
    mean = committee.mean_logits(list(logits))
    np.testing.assert_allclose(committee.mean_logits([logits[0] + added, logits[1]]), mean)
    np.testing.assert_array_equal(mean[:, 0], 0)


def test_a_text_without_a_known_word_is_undecided_and_others_are_as_alone():
    model = random_classifier()
    texts = ["a b c", "", "d", "  "]
    logits = committee.classifier_logits(model, BINARY)(texts)
    np.testing.assert_array_equal(logits[[1, 3]], 0)
    np.testing.assert_allclose(
        logits[[0, 2]], Predictor(model).text_logits(["a b c", "d"]), atol=1e-6
    )
    assert not committee.classifier_logits(model, BINARY)(["", " "]).any()


@pytest.mark.parametrize(
    ("model", "texts"),
    [
        (BINARY, BINARY[::-1]),
        (BINARY, ("bad", "good")),
        (("a", "b", "c"), ("a", "b", "c")),
    ],
)
def test_models_of_other_classes_are_refused(model, texts):
    found = replace(random_classifier(classes=model), name="mine")
    with pytest.raises(ConfigError, match=r"mine tells .* the same two classes, in the same order"):
        committee.classifier_logits(found, texts)
