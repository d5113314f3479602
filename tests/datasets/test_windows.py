"""Batches hold every window once, or streams that continue from batch to batch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textrnn.datasets.windows import (
    epoch_offset,
    stateful_streams,
    stateless_windows,
    stream_steps,
    window_count,
)
from textrnn.errors import CorpusError

few = settings(max_examples=10)  # a pipeline is slow to build


def batches(dataset) -> list[tuple[np.ndarray, np.ndarray]]:
    return list(dataset.as_numpy_iterator())


def inputs_of(dataset) -> np.ndarray:
    return np.concatenate([inputs for inputs, _ in batches(dataset)])


def same(left, right) -> bool:
    return len(left) == len(right) and all(
        np.array_equal(a, b)
        for one, other in zip(left, right, strict=True)
        for a, b in zip(one, other, strict=True)
    )


# ---- stateless windows --------------------------------------------------------------------------


@few
@given(
    n=st.integers(2, 120),
    window=st.integers(1, 15),
    stride=st.integers(1, 20),
    batch_size=st.integers(1, 9),
    seed=st.integers(0, 2**31 - 1),
    epoch=st.integers(0, 9),
)
def test_every_start_is_seen_once_per_epoch_and_targets_are_one_later(
    n, window, stride, batch_size, seed, epoch
):
    n = max(n, window + 1)
    result = batches(
        stateless_windows(
            np.arange(n),
            batch_size=batch_size,
            window=window,
            stride=stride,
            seed=seed,
            epoch=epoch,
        )
    )
    starts = []
    for inputs, targets in result:
        assert inputs.shape == targets.shape == (len(inputs), window)
        assert (inputs == inputs[:, :1] + np.arange(window)).all()
        assert (targets == inputs + 1).all()
        starts += inputs[:, 0].tolist()
    assert sorted(starts) == [*range(0, n - window, stride)]
    assert len(starts) == window_count(n, window, stride)
    full, rest = divmod(len(starts), batch_size)
    assert [len(inputs) for inputs, _ in result] == [batch_size] * full + [rest] * bool(rest)


def test_a_text_of_one_window_is_one_batch():
    ((inputs, targets),) = batches(stateless_windows(np.arange(6), batch_size=4, window=5))
    assert inputs.tolist() == [[0, 1, 2, 3, 4]]
    assert targets.tolist() == [[1, 2, 3, 4, 5]]


def test_the_order_differs_between_epochs_and_seeds_and_repeats():
    def order(**draw: int) -> list[int]:
        dataset = stateless_windows(np.arange(101), batch_size=10, window=1, **draw)
        return inputs_of(dataset)[:, 0].tolist()

    orders = [order(seed=0, epoch=0), order(seed=0, epoch=1), order(seed=1, epoch=0)]
    assert len(set(map(tuple, orders))) == 3
    assert [*range(100)] not in orders
    assert order(seed=1, epoch=0) == orders[2]


def test_each_epoch_over_one_dataset_repeats_it():
    dataset = stateless_windows(np.arange(40), batch_size=7, window=3)
    assert same(batches(dataset), batches(dataset))


@few
@given(first_step=st.integers(0, 9), batch_size=st.integers(1, 9))
def test_beginning_at_a_step_equals_skipping_the_steps_before(first_step, batch_size):
    arguments = {"batch_size": batch_size, "window": 4, "stride": 2, "seed": 3, "epoch": 2}
    whole = batches(stateless_windows(np.arange(41), **arguments))
    rest = batches(stateless_windows(np.arange(41), **arguments, first_step=first_step))
    assert same(rest, whole[first_step:])


# ---- stateful streams ---------------------------------------------------------------------------


@few
@given(
    batch_size=st.integers(1, 7),
    window=st.integers(1, 9),
    extra=st.integers(0, 40),
    fraction=st.floats(0, 1, exclude_max=True),
)
def test_each_row_reads_one_unbroken_circular_stream(batch_size, window, extra, fraction):
    n = batch_size * window + 1 + extra
    offset = int(fraction * n)
    ids = np.random.default_rng(0).integers(0, 50, n)
    result = batches(stateful_streams(ids, batch_size=batch_size, window=window, offset=offset))
    steps, length = stream_steps(n, batch_size, window), (n - 1) // batch_size
    assert len(result) == steps == length // window
    inputs, targets = (np.concatenate(side, axis=1) for side in zip(*result, strict=True))
    for row in range(batch_size):
        stream = ids[(offset + row * length + np.arange(steps * window + 1)) % n]
        assert inputs[row].tolist() == stream[:-1].tolist()
        assert targets[row].tolist() == stream[1:].tolist()


def test_no_position_is_read_twice_in_an_epoch_and_little_is_left_out():
    n = 500
    for offset in (0, 321):
        inputs = inputs_of(
            stateful_streams(np.arange(n), batch_size=7, window=10, offset=offset)
        ).ravel()
        assert len(np.unique(inputs)) == len(inputs)
        assert n - len(inputs) <= 7 * 10


@few
@given(first_step=st.integers(0, 6), offset=st.integers(0, 99))
def test_streams_can_begin_at_any_step_too(first_step, offset):
    arguments = {"batch_size": 3, "window": 6, "offset": offset}
    whole = batches(stateful_streams(np.arange(100), **arguments))
    rest = batches(stateful_streams(np.arange(100), **arguments, first_step=first_step))
    assert same(rest, whole[first_step:])


def test_the_first_epoch_begins_at_the_start_and_others_anywhere():
    assert epoch_offset(1000, seed=5, epoch=0) == 0
    offsets = [epoch_offset(1000, seed=5, epoch=epoch) for epoch in range(1, 30)]
    assert all(0 <= offset < 1000 for offset in offsets)
    assert len(set(offsets)) > 20
    assert offsets == [epoch_offset(1000, seed=5, epoch=epoch) for epoch in range(1, 30)]
    assert offsets != [epoch_offset(1000, seed=6, epoch=epoch) for epoch in range(1, 30)]


# ---- both ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.int64])
@pytest.mark.parametrize("make", [stateless_windows, stateful_streams])
def test_ids_of_any_integer_type_give_int32(make, dtype):
    largest = min(np.iinfo(dtype).max, 2**31 - 1)
    ids = np.full(9, largest, dtype)
    for inputs, targets in batches(make(ids, batch_size=2, window=3)):
        assert inputs.dtype == targets.dtype == np.int32
        assert (inputs == largest).all() and (targets == largest).all()


@given(window=st.integers(1, 3000), missing=st.integers(1, 3000), stride=st.integers(1, 50))
def test_a_text_below_one_window_is_refused_with_the_number_needed(window, missing, stride):
    assert window_count(window + 1, window, stride) == 1
    length = max(0, window + 1 - missing)
    with pytest.raises(CorpusError, match=f"has {length:,} .* needs {window + 1:,} "):
        window_count(length, window, stride)


@given(batch_size=st.integers(1, 300), window=st.integers(1, 300), missing=st.integers(1, 90_000))
def test_a_text_below_one_batch_is_refused_with_the_number_needed(batch_size, window, missing):
    needed = batch_size * window + 1
    assert stream_steps(needed, batch_size, window) == 1
    length = max(0, needed - missing)
    with pytest.raises(CorpusError, match=f"has {length:,} .* at least {needed:,} "):
        stream_steps(length, batch_size, window)


def test_the_datasets_refuse_what_the_counts_refuse():
    with pytest.raises(CorpusError, match="needs 10 "):
        stateless_windows(np.arange(9), batch_size=1, window=9)
    with pytest.raises(CorpusError, match="at least 21 "):
        stateful_streams(np.arange(20), batch_size=2, window=10)
