"""Softmax and log-softmax equal their definitions and never overflow."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from textrnn.engine.numerics import below_highest, log_likelihoods, log_sum_exp, softmax_weights

rows_of_logits = hnp.arrays(
    np.float64, st.tuples(st.integers(1, 4), st.integers(1, 6)), elements=st.floats(-50, 50)
)


@given(
    logits=hnp.arrays(
        np.float32, st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 6)),
        elements=st.floats(-50, 50, width=32),
    ),
    data=st.data(),
)  # fmt: skip
def test_log_likelihoods_are_the_log_of_the_softmax_at_the_targets(logits, data):
    rows, steps, vocab_size = logits.shape
    targets = data.draw(
        hnp.arrays(np.uint8, (rows, steps), elements=st.integers(0, vocab_size - 1))
    )
    result = log_likelihoods(logits, targets)
    for row in range(rows):
        for step in range(steps):
            exponentials = [math.exp(value) for value in logits[row, step]]
            expected = math.log(exponentials[targets[row, step]] / math.fsum(exponentials))
            assert result[row, step] == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("size", [1e4, 3e37])
def test_huge_logits_have_finite_likelihoods(size):
    logits = np.array([[-size, size, 0]], np.float32)
    with np.errstate(all="raise", under="ignore"):
        assert log_likelihoods(logits, np.array([1])).tolist() == [0]
        assert log_likelihoods(logits, np.array([2])).tolist() == [-np.float32(size)]


@given(logits=rows_of_logits)
def test_likelihoods_of_all_targets_sum_to_1_and_overwriting_changes_none(logits):
    classes = logits.shape[1]
    every = np.stack(
        [log_likelihoods(logits, np.full(len(logits), each)) for each in range(classes)], axis=1
    )
    np.testing.assert_allclose(np.exp(every).sum(axis=1), 1, rtol=1e-12)
    targets = np.arange(len(logits)) % classes
    expected = log_likelihoods(logits, targets)
    np.testing.assert_array_equal(log_likelihoods(logits, targets, out=logits), expected)


@given(logits=rows_of_logits, temperature=st.floats(0.1, 10))
def test_weights_are_proportional_to_the_softmax_and_the_highest_is_1(logits, temperature):
    weights = softmax_weights(logits.copy(), temperature)
    assert (weights.max(axis=1) == 1).all()
    exponentials = np.exp(logits / temperature - (logits / temperature).mean(1, keepdims=True))
    np.testing.assert_allclose(
        weights / weights.sum(1, keepdims=True),
        exponentials / exponentials.sum(1, keepdims=True),
        rtol=1e-9,
        atol=1e-300,
    )


def test_a_tiny_temperature_leaves_only_the_most_likely():
    with np.errstate(all="raise", under="ignore"):
        assert softmax_weights(np.array([[1.0, 2.0]]), 1e-300).tolist() == [[0, 1]]


@given(logits=rows_of_logits)
def test_a_constant_added_to_all_logits_shifts_log_sum_exp_by_it(logits):
    sums = np.exp(logits).sum(axis=1)
    np.testing.assert_allclose(log_sum_exp(logits), np.log(sums), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(log_sum_exp(logits + 1e4), log_sum_exp(logits) + 1e4, rtol=1e-9)
    assert (below_highest(logits).max(axis=1) == 0).all()
