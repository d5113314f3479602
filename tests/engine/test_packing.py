"""Packing without padding: each word has one position, and batches and blocks are bounded."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from textrnn.engine.packing import BATCH_TEXTS, BATCH_WORDS, BLOCK_WORDS, Packed, batches


@given(lengths=st.lists(st.integers(1, 12), min_size=1, max_size=8))
def test_each_word_has_one_packed_position_in_each_direction(lengths):
    lengths = np.sort(lengths)[::-1]
    packed = Packed.of(lengths)
    words = [(row, time) for row, length in enumerate(lengths) for time in range(length)]
    forwards = [words[place] for place in packed.from_rows]
    assert sorted(forwards) == words
    steps = [step for block in packed.blocks() for step in block]
    for time, (rows, places) in enumerate(steps):
        assert forwards[places] == [(row, time) for row in range(rows)]
    assert len(steps) == lengths[0]
    for (row, time), place in zip(forwards, packed.backward, strict=True):
        assert forwards[place] == (row, lengths[row] - 1 - time)


@given(lengths=st.lists(st.integers(1, 400), min_size=1, max_size=300))
@settings(max_examples=20)
def test_blocks_hold_as_many_whole_steps_as_fit(lengths):
    blocks = list(Packed.of(np.sort(lengths)[::-1]).blocks())
    sizes = [sum(rows for rows, _ in block) for block in blocks]
    for block, size, after in zip(blocks, sizes, [*blocks[1:], None], strict=True):
        assert size <= BLOCK_WORDS or len(block) == 1
        assert after is None or size + after[0][0] > BLOCK_WORDS


@given(
    lengths=st.lists(st.integers(1, 3 * BATCH_WORDS // BATCH_TEXTS), max_size=600),
    most_texts=st.none() | st.integers(1, 600),
)
@settings(max_examples=20)
def test_batches_hold_every_text_once_longest_first_within_the_limits(lengths, most_texts):
    found = list(batches(lengths, most_texts))
    rows = [row for batch in found for row in batch.tolist()]
    assert sorted(rows) == list(range(len(lengths)))
    sizes = [lengths[row] for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    for batch in found:
        assert len(batch) <= min(BATCH_TEXTS, most_texts or BATCH_TEXTS)
        assert len(batch) == 1 or len(batch) * lengths[batch[0]] <= BATCH_WORDS
