"""The n-gram baseline is a probability model, and the one its docstring writes down."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textrnn.evaluation.ngrams import cross_entropy, probabilities

VOCAB_SIZE = 4
texts = st.lists(st.integers(0, VOCAB_SIZE - 1), max_size=40)
orders = st.integers(0, 5)


def slow_probability(train: list[int], context: list[int], character: int) -> float:
    """Witten-Bell as the recursion reads, over one context."""
    width = len(context)
    followers = Counter(
        train[start + width]
        for start in range(len(train) - width)
        if train[start : start + width] == context
    )
    below = slow_probability(train, context[1:], character) if context else 1 / VOCAB_SIZE
    if not followers:
        return below
    types = len(followers)
    return (followers[character] + types * below) / (followers.total() + types)


@given(train=texts, test=texts, order=orders)
def test_equals_a_dictionary_that_follows_the_recursion(
    train: list[int], test: list[int], order: int
) -> None:
    expected = [
        slow_probability(train, test[max(0, here - order) : here], test[here])
        for here in range(len(test))
    ]
    fast = probabilities(np.array(train, np.uint8), np.array(test, np.uint8), VOCAB_SIZE, order)
    np.testing.assert_allclose(fast, expected, rtol=1e-12)


@given(train=texts, context=texts, order=orders)
def test_probabilities_of_all_next_characters_sum_to_one(
    train: list[int], context: list[int], order: int
) -> None:
    total = sum(
        probabilities(np.array(train, int), np.array([*context, character]), VOCAB_SIZE, order)[-1]
        for character in range(VOCAB_SIZE)
    )
    assert total == pytest.approx(1)


@given(test=texts.filter(len), order=orders)
def test_without_training_text_every_character_costs_log_vocab_size(
    test: list[int], order: int
) -> None:
    nothing = np.array([], np.int32)
    score = cross_entropy(nothing, np.array(test, np.int32), VOCAB_SIZE, order)
    assert score == pytest.approx(math.log(VOCAB_SIZE))


def test_characters_never_seen_share_what_the_seen_leave_over() -> None:
    # Three 0s, one distinct: of 3 + 1 counts the 1 goes to the uniform distribution over 10.
    train = np.zeros(3, np.uint8)
    np.testing.assert_allclose(
        probabilities(train, np.array([0, 7, 8], np.uint8), 10, order=0),
        [(3 + 1 / 10) / 4, (1 / 10) / 4, (1 / 10) / 4],
    )


def test_order_counts_the_characters_of_context() -> None:
    # Two characters of context tell where in 0 0 1 we are, one does not.
    train = np.tile(np.array([0, 0, 1], np.uint8), 300)
    assert cross_entropy(train, train, 2, order=2) < 0.01
    assert cross_entropy(train, train, 2, order=1) > 0.4


@given(train=texts, test=texts.filter(len), order=orders)
def test_integer_type_does_not_change_the_score(
    train: list[int], test: list[int], order: int
) -> None:
    scores = {
        cross_entropy(np.array(train, kind), np.array(test, kind), VOCAB_SIZE, order)
        for kind in (np.uint8, np.uint16, np.int32, np.uint64)
    }
    assert len(scores) == 1


def test_large_vocabularies_and_orders_stay_exact() -> None:
    # 65,536 ** 20 has no place in 64 bits; the text's one way on from each context does.
    train = np.random.default_rng(0).permutation(65_536).astype(np.uint16)
    np.testing.assert_allclose(
        probabilities(train, train[:2000], 65_536, order=20)[1000:], 1, rtol=1e-3
    )


@pytest.mark.parametrize(
    ("train", "test", "vocab_size", "order"),
    [([0], [], 2, 1), ([0], [2], 2, 1), ([-1], [0], 2, 1), ([0], [0], 0, 1), ([0], [0], 2, -1)],
)
def test_input_without_a_meaning_is_refused(
    train: list[int], test: list[int], vocab_size: int, order: int
) -> None:
    with pytest.raises(ValueError):
        cross_entropy(np.array(train, int), np.array(test, int), vocab_size, order)
