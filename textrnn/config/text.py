"""The settings of text preprocessing: how a text becomes ids."""

from dataclasses import dataclass
from typing import Literal

from textrnn.config.base import Config

Tokens = Literal["word", "sentencepiece", "text"]  # text: unchanged, for a TF-Hub module


Written = Literal["char", "word", "sentencepiece"]  # the tokens of a generator


Rule = Literal["textbook", "unicode"]


Keep = Literal["head", "tail", "both"]


ModelType = Literal["unigram", "bpe"]


@dataclass(frozen=True, kw_only=True)
class ClassifierTextConfig(Config):
    """Text preprocessing of a classifier; saved with the model, which needs the same."""

    tokens: Tokens = "word"
    word_pattern: Rule = "unicode"  # word pattern; textbook: ASCII letters and apostrophes only
    lower: bool = True
    max_vocab_size: int = (
        20_000  # number of words, or subwords, with their own ids (the most frequent)
    )
    min_count: int = 2  # a rarer word has no id of its own: most are typing errors
    oov_buckets: int = 100  # hash buckets for all other words
    model_type: ModelType = "unigram"  # of SentencePiece
    max_characters: int = 0  # use only the first max_characters of a text; 0 uses all
    max_tokens: int = 400  # longer texts are truncated in training
    truncation: Keep = "both"  # which end of a longer text is kept

    def __post_init__(self) -> None:
        for name, kind in (
            ("tokens", Tokens), ("word_pattern", Rule), ("truncation", Keep), ("model_type",
            ModelType),
        ):  # fmt: skip
            self._one_of(name, kind)
        self._at_least(1, "max_vocab_size", "min_count", "oov_buckets", "max_tokens")
        self._at_least(0, "max_characters")


@dataclass(frozen=True, kw_only=True)
class GeneratorTextConfig(Config):
    """Text preprocessing of a generator; saved with the model, also used in fine-tuning."""

    tokens: Written = "char"  # the unit of generation
    max_vocab_size: int = 2000  # vocabulary size of words or subwords
    model_type: ModelType = "unigram"  # of SentencePiece
    lower: bool = False

    def __post_init__(self) -> None:
        self._one_of("tokens", Written)
        self._one_of("model_type", ModelType)
        self._at_least(1, "max_vocab_size")
