"""Turn text into ids and back: by characters, by words, by SentencePiece's pieces of words.

SentencePiece is loaded when the first tokenizer of its kind is asked for, and not before.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Union

from textrnn.errors import ArtifactError
from textrnn.tokenizers.characters import CharTokenizer, Ids, Unknown, describe
from textrnn.tokenizers.patterns import Rule
from textrnn.tokenizers.serialization import parse
from textrnn.tokenizers.words import PAD_ID, Keep, WordTokenizer, cut

if TYPE_CHECKING:
    from textrnn.tokenizers.subwords import ModelType as ModelType
    from textrnn.tokenizers.subwords import SentencePieceTokenizer as SentencePieceTokenizer

_IN_PIECES = ("ModelType", "SentencePieceTokenizer")

__all__ = [
    "PAD_ID",
    "CharTokenizer",
    "Ids",
    "Keep",
    "Rule",
    "Tokenizer",
    "Unknown",
    "WordTokenizer",
    "cut",
    "describe",
    "read",
]

Tokenizer = Union[CharTokenizer, WordTokenizer, "SentencePieceTokenizer"]


def read(text: str, model: bytes | None = None) -> Tokenizer:
    """The tokenizer of a tokenizer.json, and of a tokenizer.model where there is one.

    ArtifactError when it is damaged, of an unknown type, or one of the two is missing.
    """
    kind = parse(text).get("type")
    if kind == "char":
        return CharTokenizer.from_json(text)
    if kind == "word":
        return WordTokenizer.from_json(text)
    if kind != "sentencepiece":
        raise ArtifactError(
            f'tokenizer.json: "type" must be char, word or sentencepiece, got {kind!r}'
        )
    if model is None:
        raise ArtifactError(
            "tokenizer.model is missing, which a tokenizer of SentencePiece needs; restore the "
            "folder from a copy"
        )
    tokenizer: SentencePieceTokenizer = __getattr__("SentencePieceTokenizer").from_json(text, model)
    return tokenizer


def __getattr__(name: str) -> Any:
    """The names of `pieces`, when they are first used (PEP 562)."""
    if name not in _IN_PIECES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("textrnn.tokenizers.subwords"), name)
