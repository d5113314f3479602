"""The settings of text preprocessing: how a text becomes ids."""

from dataclasses import dataclass
from typing import Literal

from textrnn.config.base import Config, setting

Tokens = Literal["word", "sentencepiece", "text"]  # text: unchanged, for a TF-Hub module


Written = Literal["char", "word", "sentencepiece"]  # the tokens of a generator


Rule = Literal["textbook", "unicode"]


Keep = Literal["head", "tail", "both"]


ModelType = Literal["unigram", "bpe"]


@dataclass(frozen=True, kw_only=True)
class ClassifierTextConfig(Config):
    """Text preprocessing of a classifier; saved with the model, which needs the same."""

    tokens: Tokens = setting("word", "Tokens; text: the --hub module takes whole texts.")
    word_pattern: Rule = setting(
        "unicode", "Word pattern; textbook: ASCII letters and apostrophes."
    )
    lower: bool = setting(True, "Lower-case the texts.")
    max_vocab_size: int = setting(20_000, "Maximum vocabulary size (words or subwords).")
    # Most rare words are typing errors.
    min_count: int = setting(2, "A word that is rarer has no id of its own.")
    spelling: bool = setting(
        False, "Read an unknown word as the known one that it resembles: a typing error, loooove."
    )
    oov_buckets: int = setting(100, "Hash buckets for all other words.")
    model_type: ModelType = setting("unigram", "Kind of SentencePiece model.")
    max_characters: int = setting(0, "Use only the first N characters of a text; 0: all.")
    max_tokens: int = setting(400, "Maximum number of tokens per text in training.")
    truncation: Keep = setting("both", "Which end of a longer text is kept.")

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

    tokens: Written = setting(
        "char", "Tokens to predict: characters, words or SentencePiece subwords."
    )
    max_vocab_size: int = setting(2000, "Maximum vocabulary size (words or subwords).")
    model_type: ModelType = setting("unigram", "Kind of SentencePiece model.")
    lower: bool = setting(False, "Lower-case the corpus.")

    def __post_init__(self) -> None:
        self._one_of("tokens", Written)
        self._one_of("model_type", ModelType)
        self._at_least(1, "max_vocab_size")
