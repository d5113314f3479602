"""Verdicts: what is read of a text, what is made of its logits, and in what order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.bags import bag_of_words
from support.classifiers import LETTERS, random_classifier

from textrnn.engine import classification, packing
from textrnn.engine.calibration import probabilities
from textrnn.engine.classification import UNSURE, Judge, Verdict
from textrnn.engine.classifier import build_network
from textrnn.errors import ConfigError
from textrnn.tokenizers import cut

TERNARY = ("bad", "fair", "good")


def text_of(words: int, seed: int = 0) -> str:
    return " ".join(np.random.default_rng(seed).choice(LETTERS, words))


def judge_of(long_texts="cut", max_words=10, keep="both", **model) -> Judge:
    about = {"long_texts": long_texts, **model.pop("about", {})}
    reading = {"max_words": max_words, "keep": keep, **model.pop("reading", {})}
    return Judge(random_classifier(reading=reading, about=about, **model))


def softmax_of(judge, ids) -> np.ndarray:
    logits = build_network(judge.model).logits(ids)
    return probabilities(logits, judge.model.temperature)


# ---- one text -----------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [("negative", "positive"), TERNARY])
def test_a_verdict_is_the_likeliest_class_with_its_calibrated_probability(classes):
    judge = judge_of(classes=classes, about={"temperature": 1.7})
    text = text_of(7)
    (verdict,) = judge.judge([text])
    expected = softmax_of(judge, [judge.encode(text)])[0]
    np.testing.assert_allclose(verdict.probabilities, expected, rtol=1e-5)
    assert verdict.prediction == classes[expected.argmax()]
    assert verdict.probability == max(verdict.probabilities)
    assert sum(verdict.probabilities) == pytest.approx(1)
    assert (verdict.words, verdict.windows, verdict.cut, verdict.reason) == (7, 1, False, "")
    assert verdict.judged


@pytest.mark.parametrize("text", ["", "  \n\t", "<br />", "\u200b"])
def test_a_text_without_a_word_has_a_reason_and_no_verdict(text):
    verdicts = judge_of().judge(["a b", text, "c"])
    assert [verdict.judged for verdict in verdicts] == [True, False, True]
    assert verdicts[1] == Verdict(
        None, None, (), 0, reason="it has no word that the model can read"
    )
    assert judge_of().judge([text]) == verdicts[1:2]


def test_no_texts_have_no_verdicts():
    assert judge_of().judge([]) == []
    assert judge_of().text_logits([]).shape == (0, 2)


# ---- many texts ---------------------------------------------------------------------------------


@settings(max_examples=15)
@given(
    lengths=st.lists(st.integers(0, 35), min_size=1, max_size=12),
    long_texts=st.sampled_from(["cut", "whole", "windows"]),
)
def test_judging_together_in_any_order_equals_judging_one_by_one(lengths, long_texts):
    judge = judge_of(long_texts)
    texts = [text_of(words, seed) for seed, words in enumerate(lengths)]
    together = judge.judge(texts)
    assert [verdict.words for verdict in together] == lengths
    for text, verdict in zip(texts, together, strict=True):
        (alone,) = judge.judge([text])
        assert alone.prediction == verdict.prediction
        np.testing.assert_allclose(alone.probabilities, verdict.probabilities, atol=1e-5)
    backwards = judge.judge(texts[::-1])[::-1]
    for one, other in zip(together, backwards, strict=True):
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-5)


def test_batches_side_by_side_keep_the_order(monkeypatch):
    monkeypatch.setattr(packing, "BATCH_TEXTS", 3)
    judge = judge_of("whole")
    ids = [judge.encode(text_of(1 + seed * 7 % 30, seed)) for seed in range(40)]
    alone = np.concatenate([judge.logits([one]) for one in ids])
    np.testing.assert_allclose(judge.logits(ids), alone, atol=1e-5)


# ---- long texts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", ["first", "last", "both"])
def test_a_long_text_that_is_cut_is_judged_by_what_is_kept(keep):
    judge, text = judge_of("cut", max_words=9, keep=keep), text_of(31)
    (verdict,) = judge.judge([text])
    kept = cut(judge.encode(text), 9, keep)
    np.testing.assert_allclose(verdict.probabilities, softmax_of(judge, [kept])[0], rtol=1e-5)
    assert (verdict.words, verdict.windows, verdict.cut) == (31, 1, True)


def test_a_long_text_that_is_read_whole_is_one_text():
    judge, text = judge_of("whole"), text_of(31)
    (verdict,) = judge.judge([text])
    expected = softmax_of(judge, [judge.encode(text)])[0]
    np.testing.assert_allclose(verdict.probabilities, expected, rtol=1e-5)
    assert (verdict.words, verdict.windows, verdict.cut) == (31, 1, False)


@given(words=st.integers(1, 80), size=st.integers(1, 30))
@settings(max_examples=60)
def test_windows_cover_every_word_and_none_is_longer_than_the_model_learnt(words, size):
    readings = judge_of("windows", max_words=size)._readings(np.arange(words))
    assert all(len(part) == min(size, words) for part in readings)
    assert sorted({word for part in readings for word in part.tolist()}) == list(range(words))
    starts = [part[0] for part in readings]
    assert starts == sorted(set(starts))
    assert all(np.diff(starts) <= max(1, size // 2))


def test_the_logits_of_windows_are_averaged():
    judge, text = judge_of("windows", max_words=8), text_of(21)
    ids = judge.encode(text)
    windows = [ids[start : start + 8] for start in (0, 4, 8, 12, 13)]
    (verdict,) = judge.judge([text])
    mean = build_network(judge.model).logits(windows).mean(axis=0)
    np.testing.assert_allclose(verdict.probabilities, probabilities(mean[None])[0], rtol=1e-5)
    assert (verdict.words, verdict.windows, verdict.cut) == (21, 5, False)
    short, long = judge.judge([text_of(8), text])
    assert (short.windows, long.windows) == (1, 5)
    np.testing.assert_allclose(long.probabilities, verdict.probabilities, rtol=1e-5)


def test_a_text_too_long_to_be_read_whole_is_read_in_windows(monkeypatch):
    monkeypatch.setattr(classification, "WHOLE_WORDS", 20)
    whole, long = judge_of("whole").judge([text_of(20), text_of(21)])
    assert (whole.windows, whole.cut) == (1, False)
    assert long.windows > 1 and not long.cut


def test_what_follows_the_last_character_to_be_read_changes_nothing_and_is_told():
    judge = judge_of(reading={"max_characters": 9})
    short, long = judge.judge(["a b c d e", "a b c d e f g"])
    assert long.probabilities == pytest.approx(short.probabilities, abs=1e-6)
    assert long.words == 5
    assert (short.cut, long.cut) == (False, True)


# ---- thresholds ---------------------------------------------------------------------------------


def test_a_verdict_less_likely_than_asked_is_unsure_and_keeps_its_probabilities():
    texts = [text_of(words, words) for words in range(1, 30)]
    plain = judge_of(about={"temperature": 2.0}).judge(texts)
    limit = float(np.median([verdict.probability for verdict in plain]))
    model = judge_of(about={"temperature": 2.0}).model
    careful = Judge(model, abstain=limit).judge(texts)
    for one, other in zip(plain, careful, strict=True):
        assert other.prediction == (UNSURE if one.probability < limit else one.prediction)
        assert (other.probability, other.probabilities) == (one.probability, one.probabilities)
    assert len({verdict.prediction for verdict in careful}) > 1


@pytest.mark.parametrize("threshold", [0.01, 0.3, 0.5, 0.7, 0.99])
def test_the_second_class_is_given_from_its_threshold_on(threshold):
    texts = [text_of(words, words) for words in range(1, 30)]
    for verdict in Judge(random_classifier(), threshold=threshold).judge(texts):
        chosen = int(verdict.probabilities[1] >= threshold)
        assert verdict.prediction == ("negative", "positive")[chosen]
        assert verdict.probability == verdict.probabilities[chosen]


def test_of_the_unsure_the_probability_is_the_likeliest_whatever_the_threshold():
    texts = [text_of(words, words) for words in range(1, 9)]
    for verdict in Judge(random_classifier(), threshold=0.99, abstain=1.0).judge(texts):
        assert verdict.prediction == UNSURE
        assert verdict.probability == max(verdict.probabilities)


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
def test_thresholds_that_make_no_sense_are_refused(classes, settings, message):
    with pytest.raises(ConfigError, match=message):
        Judge(random_classifier(classes=classes), **settings)


def test_many_texts_are_judged_as_a_few_are(monkeypatch):
    judge = Judge(bag_of_words())
    texts = ["good", "bad bad good", "", "a good day", "bad"] * 3
    few = [verdict for text in texts for verdict in judge.judge([text])]
    monkeypatch.setattr(packing, "BATCH_TEXTS", 4)
    many = judge.judge(texts)
    assert [verdict.prediction for verdict in many] == [verdict.prediction for verdict in few]
    np.testing.assert_allclose(
        [verdict.probabilities for verdict in many if verdict.judged],
        [verdict.probabilities for verdict in few if verdict.judged],
        atol=1e-6,
    )
    assert judge.judge([]) == []
