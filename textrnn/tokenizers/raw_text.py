"""Split text into parts, for a network whose input is text instead of ids.

The parts take the place of ids: one per word, truncated, counted and left out in the same ways.
Their concatenation is the text.
"""

import json
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, ClassVar, Self

import numpy as np

from textrnn.config.text import Rule
from textrnn.errors import TokenizerError
from textrnn.tokenizers.base import Kind, Tokenizer, Unit
from textrnn.tokenizers.characters import CharTokenizer
from textrnn.tokenizers.codec import Codec
from textrnn.tokenizers.patterns import check_rule, find_spans, without_breaks
from textrnn.tokenizers.serialization import fields, word_pattern


class TextTokenizer(Tokenizer):
    """One part per word, by the word pattern `rule`: the word and all text up to the next word."""

    kind: ClassVar[Kind] = "text"
    unit: ClassVar[Unit] = "words"
    settings: ClassVar[tuple[str, ...]] = ("rule",)
    has_ids: ClassVar[bool] = False

    rule: Rule

    def __init__(self, *, rule: Rule) -> None:
        check_rule(rule)
        self.rule, self.lower = rule, False

    @classmethod
    def fit(cls, texts: Iterable[str], *, rule: Rule) -> Self:
        """The tokenizer of this word pattern; `texts` are ignored, since there is no vocabulary."""
        return cls(rule=rule)

    @property
    def vocab_size(self) -> int:
        """1: there are no ids, but a network needs at least one."""
        return 1

    @property
    def vocabulary(self) -> Mapping[str, int]:
        """Empty: no word has an id."""
        return {}

    @property
    def codec(self) -> Codec:
        """TokenizerError: text cannot be generated without ids."""
        raise TokenizerError(
            "a generator needs ids, which whole texts do not have; use --tokens char, word or "
            "sentencepiece"
        )

    def alphabet(self, texts: Iterable[str]) -> CharTokenizer:
        """The characters of `texts`."""
        return CharTokenizer.fit(texts)

    def spans(self, text: str, count: int | None = None) -> list[tuple[int, int]]:
        """(start, end) of each word in `text`, in characters, in order; of the first `count`."""
        return find_spans(text, self.rule, count)

    def encode(self, text: str) -> Any:
        """The parts of `text`, shape (words,), str; a text without a word has none.

        The first part begins at the beginning of the text. `<br />` tags become spaces.
        """
        text = without_breaks(text)
        starts = [start for start, _ in self.spans(text)]
        parts = [text[start:end] for start, end in pairwise([0, *starts[1:], len(text)])]
        result = np.empty(len(starts), object)
        result[:] = parts if starts else []
        return result

    def decode(self, parts: Any) -> str:
        """The concatenation of `parts`."""
        return "".join(parts)

    def to_json(self) -> str:
        """Readable JSON; `from_json` is the inverse."""
        return json.dumps({"type": self.kind, "rule": self.rule, "lower": self.lower}, indent=1)

    @classmethod
    def from_json(cls, text: str, model: bytes | None = None) -> Self:
        """Inverse of `to_json`; ArtifactError for anything else."""
        return cls(rule=word_pattern(fields(text, cls.kind)))

    def _content(self) -> tuple[object, ...]:
        return (self.rule,)
