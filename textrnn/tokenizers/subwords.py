"""Turn text into ids of pieces of words and back, by SentencePiece.

    0 padding | 1 never used | 2 line end | 3 tab | 4 .. 259 the bytes | the learnt pieces

What no learnt piece covers is written as UTF-8 bytes, and no space is added, merged or dropped:
decoding what was encoded gives the text itself.

The library is imported where it is used: loading it takes 60 ms, which models of characters and
of words need not pay for.
"""

import hashlib
import io
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
from textrnn.tokenizers.codec import SubwordCodec, whole_words
from textrnn.tokenizers.serialization import fields

# SentencePiece writes a space as this character, and so reads the character itself as a space.
_SPACE = "\u2581"
# A word with the space before it; line ends and tabs are pieces of their own. SentencePiece
# skips what holds U+2585 or NUL, and a line of more than 4,192 bytes: 200 characters, four
# bytes each at most, stay well below.
_WORD = re.compile(f" ?[^ \n\t\0{_SPACE}\u2585]{{1,200}}| ")
_PROBE = f" a  {_SPACE}\n\t \N{ROCKET}"


class SentencePieceTokenizer(Tokenizer):
    """One id a piece, of a trained SentencePiece `model` (the bytes of its file).

    `lower` lower-cases whatever is encoded; `line_ends` says whether the texts that the pieces
    were learnt from held any. RuntimeError when `model` is no model.
    """

    kind: ClassVar[Kind] = "sentencepiece"
    unit: ClassVar[Unit] = "pieces"
    settings: ClassVar[tuple[str, ...]] = ("vocab_size", "model_type", "lower")

    model: bytes

    def __init__(self, model: bytes, *, lower: bool, line_ends: bool = True) -> None:
        import sentencepiece

        self.model, self.lower, self.line_ends = model, lower, line_ends
        self._processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        ids = range(self.vocab_size)
        # A byte's piece, <0x41>, stands for one byte, and so does a space's one character.
        self._bytes = np.array(
            [
                1
                if self._processor.is_byte(id_)
                else len(self._processor.id_to_piece(id_).replace(_SPACE, " ").encode())
                for id_ in ids
            ]
        )
        self._space = [self._processor.piece_to_id(f"<0x{byte:02X}>") for byte in _SPACE.encode()]

    @property
    def vocab_size(self) -> int:
        """How many ids there are, padding and bytes included."""
        return self._processor.get_piece_size()

    @property
    def vocabulary(self) -> Mapping[str, int]:
        """Nothing: what is a piece depends on all others, and no rule finds it in a text."""
        return {}

    @cached_property
    def codec(self) -> SubwordCodec:
        """How a generator reads and writes pieces."""
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
        """Learn the pieces that write the words of `texts` best; the order of texts is no matter.

        The texts are read once and only the counts of their words kept. Of "unigram" there are
        fewer pieces than `vocab_size` when the texts hold no more. CorpusError when they are too
        few for "bpe", when their characters alone are too many, and when there is no text.
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
            counts.update(_WORD.findall(text.lower() if lower else text))
        if not counts:
            raise CorpusError("the texts hold no word; name files that hold text")
        if any(map(_half_character, counts)):
            raise CorpusError("the text holds half a surrogate pair, which is no character")
        return cls(_train(counts, vocab_size, model_type), lower=lower, line_ends=line_ends)

    @staticmethod
    def of_running_text(chunks: Iterable[str]) -> Iterator[str]:
        """The texts to `fit` for a generator: cut between words."""
        return whole_words(chunks)

    def alphabet(self, texts: Iterable[str]) -> CharTokenizer:
        """The characters of `texts`, in the same case."""
        return CharTokenizer.fit(texts, lower=self.lower)

    def encode(self, text: str) -> Ids:
        """`text` as ids, shape (pieces,), int32.

        TokenizerError when it holds half a surrogate pair, which has no bytes.
        """
        return np.array(self._encode(text.lower() if self.lower else text), np.int32)

    def decode(self, ids: npt.ArrayLike) -> str:
        """The text of `ids`, shape (pieces,), without padding.

        Bytes that make no character become U+FFFD.
        """
        return str(self._processor.decode(np.asarray(ids, np.int64).tolist()))

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where each piece stands in `text`, as (start, end) in characters, in order.

        The bytes of one character all have its span.
        """
        read = text.lower() if self.lower else text
        ids = self._encode(read)
        data = np.frombuffer(read.encode(), np.uint8)
        # Bytes 10xxxxxx go on with a character, all others begin one.
        character = np.cumsum((data & 0xC0) != 0x80) - 1
        if len(read) != len(text):  # as U+0130, which lower() makes two characters
            lengths = [len(character.lower()) for character in text]
            character = np.repeat(np.arange(len(text)), lengths)[character]
        ends = np.cumsum(self._bytes[ids])
        first, last = character[ends - self._bytes[ids]], character[ends - 1]
        return list(zip(first.tolist(), (last + 1).tolist(), strict=True))

    def to_json(self) -> str:
        """What is not in the model, and the model's sum; `from_json` is the reverse."""
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
        """Read what `to_json` wrote, beside its `model`; ArtifactError when they do not belong."""
        content = fields(text, cls.kind)
        if model is None:
            raise ArtifactError(
                "tokenizer.model is missing, which a tokenizer of SentencePiece needs; restore the "
                "folder from a copy"
            )
        if content.get("sha256") != hashlib.sha256(model).hexdigest():
            raise ArtifactError(
                "tokenizer.model is damaged or of another model: its sha256 is not the one in "
                "tokenizer.json; restore the folder from a copy"
            )
        try:
            # SentencePiece takes nothing at all for a model yet to come.
            tokenizer = cls(
                model or b"empty",
                lower=content["lower"],
                line_ends=content.get("line_ends", True),
            )
        except RuntimeError as error:
            raise ArtifactError("tokenizer.model is not a model of SentencePiece") from error
        pad_id = tokenizer._processor.pad_id()
        if pad_id != 0 or tokenizer.decode(tokenizer.encode(_PROBE)) != _PROBE:
            raise ArtifactError(
                "tokenizer.model does not give back every text: it was not learnt by textrnn; "
                "learn one with --tokens sentencepiece"
            )
        return tokenizer

    def _content(self) -> tuple[object, ...]:
        return self.model, self.lower

    def _encode(self, text: str) -> list[int]:
        if half := _half_character(text):
            raise TokenizerError(
                f"the text holds half a surrogate pair at position {half.start():,}, which is no "
                f"character; leave it out"
            )
        first, *rest = (self._processor.encode(part) for part in text.split(_SPACE))
        for ids in rest:
            first += self._space + ids
        return list(first)


def _half_character(text: str) -> re.Match[str] | None:
    return None if text.isascii() else re.search("[\ud800-\udfff]", text)


def _train(counts: Counter[str], vocab_size: int, model_type: ModelType) -> bytes:
    """The model, as the bytes of its file: the same for the same counts on any machine."""
    import sentencepiece

    written = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=_table(counts),
            input_format="tsv",
            model_writer=written,
            vocab_size=vocab_size,
            model_type=model_type,
            hard_vocab_limit=model_type == "bpe",
            pad_id=0,
            unk_id=1,
            bos_id=-1,
            eos_id=-1,
            byte_fallback=True,
            user_defined_symbols=["\n", "\t"],
            normalization_rule_name="identity",
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            num_threads=1,  # sums in one order
            minloglevel=2,
        )
    except RuntimeError as error:
        raise _too_many_or_too_few(error, vocab_size) from error
    return written.getvalue()


def _table(counts: Counter[str]) -> Iterator[str]:
    for word in sorted(counts):
        yield f"{word}\t{counts[word]}"


def _too_many_or_too_few(error: RuntimeError, vocab_size: int) -> CorpusError:
    """What SentencePiece says about `vocab_size`, with the number that would do."""
    message = str(error)
    if found := re.search(r"set it to a value <= (\d+)", message):
        return CorpusError(
            f"the texts are too few for {vocab_size:,} pieces; set --words to "
            f"{int(found[1]):,} at most, or use --set model_type=unigram"
        )
    if found := re.search(r"required_chars\. \d+ vs (\d+)", message):
        return CorpusError(
            f"{vocab_size:,} pieces are too few for the bytes and the characters of the texts; "
            f"set --words to {int(found[1]):,} at least"
        )
    return CorpusError(f"SentencePiece cannot learn from these texts: {message}")
