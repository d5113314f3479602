"""Turn ids into continuations of a prime, up to a length, a stop text or the end of a sentence.

Lengths are in characters, whatever the tokens are. The stop text is not part of the continuation.
"""

import re
from collections.abc import Iterable
from typing import Literal

from textrnn.config.sampling import Until
from textrnn.tokenizers import Codec
from textrnn.tokenizers.codec import Start, StreamDecoder

End = Literal["length", "until", "stop", "interrupted"]  # what ended a text

# Characters after `length` in which the end of a sentence or a line is searched; then the first end
# of a word ends the text, within MOST_BEYOND characters.
BEYOND, MOST_BEYOND = 500, 600
TAIL = 16  # the last characters of a text, enough to see the end of a sentence in them
_IN_WORDS = "'’-_"
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*$")
_UNSPACED_END = re.compile(r"[。！？][」』”’）]*$")  # of scripts without spaces


def stop_texts(stop: str | Iterable[str]) -> tuple[str, ...]:
    """The stop texts as a tuple; a single string means one stop text."""
    return (stop,) if isinstance(stop, str) else tuple(stop)


def after(codec: Codec, prime: str, start: Start) -> StreamDecoder:
    """A decoder of ids into the text that follows `prime`, without what `start` repeats of it."""
    if not start.begun:
        return codec.stream_decoder(prime)
    begun, first = start.begun, True
    write = codec.stream_decoder(prime[: -len(begun)])

    def write_rest(id_: int) -> str:
        nonlocal first
        text = write(id_)
        if first:  # the start of this token repeats the end of the prime
            first, text = False, text[text.index(begun) + len(begun) :]
        return text

    return write_rest


class Continuation:
    """A text that grows token by token until `end` says what ended it.

    It has `length` characters; with `until` it goes on to the first end of a word, a sentence or a
    line. A stop text ends it earlier: the characters that may begin one are held back.
    """

    def __init__(
        self,
        codec: Codec,
        prime: str,
        start: Start,
        length: int,
        stop: str | Iterable[str],
        until: Until = "length",
    ) -> None:
        self.length, self.until, self.stop = length, until, stop_texts(stop)
        self.end: End | None = None
        self.stopped_by = ""  # the stop text that ended the text
        self._decode = after(codec, prime, start)
        self._written: list[str] = []
        self.count = 0  # characters, those held back included
        self._held = ""  # may begin a stop text
        self._space = ""  # after `length`; not part of the text if it ends here
        self._tail = prime[-TAIL:]
        if until == "length" and not length:
            self.end = "length"

    @property
    def text(self) -> str:
        """What is certain so far; the whole continuation when it has ended."""
        return "".join(self._written)

    def add(self, ids: Iterable[int]) -> str:
        """Append tokens, unless the text has ended; return what is certain now."""
        if self.end:
            return ""
        text = "".join(map(self._decode, ids))
        if not self.stop and self.until == "length" and self.count + len(text) < self.length:
            self.count += len(text)
            self._written.append(text)
            return text
        before = len(self._written)
        for character in text:
            if not self.end:
                self._add(character)
        return "".join(self._written[before:])

    def finish(self, end: End = "length") -> str:
        """End the text where it is, if it has not ended; return what was held back."""
        return "" if self.end else self._ended(end)

    def _add(self, character: str) -> None:
        if self.count >= self.length and self.until != "length":
            beyond = self.count - self.length
            goal = self.until if beyond < BEYOND else "word"
            if beyond >= MOST_BEYOND or at_end(goal, self._tail, character):
                self._ended("until" if beyond < MOST_BEYOND else "length")
                return
            self.count += 1
            self._tail = (self._tail + character)[-TAIL:]
            if character.isspace():
                self._space += character
                return
            character, self._space = self._space + character, ""
        else:
            self.count += 1
            self._tail = (self._tail + character)[-TAIL:]
        for each in character:
            if not self.end:
                self._write(each)
        if self.until == "length" and self.count == self.length and not self.end:
            self._ended("length")

    def _write(self, character: str) -> None:
        self._held += character
        found = [at for text in self.stop if (at := self._held.find(text)) >= 0]
        if found:
            self._written.append(self._held[: min(found)])
            self.end, self.stopped_by = "stop", self._held[min(found) :]
            return
        keep = max((_overlap(self._held, text) for text in self.stop), default=0)
        self._written.append(self._held[: len(self._held) - keep])
        self._held = self._held[len(self._held) - keep :]

    def _ended(self, end: End) -> str:
        rest, self._held = self._held, ""
        self._written.append(rest)
        self.end = end
        return rest


def at_end(until: Until, text: str, following: str) -> bool:
    """Whether `text` ends with a word, a sentence or a line, before the character `following`.

    A sentence ends with `.`, `!`, `?` or `…`, closing quotes and brackets included, before a white
    space; with their forms in Chinese and Japanese, after which no space is needed; or with an
    empty line. This is a rule of writing: "Dr. Who" has a sentence end.
    """
    if until == "word":
        return not (_in_word(text[-1:]) and _in_word(following))
    if until == "line":
        return text[-1:] == "\n" or following == "\n"
    if _UNSPACED_END.search(text) and following not in "」』”’）":
        return True
    core = text.rstrip()
    space = text[len(core) :] + (following if following.isspace() else "")
    return bool(space) and bool(_SENTENCE_END.search(core) or space.count("\n") >= 2)


def _in_word(character: str) -> bool:
    return character.isalnum() or (bool(character) and character in _IN_WORDS)


def _overlap(text: str, stop: str) -> int:
    # The number of characters at the end of `text` that start `stop`.
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
