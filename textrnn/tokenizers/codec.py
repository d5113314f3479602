"""Encode running text for a generator, and decode its ids one at a time.

`Codec` is the interface, and `CharacterCodec` implements it for character ids, whose text is the
character. `TokenCodec` is the base of the codecs of words and of subwords, which have modules of
their own.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from textrnn.tokenizers.base import Ids, Mask, Unknown

if TYPE_CHECKING:
    from textrnn.tokenizers.characters import CharTokenizer

StreamDecoder = Callable[[int], str]  # id -> the text that is complete now

ENDS = ("\n", ".", "!", "?", "\u3002")  # tokens after which a new text may begin, best first
MAX_UTF8_BYTES = 4  # of one character


class Start(NamedTuple):
    """An encoded prime, and its suffix that the first generated token must repeat.

    `only` (vocab_size,) is a mask of the ids allowed first: those whose text begins with `begun`.
    """

    ids: Ids
    only: Mask | None = None
    begun: str = ""


class Codec:
    """Encoder and decoder of running text for a generator, with a tokenizer's vocabulary."""

    lower: bool
    characters: tuple[str, ...]  # all characters that can be generated
    banned: Mask | None = None  # (vocab_size,): ids that must not be generated
    ids_per_character = MAX_UTF8_BYTES  # at most

    def new_text(self) -> Start:
        """The prime to use if none is given: a line end if the vocabulary has it."""
        raise NotImplementedError

    def encode(self, text: str) -> Ids:
        """`text` as ids, (tokens,)."""
        raise NotImplementedError

    def encode_pieces(self, texts: Iterable[str]) -> Ids:
        """The concatenation of `texts` as ids, (tokens,)."""
        raise NotImplementedError

    def encode_with_ends(self, texts: Iterable[str]) -> tuple[Ids, Ids | None]:
        """As `encode_pieces`, and the end position of each id in characters, both (tokens,).

        The ends are None if an id is a character.
        """
        raise NotImplementedError

    def start(self, prime: str, unknown: Unknown) -> Start:
        """The ids of `prime`; TokenizerError for a character without an id, unless skipped."""
        raise NotImplementedError

    def unknown_characters(self, text: str) -> str:
        """The characters of `text` that cannot be encoded, once each."""
        return ""

    def unknown_words(self, texts: Iterable[str]) -> list[str]:
        """The words of the concatenated `texts` without an id of their own, in order."""
        return []

    def stream_decoder(self, prefix: str = "") -> StreamDecoder:
        """A decoder of one id at a time, for ids that follow the text `prefix`."""
        raise NotImplementedError

    def decode(self, ids: npt.ArrayLike, prefix: str = "") -> str:
        """The text of `ids`, shape (tokens,), which follow the text `prefix`."""
        return "".join(map(self.stream_decoder(prefix), np.asarray(ids, np.int64).tolist()))


class CharacterCodec(Codec):
    """Codec of character ids."""

    ids_per_character = 1

    def __init__(self, tokenizer: "CharTokenizer") -> None:
        self.tokenizer, self.lower = tokenizer, tokenizer.lower
        self.characters = tokenizer.characters

    def new_text(self) -> Start:
        """The default prime: a line end, or else the first character of the alphabet."""
        known = self.characters
        return Start(np.array([known.index("\n") if "\n" in known else 0], self.tokenizer.dtype))

    def encode(self, text: str) -> Ids:
        """`text` as ids; TokenizerError for a character outside the alphabet."""
        return self.tokenizer.encode(text)

    def encode_pieces(self, texts: Iterable[str]) -> Ids:
        """The concatenation of `texts` as ids, (characters,)."""
        return self.tokenizer.encode_pieces(texts)

    def encode_with_ends(self, texts: Iterable[str]) -> tuple[Ids, None]:
        """The concatenation of `texts` as ids; no ends, since each id is one character."""
        return self.tokenizer.encode_pieces(texts), None

    def start(self, prime: str, unknown: Unknown) -> Start:
        """The ids of `prime`; TokenizerError for an unknown character, unless skipped."""
        return Start(self.tokenizer.encode(prime, unknown=unknown))

    def unknown_characters(self, text: str) -> str:
        """The characters of `text` outside the alphabet, once each."""
        return self.tokenizer.unknown_characters(text)

    def stream_decoder(self, prefix: str = "") -> StreamDecoder:
        """A decoder of one id at a time; `prefix` does not matter."""
        return self.characters.__getitem__


class TokenCodec(Codec):
    """Codec of ids of several characters, or of a part of one."""

    banned: Mask
    texts: tuple[str, ...]  # text of each id; "" for a byte or a banned id

    def __init__(self, lower: bool) -> None:
        self.lower = lower
        self.characters = tuple(sorted(set().union(*self.texts)))

    def encode_prime(self, text: str) -> Ids:
        """`text` as ids, if more text will follow."""
        return self.encode(text)

    def ends(self, text: str) -> list[int]:
        """The end position of each id of `text`, in characters."""
        raise NotImplementedError

    def last(self, prime: str, ids: Ids) -> str:
        """The text of the last token of `prime`, whose ids are `ids`; "" for a byte."""
        raise NotImplementedError

    def start(self, prime: str, unknown: Unknown) -> Start:
        """The ids of `prime`, without the last one if other tokens begin with its text.

        The first generated token must then begin with that text: so "the" can become "then",
        though "then" is a different token. No character is unknown.
        """
        ids = self.encode_prime(prime)
        begun = self.last(prime, ids) if len(ids) else ""
        if not begun or not (prime.lower() if self.lower else prime).endswith(begun):
            return Start(ids)
        only = np.array([text.startswith(begun) for text in self.texts]) & ~self.banned
        if only.sum() == only[ids[-1]]:
            return Start(ids)
        return Start(ids[:-1] if len(ids) > 1 else self.new_text().ids, only, begun)

    def encode_with_ends(self, texts: Iterable[str]) -> tuple[Ids, Ids]:
        """The concatenation of `texts` as ids, and the end of each in characters: (tokens,)."""
        ids: list[Ids] = [np.empty(0, np.int32)]
        ends: list[Ids] = [np.empty(0, np.int64)]
        length = 0
        for text in whole_words(texts):
            ids.append(self.encode(text))
            ends.append(np.array(self.ends(text), np.int64) + length)
            length += len(text)
        return np.concatenate(ids), np.concatenate(ends)

    def encode_pieces(self, texts: Iterable[str]) -> Ids:
        """The concatenation of `texts` as ids, (tokens,)."""
        return np.concatenate([np.empty(0, np.int32), *map(self.encode, whole_words(texts))])


def whole_words(chunks: Iterable[str]) -> Iterator[str]:
    """The same text in chunks of about the same size, none of which ends inside a word."""
    rest = ""
    for chunk in chunks:
        rest += chunk
        end = rest.rfind("\n") + 1 or max(0, rest.rfind(" "))
        if end:
            yield rest[:end]
            rest = rest[end:]
    if rest:
        yield rest
