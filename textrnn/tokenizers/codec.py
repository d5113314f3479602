"""Turn running text into a generator's ids, and ids into text as they come.

A character is text by itself. A subword may be a part of a character (a byte of it), which is
held back until the character is whole. A word needs to know what stands before it: the space
between two words is no token, so a rule puts it there.
"""

import codecs
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from textrnn.tokenizers.base import Ids, Mask, Unknown
from textrnn.tokenizers.spacing import LINE_END, STAND_INS, spaced, stand_in

if TYPE_CHECKING:
    from textrnn.tokenizers.characters import CharTokenizer
    from textrnn.tokenizers.subwords import SentencePieceTokenizer
    from textrnn.tokenizers.words import WordTokenizer

StreamDecoder = Callable[[int], str]  # an id -> the text that is certain now

FIRST_BYTE = 4  # of SentencePieceTokenizer's ids
FIRST_PIECE = FIRST_BYTE + 256  # the likeliest of those that were learnt
ENDS = ("\n", ".", "!", "?", "\u3002")  # tokens after which a new text may begin, the best first
MAX_UTF8_BYTES = 4  # of one character


class Start(NamedTuple):
    """A prime as ids to read, and the end of it that the first id to come writes once more.

    `only` (vocab_size,) are the ids that may come first: those that begin with `begun`.
    """

    ids: Ids
    only: Mask | None = None
    begun: str = ""


class Codec:
    """How a generator reads and writes text with the vocabulary of a tokenizer."""

    lower: bool
    characters: tuple[str, ...]  # all that can be written
    banned: Mask | None = None  # (vocab_size,): ids that are never to be written
    ids_per_character = MAX_UTF8_BYTES  # at most

    def new_text(self) -> Start:
        """What a new text begins after, where nobody gives a prime: a line end, if it is known."""
        raise NotImplementedError

    def encode(self, text: str) -> Ids:
        """`text` as ids, (tokens,)."""
        raise NotImplementedError

    def encode_pieces(self, texts: Iterable[str]) -> Ids:
        """All `texts`, which are parts of one, as ids, (tokens,)."""
        raise NotImplementedError

    def encode_with_ends(self, texts: Iterable[str]) -> tuple[Ids, Ids | None]:
        """The same, and the characters up to the end of each id, both (tokens,).

        None in place of the ends where an id is a character.
        """
        raise NotImplementedError

    def start(self, prime: str, unknown: Unknown) -> Start:
        """The ids of `prime`; TokenizerError for a character without an id, unless skipped."""
        raise NotImplementedError

    def unknown_characters(self, text: str) -> str:
        """Every character of `text` that no id writes, once each."""
        return ""

    def stream_decoder(self, prefix: str = "") -> StreamDecoder:
        """What turns ids that come after the text `prefix` into text, one id at a time."""
        raise NotImplementedError

    def decode(self, ids: npt.ArrayLike, prefix: str = "") -> str:
        """The text of `ids`, shape (tokens,), after the text `prefix`."""
        return "".join(map(self.stream_decoder(prefix), np.asarray(ids, np.int64).tolist()))


class CharacterCodec(Codec):
    """Ids that are characters."""

    ids_per_character = 1

    def __init__(self, tokenizer: "CharTokenizer") -> None:
        self.tokenizer, self.lower = tokenizer, tokenizer.lower
        self.characters = tokenizer.characters

    def new_text(self) -> Start:
        """What a new text begins after: a line end, or else the first known character."""
        known = self.characters
        return Start(np.array([known.index("\n") if "\n" in known else 0], self.tokenizer.dtype))

    def encode(self, text: str) -> Ids:
        """`text` as ids; TokenizerError for a character outside the alphabet."""
        return self.tokenizer.encode(text)

    def encode_pieces(self, texts: Iterable[str]) -> Ids:
        """All `texts` as ids, (characters,)."""
        return self.tokenizer.encode_pieces(texts)

    def encode_with_ends(self, texts: Iterable[str]) -> tuple[Ids, None]:
        """All `texts` as ids; how far each reaches need not be said."""
        return self.tokenizer.encode_pieces(texts), None

    def start(self, prime: str, unknown: Unknown) -> Start:
        """The ids of `prime`; TokenizerError for an unknown character, unless skipped."""
        return Start(self.tokenizer.encode(prime, unknown=unknown))

    def unknown_characters(self, text: str) -> str:
        """Every character of `text` that no id writes."""
        return self.tokenizer.unknown_characters(text)

    def stream_decoder(self, prefix: str = "") -> StreamDecoder:
        """What turns ids into characters."""
        return self.characters.__getitem__


class _TokenCodec(Codec):
    """Ids that write several characters, or a part of one."""

    banned: Mask
    texts: tuple[str, ...]  # what each id writes; nothing if it is never written, or a byte

    def __init__(self, lower: bool) -> None:
        self.lower = lower
        self.characters = tuple(sorted(set().union(*self.texts)))

    def encode_prime(self, text: str) -> Ids:
        """`text` as ids, where more text is to come."""
        return self.encode(text)

    def ends(self, text: str) -> list[int]:
        """The characters of `text` up to the end of each of its ids."""
        raise NotImplementedError

    def last(self, prime: str, ids: Ids) -> str:
        """The text of the last token of `prime`, whose ids these are; nothing if it has none."""
        raise NotImplementedError

    def start(self, prime: str, unknown: Unknown) -> Start:
        """The ids of `prime`, but for a last one that others begin with: one of those goes on.

        So "the" can become "then", though that is a token of its own. Nothing is unknown.
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
        """All `texts` as ids, and the characters up to the end of each, both (tokens,)."""
        ids: list[Ids] = [np.empty(0, np.int32)]
        ends: list[Ids] = [np.empty(0, np.int64)]
        length = 0
        for text in whole_words(texts):
            ids.append(self.encode(text))
            ends.append(np.array(self.ends(text), np.int64) + length)
            length += len(text)
        return np.concatenate(ids), np.concatenate(ends)

    def encode_pieces(self, texts: Iterable[str]) -> Ids:
        """All `texts` as ids, (tokens,)."""
        return np.concatenate([np.empty(0, np.int32), *map(self.encode, whole_words(texts))])


class SubwordCodec(_TokenCodec):
    """Ids that are pieces of words; every text can be read and written."""

    def __init__(self, tokenizer: "SentencePieceTokenizer") -> None:
        self.tokenizer = tokenizer
        bytes_ = range(FIRST_BYTE, FIRST_BYTE + 256)
        self._data = tuple(
            b"" if id_ < 2
            else bytes([id_ - FIRST_BYTE]) if id_ in bytes_
            else tokenizer.decode([id_]).encode()
            for id_ in range(tokenizer.vocab_size)
        )  # fmt: skip
        self.texts = tuple(
            "" if id_ in bytes_ else data.decode() for id_, data in enumerate(self._data)
        )
        self.banned = np.arange(tokenizer.vocab_size) < 2
        super().__init__(tokenizer.lower)

    def new_text(self) -> Start:
        """A line end or else the end of a sentence, if learnt; or else the likeliest piece."""
        if self.tokenizer.line_ends:
            return Start(self.encode("\n"))
        learnt = self.texts[FIRST_PIECE:]
        known = (learnt.index(end) for end in ENDS if end in learnt)
        return Start(np.array([FIRST_PIECE + next(known, 0)], np.int32))

    def encode(self, text: str) -> Ids:
        """`text` as ids."""
        return self.tokenizer.encode(text)

    def ends(self, text: str) -> list[int]:
        """The characters of `text` up to the end of each of its ids."""
        return [end for _, end in self.tokenizer.spans(text)]

    def last(self, prime: str, ids: Ids) -> str:
        """The last piece of `prime`."""
        return self.texts[ids[-1]]

    def stream_decoder(self, prefix: str = "") -> StreamDecoder:
        """What turns ids into text; bytes that make no character are dropped."""
        decode, data = codecs.getincrementaldecoder("utf-8")("ignore").decode, self._data
        return lambda id_: decode(data[id_])


class WordCodec(_TokenCodec):
    """Ids that are words, punctuation and line ends.

    A space goes between two of them, but for: before closing punctuation, after opening brackets
    and quotes, on either side of dashes, slashes, line ends and what is written without spaces
    (ideographs, kana). Tabs and runs of spaces are lost; line ends are kept.
    """

    def __init__(self, tokenizer: "WordTokenizer") -> None:
        self.tokenizer = tokenizer
        buckets = ("",) * tokenizer.oov_buckets
        self._spelt = ("", *tokenizer.words_by_id, *buckets, *tokenizer.added)
        self.texts = tuple(STAND_INS.get(word, word) for word in self._spelt)
        self.banned = np.array([not text for text in self.texts])
        super().__init__(tokenizer.lower)

    def new_text(self) -> Start:
        """A line end or else the end of a sentence, if known; or else the most frequent word."""
        known = (self.texts.index(end) for end in ENDS if end in self.texts)
        return Start(np.array([next(known, 1)], np.int32))

    def encode(self, text: str) -> Ids:
        """`text` as ids; words that have none get the one of unknown words."""
        return self.tokenizer.encode(stand_in(text))

    def encode_prime(self, text: str) -> Ids:
        """`text` as ids, where a quote that ends it may be one that opens."""
        return self.tokenizer.encode(stand_in(text, more=True))

    def ends(self, text: str) -> list[int]:
        """The characters of `text` up to the end of each of its ids."""
        return [end for _, end in self.tokenizer.spans(stand_in(text))]

    def last(self, prime: str, ids: Ids) -> str:
        """The last word of `prime`, known or not."""
        word = self.tokenizer.words(stand_in(prime, more=True))[-1]
        return STAND_INS.get(word, word)

    def stream_decoder(self, prefix: str = "") -> StreamDecoder:
        """What turns ids that come after the text `prefix` into text."""
        last, spelt, texts = stand_in(prefix, more=True)[-1:] or LINE_END, self._spelt, self.texts

        def decode(id_: int) -> str:
            nonlocal last
            space = " " if spaced(last, spelt[id_][0]) else ""
            last = spelt[id_][-1]
            return space + texts[id_]

        return decode


def whole_words(pieces: Iterable[str]) -> Iterator[str]:
    """The same text in pieces of about the same size, none of which ends within a word."""
    held = ""
    for piece in pieces:
        held += piece
        end = held.rfind("\n") + 1 or max(0, held.rfind(" "))
        if end:
            yield held[:end]
            held = held[end:]
    if held:
        yield held
