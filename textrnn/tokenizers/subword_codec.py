"""Encode running text as subword ids for a generator, and decode the ids one at a time.

A subword may be one byte of a character; it is held back until the character is complete.
"""

import codecs
from typing import TYPE_CHECKING

import numpy as np

from textrnn.tokenizers.base import Ids
from textrnn.tokenizers.codec import ENDS, Start, StreamDecoder, TokenCodec

if TYPE_CHECKING:
    from textrnn.tokenizers.subwords import SentencePieceTokenizer

FIRST_BYTE = 4  # first byte id of SentencePieceTokenizer
FIRST_SUBWORD = FIRST_BYTE + 256  # the most probable trained subword


class SubwordCodec(TokenCodec):
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
