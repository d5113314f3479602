"""Find the known word that an unknown one resembles: a typing error, or a drawn-out word.

    loooove -> love      three and more equal letters in a row become two, or else one
    greatt, graet -> great   one letter left out, added, replaced, or two exchanged

The candidates at distance 1 (Damerau 1964) are made from the unknown word and looked up (Norvig,
"How to write a spelling corrector", 2007); of several, the most frequent is taken.
"""

import re
from collections.abc import Iterator, Mapping

from textrnn.tokenizers.base import PAD_ID

SHORTEST = 5  # letters of a word that may have a typing error: short words resemble too many
LONGEST = 30  # letters; what is longer is no word
MOST_REMEMBERED = 100_000  # unknown words
_DRAWN_OUT = re.compile(r"(.)\1{2,}")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Speller:
    """Word -> the id of the known word that it resembles, or PAD_ID; it remembers what it found.

    `vocabulary` is known word -> id; a lower id means a more frequent word.
    """

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._vocabulary = vocabulary
        self._found: dict[str, int] = {}

    def __call__(self, word: str) -> int:
        """The id for an unknown `word`."""
        if word not in self._found:
            if len(self._found) >= MOST_REMEMBERED:
                self._found.clear()
            self._found[word] = self._look_up(word)
        return self._found[word]

    def _look_up(self, word: str) -> int:
        if not word.isalpha() or len(word) > LONGEST:
            return PAD_ID
        ids = self._vocabulary
        for shorter in (_DRAWN_OUT.sub(r"\1\1", word), _DRAWN_OUT.sub(r"\1", word)):
            if shorter in ids:
                return ids[shorter]
        if len(word) < SHORTEST:
            return PAD_ID
        return min((ids[each] for each in _neighbours(word) if each in ids), default=PAD_ID)


def _neighbours(word: str) -> Iterator[str]:
    """All words at distance 1, some of them twice."""
    for index in range(len(word) + 1):
        before, after = word[:index], word[index:]
        if after:
            yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        for letter in _LETTERS:
            yield before + letter + after
            if after:
                yield before + letter + after[1:]
