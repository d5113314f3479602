"""Scores equal their definitions, and are None where the definitions do not apply."""

import json
import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textrnn.errors import ArtifactError, CorpusError
from textrnn.evaluation.intervals import Interval, wilson
from textrnn.evaluation.lengths import LENGTH_EDGES, LengthRow, accuracy_by_length
from textrnn.evaluation.metrics import reliability, score, worst

NAMES = ("anger", "joy", "awe", "fear")
# Predictions 0, 1, 0, 1; the first two are correct.
FOUR = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]])
FOUR_LABELS = [0, 1, 1, 0]


@st.composite
def predictions_and_labels(draw):
    """Probabilities from few values, so that many are equal, and labels."""
    columns, rows = draw(st.integers(2, 4)), draw(st.integers(1, 25))
    weights = st.lists(st.integers(0, 3), min_size=columns, max_size=columns).filter(any)
    table = np.array(draw(st.lists(weights, min_size=rows, max_size=rows)), float)
    labels = draw(st.lists(st.integers(0, columns - 1), min_size=rows, max_size=rows))
    return table / table.sum(axis=1, keepdims=True), np.array(labels)


def score_named(probabilities, labels):
    return score(probabilities, labels, NAMES[: probabilities.shape[1]])


def test_a_worked_example():
    found = score(FOUR, FOUR_LABELS, ["no", "yes"])
    assert (found.examples, found.accuracy, found.macro_f1) == (4, 0.5, 0.5)
    assert found.confusion == ((1, 1), (1, 1))
    # Positives .8 and .4, negatives .1 and .7: three of four pairs in order.
    assert found.auc == 0.75
    assert found.log_loss == pytest.approx(-math.log(0.9 * 0.8 * 0.4 * 0.3) / 4)
    # One example per bin: gaps .1, .2, .6 and .7.
    assert found.ece == pytest.approx(0.4)


def test_rows_of_the_confusion_matrix_are_the_truth():
    found = score(np.eye(3)[[0, 1, 1, 2]], [0, 0, 1, 2], NAMES[:3])
    assert found.confusion == ((1, 1, 0), (0, 1, 0), (0, 0, 1))
    anger = found.per_class["anger"]
    assert (anger.precision, anger.recall, anger.f1, anger.support) == (1, 0.5, 2 / 3, 2)
    joy = found.per_class["joy"]
    assert (joy.precision, joy.recall, joy.f1, joy.support) == (0.5, 1, 2 / 3, 1)


@settings(max_examples=60)
@given(predictions_and_labels())
def test_scores_equal_their_definitions(example):
    probabilities, labels = example
    found = score_named(probabilities, labels)
    predicted = [row.index(max(row)) for row in probabilities.tolist()]
    pairs = list(zip(labels.tolist(), predicted, strict=True))
    assert found.accuracy == sum(a == b for a, b in pairs) / len(pairs)
    f1s = []
    for index, name in enumerate(NAMES[: probabilities.shape[1]]):
        entry = found.per_class[name]
        right = pairs.count((index, index))
        support, count = labels.tolist().count(index), predicted.count(index)
        assert entry.support == support
        assert entry.precision == (right / count if count else None)
        assert entry.recall == (right / support if support else None)
        if right:
            harmonic = 2 / (1 / entry.precision + 1 / entry.recall)
            assert entry.f1 == pytest.approx(harmonic)
        else:
            assert entry.f1 == (0 if support or count else None)
        f1s += [] if entry.f1 is None else [entry.f1]
    assert found.macro_f1 == pytest.approx(sum(f1s) / len(f1s))
    losses = [-math.log(max(probabilities[i, k], 1e-12)) for i, k in enumerate(labels)]
    assert found.log_loss == pytest.approx(sum(losses) / len(losses))


def pairs_in_order(values, positive):
    pairs = list(product(values[positive], values[~positive]))
    return sum((a > b) + (a == b) / 2 for a, b in pairs) / len(pairs) if pairs else None


@settings(max_examples=60)
@given(predictions_and_labels())
def test_auc_is_the_fraction_of_ordered_pairs(example):
    probabilities, labels = example
    columns = probabilities.shape[1]
    each = [
        pairs_in_order(probabilities[:, index], labels == index)
        for index in ([1] if columns == 2 else range(columns))
    ]
    each = [value for value in each if value is not None]
    found = score_named(probabilities, labels).auc
    assert found is None if not each else found == pytest.approx(sum(each) / len(each))


@settings(max_examples=40)
@given(predictions_and_labels(), st.integers(1, 20))
def test_every_example_is_in_the_bin_of_its_highest_probability(example, bins):
    probabilities, labels = example
    rows = reliability(probabilities, labels, bins)
    assert len(rows) == bins
    assert (rows[0].low, rows[-1].high) == (0, 1)
    top, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    for row in rows:
        inside = (top > row.low) & (top <= row.high)
        assert row.count == inside.sum()
        if row.count:
            assert row.confidence == pytest.approx(top[inside].mean())
            assert row.accuracy == pytest.approx(right[inside].mean())
        else:
            assert row.confidence is row.accuracy is None


@settings(max_examples=40)
@given(predictions_and_labels(), st.randoms(use_true_random=False))
def test_the_order_of_the_examples_changes_nothing(example, random):
    probabilities, labels = example
    order = list(range(len(labels)))
    random.shuffle(order)
    one, other = (
        score_named(probabilities, labels),
        score_named(probabilities[order], labels[order]),
    )
    assert one.confusion == other.confusion
    for name in ("accuracy", "macro_f1", "auc", "log_loss", "ece"):
        assert getattr(one, name) == pytest.approx(getattr(other, name))


@settings(max_examples=40)
@given(predictions_and_labels())
def test_permuting_the_classes_changes_nothing(example):
    probabilities, labels = example
    columns = probabilities.shape[1]
    # Ties go to the first class, so they are broken before the places change.
    probabilities = probabilities + np.arange(columns) * 1e-5
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    one = score_named(probabilities, labels)
    names = NAMES[:columns][::-1]
    other = score(probabilities[:, ::-1], columns - 1 - labels, names)
    assert one.per_class == other.per_class
    for name in ("accuracy", "macro_f1", "auc", "log_loss", "ece"):
        assert getattr(one, name) == pytest.approx(getattr(other, name))


@pytest.mark.parametrize("columns", [2, 3, 4])
def test_perfect_predictions_have_perfect_scores(columns):
    labels = np.arange(12) % columns
    found = score_named(np.eye(columns)[labels], labels)
    assert (found.accuracy, found.macro_f1, found.auc) == (1, 1, 1)
    assert (found.log_loss, found.ece) == (0, 0)
    assert math.copysign(1, found.log_loss) == 1  # no -0.0 in a table
    assert found.interval.high == 1
    assert found.confusion == tuple(map(tuple, (np.eye(columns, dtype=int) * 12 // columns)))


@pytest.mark.parametrize("columns", [2, 3, 4])
def test_uniform_probabilities_score_like_chance(columns):
    labels = np.array([0, 0, 0, 1, 1])
    found = score_named(np.full((5, columns), 1 / columns), labels)
    assert found.accuracy == 0.6  # the first of equal classes
    assert found.ece == pytest.approx(abs(1 / columns - 0.6))
    assert found.log_loss == pytest.approx(math.log(columns))
    assert found.auc == 0.5


def test_a_single_class_has_no_auc_and_an_absent_class_no_f1():
    found = score(np.eye(3)[[0, 0]], [0, 0], NAMES[:3])
    assert found.auc is None
    assert found.per_class["joy"].precision is None
    assert found.per_class["joy"].recall is None
    assert found.per_class["joy"].f1 is None
    assert found.macro_f1 == 1
    assert "NaN" not in json.dumps(found.to_dict())


def test_a_class_that_is_always_missed_has_an_f1_of_0():
    found = score(np.eye(2)[[0, 0]], [0, 1], ["no", "yes"])
    assert found.per_class["yes"].precision is None
    assert (found.per_class["yes"].recall, found.per_class["yes"].f1) == (0, 0)


def test_a_label_of_probability_0_has_a_finite_loss():
    found = score(np.eye(2)[[0, 0]], [0, 1], ["no", "yes"])
    assert found.log_loss == pytest.approx(12 * math.log(10) / 2)


def test_a_dictionary_of_scores_is_valid_json():
    written = score(FOUR, FOUR_LABELS, ["no", "yes"]).to_dict()
    assert json.loads(json.dumps(written, allow_nan=False)) == written
    assert written["interval"].keys() == {"low", "high"}
    assert written["per_class"]["yes"]["support"] == 2


def test_float32_and_float64_probabilities_have_the_same_scores():
    rng = np.random.default_rng(1)
    probabilities = rng.dirichlet([1, 1, 1], 200)
    labels = rng.integers(0, 3, 200)
    one, other = (
        score_named(probabilities, labels),
        score_named(probabilities.astype(np.float32), labels),
    )
    assert one.confusion == other.confusion
    assert one.log_loss == pytest.approx(other.log_loss, rel=1e-5)


def test_the_interval_equals_published_values():
    # Newcombe 1998, table I: 81 of 263 gives .2553 to .3662; 0 of 20 gives 0 to .1611.
    found = wilson(81, 263)
    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    assert round(wilson(0, 20).high, 4) == 0.1611
    assert wilson(0, 20).low == pytest.approx(0, abs=1e-12)


@given(examples=st.integers(1, 10**6), data=st.data())
def test_the_interval_contains_the_fraction_and_is_symmetric(examples, data):
    right = data.draw(st.integers(0, examples))
    found, mirrored = wilson(right, examples), wilson(examples - right, examples)
    assert 0 <= found.low <= right / examples + 1e-12
    assert right / examples - 1e-12 <= found.high <= 1
    assert found.low == pytest.approx(1 - mirrored.high, abs=1e-12)


def test_the_upper_edge_of_a_length_row_is_included():
    rows = accuracy_by_length([50, 51, 100, 801], [True, True, False, False])
    assert rows[0] == LengthRow(0, 50, 1, 1.0, wilson(1, 1))
    assert rows[1] == LengthRow(51, 100, 2, 0.5, wilson(1, 2))
    assert rows[2] == LengthRow(101, 200, 0, None, None)
    assert rows[-1] == LengthRow(801, None, 1, 0.0, wilson(0, 1))


@given(lengths=st.lists(st.integers(0, 2000)), data=st.data())
def test_every_length_is_in_exactly_one_row(lengths, data):
    edges = sorted(data.draw(st.sets(st.integers(1, 2000), max_size=5)))
    rows = accuracy_by_length(lengths, [True] * len(lengths), edges)
    assert len(rows) == len(edges) + 1
    assert sum(row.count for row in rows) == len(lengths)
    assert all(row.accuracy == (1 if row.count else None) for row in rows)
    assert [row.high for row in rows[:-1]] == edges
    assert [row.low for row in rows[1:]] == [edge + 1 for edge in edges]


def test_worst_lists_the_highest_losses_in_order():
    assert worst(FOUR, FOUR_LABELS, 3) == [3, 2, 1]
    assert worst(FOUR, FOUR_LABELS, 0) == []
    assert worst(np.full((3, 2), 0.5), [0, 1, 0], 9) == [0, 1, 2]


@settings(max_examples=40)
@given(predictions_and_labels())
def test_worst_of_all_examples_is_a_permutation_with_falling_losses(example):
    probabilities, labels = example
    order = worst(probabilities, labels, len(labels))
    assert sorted(order) == list(range(len(labels)))
    assert (np.diff(probabilities[order, labels[order]]) >= 0).all()


def test_an_empty_data_set_is_refused():
    with pytest.raises(CorpusError, match="no labelled example"):
        score(np.empty((0, 2)), np.empty(0, int), ["no", "yes"])


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_nan_and_infinite_probabilities_are_refused(value):
    with pytest.raises(ArtifactError, match="NaN or infinity"):
        score([[value, 0.5]], [0], ["no", "yes"])


@pytest.mark.parametrize(
    ("probabilities", "labels", "classes", "message"),
    [
        ([[0.9, 0.9]], [0], ["a", "b"], "sum to 1"),
        ([[-0.5, 1.5]], [0], ["a", "b"], "0 or more"),
        ([[0.5, 0.5]], [2], ["a", "b"], "from 0 to 1"),
        ([[0.5, 0.5]], [-1], ["a", "b"], "from 0 to 1"),
        ([[0.5, 0.5]], [0.0], ["a", "b"], "integers"),
        ([[0.5, 0.5]], [0, 1], ["a", "b"], "shape"),
        ([[1.0]], [0], ["a"], "2 classes"),
        ([0.5, 0.5], [0, 1], ["a", "b"], "shape"),
        ([[0.5, 0.5]], [0], ["a", "a"], "different names"),
        ([[0.5, 0.5]], [0], ["a", "b", "c"], "2 different names"),
    ],
)
def test_invalid_arrays_are_refused(probabilities, labels, classes, message):
    with pytest.raises(ValueError, match=message):
        score(probabilities, labels, classes)


def test_arguments_out_of_range_are_refused():
    with pytest.raises(ValueError, match="bins"):
        reliability(FOUR, FOUR_LABELS, 0)
    with pytest.raises(ValueError, match="count"):
        worst(FOUR, FOUR_LABELS, -1)
    with pytest.raises(ValueError, match="ascend"):
        accuracy_by_length([1], [True], [5, 5])
    with pytest.raises(ValueError, match="fit"):
        accuracy_by_length([1, 2], [True], LENGTH_EDGES)
    with pytest.raises(ValueError, match="right must be"):
        wilson(0, 0)
    assert isinstance(wilson(0, 1), Interval)
