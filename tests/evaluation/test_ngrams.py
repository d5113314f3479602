"""The n-gram baseline is a probability model, and equals the formula in its docstring."""

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
    """Witten-Bell smoothing by direct recursion, for one context."""
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
def test_it_equals_the_direct_recursion(train: list[int], test: list[int], order: int) -> None:
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
def test_without_training_text_every_character_has_a_loss_of_log_vocab_size(
    test: list[int], order: int
) -> None:
    nothing = np.array([], np.int32)
    score = cross_entropy(nothing, np.array(test, np.int32), VOCAB_SIZE, order)
    assert score == pytest.approx(math.log(VOCAB_SIZE))


def test_unseen_characters_divide_the_remaining_probability() -> None:
    # Three 0s, one distinct: 1 of 3 + 1 counts goes to the uniform distribution over 10.
    train = np.zeros(3, np.uint8)
    np.testing.assert_allclose(
        probabilities(train, np.array([0, 7, 8], np.uint8), 10, order=0),
        [(3 + 1 / 10) / 4, (1 / 10) / 4, (1 / 10) / 4],
    )


def test_order_counts_the_characters_of_context() -> None:
    # Two characters of context determine the position in 0 0 1; one does not.
    train = np.tile(np.array([0, 0, 1], np.uint8), 300)
    assert cross_entropy(train, train, 2, order=2) < 0.01
    assert cross_entropy(train, train, 2, order=1) > 0.4


@given(train=texts, test=texts.filter(len), order=orders)
def test_the_integer_type_does_not_change_the_score(
    train: list[int], test: list[int], order: int
) -> None:
    scores = {
        cross_entropy(np.array(train, kind), np.array(test, kind), VOCAB_SIZE, order)
        for kind in (np.uint8, np.uint16, np.int32, np.uint64)
    }
    assert len(scores) == 1


def test_large_vocabularies_and_orders_stay_exact() -> None:
    # 65,536 ** 20 exceeds 64 bits, but the keys do not: each context has one continuation.
    train = np.random.default_rng(0).permutation(65_536).astype(np.uint16)
    np.testing.assert_allclose(
        probabilities(train, train[:2000], 65_536, order=20)[1000:], 1, rtol=1e-3
    )


@pytest.mark.parametrize(
    ("train", "test", "vocab_size", "order"),
    [([0], [], 2, 1), ([0], [2], 2, 1), ([-1], [0], 2, 1), ([0], [0], 0, 1), ([0], [0], 2, -1)],
)
def test_invalid_arguments_are_refused(
    train: list[int], test: list[int], vocab_size: int, order: int
) -> None:
    with pytest.raises(ValueError):
        cross_entropy(np.array(train, int), np.array(test, int), vocab_size, order)
