"""Padded batches: every text once per epoch, few lengths, the same batches after a resume."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textrnn.datasets.padded import CROP_WORDS, WordBatches, bucket_lengths
from textrnn.tokenizers import PAD_ID

few = settings(max_examples=40)
sizes_of_texts = st.lists(st.integers(1, 60), min_size=1, max_size=40)
counts = st.integers(1, 7)


def texts_of(sizes) -> list[np.ndarray]:
    """Texts of these sizes; no id occurs twice."""
    return np.split(np.arange(1, sum(sizes) + 1), np.cumsum(sizes)[:-1])


def batches_of(sizes, batch_size=3, length_buckets=2, crop_probability=0.0) -> WordBatches:
    """Batches in which text number i has the label i."""
    labels = np.arange(len(sizes))
    return WordBatches(
        texts_of(sizes),
        labels,
        batch_size=batch_size,
        length_buckets=length_buckets,
        crop_probability=crop_probability,
    )


def read(batches, **epoch) -> list[tuple[np.ndarray, np.ndarray]]:
    return list(batches.dataset(**epoch).as_numpy_iterator())


@few
@given(sizes=sizes_of_texts, batch_size=counts, length_buckets=counts,
crop_probability=st.sampled_from([0.0, 0.5]),
       epoch=st.integers(0, 3))  # fmt: skip
def test_an_epoch_has_every_text_once_and_at_most_one_batch_that_is_not_full(
    sizes, batch_size, length_buckets, crop_probability, epoch
):
    batches = batches_of(sizes, batch_size, length_buckets, crop_probability)
    plan = batches.plan(seed=1, epoch=epoch)
    assert sorted(row for rows, _ in plan for row in rows.tolist()) == list(range(len(sizes)))
    assert len(plan) == batches.steps
    counted = [len(rows) for rows, _ in plan]
    assert max(counted) <= batch_size
    assert sum(count < batch_size for count in counted) <= 1
    for rows, length in plan:
        assert length in batches.lengths
        assert crop_probability or length >= max(sizes[row] for row in rows)


@few
@given(sizes=sizes_of_texts, length_buckets=counts)
def test_lengths_are_few_and_the_last_is_that_of_the_longest_text(sizes, length_buckets):
    lengths = bucket_lengths(np.array(sizes), length_buckets)
    assert 1 <= len(lengths) <= length_buckets
    assert lengths[-1] == max(sizes)
    assert (np.diff(lengths) > 0).all()
    assert all(length % 8 == 0 for length in lengths[:-1])


def test_equally_many_texts_go_to_each_length():
    lengths = bucket_lengths(np.arange(1, 401), 5)
    assert lengths.tolist() == [80, 160, 240, 320, 400]


@settings(max_examples=8)
@given(sizes=sizes_of_texts, batch_size=counts, length_buckets=counts)
def test_batches_hold_the_texts_padded_on_the_right_only(sizes, batch_size, length_buckets):
    texts = texts_of(sizes)
    for ids, labels in read(batches_of(sizes, batch_size, length_buckets), seed=0, epoch=0):
        assert ids.shape[0] == len(labels)
        for row, label in zip(ids, labels, strict=True):
            np.testing.assert_array_equal(row[: sizes[label]], texts[label])
            assert (row[sizes[label] :] == PAD_ID).all()


@settings(max_examples=5)
@given(sizes=sizes_of_texts, crop_probability=st.sampled_from([0.0, 0.5]), data=st.data())
def test_a_later_first_step_gives_the_tail_of_the_same_epoch(sizes, crop_probability, data):
    batches = batches_of(sizes, crop_probability=crop_probability)
    whole = read(batches, seed=3, epoch=2)
    first = data.draw(st.integers(0, batches.steps))
    tail = read(batches, seed=3, epoch=2, first_step=first)
    assert len(tail) == len(whole) - first
    for one, other in zip(tail, whole[first:], strict=True):
        for left, right in zip(one, other, strict=True):
            np.testing.assert_array_equal(left, right)


def test_probabilities_stay_with_their_texts_as_labels_do():
    sizes, labels = [3, 1, 4, 1, 5], np.arange(5)
    targets = np.eye(5)[labels] / 2
    batches = WordBatches(texts_of(sizes), targets, batch_size=2, length_buckets=2)
    given = read(batches_of(sizes, batch_size=2), seed=1, epoch=0)
    for (ids, found), (same, label) in zip(read(batches, seed=1, epoch=0), given, strict=True):
        np.testing.assert_array_equal(ids, same)
        np.testing.assert_array_equal(found, targets[label])
        assert found.dtype == np.float32


def test_targets_that_are_numbers_keep_their_fractions():
    batches = WordBatches(texts_of([3, 1]), np.array([2.7, 1.9]), batch_size=2, length_buckets=1)
    ((_, found),) = batches.dataset(seed=0, epoch=0)
    assert sorted(found.numpy()) == pytest.approx([1.9, 2.7])


def test_a_plan_is_a_function_of_seed_and_epoch():
    sizes = np.random.default_rng(0).integers(1, 30, size=50)

    def rows(seed, epoch):
        return [row for batch, _ in batches_of(sizes).plan(seed=seed, epoch=epoch) for row in batch]

    assert rows(1, 2) == rows(1, 2)
    assert len({tuple(rows(*key)) for key in ((1, 2), (1, 3), (2, 2), (2, 1))}) == 4


def test_a_single_length_is_that_of_the_longest_text():
    batches = batches_of([3, 9, 1, 30], length_buckets=1)
    assert batches.lengths.tolist() == [30]
    assert {length for _, length in batches.plan(seed=0, epoch=0)} == {30}


def test_one_text_is_an_epoch():
    batches = batches_of([4], batch_size=32, length_buckets=5)
    ((ids, labels),) = read(batches, seed=0, epoch=0)
    assert ids.tolist() == [[1, 2, 3, 4]] and labels.tolist() == [0]
    assert batches.padding() == 0


def test_padding_is_the_fraction_of_an_epoch_that_is_not_words():
    batches = batches_of([2, 4, 10], batch_size=3, length_buckets=1)
    assert batches.padding() == pytest.approx(14 / 30)
    cells = np.concatenate([ids.ravel() for ids, _ in read(batches, seed=0, epoch=0)])
    assert (cells == PAD_ID).mean() == pytest.approx(14 / 30)


def test_a_cropped_text_is_a_run_of_its_words_that_differs_between_epochs():
    sizes = [3, CROP_WORDS, 40, 60, 50, 60, 60, 60]
    batches, texts, seen = (
        batches_of(sizes, length_buckets=3, crop_probability=0.5),
        texts_of(sizes),
        set(),
    )
    for epoch in range(4):
        for ids, labels in read(batches, seed=0, epoch=epoch):
            for row, label in zip(ids, labels, strict=True):
                words = row[row != PAD_ID]
                assert min(sizes[label], CROP_WORDS) <= len(words) <= sizes[label]
                start = texts[label].tolist().index(words[0])
                np.testing.assert_array_equal(words, texts[label][start : start + len(words)])
                assert (row[: len(words)] == words).all()
                seen.add((label, start, len(words)))
    assert {label for label, start, _ in seen if start} <= {2, 3, 4, 5, 6, 7}
    assert len(seen) > 2 * len(sizes)
    assert any((label, 0, sizes[label]) in seen for label in range(2, 8))


def test_a_cropped_text_is_a_run_of_its_sentences():
    stop, rng = 99, np.random.default_rng(0)
    texts = [rng.integers(1, 4, size=size).astype(np.int32) for size in (60, 40, 80, 3, 50)]
    for text in texts:
        text[rng.random(len(text)) < 0.2] = stop  # some of them in a row
    allowed = [sentences_of(text, stop) for text in texts]
    batches = WordBatches(
        texts,
        np.arange(len(texts)),
        batch_size=2,
        length_buckets=3,
        crop_probability=0.9,
        stops=[stop],
    )
    sizes = []
    for epoch in range(20):
        for ids, labels in read(batches, seed=0, epoch=epoch):
            for row, label in zip(ids, labels, strict=True):
                words = row[row != PAD_ID]
                assert tuple(words) in allowed[label]
                sizes.append(len(words) / len(texts[label]))
    assert 0.1 < np.mean(np.array(sizes) < 0.3) < 0.6 and 1.0 in sizes


def sentences_of(text, stop) -> set[tuple[int, ...]]:
    """Every run of sentences; a sentence begins at the start or after stops."""
    edges = [0, len(text)]
    edges += [i for i in range(1, len(text)) if text[i - 1] == stop and text[i] != stop]
    return {tuple(text[a:b]) for a in edges for b in edges if a < b}


def test_short_runs_are_as_frequent_as_long_ones():
    batches = batches_of([CROP_WORDS * 100] * 300, crop_probability=0.999)
    sizes = np.concatenate([(ids != PAD_ID).sum(1) for ids, _ in read(batches, seed=0, epoch=0)])
    assert np.median(sizes) == pytest.approx(CROP_WORDS * 10, rel=0.4)


def test_batches_of_cropped_texts_hold_less_padding_than_of_the_lengths_of_whole_ones():
    batches = batches_of([100] * 300, batch_size=8, length_buckets=5, crop_probability=0.9)
    assert len(batches.lengths) > 1 and batches.lengths[-1] == 100
    assert batches.padding() < 0.5
