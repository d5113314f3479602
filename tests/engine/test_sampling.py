"""Draws follow softmax(logits / temperature), filtered by the settings."""

import warnings
from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from textrnn.config.sampling import SamplingConfig
from textrnn.engine.sampling import draw, probabilities, sample, uniforms
from textrnn.errors import ConfigError

ROWS, VOCAB_SIZE = 3, 9
JUST_BELOW_1 = np.nextafter(1.0, 0.0)

finite = st.floats(-(2.0**100), 2.0**100, width=32)
all_logits = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 4), st.integers(1, 12)), elements=finite | st.just(0.0)
)
temperatures = st.floats(0, 1e300) | st.sampled_from([0.0, 1e-300, 5e-324, 1e-9, 0.5, 1.0, 2.0])
configs = st.builds(
    SamplingConfig,
    temperature=temperatures,
    top_k=st.integers(0, 15),
    top_p=st.floats(0, 1, exclude_min=True),
    min_p=st.floats(0, 1),
)


def random_logits(seed: int = 0, rows: int = ROWS, scale: float = 2.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(0, scale, (rows, VOCAB_SIZE)).astype(np.float32)


def softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits.astype(np.float64))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def normalised(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 0.8, 1.0, 1.7, 50.0])
def test_probabilities_are_the_softmax_of_logits_over_temperature(temperature):
    logits = random_logits()
    weights = probabilities(logits, SamplingConfig(temperature=temperature))
    np.testing.assert_allclose(normalised(weights), softmax(logits / temperature), rtol=1e-5)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_frequencies_of_draws_follow_the_softmax(temperature):
    draws = 40_000
    logits = random_logits(rows=1)
    ids = sample(
        np.repeat(logits, draws, axis=0),
        np.random.default_rng(1),
        SamplingConfig(temperature=temperature),
    )
    expected = softmax(logits / temperature)[0]
    counts = np.bincount(ids, minlength=VOCAB_SIZE)
    # Chi-square with 8 degrees of freedom: a correct sampler exceeds 26.1 once in a thousand.
    assert ((counts - draws * expected) ** 2 / (draws * expected)).sum() < 26.1


@given(logits=all_logits)
def test_temperature_0_is_argmax_and_the_first_on_a_tie(logits):
    config = SamplingConfig(temperature=0)
    ids = sample(logits, np.random.default_rng(0), config)
    assert ids.tolist() == logits.argmax(axis=-1).tolist()


@given(logits=all_logits, seed=st.integers(0, 99))
def test_top_k_of_1_is_argmax(logits, seed):
    ids = sample(logits, np.random.default_rng(seed), SamplingConfig(temperature=2, top_k=1))
    # At temperature 2, logits two floats apart may round to a tie; then either is correct.
    chosen = logits[np.arange(len(logits)), ids]
    np.testing.assert_allclose(chosen, logits.max(axis=-1), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("k", [1, 2, 5, VOCAB_SIZE])
@pytest.mark.parametrize("ties", [False, True])
def test_top_k_keeps_exactly_the_k_most_likely(k, ties):
    logits = np.zeros((ROWS, VOCAB_SIZE), np.float32) if ties else random_logits()
    whole = probabilities(logits, SamplingConfig())
    kept = probabilities(logits, SamplingConfig(top_k=k))
    assert ((kept > 0).sum(axis=-1) == k).all()
    assert (kept[kept > 0] == whole[kept > 0]).all()
    for row, full in zip(kept, whole, strict=True):
        assert full[row > 0].min() >= full[row == 0].max(initial=0)


@pytest.mark.parametrize("k", [0, VOCAB_SIZE, 1000])
def test_top_k_of_all_changes_nothing(k):
    logits = random_logits()
    assert (probabilities(logits, SamplingConfig(top_k=k)) == probabilities(
        logits, SamplingConfig()
    )).all()  # fmt: skip


@given(seed=st.integers(0, 999), p=st.floats(1e-6, 1, exclude_max=True))
def test_top_p_keeps_the_smallest_set_that_reaches_p(seed, p):
    logits = random_logits(seed)
    whole = normalised(probabilities(logits, SamplingConfig()))
    kept = probabilities(logits, SamplingConfig(top_p=p)) > 0
    for row, full in zip(kept, whole, strict=True):
        assert full[row].sum() >= p - 1e-12
        assert full[row].sum() - full[row].min() < p + 1e-12
        assert full[row].min() >= full[~row].max(initial=0)


def test_top_p_by_hand():
    logits = np.log(np.array([[0.1, 0.5, 0.15, 0.25]], np.float32))
    for p, kept in ((0.4, [1]), (0.6, [1, 3]), (0.8, [1, 2, 3]), (0.95, [0, 1, 2, 3])):
        weights = probabilities(logits, SamplingConfig(temperature=1, top_p=p))
        assert np.flatnonzero(weights[0]).tolist() == kept


@pytest.mark.parametrize("min_p", [0.01, 0.1, 0.5, 1.0])
def test_min_p_keeps_weights_above_a_fraction_of_the_highest(min_p):
    logits = random_logits()
    whole = probabilities(logits, SamplingConfig())
    kept = probabilities(logits, SamplingConfig(min_p=min_p)) > 0
    assert (kept == (whole >= min_p * whole.max(axis=-1, keepdims=True))).all()
    assert kept.any(axis=-1).all()


@given(logits=all_logits, config=configs)
def test_any_settings_leave_a_positive_weight_and_no_nan(logits, config):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        weights = probabilities(logits, config)
        ids = draw(weights, np.full(len(logits), 0.5))
    assert np.isfinite(weights).all() and (weights >= 0).all()
    assert (weights.sum(axis=-1) > 0).all()
    assert (weights[np.arange(len(logits)), ids] > 0).all()


@pytest.mark.parametrize("temperature", [0, 5e-324, 1e-300, 1e-9, 1.0, 1e300])
@pytest.mark.parametrize("size", [0.0, 1e-30, 1.0, 1e4, 3e38])
def test_extreme_logits_and_temperatures_raise_no_warning(size, temperature):
    logits = np.array([[-size, size, 0, size / 2]], np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        weights = probabilities(logits, SamplingConfig(temperature=temperature))
    assert np.isfinite(weights).all()
    assert weights[0, logits[0].argmax()] == weights.max() > 0


@given(penalty=st.sampled_from([0.01, 100.0]) | st.floats(0.01, 100), logits=all_logits)
def test_any_penalty_leaves_a_positive_weight(penalty, logits):
    config = SamplingConfig(repetition_penalty=penalty)
    recent = np.zeros((len(logits), 3), np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        weights = probabilities(logits, config, recent)
    assert np.isfinite(weights).all()
    assert (weights.sum(axis=-1) > 0).all()


@given(seed=st.integers(0, 999), penalty=st.floats(1.01, 5))
def test_a_repetition_penalty_makes_only_recent_ids_less_likely(seed, penalty):
    logits = random_logits(seed)
    recent = np.random.default_rng(seed).integers(0, VOCAB_SIZE, (ROWS, 4))
    config = SamplingConfig(temperature=1, repetition_penalty=penalty, repetition_window=2)
    # The log of the weights equals the logits up to a constant per row; undo that shift.
    changed = np.log(probabilities(logits, config, recent))
    for row in range(ROWS):
        fresh = np.setdiff1d(np.arange(VOCAB_SIZE), recent[row, -2:])
        shift = logits[row, fresh[0]] - changed[row, fresh[0]]
        np.testing.assert_allclose(changed[row, fresh] + shift, logits[row, fresh], atol=1e-5)
        seen = np.unique(recent[row, -2:])
        values = logits[row, seen]
        expected = np.where(values > 0, values / penalty, values * penalty)
        np.testing.assert_allclose(changed[row, seen] + shift, expected, atol=1e-4)
        assert (expected <= values).all()


def test_a_repetition_penalty_of_1_changes_nothing():
    logits, recent = random_logits(), np.zeros((ROWS, 2), np.int64)
    config = SamplingConfig(repetition_penalty=1)
    assert (probabilities(logits, config, recent) == probabilities(logits, config)).all()


@given(logits=all_logits, config=configs)
def test_the_logits_are_not_changed(logits, config):
    before = logits.copy()
    probabilities(logits, config, np.zeros((len(logits), 1), np.int64))
    assert (logits == before).all()


@given(logits=all_logits, config=configs, data=st.data())
def test_rows_of_a_batch_equal_single_rows(logits, config, data):
    numbers = st.floats(0, 1, exclude_max=True)
    uniform = np.array(data.draw(st.lists(numbers, min_size=len(logits), max_size=len(logits))))
    weights = probabilities(logits, config)
    ids = draw(weights, uniform)
    for row in range(len(logits)):
        single = probabilities(logits[row : row + 1], config)
        assert (single == weights[row : row + 1]).all()
        assert draw(single, uniform[row : row + 1]).tolist() == [ids[row]]


@given(
    weights=hnp.arrays(
        np.float64,
        st.tuples(st.integers(1, 4), st.integers(1, 8)),
        elements=st.just(0.0) | st.floats(1e-300, 1),
    ).filter(lambda weights: weights.any(axis=-1).all()),
    uniform=st.sampled_from([0.0, 5e-324, 0.5, JUST_BELOW_1]) | st.floats(0, JUST_BELOW_1),
)
def test_a_weight_of_0_is_never_drawn(weights, uniform):
    ids = draw(weights, np.full(len(weights), uniform))
    assert (weights[np.arange(len(weights)), ids] > 0).all()


def test_draw_by_hand():
    weights = np.array([[0.0, 1.0, 0.0, 3.0, 0.0]])
    for uniform, drawn in ((0.0, 1), (0.24, 1), (0.25, 3), (0.9, 3), (JUST_BELOW_1, 3)):
        assert draw(weights, np.array([uniform])).tolist() == [drawn]
        assert draw(weights.repeat(2, axis=0), np.array([uniform, 0.0])).tolist() == [drawn, 1]


def test_row_i_of_the_uniforms_does_not_depend_on_the_number_of_rows():
    steps = 50
    many = np.array(list(islice(uniforms(7, 5), steps)))
    assert many.shape == (steps, 5)
    for count in (1, 2, 4):
        assert (np.array(list(islice(uniforms(7, count), steps))) == many[:, :count]).all()
    assert len(np.unique(many)) == many.size


def test_the_uniforms_of_a_subset_of_rows_equal_those_of_all_rows():
    whole = np.array(list(islice(uniforms(7, 5), 20)))
    assert (np.array(list(islice(uniforms(7, 2, 3), 20))) == whole[:, 3:]).all()


def test_the_uniforms_do_not_depend_on_the_block_size():
    whole = np.array(list(islice(uniforms(3, 2), 100)))
    assert (np.array(list(islice(uniforms(3, 2, block=7), 100))) == whole).all()


def test_equal_seeds_repeat_and_different_seeds_differ():
    first, again, other = (np.array(list(islice(uniforms(s, 1), 9))) for s in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in (
            "temperature", "top_p", "min_p", "repetition_penalty",
        ) for value in (-1, -1e-9, float("nan"), float("inf"))),
        ("top_k", -1), ("top_p", 0), ("top_p", 1.0001), ("min_p", 1.0001),
        ("repetition_penalty", 0), ("repetition_penalty", 1e-300), ("repetition_penalty", 1e300),
        ("repetition_window", 0),
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(name, value):
    with pytest.raises(ConfigError, match=f"^{name} must be "):
        SamplingConfig(**{name: value})
