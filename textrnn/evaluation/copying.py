"""Turn a text and a corpus into how much of the text stands word for word in the corpus.

A network that recites writes well and has learnt little. Windows of text and corpus are compared by
64-bit hashes: n windows against m expect n m / 2**64 false matches, far below one. The corpus is
hashed block by block, so that it needs hardly any memory beyond itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from textrnn.tokenizers import Ids

Hashes = npt.NDArray[np.uint64]

BLOCK = 1 << 17  # corpus windows hashed at a time; 1 MiB of hashes stays in the processor's cache
SIEVE_BITS = 20


@dataclass(frozen=True)
class CopyReport:
    """What `copied` found."""

    longest: int  # characters of the longest substring of the text that stands in the corpus
    copied_share: float  # of the text's characters, those inside a copied stretch of `run` or more
    run: int


def copied(text_ids: Ids, corpus_ids: Ids, run: int = 30) -> CopyReport:
    """Measure what `text_ids` repeats of `corpus_ids`.

        text_ids    (n,) integers
        corpus_ids  (m,) integers of the same alphabet; the integer types may differ
        run         characters from which a repetition counts as copied

    A text or a corpus shorter than `run` has a share of 0.0; an empty one a longest of 0 as well.
    Counting the n-grams of generated text that stand in the training text follows McCoy et al.,
    "How much do language models copy from their training data?" (2023).
    """
    if run < 1:
        raise ValueError(f"run must be at least 1 character, got {run}")
    matches = _matches(text_ids, corpus_ids, run)
    covered = np.zeros(len(text_ids) + 1, np.int64)
    covered[: len(matches)] += matches
    covered[run : run + len(matches)] -= matches
    share = float((covered.cumsum()[:-1] > 0).mean()) if len(text_ids) else 0.0

    # Every part of a copied substring is copied: `low` always matches and `high` never does.
    low, high = (run, 2 * run) if matches.any() else (0, run)
    while low and _matches(text_ids, corpus_ids, high).any():
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if _matches(text_ids, corpus_ids, middle).any():
            low = middle
        else:
            high = middle
    return CopyReport(longest=low, copied_share=share, run=run)


def _matches(text_ids: Ids, corpus_ids: Ids, length: int) -> npt.NDArray[np.bool_]:
    """Whether each of the text's n - length + 1 windows stands in the corpus; empty if none fit."""
    if length > len(text_ids):
        return np.zeros(0, np.bool_)
    wanted, window_of_text = np.unique(_window_hashes(text_ids, length), return_inverse=True)
    found = np.zeros(len(wanted), np.bool_)

    # A look at a few bits spares most corpus windows the binary search (Bloom 1970).
    shift = np.uint64(64 - SIEVE_BITS)
    sieve = np.zeros(1 << SIEVE_BITS, np.bool_)
    sieve[wanted >> shift] = True
    block = max(BLOCK, length)
    for start in range(0, len(corpus_ids) - length + 1, block):
        hashes = _window_hashes(corpus_ids[start : start + block + length - 1], length)
        hashes = hashes[sieve[hashes >> shift]]
        index = np.minimum(np.searchsorted(wanted, hashes), len(wanted) - 1)
        found[index[wanted[index] == hashes]] = True
    return found[window_of_text]


def _window_hashes(ids: Ids, length: int) -> Hashes:
    """Hash of each of the (n,) ids' n - length + 1 windows, by doubling.

    A window of 2 k characters is named after its two halves, and any other length after two windows
    of a power of two that overlap (Karp, Miller and Rosenberg 1972). A polynomial modulo 2**64
    would be simpler, but takes the Thue-Morse word for its complement, whatever its base and
    whatever numbers stand for the ids; joining by a scrambler has no such regular collisions.
    """
    hashes = _scramble(ids.astype(np.uint64) + np.uint64(1))
    size = 1
    while size < length:
        step = min(size, length - size)
        hashes = _scramble(hashes[:-step] * np.uint64(0x9E3779B97F4A7C15) + hashes[step:])
        size += step
    return hashes


def _scramble(hashes: Hashes) -> Hashes:
    """Permute the 64-bit numbers in place: the finaliser of SplitMix64 (Steele et al. 2014)."""
    hashes ^= hashes >> np.uint64(30)
    hashes *= np.uint64(0xBF58476D1CE4E5B9)
    hashes ^= hashes >> np.uint64(27)
    hashes *= np.uint64(0x94D049BB133111EB)
    hashes ^= hashes >> np.uint64(31)
    return hashes
