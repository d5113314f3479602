"""Measure generated texts against real ones, for `choose_sampling.py`: what its table shows."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.parts import parse_part
from textrnn.data import corpora
from textrnn.data.corpora import Corpus
from textrnn.errors import ConfigError, CorpusError
from textrnn.evaluation import copying
from textrnn.evaluation.resemblance import (
    Candidate,
    covering,
    cross_entropy,
    distinct_share,
    error_of,
    joined,
    new_word_share,
    words,
)
from textrnn.tokenizers import CharTokenizer


@dataclass(frozen=True)
class Real:
    """The training text, in parts, and the validation text."""

    train: Sequence[str]
    held_out: str
    alphabet: CharTokenizer
    known: frozenset[str]  # words

    @classmethod
    def read(
        cls, model: GeneratorArtifact, corpus: Corpus, train: Sequence[str], held_out: str
    ) -> "Real":
        """Cut both from the corpus; ConfigError where they overlap."""
        spans = [corpora.bounds(*parse_part(part), corpus.length) for part in train]
        first, last = corpora.bounds(*parse_part(held_out), corpus.length)
        for part, (start, end) in zip(train, spans, strict=True):
            if start < last and first < end:
                raise ConfigError(
                    f"--validation {held_out} overlaps --train {part}; the comparison needs text "
                    f"that was not used for training"
                )
        texts, real = ["".join(corpus.cut(part)) for part in train], "".join(corpus.cut(held_out))
        known = frozenset(word for text in texts for word in words(text))
        if not known or not words(real):
            raise CorpusError("the parts hold no words; name longer ones")
        lower = model.tokenizer.lower
        alphabet = CharTokenizer(model.tokenizer.codec.characters, lower=lower)
        alphabet = alphabet.extended(CharTokenizer.fit([*texts, real], lower=lower))
        return cls(texts, real, alphabet, known)


class Figure(NamedTuple):
    """What was counted in texts, and its standard error."""

    value: float
    error: float

    @classmethod
    def of(cls, count: Callable[[Sequence[str]], float], texts: Sequence[str]) -> "Figure":
        """Count in all texts, and without some of them for the error."""
        return cls(count(texts), error_of(count, texts))

    def shown(self, form: str) -> str:
        """Both in the format `form`; a single stream has no error."""
        error = "" if math.isnan(self.error) else f" ± {self.error:{form}}"
        return f"{self.value:{form}}{error}"


@dataclass(frozen=True)
class Measured:
    """What is shown of texts; nothing where it would mean nothing."""

    new_words: Figure | None
    reverse: Figure | None
    distinct: float
    copied: float | None
    surprise: float | None

    @property
    def candidate(self) -> Candidate:
        """What decides about a setting."""
        assert self.new_words and self.reverse
        return Candidate(self.new_words.value, self.reverse.value)


def measure(
    texts: Sequence[str], real: Real, *, held_out: bool = False, train: bool = False
) -> Measured:
    """All figures of `texts`, of which those with itself are left out of a real text's."""
    alphabet = covering(real.alphabet, texts)
    written, known = (joined(some, alphabet) for some in (texts, real.train))

    def new_words(some: Sequence[str]) -> float:
        return new_word_share(some, real.known)

    def reverse(some: Sequence[str]) -> float:
        return cross_entropy(some, [real.held_out], real.alphabet)

    return Measured(
        None if train else Figure.of(new_words, texts),
        None if held_out else Figure.of(reverse, texts),
        distinct_share(texts),
        None if train else copying.copied(written, known).copied_share,
        None if train else cross_entropy(real.train, texts, real.alphabet),
    )
