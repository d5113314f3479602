"""Exactly the verbatim copies of the corpus are found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textrnn.evaluation import copying
from textrnn.evaluation.copying import CopyReport, copied

texts = st.text("ab", max_size=30)


def ids_of(text: str) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    return np.frombuffer(text.encode(), np.uint8)


def brute_force(text: str, corpus: str, run: int) -> CopyReport:
    """The report by a search for every substring."""
    longest, covered = 0, set[int]()
    for start in range(len(text)):
        for stop in range(start + 1, len(text) + 1):
            if text[start:stop] in corpus:
                longest = max(longest, stop - start)
                if stop - start >= run:
                    covered.update(range(start, stop))
    return CopyReport(longest, len(covered) / len(text) if text else 0.0, run)


@given(text=texts, corpus=texts, run=st.integers(1, 9))
def test_it_equals_a_search_for_every_substring(text: str, corpus: str, run: int) -> None:
    assert copied(ids_of(text), ids_of(corpus), run) == brute_force(text, corpus, run)


@given(text=texts, corpus=texts, run=st.integers(1, 9), block=st.integers(1, 5))
def test_copies_across_corpus_blocks_are_found(
    text: str, corpus: str, run: int, block: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copying, "BLOCK", block)
        assert copied(ids_of(text), ids_of(corpus), run) == brute_force(text, corpus, run)


@pytest.mark.parametrize("place", [0, 33, 965])
def test_a_planted_run_is_found_with_its_exact_length(place: int) -> None:
    # Letters 0 to 49 in the corpus, 50 to 99 in the text: only the planted run is common.
    rng = np.random.default_rng(place)
    corpus = rng.integers(0, 50, 5000)
    text = rng.integers(50, 100, 1000)
    text[place : place + 35] = corpus[4000:4035]
    assert copied(text, corpus) == CopyReport(longest=35, copied_share=0.035, run=30)
    assert copied(text, corpus, run=36) == CopyReport(longest=35, copied_share=0.0, run=36)


@given(text=texts.filter(len), run=st.integers(1, 30))
def test_a_text_is_wholly_copied_from_itself(text: str, run: int) -> None:
    fraction = 1.0 if run <= len(text) else 0.0
    assert copied(ids_of(text), ids_of(text), run) == CopyReport(len(text), fraction, run)


@pytest.mark.parametrize(
    ("text", "corpus", "longest"), [("", "", 0), ("", "ab", 0), ("ab", "", 0), ("ab", "xaby", 2)]
)
def test_texts_shorter_than_run_have_a_copied_fraction_of_0(
    text: str, corpus: str, longest: int
) -> None:
    assert copied(ids_of(text), ids_of(corpus)) == CopyReport(longest, 0.0, 30)


def test_the_thue_morse_word_does_not_match_its_complement() -> None:
    # This pair collides in every polynomial hash modulo 2**64. Between two letters 2 the complement
    # has no window of full length in common with the word.
    word = np.array([0])
    while len(word) < 4096:
        word = np.concatenate([word, 1 - word])
    report = copied(word, np.concatenate([[2], 1 - word, [2]]), run=4096)
    assert report.longest < 4096
    assert report.copied_share == 0.0


def test_integer_types_may_differ() -> None:
    text = np.arange(40)
    assert copied(text.astype(np.uint8), text.astype(np.int32)).copied_share == 1.0


def test_a_run_of_no_characters_is_refused() -> None:
    with pytest.raises(ValueError, match="run"):
        copied(np.arange(3), np.arange(3), run=0)
