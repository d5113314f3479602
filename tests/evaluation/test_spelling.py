"""Token and spelling together are a code for the text: no shorter than the text allows."""

import math
from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.generators import KINDS, LINES, token_model
from support.models import tiny_model

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.generator import GeneratorConfig, weight_shapes
from textrnn.config.text import GeneratorTextConfig
from textrnn.data.corpora import Corpus
from textrnn.evaluation import generator, spelling
from textrnn.evaluation.spelling import word_losses
from textrnn.tokenizers import WordTokenizer

words = st.text("abé\N{ROCKET}", min_size=1, max_size=9)
CODE_POINTS = 0x110000


def slow_loss(vocabulary: list[str], word: str) -> float:
    """The nats of a word by direct recursion over the contexts within it."""
    grams: dict[str, Counter[str]] = {}
    for known in vocabulary:
        marked = f"\0{known}\0"
        for end in range(1, len(marked)):
            for start in range(max(0, end - 5), end + 1):
                grams.setdefault(marked[start:end], Counter())[marked[end]] += 1
    if "" in grams:
        grams[""]["\0"] += 1  # the mark before the first word
    else:
        grams[""] = Counter("\0")

    def probability(context: str, character: str) -> float:
        below = probability(context[1:], character) if context else 1 / CODE_POINTS
        if context not in grams:
            return below
        count, types = grams[context], len(grams[context])
        return (count[character] + types * below) / (count.total() + types)

    marked = f"\0{word}\0"
    return -sum(
        math.log(probability(marked[max(0, end - 5) : end], marked[end]))
        for end in range(1, len(marked))
    )


@given(vocabulary=st.lists(words, unique=True, max_size=6), some=st.lists(words, min_size=1))
def test_a_word_costs_what_its_characters_and_end_cost_whatever_stands_beside_it(vocabulary, some):
    expected = [slow_loss(vocabulary, word) for word in some]
    np.testing.assert_allclose(word_losses(vocabulary, some), expected, rtol=1e-9)


@given(vocabulary=st.lists(st.text("ab", min_size=1, max_size=6), unique=True, max_size=30))
def test_the_probabilities_of_all_words_sum_to_at_most_1(vocabulary):
    short = ["".join(letters) for length in range(1, 9) for letters in product("ab", repeat=length)]
    total = np.exp(-word_losses(vocabulary, short)).sum()
    assert total < 1
    assert total > 0.2 or not vocabulary  # the rest is for other alphabets and longer words


@pytest.mark.parametrize("word", ["\N{ROCKET}", "漢字", "x" * 3000])
def test_every_word_has_a_probability(word):
    (nats,) = word_losses(["the", "then"], [word])
    assert math.isfinite(nats) and nats > len(set(word))


def ignorant(vocabulary: list[str]) -> GeneratorArtifact:
    """A model of words that is certain of the unknown token, whatever comes before."""
    tokenizer = WordTokenizer(vocabulary, rule="unicode", lower=False, oov_buckets=1)
    network = GeneratorConfig(vocab_size=tokenizer.vocab_size, units=2, embedding_dim=2)
    weights = {name: np.zeros(shape, np.float32) for name, shape in weight_shapes(network).items()}
    weights["output/bias"][tokenizer.encode("-")] = 50
    text = GeneratorTextConfig(tokens="word")
    return GeneratorArtifact(config=network, text=text, tokenizer=tokenizer, weights=weights)


def test_a_text_of_unknown_words_costs_no_less_than_a_uniform_code_of_its_characters():
    letters = np.random.default_rng(0).choice(list("abcdefghijklmnopqrstuvwxyz"), (500, 6))
    text = " ".join(map("".join, letters))
    model = ignorant(["an", "odd", "vocabulary", "z"])
    scores = generator.evaluate(model, Corpus.from_text(text))
    for name in ("cold", "streamed"):
        found = scores[name]
        assert found["loss"] * found["characters"] > 6 * found["tokens"] * math.log(26)
        assert found["spelling_share"] == pytest.approx(1)
        assert found["perplexity_per_token"] == pytest.approx(1)  # of tokens, without spelling
    assert scores["tokens"]["unknown_share"] == 1


def test_the_loss_is_that_of_the_tokens_and_of_the_spelling_of_the_scored_ones():
    model, text = token_model("word"), LINES * 3 + "an unseen wörd, an unseen"
    report = generator.evaluate(model, Corpus.from_text(text))
    tokenizer = model.tokenizer
    ids = tokenizer.codec.encode_pieces([text])
    unknown = ["an", "unseen", "wörd", "an", "unseen"]
    assert tokenizer.codec.unknown_words([text[:200], text[200:]]) == unknown
    spelt = word_losses(tokenizer.vocabulary, unknown)
    np.testing.assert_allclose(
        spelling.losses(tokenizer, [text], ids)[tokenizer.unknown(ids)], spelt
    )
    found = report["streamed"]
    nats = math.log(found["perplexity_per_token"]) * found["tokens"]
    assert found["loss"] * found["characters"] == pytest.approx(nats + spelt.sum())
    share = found["spelling_share"]
    assert share == pytest.approx(spelt.sum() / (nats + spelt.sum()))
    shown = generator.as_text(report)
    assert f"{share:.1%} of streamed" in shown and "too low" not in shown


@pytest.mark.parametrize("kind", ["char", *KINDS])
def test_a_text_without_unknown_words_is_charged_no_spelling(kind):
    model = tiny_model(text=LINES) if kind == "char" else token_model(kind)
    report = generator.evaluate(model, Corpus.from_text(LINES))
    assert report["cold"].get("spelling_share", 0) == 0
    assert "spelling" not in generator.as_text(report)


@given(text=st.text(st.characters(codec="utf-8")))
def test_no_subword_is_unknown(text):
    tokenizer = token_model("sentencepiece").tokenizer
    ids = tokenizer.encode(text)
    assert not tokenizer.unknown(ids).any() and not tokenizer.codec.banned[ids].any()
    assert spelling.losses(tokenizer, [text], ids) is None
