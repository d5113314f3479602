"""Name augmentation: replace the names in a text, so that a model does not memorise them.

An unseen play has unseen names. A model trained on few plays memorises a few dozen names letter by
letter, and fails at any other. If the names change from passage to passage, the model learns how
names are spelt, and to copy them from the preceding text.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

CONTEXT = 3  # context of the Markov chain, in letters
LONGEST = 20  # letters of an invented name
PASSAGE = 2000  # mean length in characters; a replacement holds for one passage

_WORD = re.compile(r"[^\W\d_]+")
_ENDS = re.compile(r"\n\s*\n|\n|\s")  # where a passage may end, best first


class Renamer:
    """Replaces the names in `text` by invented ones, anew at each call.

    A name is a capitalised word of three letters or more that never occurs in lower case in the
    text. Invented names come from a Markov chain over the letters of the names in the text, and
    use only characters of the text.
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
            for index in range(CONTEXT, len(padded)):
                followers[padded[index - CONTEXT : index]].append(padded[index])
        self._followers = {context: "".join(letters) for context, letters in followers.items()}

    def renamed(self, fraction: float, rng: np.random.Generator) -> str:
        """The text, with about the `fraction` of the names in each passage replaced."""
        return "".join(self._passage(passage, fraction, rng) for passage in self._passages(rng))

    def invented(self, rng: np.random.Generator) -> str:
        """A random name in lower case."""
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

    def _passage(self, passage: str, fraction: float, rng: np.random.Generator) -> str:
        new: dict[str, str] = {}  # lower-case name -> its replacement in this passage

        def replacement(match: re.Match[str]) -> str:
            word = match[0]
            if word not in self.names:
                return word
            key = word.lower()
            if key not in new:
                new[key] = self._invent_writable(key, rng) if rng.random() < fraction else key
            if new[key] == key:
                return word
            return new[key].upper() if word.isupper() else new[key].capitalize()

        return _WORD.sub(replacement, passage)

    def _invent_writable(self, name: str, rng: np.random.Generator) -> str:
        """An invented name, or `name` itself if the text lacks a character of it."""
        invented = self.invented(rng)
        writable = self._alphabet.issuperset(invented + invented.upper())
        return invented if writable else name
