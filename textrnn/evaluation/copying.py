"""Measure how much of a text is copied verbatim from a corpus.

A network that memorises its corpus writes well but generalises little. Windows of text and corpus
are compared by 64-bit hashes: n windows against m give n m / 2**64 expected false matches, far
below one. The corpus is hashed block by block, so little memory is needed beyond the corpus.
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
    """The result of `copied`."""

    longest: int  # characters in the longest substring of the text that occurs in the corpus
    copied_share: float  # fraction of characters inside a copied run of `run` or more
    run: int


def copied(text_ids: Ids, corpus_ids: Ids, run: int = 30) -> CopyReport:
    """Measure how much of `text_ids` is copied from `corpus_ids`.

        text_ids    (n,) integers
        corpus_ids  (m,) integers of the same alphabet; the integer types may differ
        run         the minimum length in characters that counts as copied

    `copied_share` is 0.0 if the text or the corpus is shorter than `run`; `longest` is 0 if one is
    empty. ValueError when `run` is below 1. Counting the n-grams of generated text that occur in
    the training text follows McCoy et al., "How much do language models copy from their training
    data?" (2023).
    """
    if run < 1:
        raise ValueError(f"run must be at least 1 character, got {run}")
    matches = _matches(text_ids, corpus_ids, run)
    covered = np.zeros(len(text_ids) + 1, np.int64)
    covered[: len(matches)] += matches
    covered[run : run + len(matches)] -= matches
    fraction = float((covered.cumsum()[:-1] > 0).mean()) if len(text_ids) else 0.0

    # Any part of a copied substring is copied: `low` always matches, `high` never does.
    low, high = (run, 2 * run) if matches.any() else (0, run)
    while low and _matches(text_ids, corpus_ids, high).any():
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if _matches(text_ids, corpus_ids, middle).any():
            low = middle
        else:
            high = middle
    return CopyReport(longest=low, copied_share=fraction, run=run)


def _matches(text_ids: Ids, corpus_ids: Ids, length: int) -> npt.NDArray[np.bool_]:
    """Whether each of the n - length + 1 windows of the text occurs in the corpus, as a mask."""
    if length > len(text_ids):
        return np.zeros(0, np.bool_)
    text_hashes, window_of_text = np.unique(_window_hashes(text_ids, length), return_inverse=True)
    found = np.zeros(len(text_hashes), np.bool_)

    # A filter on a few bits saves the binary search for most corpus windows (Bloom 1970).
    shift = np.uint64(64 - SIEVE_BITS)
    sieve = np.zeros(1 << SIEVE_BITS, np.bool_)
    sieve[text_hashes >> shift] = True
    block = max(BLOCK, length)
    for start in range(0, len(corpus_ids) - length + 1, block):
        hashes = _window_hashes(corpus_ids[start : start + block + length - 1], length)
        hashes = hashes[sieve[hashes >> shift]]
        index = np.minimum(np.searchsorted(text_hashes, hashes), len(text_hashes) - 1)
        found[index[text_hashes[index] == hashes]] = True
    return found[window_of_text]


def _window_hashes(ids: Ids, length: int) -> Hashes:
    """Hash each of the n - length + 1 windows of `ids` (n,), by doubling.

    The hash of a window of 2 k characters combines those of its two halves. Any other length
    combines two overlapping windows (Karp, Miller and Rosenberg 1972). A polynomial hash modulo
    2**64 would be simpler, but it gives the Thue-Morse word and its complement the same hash, for
    any base and any values of the ids. A scrambler has no such systematic collisions.
    """
    hashes = _scramble(ids.astype(np.uint64) + np.uint64(1))
    size = 1
    while size < length:
        step = min(size, length - size)
        hashes = _scramble(hashes[:-step] * np.uint64(0x9E3779B97F4A7C15) + hashes[step:])
        size += step
    return hashes


def _scramble(hashes: Hashes) -> Hashes:
    """Scramble the 64-bit numbers in place: the finaliser of SplitMix64 (Steele et al. 2014)."""
    hashes ^= hashes >> np.uint64(30)
    hashes *= np.uint64(0xBF58476D1CE4E5B9)
    hashes ^= hashes >> np.uint64(27)
    hashes *= np.uint64(0x94D049BB133111EB)
    hashes ^= hashes >> np.uint64(31)
    return hashes
