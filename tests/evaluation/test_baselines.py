"""The linear classifier on word n-grams: what it can tell apart, and what it minimises."""

from itertools import pairwise

import numpy as np
import pytest
from support.classifiers import reviews

from textrnn.errors import CorpusError
from textrnn.evaluation.baselines import NgramClassifier

DATA = reviews(100)


def odds(model, *texts):
    return model.logits(texts)[:, 1]


def test_it_tells_apart_what_one_word_tells_apart():
    model = NgramClassifier.fit(DATA.texts, DATA.labels)
    other = reviews(100, seed=1)
    np.testing.assert_array_equal(model.logits(other.texts).argmax(axis=1), other.labels)


def test_exchanged_labels_give_the_opposite_log_odds():
    model, opposite = (
        NgramClassifier.fit(DATA.texts, labels) for labels in (DATA.labels, 1 - DATA.labels)
    )
    np.testing.assert_allclose(odds(opposite, *DATA.texts), -odds(model, *DATA.texts), atol=1e-6)


def test_a_text_is_classified_alike_alone_and_among_others():
    model = NgramClassifier.fit(DATA.texts, DATA.labels)
    alone = np.concatenate([model.logits([text]) for text in DATA.texts])
    np.testing.assert_allclose(model.logits(DATA.texts), alone)
    assert model.logits([]).shape == (0, 2)


@pytest.mark.parametrize("texts", [["", "zebra yak"], ["zebra", " "]])
def test_texts_of_no_known_word_are_all_alike(texts):
    one, other = odds(NgramClassifier.fit(DATA.texts, DATA.labels), *texts)
    assert one == other and np.isfinite(one)


def test_an_order_of_words_is_seen_by_runs_that_span_it():
    texts, labels = ["good not bad", "bad not good"] * 20, [1, 0] * 20
    words, pairs = (NgramClassifier.fit(texts, labels, max_n=size) for size in (1, 2))
    assert np.ptp(odds(words, *texts[:2])) == pytest.approx(0, abs=1e-9)
    good, bad = odds(pairs, *texts[:2])
    assert bad < -1 < 1 < good


def test_a_rare_ngram_counts_for_nothing():
    texts, labels = ["fine film", "dull film", "fine play", "dull play plum"], [1, 0, 1, 0]
    model = NgramClassifier.fit(texts, labels, max_n=2, min_count=2)
    assert model.vocabulary.keys() == {"", "fine", "film", "dull", "play"}
    assert odds(model, "fine plum") == odds(model, "fine")


def test_texts_without_a_frequent_ngram_are_undecided():
    model = NgramClassifier.fit(["fine film", "dull play"], [1, 0], min_count=3)
    assert model.vocabulary.keys() == {""}
    assert odds(model, "fine film")[0] == pytest.approx(0, abs=1e-9)


def test_words_are_counted_once_a_text():
    model = NgramClassifier.fit(DATA.texts, DATA.labels, max_n=1)
    once, often = odds(model, "awful film", "awful film awful film film")
    assert once == pytest.approx(often)


def test_the_weights_minimise_the_penalised_log_loss():
    """Against Newton's method on dense arrays, the scaled features taken apart."""
    texts, labels, penalty = DATA.texts[:40], DATA.labels[:40], 0.5
    model = NgramClassifier.fit(texts, labels, max_n=1, min_count=1, penalty=penalty)
    names = [name for name in model.vocabulary if name]
    dense = np.array([[1.0, *(name in text.split() for name in names)] for text in texts])
    second, first = (dense[labels == label].sum(axis=0) + 1 for label in (1, 0))
    ratios = np.log(second / second.sum()) - np.log(first / first.sum())
    features = dense * ratios / np.sqrt((dense @ ratios**2).mean())
    features = np.append(features, np.ones((len(texts), 1)), axis=1)
    penalties = np.append(np.full(features.shape[1] - 1, penalty), 0)

    weights, losses = np.zeros(features.shape[1]), []
    for _ in range(30):
        z = features @ weights
        losses.append((np.logaddexp(0, z) - labels * z).sum() + (penalties * weights**2).sum() / 2)
        chance = 1 / (1 + np.exp(-z))
        gradient = features.T @ (chance - labels) + penalties * weights
        hessian = (features * (chance * (1 - chance))[:, None]).T @ features + np.diag(penalties)
        weights = weights - np.linalg.solve(hessian, gradient)
    assert all(after <= before + 1e-9 for before, after in pairwise(losses))
    np.testing.assert_allclose(odds(model, *texts), features @ weights, atol=0.02)


def test_no_text_gives_no_classifier():
    with pytest.raises(CorpusError, match="no labelled example"):
        NgramClassifier.fit([], np.array([], int))
