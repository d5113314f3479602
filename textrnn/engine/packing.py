"""Turn texts of many lengths into batches without padding.

Sorted by length, the words of all texts at one time step lie together, and a text that has ended
takes no further part.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.intp]
Step = tuple[int, slice]  # how many texts take part, and where their words lie
BATCH_WORDS = 131_072  # of one batch's texts together: what bounds memory
BATCH_TEXTS = 512
BLOCK_WORDS = 1024  # that are prepared at a time: their input products stay in the cache


@dataclass(frozen=True)
class Packed:
    """Where the words of texts, longest first, lie when they are packed by time step."""

    lengths: Indices  # of each text, falling
    sizes: Indices  # of each step: texts that are that long
    from_rows: Indices  # packed position -> position with the texts one after the other
    backward: Indices  # packed position -> that of the same text read from its end

    @classmethod
    def of(cls, lengths: Indices) -> "Packed":
        """The packing of texts of these lengths, which must not rise."""
        sizes = (lengths[None, :] > np.arange(lengths[0])[:, None]).sum(axis=1)
        offsets = np.cumsum(sizes) - sizes
        time, text = np.repeat(np.arange(lengths[0]), sizes), counted(sizes)
        starts = np.cumsum(lengths) - lengths
        return cls(
            lengths,
            sizes,
            starts[text] + time,
            offsets[lengths[text] - 1 - time] + text,
        )

    def blocks(self) -> Iterator[list[Step]]:
        """All steps in their order, one after the other in runs of BLOCK_WORDS, or one alone."""
        block: list[Step] = []
        start = words = 0
        for size in self.sizes.tolist():
            if block and words + size > BLOCK_WORDS:
                yield block
                block, words = [], 0
            block.append((size, slice(start, start + size)))
            start, words = start + size, words + size
        yield block


def batches(lengths: Sequence[int], most_texts: int | None = None) -> Iterator[Indices]:
    """Cut texts of these lengths into batches, longest first, of texts of like lengths.

    A batch holds `most_texts` at most, where that is less than BATCH_TEXTS.
    """
    most_texts = min(BATCH_TEXTS, most_texts or BATCH_TEXTS)
    order = np.argsort(-np.asarray(lengths), kind="stable")
    start = 0
    while start < len(order):
        count = max(1, min(most_texts, BATCH_WORDS // max(1, lengths[order[start]])))
        yield order[start : start + count]
        start += count


def counted(counts: Indices) -> Indices:
    """0, 1, ... count - 1 for each of `counts`, one after the other."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
