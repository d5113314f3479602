"""Encode running text for a generator, and decode its ids one at a time.

The text of a character id is the character. A subword may be one byte of a character; it is held
back until the character is complete. The space between two words is not a token: a rule inserts
it, depending on the last character before a word.
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

StreamDecoder = Callable[[int], str]  # id -> the text that is complete now

FIRST_BYTE = 4  # first byte id of SentencePieceTokenizer
FIRST_SUBWORD = FIRST_BYTE + 256  # the most probable trained subword
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


class _TokenCodec(Codec):
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


class SubwordCodec(_TokenCodec):
    """Codec of subword ids; every text can be encoded and generated."""

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
        """A line end, or else a sentence end in the vocabulary, or else the top subword."""
        if self.tokenizer.line_ends:
            return Start(self.encode("\n"))
        subwords = self.texts[FIRST_SUBWORD:]
        known = (subwords.index(end) for end in ENDS if end in subwords)
        return Start(np.array([FIRST_SUBWORD + next(known, 0)], np.int32))

    def encode(self, text: str) -> Ids:
        """`text` as ids."""
        return self.tokenizer.encode(text)

    def ends(self, text: str) -> list[int]:
        """The end position of each id of `text`, in characters."""
        return [end for _, end in self.tokenizer.spans(text)]

    def last(self, prime: str, ids: Ids) -> str:
        """The text of the last subword of `prime`; "" for a byte."""
        return self.texts[ids[-1]]

    def stream_decoder(self, prefix: str = "") -> StreamDecoder:
        """A decoder of one id at a time; drops bytes that are not valid UTF-8."""
        decode, data = codecs.getincrementaldecoder("utf-8")("ignore").decode, self._data
        return lambda id_: decode(data[id_])


class WordCodec(_TokenCodec):
    """Codec of ids of words, punctuation and line ends.

    A space is inserted between two tokens, except before closing punctuation, after opening
    brackets and quotes, and on both sides of dashes, slashes, line ends and scripts without spaces
    (ideographs, kana). Tabs and runs of spaces are lost; line ends are kept.
    """

    def __init__(self, tokenizer: "WordTokenizer") -> None:
        self.tokenizer = tokenizer
        buckets = ("",) * tokenizer.oov_buckets
        self._words = ("", *tokenizer.words_by_id, *buckets, *tokenizer.added)
        self.texts = tuple(STAND_INS.get(word, word) for word in self._words)
        self.banned = np.array([not text for text in self.texts])
        super().__init__(tokenizer.lower)

    def new_text(self) -> Start:
        """A line end, or else a sentence end in the vocabulary, or else the most frequent word."""
        known = (self.texts.index(end) for end in ENDS if end in self.texts)
        return Start(np.array([next(known, 1)], np.int32))

    def encode(self, text: str) -> Ids:
        """`text` as ids; a word outside the vocabulary has the id of its bucket."""
        return self.tokenizer.encode(stand_in(text))

    def encode_prime(self, text: str) -> Ids:
        """`text` as ids, if more text will follow: a quote at the end may open."""
        return self.tokenizer.encode(stand_in(text, more=True))

    def ends(self, text: str) -> list[int]:
        """The end position of each id of `text`, in characters."""
        return [end for _, end in self.tokenizer.spans(stand_in(text))]

    def last(self, prime: str, ids: Ids) -> str:
        """The last word of `prime`, in the vocabulary or not."""
        word = self.tokenizer.words(stand_in(prime, more=True))[-1]
        return STAND_INS.get(word, word)

    def stream_decoder(self, prefix: str = "") -> StreamDecoder:
        """A decoder of one id at a time, for ids that follow the text `prefix`."""
        last, words, texts = stand_in(prefix, more=True)[-1:] or LINE_END, self._words, self.texts

        def decode(id_: int) -> str:
            nonlocal last
            space = " " if spaced(last, words[id_][0]) else ""
            last = words[id_][-1]
            return space + texts[id_]

        return decode


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
