"""A fitted temperature calibrates probabilities and changes no prediction."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textrnn.engine.calibration import HIGHEST, LOWEST, fit_temperature, probabilities
from textrnn.errors import ArtifactError, ConfigError, CorpusError
from textrnn.evaluation.metrics import score

seeds = st.integers(0, 2**32 - 1)


def draw(seed, *, rows=400, columns=3, scale=1.0):
    """Logits times `scale`, and labels draw from the softmax of the unscaled logits."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(rows, columns)) * 1.5
    labels = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    return (logits * scale).astype(np.float32), labels


def loss(logits, labels, temperature):
    """The log loss with each label smoothed by 1 / (n + 2), split among the other classes."""
    exact, smoothing = logits.astype(np.float64) / temperature, 1 / (len(labels) + 2)
    total = 0.0
    for row, label in zip(exact, labels, strict=True):
        chances = row - max(row) - math.log(math.fsum(np.exp(row - max(row))))
        others = math.fsum(np.delete(chances, label)) / (len(row) - 1)
        total -= (1 - smoothing) * chances[label] + smoothing * others
    return total / len(labels)


def test_a_worked_example():
    # All logits are (0, z); three labels of four are 1, smoothed to 5/6. The probability is
    # 3/4 x 5/6 + 1/4 x 1/6 = 2/3, so z / T must be log 2.
    logits = np.array([[0, 5]] * 4, np.float32)
    assert fit_temperature(logits, [1, 1, 1, 0]) == pytest.approx(5 / math.log(2), rel=1e-5)


@pytest.mark.parametrize("count", [1, 20, 2500])
def test_correct_examples_alone_do_not_give_certainty(count):
    logits = np.array([[0, 5]] * count, np.float32)
    calibrated = probabilities(logits, fit_temperature(logits, [1] * count))
    assert calibrated[0, 1] == pytest.approx((count + 1) / (count + 2), rel=1e-4)


@settings(max_examples=15)
@given(seeds, st.integers(2, 5), st.floats(0.3, 5))
def test_no_other_temperature_has_a_lower_loss(seed, columns, scale):
    logits, labels = draw(seed, rows=100, columns=columns, scale=scale)
    fitted = fit_temperature(logits, labels)
    best = loss(logits, labels, fitted)
    for other in (1, LOWEST, HIGHEST, fitted * 0.999, fitted * 1.001):
        if LOWEST <= other <= HIGHEST:
            assert best <= loss(logits, labels, other) + 1e-9


@pytest.mark.parametrize("scale", [0.25, 1.0, 4.0])
def test_the_scale_of_calibrated_logits_is_recovered(scale):
    logits, labels = draw(3, rows=50_000, scale=scale)
    assert fit_temperature(logits, labels) == pytest.approx(scale, rel=0.05)


@settings(max_examples=15)
@given(seeds, st.floats(0.5, 4))
def test_logits_times_k_have_k_times_the_temperature(seed, k):
    logits, labels = draw(seed)
    scaled = fit_temperature(logits.astype(np.float64) * k, labels)
    assert scaled == pytest.approx(k * fit_temperature(logits, labels), rel=1e-5)


@settings(max_examples=15)
@given(seeds, st.floats(-50, 50))
def test_a_constant_added_to_all_logits_changes_nothing(seed, added):
    logits, labels = draw(seed)
    logits = logits.astype(np.float64)
    moved = fit_temperature(logits + added, labels)
    assert moved == pytest.approx(fit_temperature(logits, labels), rel=1e-5)
    assert probabilities(logits + added) == pytest.approx(probabilities(logits))


@settings(max_examples=15)
@given(seeds, st.sampled_from([LOWEST, 0.7, 3.0, HIGHEST]))
def test_temperature_changes_no_prediction(seed, temperature):
    logits, _ = draw(seed)
    calibrated = probabilities(logits, temperature)
    assert (calibrated.argmax(axis=1) == logits.argmax(axis=1)).all()
    assert calibrated.sum(axis=1) == pytest.approx(1)


def test_calibration_lowers_the_error_of_overconfident_logits():
    logits, labels = draw(5, rows=5000, scale=4.0)
    names = ["a", "b", "c"]
    before = score(probabilities(logits), labels, names)
    after = score(probabilities(logits, fit_temperature(logits, labels)), labels, names)
    assert after.ece < before.ece / 3
    assert after.log_loss < before.log_loss
    assert after.accuracy == before.accuracy


def test_the_temperature_stays_within_its_bounds():
    logits, _ = draw(7)
    faint = (logits * 1e-3).astype(np.float32)
    assert fit_temperature(faint, faint.argmax(axis=1)) == LOWEST
    assert fit_temperature(logits, logits.argmin(axis=1)) == HIGHEST


@pytest.mark.parametrize("value", [0.0, -3.5, 3e38])
def test_equal_logits_leave_the_temperature_at_1(value):
    assert fit_temperature(np.full((5, 2), value, np.float32), [0, 1, 1, 0, 1]) == 1


def test_probabilities_are_the_softmax():
    logits = np.array([[0, math.log(3)]], np.float32)
    assert probabilities(logits)[0] == pytest.approx([0.25, 0.75])
    assert probabilities(logits, 0.5)[0] == pytest.approx([0.1, 0.9])
    assert probabilities(logits).dtype == np.float64


@pytest.mark.parametrize("temperature", [1e-300, LOWEST, 1.0, HIGHEST])
def test_huge_logits_have_finite_probabilities(temperature):
    logits = np.array([[3e38, -3e38, 0], [1e4, 1e4, -1e4]], np.float32)
    with np.errstate(all="raise", under="ignore"):
        calibrated = probabilities(logits, temperature)
    assert calibrated.tolist() == [[1, 0, 0], [0.5, 0.5, 0]]
    with np.errstate(all="raise", under="ignore"):
        assert LOWEST <= fit_temperature(logits, [0, 1]) <= HIGHEST


@pytest.mark.parametrize("temperature", [0, -1, math.nan, math.inf])
def test_a_temperature_must_be_above_0(temperature):
    with pytest.raises(ConfigError, match="above 0"):
        probabilities(np.zeros((1, 2)), temperature)


def test_invalid_arguments_are_refused():
    with pytest.raises(CorpusError, match="no labelled example"):
        fit_temperature(np.empty((0, 2), np.float32), [])
    with pytest.raises(ArtifactError, match="NaN or infinity"):
        fit_temperature(np.array([[0, math.nan]]), [0])
    with pytest.raises(ValueError, match="from 0 to 1"):
        fit_temperature(np.zeros((1, 2)), [2])
