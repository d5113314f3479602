"""Turn text into ids and back, by characters, words or SentencePiece subwords.

`TOKENIZERS` has one row per kind. Only code that fits or reads a tokenizer names the kind; all
other code uses the interface `textrnn.tokenizers.base.Tokenizer`.
"""

import base64
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from textrnn.config.text import Keep, ModelType, Rule
from textrnn.errors import ArtifactError
from textrnn.tokenizers.base import PAD_ID, Ids, Kind, Tokenizer, Unit, Unknown
from textrnn.tokenizers.characters import CharTokenizer, describe
from textrnn.tokenizers.codec import Codec
from textrnn.tokenizers.raw_text import TextTokenizer
from textrnn.tokenizers.serialization import parse
from textrnn.tokenizers.subwords import SentencePieceTokenizer
from textrnn.tokenizers.truncation import cut
from textrnn.tokenizers.words import WordTokenizer

__all__ = [
    "PAD_ID",
    "TOKENIZERS",
    "CharTokenizer",
    "Codec",
    "Ids",
    "Keep",
    "Kind",
    "ModelType",
    "Rule",
    "SentencePieceTokenizer",
    "TextTokenizer",
    "Tokenizer",
    "Unit",
    "Unknown",
    "WordTokenizer",
    "cut",
    "describe",
    "fit",
    "from_record",
    "read",
    "to_record",
]

TOKENIZERS: Mapping[str, type[Tokenizer]] = MappingProxyType(
    {
        "char": CharTokenizer,
        "word": WordTokenizer,
        "sentencepiece": SentencePieceTokenizer,
        "text": TextTokenizer,
    }
)


def fit(kind: str, texts: Iterable[str], **settings: Any) -> Tokenizer:
    """A tokenizer of this `kind` with a vocabulary from `texts`.

    Settings that its class does not have are ignored. CorpusError and ConfigError as for the
    `fit` of the class.
    """
    tokenizer = TOKENIZERS[kind]
    own = {name: value for name, value in settings.items() if name in tokenizer.settings}
    return tokenizer.fit(texts, **own)


def read(
    text: str, model: bytes | None = None, *, kinds: Iterable[str] = tuple(TOKENIZERS)
) -> Tokenizer:
    """The tokenizer in a tokenizer.json and, for SentencePiece, a tokenizer.model.

    ArtifactError when a file is damaged or missing, or the kind is not one of `kinds`.
    """
    kind, kinds = parse(text).get("type"), tuple(kinds)
    if kind not in kinds:
        *others, last = kinds
        known = f"{', '.join(others)} or {last}" if others else last
        raise ArtifactError(f'tokenizer.json: "type" must be {known}, got {kind!r}')
    return TOKENIZERS[kind].from_json(text, model)


def to_record(tokenizer: Tokenizer) -> dict[str, str | None]:
    """A tokenizer as entries of a JSON object; `from_record` is the inverse."""
    model = tokenizer.model
    return {
        "tokenizer": tokenizer.to_json(),
        "pieces": base64.b64encode(model).decode() if model else None,
    }


def from_record(record: Mapping[str, Any]) -> Tokenizer:
    """The tokenizer in a `record` that contains the entries of `to_record`."""
    model = record.get("pieces")
    return read(record["tokenizer"], base64.b64decode(model) if model else None)
