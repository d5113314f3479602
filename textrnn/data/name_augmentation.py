"""Turn a text into the same text with other names, so that a model does not learn names by heart.

A play that a model has never seen has people that it has never seen. One that learnt from few
plays knows a few dozen names letter by letter, and is lost where another name comes up: with names
that change from passage to passage it learns how names are made, and to look for them in what it
has just read.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

CONTEXT = 3  # letters that the next letter of an invented name depends on
LONGEST = 20
PASSAGE = 2000  # characters, about: a name stays the same so long

_WORD = re.compile(r"[^\W\d_]+")
_ENDS = re.compile(r"\n\s*\n|\n|\s")  # where a passage may end: the first kind there is


class Renamer:
    """Gives `text` other names, time and again.

    A name is a word of three letters or more with a capital that never stands in the text in
    small letters. Invented ones are spelt like the names there are, letter by letter (a Markov
    chain), out of the characters of the text alone.
    """

    def __init__(self, text: str) -> None:
        words = set(_WORD.findall(text))
        self.names = {
            word
            for word in words
            if len(word) > 2 and word[0].isupper() and word.lower() not in words
        }
        self._text, self._alphabet = text, set(text)
        followers: dict[str, list[str]] = defaultdict(list)
        for name in sorted({name.lower() for name in self.names}):
            padded = "^" * CONTEXT + name + "$"
            for place in range(CONTEXT, len(padded)):
                followers[padded[place - CONTEXT : place]].append(padded[place])
        self._followers = {context: "".join(letters) for context, letters in followers.items()}

    def renamed(self, share: float, rng: np.random.Generator) -> str:
        """The text, in each of its passages about so large a share of the names invented anew."""
        return "".join(self._passage(passage, share, rng) for passage in self._passages(rng))

    def invented(self, rng: np.random.Generator) -> str:
        """A name in small letters."""
        name = ""
        while len(name) < LONGEST:
            letters = self._followers[("^" * CONTEXT + name)[-CONTEXT:]]
            letter = letters[rng.integers(len(letters))]
            if letter == "$":
                break
            name += letter
        return name

    def _passages(self, rng: np.random.Generator) -> Iterator[str]:
        start = 0
        while start < len(self._text):
            least = start + int(rng.integers(PASSAGE // 2, PASSAGE * 3 // 2))
            end = _ENDS.search(self._text, least, least + PASSAGE)
            stop = end.end() if end else least
            yield self._text[start:stop]
            start = stop

    def _passage(self, passage: str, share: float, rng: np.random.Generator) -> str:
        new: dict[str, str] = {}  # a name in small letters -> what it is called here

        def called(match: re.Match[str]) -> str:
            word = match[0]
            if word not in self.names:
                return word
            key = word.lower()
            if key not in new:
                new[key] = self._another(key, rng) if rng.random() < share else key
            if new[key] == key:
                return word
            return new[key].upper() if word.isupper() else new[key].capitalize()

        return _WORD.sub(called, passage)

    def _another(self, name: str, rng: np.random.Generator) -> str:
        """An invented name, or the same if the text has not all the characters to write it."""
        invented = self.invented(rng)
        writable = self._alphabet.issuperset(invented + invented.upper())
        return invented if writable else name
