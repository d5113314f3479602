"""The metrics that compare generated with real texts measure what their names say."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textrnn.evaluation import ngrams
from textrnn.evaluation.resemblance import (
    Candidate,
    choose,
    covering,
    cross_entropy,
    distinct_share,
    error_of,
    new_word_share,
    words,
)
from textrnn.tokenizers import CharTokenizer

VOCABULARY = ("the", "tis", "o'er", "romeo", "x_1", "été")
texts = st.lists(st.sampled_from(VOCABULARY), max_size=12).map(lambda some: f" {' '.join(some)} ")
candidates = st.lists(
    st.builds(Candidate, st.floats(0, 1), st.floats(0, 10)), min_size=1, max_size=8
)
fractions = st.floats(0, 1)
few = settings(max_examples=50)


# ---- words --------------------------------------------------------------------------------------


def test_words_are_letters_with_apostrophes_and_identifiers_in_any_case():
    assert words("\n'Tis o’er, ROMEO; my_name2 = __init__(3rd 42 Été)\n") == [
        "tis", "o’er", "romeo", "my_name2", "__init__", "rd", "été",
    ]  # fmt: skip


@few
@given(text=st.text("ab' .\n", max_size=30), start=st.integers(0, 30), end=st.integers(0, 30))
def test_every_word_of_an_excerpt_is_a_word_of_the_text(text: str, start: int, end: int):
    assert set(words(text[start:end])) <= set(words(f" {text} "))


def test_a_word_that_may_be_cut_off_does_not_count():
    assert words("omeo is her") == ["is"]
    assert words("omeo") == words("") == []


# ---- new words ----------------------------------------------------------------------------------


@few
@given(some=st.lists(texts, max_size=4), known=st.sets(st.sampled_from(VOCABULARY)))
def test_new_and_known_words_add_up_to_all_words(some: list[str], known: set[str]):
    new, old = (new_word_share(some, part) for part in (known, set(VOCABULARY) - known))
    assert new + old == pytest.approx(1 if any(map(words, some)) else 0)


def test_a_text_has_no_new_words_compared_with_itself():
    assert new_word_share([" Art thou new, Art? "], {"art", "thou", "new"}) == 0
    assert new_word_share([], {"art"}) == 0


# ---- distinct runs ------------------------------------------------------------------------------


def test_distinct_runs_are_divided_by_all_runs_of_each_text():
    # a-b-a, b-a-b, a-b-a in the first text; a-b-a in the second.
    assert distinct_share([" a b a b a ", " a b a "], 3) == 3 / 4
    assert distinct_share([" a b a b a "], 1) == 2 / 5


@few
@given(text=texts, size=st.integers(1, 4))
def test_doubling_a_text_never_makes_it_less_repetitive(text: str, size: int):
    assert distinct_share([text + text], size) <= distinct_share([text], size)


@few
@given(some=st.lists(texts, max_size=4), size=st.integers(1, 4))
def test_repetition_across_texts_does_not_count(some: list[str], size: int):
    assert distinct_share(some * 2, size) == distinct_share(some, size)


def test_texts_of_few_words_repeat_nothing():
    assert distinct_share([" a a ", ""], 3) == distinct_share([], 3) == 1
    with pytest.raises(ValueError, match="size"):
        distinct_share([], 0)


# ---- cross-entropy ------------------------------------------------------------------------------


def test_it_is_the_n_gram_cross_entropy_of_the_joined_texts():
    alphabet = CharTokenizer("ab ")
    ids = [alphabet.encode(text) for text in ("abab b", "ba a")]
    found = cross_entropy(["aba", "b b"], ["ba", " a"], alphabet, 2)
    assert found == ngrams.cross_entropy(*ids, vocab_size=3, order=2)


def written(seed: int, symbols: str, length: int = 4000) -> str:
    """A text of `length` characters, drawn uniformly from `symbols` and the space."""
    rng = np.random.default_rng(seed)
    spaced = np.array([*symbols, " "])
    return "".join(rng.choice(spaced, length))


@pytest.mark.parametrize("different", ["abc", "abcdefgh", "ab  "], ids=["dull", "garbage", "both"])
def test_real_text_is_predicted_best_by_text_of_the_same_distribution(different: str):
    alphabet = CharTokenizer("abcdefgh ")
    real = written(0, "abcde")
    similar = cross_entropy([written(1, "abcde")], [real], alphabet, 1)
    assert similar < cross_entropy([written(2, different)], [real], alphabet, 1)


@few
@given(text=st.text("ab ", min_size=1), lower=st.booleans())
def test_characters_outside_the_alphabet_extend_it(text: str, lower: bool):
    whole, none = CharTokenizer(sorted({*text, "!"}), lower=lower), CharTokenizer("", lower=lower)
    assert cross_entropy(["!"], [text], none) == pytest.approx(cross_entropy(["!"], [text], whole))


@few
@given(some=st.lists(st.text("aB ", max_size=5)), lower=st.booleans())
def test_an_extended_alphabet_keeps_its_ids_and_knows_every_character(some: list[str], lower: bool):
    alphabet = CharTokenizer("za", lower=lower)
    covered = covering(alphabet, some)
    assert covered.characters[:2] == alphabet.characters
    assert not covered.unknown_characters("".join(some))


def test_a_model_without_capitals_is_compared_without_capitals():
    alphabet = CharTokenizer("abc ", lower=True)
    assert cross_entropy(["ab c"], ["A BC"], alphabet) == cross_entropy(
        ["ab c"], ["a bc"], alphabet
    )


# ---- the error ----------------------------------------------------------------------------------


def mean_length(texts: Sequence[str]) -> float:
    return sum(map(len, texts)) / len(texts)


@few
@given(lengths=st.lists(st.integers(0, 99), min_size=2, max_size=9))
def test_the_error_of_a_mean_equals_the_textbook_formula(lengths: list[int]):
    error = np.std(lengths, ddof=1) / len(lengths) ** 0.5
    assert error_of(mean_length, ["a" * length for length in lengths]) == pytest.approx(error)


def test_many_texts_are_left_out_in_groups():
    lengths = np.random.default_rng(0).integers(0, 100, 60)
    means = lengths.reshape(6, 10).mean(axis=0)  # every tenth text is in the same group
    error = np.std(means, ddof=1) / 10**0.5
    assert error_of(mean_length, ["a" * length for length in lengths]) == pytest.approx(error)


def test_equal_texts_have_error_0_and_a_single_text_nan():
    assert error_of(mean_length, ["a"] * 12) == 0
    assert math.isnan(error_of(mean_length, ["a"]))


# ---- the choice ---------------------------------------------------------------------------------


@few
@given(some=candidates, limit=fractions)
def test_no_admissible_candidate_is_better_than_the_choice(some: list[Candidate], limit: float):
    best = some[choose(some, limit)]
    admissible = [one for one in some if one.new_words <= limit]
    if admissible:
        assert best in admissible
        assert best.reverse_cross_entropy == min(one.reverse_cross_entropy for one in admissible)
    else:
        assert best.new_words == min(one.new_words for one in some)


@few
@given(some=candidates, limits=st.tuples(fractions, fractions).map(sorted))
def test_a_higher_limit_never_makes_the_choice_worse(some: list[Candidate], limits: list[float]):
    low, high = (some[choose(some, limit)] for limit in limits)
    if low.new_words <= limits[0]:
        assert high.reverse_cross_entropy <= low.reverse_cross_entropy


def test_on_a_tie_the_first_is_chosen():
    assert choose([Candidate(0.1, 2.0)] * 3, 0.1) == choose([Candidate(0.2, 2.0)] * 3, 0.1) == 0
