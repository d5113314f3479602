"""Explanations: the effect of a word is the fall in log-odds without it."""

import numpy as np
import pytest
from support.classifiers import LETTERS, random_classifier

from textrnn.engine import explanation
from textrnn.engine.classification import Predictor
from textrnn.engine.classifier import build_network
from textrnn.engine.explanation import explain

TERNARY = ("bad", "fair", "good")


def predictor_of(**model) -> Predictor:
    return Predictor(random_classifier(**model))


def words_of(count: int, seed: int = 0) -> list[str]:
    return np.random.default_rng(seed).choice(LETTERS, count).tolist()


def log_odds(predictor, words, best) -> float:
    """The log-odds of class number `best` for a text of these words."""
    chances = predictor.predict([" ".join(words)])[0].probabilities
    return float(np.log(chances[best]) - np.log(sum(chances) - chances[best]))


@pytest.mark.parametrize("classes", [("negative", "positive"), TERNARY])
def test_an_effect_is_the_fall_in_log_odds_without_the_word(classes):
    predictor = predictor_of(classes=classes, about={"temperature": 1.6})
    words = words_of(12)
    found = explain(predictor, " ".join(words))
    (prediction,) = predictor.predict([" ".join(words)])
    assert found.label == prediction.label
    assert not found.sentences
    best = classes.index(found.label)
    whole = log_odds(predictor, words, best)
    for index, effect in enumerate(found.words):
        without = log_odds(predictor, words[:index] + words[index + 1 :], best)
        assert effect.effect == pytest.approx(whole - without, abs=1e-4)


def test_spans_mark_the_words_in_text_order():
    text = "  A b,\n<br />“c’d” 早 E!"
    found = explain(predictor_of(), text)
    assert [effect.text for effect in found.words] == [
        "A", "b", ",", "“", "c’d", "”", "早", "E", "!",
    ]  # fmt: skip
    for effect in found.words:
        assert text[effect.start : effect.end] == effect.text
    starts = [effect.start for effect in found.words]
    assert starts == sorted(starts)


def test_a_text_of_one_word_is_explained():
    (effect,) = explain(predictor_of(), "a").words
    assert effect.text == "a" and np.isfinite(effect.effect) and effect.effect


@pytest.mark.parametrize("text", ["", " \n", "<br>"])
def test_a_text_without_words_has_no_explanation(text):
    assert explain(predictor_of(), text) is None


def test_negated_logits_with_swapped_classes_have_the_same_effects():
    predictor = predictor_of()
    flipped = predictor_of(classes=("positive", "negative"))
    for name in ("output/kernel", "output/bias"):
        flipped.model.weights[name][:] *= -1
    flipped = Predictor(flipped.model)
    one, other = (explain(each, "a b c d e") for each in (predictor, flipped))
    assert one.label == other.label
    np.testing.assert_allclose(
        [effect.effect for effect in one.words],
        [effect.effect for effect in other.words],
        atol=1e-5,
    )


@pytest.mark.parametrize("threshold", [0.02, 0.98])
def test_the_explained_class_is_the_predicted_class(threshold):
    model = random_classifier()
    for seed in range(8):
        text = " ".join(words_of(9, seed))
        predictor = Predictor(model, threshold=threshold)
        assert explain(predictor, text).label == predictor.predict([text])[0].label


# ---- long texts ---------------------------------------------------------------------------------

SENTENCES = ["a b c d.", "e f g!", "“H i j.”", "k l?", "m n o"]


@pytest.fixture
def few_words(monkeypatch):
    monkeypatch.setattr(explanation, "MANY_WORDS", 10)


def test_a_long_text_is_explained_by_sentence_and_by_word_in_the_strongest_sentences(few_words):
    predictor = predictor_of(reading={"max_tokens": 100})
    text = "  " + " ".join(SENTENCES)
    found = explain(predictor, text)
    assert [effect.text for effect in found.sentences] == SENTENCES
    ids, spans = predictor.encode(text), predictor.model.tokenizer.spans(text)
    best = predictor.model.classes.index(found.label)

    def odds(kept):
        logits = build_network(predictor.model).logits([kept])[0].astype(float)
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
    found = explain(predictor_of(), break_.join(["a b c d e", "f g h i j", "k l"]))
    assert [effect.text for effect in found.sentences] == ["a b c d e", "f g h i j", "k l"]


def test_a_long_text_of_one_sentence_has_an_effect_for_every_word(few_words):
    found = explain(predictor_of(), " ".join(words_of(15)))
    assert len(found.sentences) == 1 and len(found.words) == 15


@pytest.mark.parametrize("truncation", ["head", "tail", "both"])
def test_only_the_kept_words_of_a_truncated_text_are_explained(truncation):
    predictor, words = (
        predictor_of(reading={"max_tokens": 6, "truncation": truncation}),
        words_of(20),
    )
    found = explain(predictor, " ".join(words))
    places = {"head": range(6), "tail": range(14, 20), "both": [0, 1, 2, 17, 18, 19]}[truncation]
    assert [effect.start // 2 for effect in found.words] == list(places)
    read = [words[place] for place in places]
    best = predictor.model.classes.index(found.label)
    for index, effect in enumerate(found.words):
        without = log_odds(predictor, read[:index] + read[index + 1 :], best)
        assert effect.effect == pytest.approx(log_odds(predictor, read, best) - without, abs=1e-4)


def test_every_word_of_a_text_read_in_windows_is_explained():
    predictor, words = (
        predictor_of(reading={"max_tokens": 6}, about={"long_texts": "windows"}),
        words_of(20),
    )
    found = explain(predictor, " ".join(words))
    assert len(found.words) == 20
    best = predictor.model.classes.index(found.label)
    without = log_odds(predictor, words[1:], best)
    assert found.words[0].effect == pytest.approx(
        log_odds(predictor, words, best) - without, abs=1e-4
    )


def test_only_the_characters_within_the_limit_are_explained():
    found = explain(predictor_of(reading={"max_characters": 5}), "a b c d e")
    assert [effect.text for effect in found.words] == ["a", "b", "c"]


def test_a_long_sentence_without_a_full_stop_is_split(few_words, monkeypatch):
    monkeypatch.setattr(explanation, "SENTENCE_WORDS", 6)
    found = explain(predictor_of(), " ".join(words_of(15)))
    assert [len(effect.text.split()) for effect in found.sentences] == [6, 6, 3]


def test_effects_do_not_depend_on_the_number_of_parts_per_call(monkeypatch):
    predictor, text, sizes = predictor_of(), " ".join(words_of(11)), []
    whole = explain(predictor, text)
    monkeypatch.setattr(explanation, "PARTS", 4)
    logits = predictor.ids_logits
    monkeypatch.setattr(
        predictor, "ids_logits", lambda texts: sizes.append(len(texts)) or logits(texts)
    )
    found = explain(predictor, text)
    assert max(sizes) == 4 and len(found.words) == 11
    for one, other in zip(found.words, whole.words, strict=True):
        assert (one.start, one.end) == (other.start, other.end)
        assert one.effect == pytest.approx(other.effect, abs=1e-5)


def test_a_subword_that_starts_with_the_space_before_it_belongs_to_the_next_sentence():
    text = "So it is. A dog!\nNo"
    subwords = [(0, 2), (2, 5), (5, 8), (8, 9), (9, 11), (11, 15), (15, 16), (16, 17), (17, 19)]
    assert explanation._sentences(text, subwords) == [(0, 4), (4, 8), (8, 9)]


# ---- the work on one text ------------------------------------------------------------------------


@pytest.mark.parametrize("about", [{"long_texts": "whole"}, {"long_texts": "windows"}])
def test_of_a_very_long_text_the_beginning_is_explained_as_a_text_of_its_own(about):
    predictor = predictor_of(reading={"max_tokens": 6}, about=about)
    words = words_of(40)
    found = explain(predictor, " ".join(words), limit=9)
    assert found.label == predictor.predict([" ".join(words)])[0].label
    assert found.excerpt == 9 and [effect.text for effect in found.words] == words[:9]
    best = predictor.model.classes.index(found.label)
    for index, effect in enumerate(found.words):
        without = log_odds(predictor, words[:index] + words[index + 1 : 9], best)
        assert effect.effect == pytest.approx(
            log_odds(predictor, words[:9], best) - without, abs=1e-4
        )
    assert explain(predictor, " ".join(words), limit=40) == explain(predictor, " ".join(words))


def test_the_limit_of_a_truncated_text_counts_the_words_that_are_read():
    predictor = predictor_of(reading={"max_tokens": 6, "truncation": "tail"})
    text = " ".join(words_of(20))
    assert explain(predictor, text, limit=6) == explain(predictor, text)
    found = explain(predictor, text, limit=2)
    assert found.excerpt == 2 and [effect.start // 2 for effect in found.words] == [14, 15]


@pytest.mark.parametrize("end", [".", "", " a b c d e f g h i j."])
def test_the_work_grows_with_the_length_and_not_with_its_square(few_words, monkeypatch, end):
    monkeypatch.setattr(explanation, "MOST_SENTENCES", 20)
    predictor = predictor_of(about={"long_texts": "windows"})
    logits, ids, shown = predictor.ids_logits, [], []
    monkeypatch.setattr(
        predictor, "ids_logits", lambda texts: ids.append(sum(map(len, texts))) or logits(texts)
    )
    text = " ".join(f"{word}{end}" for word in words_of(3000))
    found = explain(
        predictor, text, limit=500, on_progress=lambda *progress: shown.append(progress)
    )
    length = len(predictor.encode(text))
    parts = len(found.sentences) + len(found.words)
    assert len(found.sentences) <= 21 and len(found.words) <= 3 * (500 / 20 + 100)
    assert sum(ids) <= length + (1 + parts) * 500
    assert (len(found.sentences),) * 2 in shown and shown[-1] == (len(found.words),) * 2
    edges = [(part.start, part.end) for part in found.sentences]
    assert edges == sorted(edges) and edges[0][0] == 0


def test_joined_sentences_are_the_same_words_in_order():
    parts = [(0, 1), (1, 2), (2, 9), (9, 10), (10, 12), (12, 13)]
    assert explanation._joined(parts, 3) == [(0, 9), (9, 12), (12, 13)]
    assert explanation._joined(parts, 1) == parts
