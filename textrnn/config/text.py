"""How a text becomes ids."""

from dataclasses import dataclass
from typing import Literal

from textrnn.config.base import Config

Tokens = Literal["word", "sentencepiece", "text"]  # text: as it is, for a TF-Hub module


Written = Literal["char", "word", "sentencepiece"]  # a generator's tokens


Rule = Literal["textbook", "unicode"]


Keep = Literal["first", "last", "both"]


ModelType = Literal["unigram", "bpe"]


@dataclass(frozen=True, kw_only=True)
class ReadingConfig(Config):
    """How a text becomes ids; saved with the model, so that it reads as it learnt to."""

    tokens: Tokens = "word"
    rule: Rule = "unicode"  # what a word is; textbook: ASCII letters and apostrophes alone
    lower: bool = True
    words: int = 20_000  # the most frequent words, or pieces, that get ids of their own
    min_count: int = 2  # a rarer word gets none; a word of a corpus's own typing errors
    oov_buckets: int = 100  # ids that all other words share, by hash
    model_type: ModelType = "unigram"  # SentencePiece's
    max_characters: int = 0  # read only the first so many; 0 reads all
    max_words: int = 400  # a longer text is cut to learn from
    keep: Keep = "both"  # which end of it is kept

    def __post_init__(self) -> None:
        for name, kind in (
            ("tokens", Tokens), ("rule", Rule), ("keep", Keep), ("model_type", ModelType),
        ):  # fmt: skip
            self._one_of(name, kind)
        self._at_least(1, "words", "min_count", "oov_buckets", "max_words")
        self._at_least(0, "max_characters")


@dataclass(frozen=True, kw_only=True)
class GeneratorTextConfig(Config):
    """How a generator's text becomes ids; saved with the model, which fine-tuning keeps to."""

    tokens: Written = "char"  # what the model writes one after another
    words: int = 2000  # the most frequent words, or pieces, that it can write
    model_type: ModelType = "unigram"  # SentencePiece's
    lower: bool = False

    def __post_init__(self) -> None:
        self._one_of("tokens", Written)
        self._one_of("model_type", ModelType)
        self._at_least(1, "words")
