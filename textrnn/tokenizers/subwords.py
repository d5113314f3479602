"""Turn text into subword ids and back, with SentencePiece.

    0 padding | 1 never used | 2 line end | 3 tab | 4 .. 259 the bytes | the trained subwords

Characters outside the trained subwords are encoded as UTF-8 bytes, and no space is added, merged
or dropped: decoding restores the text exactly.

The library is imported on use: loading it takes 60 ms, which character and word models can save.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import ClassVar, Self, get_args

import numpy as np
import numpy.typing as npt

from textrnn.config.text import ModelType
from textrnn.errors import ArtifactError, ConfigError, CorpusError, TokenizerError
from textrnn.tokenizers.base import Ids, Kind, Tokenizer, Unit
from textrnn.tokenizers.characters import CharTokenizer
from textrnn.tokenizers.codec import whole_words
from textrnn.tokenizers.serialization import fields
from textrnn.tokenizers.subword_codec import SubwordCodec
from textrnn.tokenizers.subword_training import SPACE, train_model, words

_PROBE = f" a  {SPACE}\n\t \N{ROCKET}"


class SentencePieceTokenizer(Tokenizer):
    """One id per subword of a trained SentencePiece `model` (the bytes of its file).

    If `lower`, text is lower-cased before encoding. `line_ends` says whether the training texts
    contained line ends. RuntimeError when `model` is not a SentencePiece model.
    """

    kind: ClassVar[Kind] = "sentencepiece"
    unit: ClassVar[Unit] = "subwords"
    settings: ClassVar[tuple[str, ...]] = ("vocab_size", "model_type", "lower")

    model: bytes

    def __init__(self, model: bytes, *, lower: bool, line_ends: bool = True) -> None:
        import sentencepiece

        self.model, self.lower, self.line_ends = model, lower, line_ends
        self._processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        ids = range(self.vocab_size)
        # UTF-8 length of each subword; a byte subword such as <0x41> has length 1.
        self._bytes = np.array(
            [
                1
                if self._processor.is_byte(id_)
                else len(self._processor.id_to_piece(id_).replace(SPACE, " ").encode())
                for id_ in ids
            ]
        )
        self._space = [self._processor.piece_to_id(f"<0x{byte:02X}>") for byte in SPACE.encode()]

    @property
    def vocab_size(self) -> int:
        """Number of ids, including padding and bytes."""
        return self._processor.get_piece_size()

    @property
    def vocabulary(self) -> Mapping[str, int]:
        """Empty: the segmentation into subwords depends on the model, not on a word pattern."""
        return {}

    @cached_property
    def codec(self) -> SubwordCodec:
        """Encoder and decoder of running text for a generator of subwords."""
        return SubwordCodec(self)

    @classmethod
    def fit(
        cls,
        texts: Iterable[str],
        *,
        vocab_size: int = 8_000,
        model_type: ModelType = "unigram",
        lower: bool = False,
    ) -> Self:
        """Train SentencePiece on the word counts of `texts`; their order does not matter.

        The texts are read once, and only their word counts are kept. A "unigram" model may have
        fewer than `vocab_size` subwords if the texts are too few. CorpusError when they are too
        few for "bpe", when they have more characters than `vocab_size`, or when they are empty.
        """
        if model_type not in get_args(ModelType):
            raise ConfigError(
                f"model_type must be one of {', '.join(get_args(ModelType))}, got {model_type!r}"
            )
        if vocab_size < 1:
            raise ConfigError(f"vocab_size must be at least 1, got {vocab_size}")
        counts: Counter[str] = Counter()
        line_ends = False
        for text in texts:
            line_ends = line_ends or "\n" in text
            counts.update(words(text.lower() if lower else text))
        if not counts:
            raise CorpusError("the texts contain no word; name files that contain text")
        if any(map(_half_pair, counts)):
            raise CorpusError(
                "the text contains half a surrogate pair, which is not a character; remove it"
            )
        return cls(train_model(counts, vocab_size, model_type), lower=lower, line_ends=line_ends)

    @staticmethod
    def of_running_text(chunks: Iterable[str]) -> Iterator[str]:
        """The texts to pass to `fit` for a generator: chunks that end between words."""
        return whole_words(chunks)

    def alphabet(self, texts: Iterable[str]) -> CharTokenizer:
        """The characters of `texts`, in the same case."""
        return CharTokenizer.fit(texts, lower=self.lower)

    def encode(self, text: str) -> Ids:
        """`text` as ids, shape (subwords,), int32.

        TokenizerError when it contains half a surrogate pair, which has no UTF-8 bytes.
        """
        return np.array(self._encode(text.lower() if self.lower else text), np.int32)

    def decode(self, ids: npt.ArrayLike) -> str:
        """The text of `ids`, shape (subwords,), without padding.

        Bytes that are not valid UTF-8 become U+FFFD.
        """
        return str(self._processor.decode(np.asarray(ids, np.int64).tolist()))

    def spans(self, text: str, count: int | None = None) -> list[tuple[int, int]]:
        """(start, end) of each subword in `text`, in characters, in order; of the first `count`.

        All bytes of one character have its span.
        """
        read = text.lower() if self.lower else text
        ids = self._encode(read)
        data = np.frombuffer(read.encode(), np.uint8)
        # Bytes 10xxxxxx continue a character; all others begin one.
        character = np.cumsum((data & 0xC0) != 0x80) - 1
        if len(read) != len(text):  # such as U+0130, which lower() turns into two characters
            lengths = [len(character.lower()) for character in text]
            character = np.repeat(np.arange(len(text)), lengths)[character]
        ends = np.cumsum(self._bytes[ids])[:count]
        first, last = character[ends - self._bytes[ids[:count]]], character[ends - 1]
        return list(zip(first.tolist(), (last + 1).tolist(), strict=True))

    def to_json(self) -> str:
        """The settings outside the model file, and its SHA-256; `from_json` is the inverse."""
        return json.dumps(
            {
                "type": self.kind,
                "lower": self.lower,
                "sha256": hashlib.sha256(self.model).hexdigest(),
                **({} if self.line_ends else {"line_ends": False}),
            },
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str, model: bytes | None = None) -> Self:
        """Inverse of `to_json`, with its `model`; ArtifactError when the two do not match."""
        content = fields(text, cls.kind)
        if model is None:
            raise ArtifactError(
                "tokenizer.model is missing, which a SentencePiece tokenizer needs; restore the "
                "folder from a copy"
            )
        if content.get("sha256") != hashlib.sha256(model).hexdigest():
            raise ArtifactError(
                "tokenizer.model is damaged or from another model: its sha256 is not the one in "
                "tokenizer.json; restore the folder from a copy"
            )
        try:
            # SentencePiece accepts empty bytes as a model to be loaded later.
            tokenizer = cls(
                model or b"empty",
                lower=content["lower"],
                line_ends=content.get("line_ends", True),
            )
        except (RuntimeError, UnicodeDecodeError) as error:  # a subword may be any bytes
            raise ArtifactError(
                "tokenizer.model is not a SentencePiece model; restore the folder from a copy"
            ) from error
        pad_id = tokenizer._processor.pad_id()
        if pad_id != 0 or tokenizer.decode(tokenizer.encode(_PROBE)) != _PROBE:
            raise ArtifactError(
                "tokenizer.model does not restore every text: it was not trained by textrnn; "
                "train one with --tokens sentencepiece"
            )
        return tokenizer

    def _content(self) -> tuple[object, ...]:
        return self.model, self.lower

    def _encode(self, text: str) -> list[int]:
        if half := _half_pair(text):
            raise TokenizerError(
                f"the text contains half a surrogate pair at position {half.start():,}, which is "
                f"not a character; remove it"
            )
        first, *rest = (self._processor.encode(part) for part in text.split(SPACE))
        for ids in rest:
            first += self._space + ids
        return list(first)


def _half_pair(text: str) -> re.Match[str] | None:
    return None if text.isascii() else re.search("[\ud800-\udfff]", text)
