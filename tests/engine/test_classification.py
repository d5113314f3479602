"""Predictions: which words are read, how logits become labels, and in which order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.bags import bag_of_words
from support.classifiers import LETTERS, random_classifier

from textrnn.engine import classification, packing
from textrnn.engine.calibration import probabilities
from textrnn.engine.classification import UNSURE, Prediction, Predictor
from textrnn.engine.classifier import build_network
from textrnn.errors import ConfigError
from textrnn.tokenizers import cut

TERNARY = ("bad", "fair", "good")


def text_of(words: int, seed: int = 0) -> str:
    return " ".join(np.random.default_rng(seed).choice(LETTERS, words))


def predictor_of(long_texts="cut", max_tokens=10, truncation="both", **model) -> Predictor:
    about = {"long_texts": long_texts, **model.pop("about", {})}
    reading = {"max_tokens": max_tokens, "truncation": truncation, **model.pop("reading", {})}
    return Predictor(random_classifier(reading=reading, about=about, **model))


def softmax_of(predictor, ids) -> np.ndarray:
    logits = build_network(predictor.model).logits(ids)
    return probabilities(logits, predictor.model.temperature)


# ---- one text -----------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [("negative", "positive"), TERNARY])
def test_a_prediction_is_the_most_likely_class_with_its_calibrated_probability(classes):
    predictor = predictor_of(classes=classes, about={"temperature": 1.7})
    text = text_of(7)
    (prediction,) = predictor.predict([text])
    expected = softmax_of(predictor, [predictor.encode(text)])[0]
    np.testing.assert_allclose(prediction.probabilities, expected, rtol=1e-5)
    assert prediction.label == classes[expected.argmax()]
    assert prediction.probability == max(prediction.probabilities)
    assert sum(prediction.probabilities) == pytest.approx(1)
    assert (prediction.words, prediction.windows, prediction.cut, prediction.reason) == (
        7,
        1,
        False,
        "",
    )
    assert prediction.predicted


@pytest.mark.parametrize("text", ["", "  \n\t", "<br />", "\u200b"])
def test_a_text_without_a_word_has_a_reason_and_no_label(text):
    predictions = predictor_of().predict(["a b", text, "c"])
    assert [prediction.predicted for prediction in predictions] == [True, False, True]
    assert predictions[1] == Prediction(
        None, None, (), 0, reason="it has no word that the model can read"
    )
    assert predictor_of().predict([text]) == predictions[1:2]


def test_no_texts_have_no_predictions():
    assert predictor_of().predict([]) == []
    assert predictor_of().text_logits([]).shape == (0, 2)


# ---- many texts ---------------------------------------------------------------------------------


@settings(max_examples=15)
@given(
    lengths=st.lists(st.integers(0, 35), min_size=1, max_size=12),
    long_texts=st.sampled_from(["cut", "whole", "windows"]),
)
def test_predictions_do_not_depend_on_the_other_texts_or_their_order(lengths, long_texts):
    predictor = predictor_of(long_texts)
    texts = [text_of(words, seed) for seed, words in enumerate(lengths)]
    together = predictor.predict(texts)
    assert [prediction.words for prediction in together] == lengths
    for text, prediction in zip(texts, together, strict=True):
        (alone,) = predictor.predict([text])
        assert alone.label == prediction.label
        np.testing.assert_allclose(alone.probabilities, prediction.probabilities, atol=1e-5)
    backwards = predictor.predict(texts[::-1])[::-1]
    for one, other in zip(together, backwards, strict=True):
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-5)


def test_parallel_batches_keep_the_order(monkeypatch):
    monkeypatch.setattr(packing, "BATCH_TEXTS", 3)
    predictor = predictor_of("whole")
    ids = [predictor.encode(text_of(1 + seed * 7 % 30, seed)) for seed in range(40)]
    alone = np.concatenate([predictor.logits([one]) for one in ids])
    np.testing.assert_allclose(predictor.logits(ids), alone, atol=1e-5)


# ---- long texts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("truncation", ["head", "tail", "both"])
def test_a_truncated_text_is_classified_by_the_words_that_are_kept(truncation):
    predictor, text = predictor_of("cut", max_tokens=9, truncation=truncation), text_of(31)
    (prediction,) = predictor.predict([text])
    kept = cut(predictor.encode(text), 9, truncation)
    np.testing.assert_allclose(
        prediction.probabilities, softmax_of(predictor, [kept])[0], rtol=1e-5
    )
    assert (prediction.words, prediction.windows, prediction.cut) == (31, 1, True)


def test_a_long_text_that_is_read_whole_is_one_segment():
    predictor, text = predictor_of("whole"), text_of(31)
    (prediction,) = predictor.predict([text])
    expected = softmax_of(predictor, [predictor.encode(text)])[0]
    np.testing.assert_allclose(prediction.probabilities, expected, rtol=1e-5)
    assert (prediction.words, prediction.windows, prediction.cut) == (31, 1, False)


@given(words=st.integers(1, 80), size=st.integers(1, 30))
@settings(max_examples=60)
def test_windows_cover_every_word_and_none_exceeds_max_words(words, size):
    segments = predictor_of("windows", max_tokens=size)._segments(np.arange(words))
    assert all(len(part) == min(size, words) for part in segments)
    assert sorted({word for part in segments for word in part.tolist()}) == list(range(words))
    starts = [part[0] for part in segments]
    assert starts == sorted(set(starts))
    assert all(np.diff(starts) <= max(1, size // 2))


def test_the_logits_of_windows_are_averaged():
    predictor, text = predictor_of("windows", max_tokens=8), text_of(21)
    ids = predictor.encode(text)
    windows = [ids[start : start + 8] for start in (0, 4, 8, 12, 13)]
    (prediction,) = predictor.predict([text])
    mean = build_network(predictor.model).logits(windows).mean(axis=0)
    np.testing.assert_allclose(prediction.probabilities, probabilities(mean[None])[0], rtol=1e-5)
    assert (prediction.words, prediction.windows, prediction.cut) == (21, 5, False)
    short, long = predictor.predict([text_of(8), text])
    assert (short.windows, long.windows) == (1, 5)
    np.testing.assert_allclose(long.probabilities, prediction.probabilities, rtol=1e-5)


def test_a_text_above_the_limit_for_whole_texts_is_read_in_windows(monkeypatch):
    monkeypatch.setattr(classification, "WHOLE_WORDS", 20)
    whole, long = predictor_of("whole").predict([text_of(20), text_of(21)])
    assert (whole.windows, whole.cut) == (1, False)
    assert long.windows > 1 and not long.cut


def test_characters_beyond_the_limit_change_nothing_and_are_reported_as_cut():
    predictor = predictor_of(reading={"max_characters": 9})
    short, long = predictor.predict(["a b c d e", "a b c d e f g"])
    assert long.probabilities == pytest.approx(short.probabilities, abs=1e-6)
    assert long.words == 5
    assert (short.cut, long.cut) == (False, True)


# ---- thresholds ---------------------------------------------------------------------------------


def test_a_prediction_below_abstain_is_unsure_and_keeps_its_probabilities():
    texts = [text_of(words, words) for words in range(1, 30)]
    plain = predictor_of(about={"temperature": 2.0}).predict(texts)
    limit = float(np.median([prediction.probability for prediction in plain]))
    model = predictor_of(about={"temperature": 2.0}).model
    careful = Predictor(model, abstain=limit).predict(texts)
    for one, other in zip(plain, careful, strict=True):
        assert other.label == (UNSURE if one.probability < limit else one.label)
        assert (other.probability, other.probabilities) == (one.probability, one.probabilities)
    assert len({prediction.label for prediction in careful}) > 1


@pytest.mark.parametrize("threshold", [0.01, 0.3, 0.5, 0.7, 0.99])
def test_the_second_class_is_predicted_from_its_threshold_on(threshold):
    texts = [text_of(words, words) for words in range(1, 30)]
    for prediction in Predictor(random_classifier(), threshold=threshold).predict(texts):
        predicted = int(prediction.probabilities[1] >= threshold)
        assert prediction.label == ("negative", "positive")[predicted]
        assert prediction.probability == prediction.probabilities[predicted]


def test_an_unsure_prediction_has_the_highest_probability_whatever_the_threshold():
    texts = [text_of(words, words) for words in range(1, 9)]
    for prediction in Predictor(random_classifier(), threshold=0.99, abstain=1.0).predict(texts):
        assert prediction.label == UNSURE
        assert prediction.probability == max(prediction.probabilities)


@pytest.mark.parametrize(
    ("classes", "settings", "message"),
    [
        (TERNARY, {"threshold": 0.5}, "threshold is for two classes, model has 3"),
        (("n", "p"), {"threshold": 0.0}, "threshold must be between 0 and 1"),
        (("n", "p"), {"threshold": 1.0}, "threshold must be between 0 and 1"),
        (("n", "p"), {"threshold": float("nan")}, "threshold must be between 0 and 1"),
        (("n", "p"), {"abstain": -0.1}, "abstain must be a probability"),
        (("n", "p"), {"abstain": 1.1}, "abstain must be a probability"),
        (("n", "p"), {"abstain": float("nan")}, "abstain must be a probability"),
    ],
)
def test_thresholds_out_of_range_are_refused(classes, settings, message):
    with pytest.raises(ConfigError, match=message):
        Predictor(random_classifier(classes=classes), **settings)


def test_many_texts_get_the_same_predictions_as_single_ones(monkeypatch):
    predictor = Predictor(bag_of_words())
    texts = ["good", "bad bad good", "", "a good day", "bad"] * 3
    few = [prediction for text in texts for prediction in predictor.predict([text])]
    monkeypatch.setattr(packing, "BATCH_TEXTS", 4)
    many = predictor.predict(texts)
    assert [prediction.label for prediction in many] == [prediction.label for prediction in few]
    np.testing.assert_allclose(
        [prediction.probabilities for prediction in many if prediction.predicted],
        [prediction.probabilities for prediction in few if prediction.predicted],
        atol=1e-6,
    )
    assert predictor.predict([]) == []
