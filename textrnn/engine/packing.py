"""Turn texts of different lengths into batches without padding.

Texts are sorted by length. The words of all texts at one time step are contiguous, and a text that
has ended takes no part in later steps.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.intp]
Step = tuple[int, slice]  # the number of active texts, and the positions of their words
BATCH_WORDS = 131_072  # per batch, to bound memory
BATCH_TEXTS = 512
BLOCK_WORDS = 1024  # per block: their input products stay in the cache


@dataclass(frozen=True)
class Packed:
    """The positions of the words of texts, longest first, packed by time step."""

    lengths: Indices  # of each text, not rising
    sizes: Indices  # of each step: the number of active texts
    from_rows: Indices  # packed position -> position in the concatenated texts
    backward: Indices  # packed position -> that of the mirrored word in the same text

    @classmethod
    def of(cls, lengths: Indices) -> "Packed":
        """The packing of texts of these lengths, which must be sorted, longest first."""
        sizes = (lengths[None, :] > np.arange(lengths[0])[:, None]).sum(axis=1)
        offsets = np.cumsum(sizes) - sizes
        time, text = np.repeat(np.arange(lengths[0]), sizes), ranges(sizes)
        starts = np.cumsum(lengths) - lengths
        return cls(
            lengths,
            sizes,
            starts[text] + time,
            offsets[lengths[text] - 1 - time] + text,
        )

    def blocks(self) -> Iterator[list[Step]]:
        """All steps in order, in blocks of up to BLOCK_WORDS words, or of a single larger step."""
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
    """Yield the indices of each batch: texts of similar length, longest first.

    A batch has at most BATCH_TEXTS texts, or `most_texts` if that is fewer.
    """
    most_texts = min(BATCH_TEXTS, most_texts or BATCH_TEXTS)
    order = np.argsort(-np.asarray(lengths), kind="stable")
    start = 0
    while start < len(order):
        count = max(1, min(most_texts, BATCH_WORDS // max(1, lengths[order[start]])))
        yield order[start : start + count]
        start += count


def ranges(counts: Indices) -> Indices:
    """The concatenation of 0, 1, ... count - 1 for each of `counts`."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
