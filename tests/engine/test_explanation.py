"""Reasons: the effect of a word is what the verdict loses without it."""

import numpy as np
import pytest
from support.classifiers import LETTERS, random_classifier

from textrnn.engine import explanation
from textrnn.engine.classification import Judge
from textrnn.engine.classifier import build_network
from textrnn.engine.explanation import explain

TERNARY = ("bad", "fair", "good")


def judge_of(**model) -> Judge:
    return Judge(random_classifier(**model))


def words_of(count: int, seed: int = 0) -> list[str]:
    return np.random.default_rng(seed).choice(LETTERS, count).tolist()


def log_odds(judge, words, best) -> float:
    """Of class number `best`, of a text of these words."""
    chances = judge.judge([" ".join(words)])[0].probabilities
    return float(np.log(chances[best]) - np.log(sum(chances) - chances[best]))


@pytest.mark.parametrize("classes", [("negative", "positive"), TERNARY])
def test_an_effect_is_what_the_log_odds_lose_when_the_word_is_left_out(classes):
    judge = judge_of(classes=classes, about={"temperature": 1.6})
    words = words_of(12)
    found = explain(judge, " ".join(words))
    (verdict,) = judge.judge([" ".join(words)])
    assert found.prediction == verdict.prediction
    assert not found.sentences
    best = classes.index(found.prediction)
    whole = log_odds(judge, words, best)
    for index, effect in enumerate(found.words):
        without = log_odds(judge, words[:index] + words[index + 1 :], best)
        assert effect.effect == pytest.approx(whole - without, abs=1e-4)


def test_spans_point_at_the_words_in_the_order_of_the_text():
    text = "  A b,\n<br />“c’d” 早 E!"
    found = explain(judge_of(), text)
    assert [effect.text for effect in found.words] == [
        "A", "b", ",", "“", "c’d", "”", "早", "E", "!",
    ]  # fmt: skip
    for effect in found.words:
        assert text[effect.start : effect.end] == effect.text
    starts = [effect.start for effect in found.words]
    assert starts == sorted(starts)


def test_a_text_of_one_word_is_explained():
    (effect,) = explain(judge_of(), "a").words
    assert effect.text == "a" and np.isfinite(effect.effect) and effect.effect


@pytest.mark.parametrize("text", ["", " \n", "<br>"])
def test_what_cannot_be_read_has_no_explanation(text):
    assert explain(judge_of(), text) is None


def test_of_two_classes_the_other_side_has_the_opposite_effects():
    judge = judge_of()
    flipped = judge_of(classes=("positive", "negative"))
    for name in ("output/kernel", "output/bias"):
        flipped.model.weights[name][:] *= -1
    flipped = Judge(flipped.model)
    one, other = (explain(each, "a b c d e") for each in (judge, flipped))
    assert one.prediction == other.prediction
    np.testing.assert_allclose(
        [effect.effect for effect in one.words],
        [effect.effect for effect in other.words],
        atol=1e-5,
    )


@pytest.mark.parametrize("threshold", [0.02, 0.98])
def test_what_is_explained_is_the_class_that_was_given(threshold):
    model = random_classifier()
    for seed in range(8):
        text = " ".join(words_of(9, seed))
        judge = Judge(model, threshold=threshold)
        assert explain(judge, text).prediction == judge.judge([text])[0].prediction


# ---- long texts ---------------------------------------------------------------------------------

SENTENCES = ["a b c d.", "e f g!", "“H i j.”", "k l?", "m n o"]


@pytest.fixture
def few_words(monkeypatch):
    monkeypatch.setattr(explanation, "MANY_WORDS", 10)


def test_a_long_text_is_explained_by_sentence_and_by_the_words_of_the_strongest(few_words):
    judge = judge_of(reading={"max_words": 100})
    text = "  " + " ".join(SENTENCES)
    found = explain(judge, text)
    assert [effect.text for effect in found.sentences] == SENTENCES
    ids, spans = judge.encode(text), judge.model.tokenizer.spans(text)
    best = judge.model.classes.index(found.prediction)

    def odds(kept):
        logits = build_network(judge.model).logits([kept])[0].astype(float)
        return logits[best] - logits[1 - best]

    for effect in found.sentences:
        inside = [effect.start <= start < effect.end for start, _ in spans]
        expected = odds(ids) - odds(ids[~np.array(inside)])
        assert effect.effect == pytest.approx(expected, abs=1e-4)
    top = sorted(found.sentences, key=lambda effect: -abs(effect.effect))
    top = top[: explanation.TOP_SENTENCES]
    inside = [span for span in spans if any(part.start <= span[0] < part.end for part in top)]
    assert [(effect.start, effect.end) for effect in found.words] == inside


@pytest.mark.parametrize("break_", ["\n", "\n\n", "<br>", "<br /><br />", "<BR/>"])
def test_a_line_break_ends_a_sentence_too(few_words, break_):
    found = explain(judge_of(), break_.join(["a b c d e", "f g h i j", "k l"]))
    assert [effect.text for effect in found.sentences] == ["a b c d e", "f g h i j", "k l"]


def test_a_long_text_of_one_sentence_is_explained_whole(few_words):
    found = explain(judge_of(), " ".join(words_of(15)))
    assert len(found.sentences) == 1 and len(found.words) == 15


@pytest.mark.parametrize("keep", ["first", "last", "both"])
def test_of_a_text_that_is_cut_only_what_is_read_is_explained(keep):
    judge, words = judge_of(reading={"max_words": 6, "keep": keep}), words_of(20)
    found = explain(judge, " ".join(words))
    places = {"first": range(6), "last": range(14, 20), "both": [0, 1, 2, 17, 18, 19]}[keep]
    assert [effect.start // 2 for effect in found.words] == list(places)
    read = [words[place] for place in places]
    best = judge.model.classes.index(found.prediction)
    for index, effect in enumerate(found.words):
        without = log_odds(judge, read[:index] + read[index + 1 :], best)
        assert effect.effect == pytest.approx(log_odds(judge, read, best) - without, abs=1e-4)


def test_of_a_text_read_in_windows_every_word_is_explained():
    judge, words = judge_of(reading={"max_words": 6}, about={"long_texts": "windows"}), words_of(20)
    found = explain(judge, " ".join(words))
    assert len(found.words) == 20
    best = judge.model.classes.index(found.prediction)
    without = log_odds(judge, words[1:], best)
    assert found.words[0].effect == pytest.approx(log_odds(judge, words, best) - without, abs=1e-4)


def test_only_the_first_characters_are_explained_where_no_more_are_read():
    found = explain(judge_of(reading={"max_characters": 5}), "a b c d e")
    assert [effect.text for effect in found.words] == ["a", "b", "c"]


def test_what_goes_on_without_a_full_stop_is_taken_in_pieces(few_words, monkeypatch):
    monkeypatch.setattr(explanation, "SENTENCE_WORDS", 6)
    found = explain(judge_of(), " ".join(words_of(15)))
    assert [len(effect.text.split()) for effect in found.sentences] == [6, 6, 3]


def test_effects_found_some_at_a_time_are_those_of_all_at_once(monkeypatch):
    judge, text, sizes = judge_of(), " ".join(words_of(11)), []
    whole = explain(judge, text)
    monkeypatch.setattr(explanation, "PARTS", 4)
    logits = judge.ids_logits
    monkeypatch.setattr(
        judge, "ids_logits", lambda texts: sizes.append(len(texts)) or logits(texts)
    )
    found = explain(judge, text)
    assert max(sizes) == 4 and len(found.words) == 11
    for one, other in zip(found.words, whole.words, strict=True):
        assert (one.start, one.end) == (other.start, other.end)
        assert one.effect == pytest.approx(other.effect, abs=1e-5)


def test_a_piece_that_begins_with_the_space_before_it_belongs_to_the_next_sentence():
    text = "So it is. A dog!\nNo"
    pieces = [(0, 2), (2, 5), (5, 8), (8, 9), (9, 11), (11, 15), (15, 16), (16, 17), (17, 19)]
    assert explanation._sentences(text, pieces) == [(0, 4), (4, 8), (8, 9)]
