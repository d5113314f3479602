"""Encode running text as word ids for a generator, and decode the ids one at a time.

The space between two words is not a token: a rule inserts it, depending on the last character
before a word.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from textrnn.tokenizers.base import Ids
from textrnn.tokenizers.codec import ENDS, Start, StreamDecoder, TokenCodec, whole_words
from textrnn.tokenizers.spacing import LINE_END, STAND_INS, spaced, stand_in

if TYPE_CHECKING:
    from textrnn.tokenizers.words import WordTokenizer


class WordCodec(TokenCodec):
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

    def unknown_words(self, texts: Iterable[str]) -> list[str]:
        """The words of the concatenated `texts` without an id of their own, in order."""
        known, words = self.tokenizer.vocabulary, self.tokenizer.words
        found = (word for text in whole_words(texts) for word in words(stand_in(text)))
        return [word for word in found if word not in known]

    def stream_decoder(self, prefix: str = "") -> StreamDecoder:
        """A decoder of one id at a time, for ids that follow the text `prefix`."""
        last, words, texts = stand_in(prefix, more=True)[-1:] or LINE_END, self._words, self.texts

        def decode(id_: int) -> str:
            nonlocal last
            space = " " if spaced(last, words[id_][0]) else ""
            last = words[id_][-1]
            return space + texts[id_]

        return decode
