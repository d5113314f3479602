"""Turn text into parts of itself, for a network that takes text instead of ids.

The parts of a text are what ids are elsewhere: one a word, cut, counted and left out in the same
ways. Joined they are the text again.
"""

import json
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, ClassVar, Self, get_args

import numpy as np

from textrnn.config.text import Rule
from textrnn.errors import ArtifactError, TokenizerError
from textrnn.tokenizers.base import Kind, Tokenizer, Unit
from textrnn.tokenizers.characters import CharTokenizer
from textrnn.tokenizers.codec import Codec
from textrnn.tokenizers.patterns import without_breaks
from textrnn.tokenizers.serialization import fields
from textrnn.tokenizers.words import WordTokenizer


class TextTokenizer(Tokenizer):
    """A part a word, by `rule`: the word, and what follows it up to the next."""

    kind: ClassVar[Kind] = "text"
    unit: ClassVar[Unit] = "words"
    settings: ClassVar[tuple[str, ...]] = ("rule",)
    has_ids: ClassVar[bool] = False

    rule: Rule

    def __init__(self, *, rule: Rule) -> None:
        self.rule, self.lower = rule, False
        self._words = WordTokenizer((), rule=rule, lower=False, oov_buckets=1)

    @classmethod
    def fit(cls, texts: Iterable[str], *, rule: Rule) -> Self:
        """The tokenizer of this `rule`; `texts` are not read, for there is no vocabulary."""
        return cls(rule=rule)

    @property
    def vocab_size(self) -> int:
        """1: there are no ids, and a network must have one."""
        return 1

    @property
    def vocabulary(self) -> Mapping[str, int]:
        """Nothing: no word has an id."""
        return {}

    @property
    def codec(self) -> Codec:
        """TokenizerError: without ids nothing can be written."""
        raise TokenizerError(
            "a model of whole texts has no ids to write; a generator writes by "
            "--tokens char, word or sentencepiece"
        )

    def alphabet(self, texts: Iterable[str]) -> CharTokenizer:
        """The characters of `texts`."""
        return CharTokenizer.fit(texts)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where each word stands in `text`, as (start, end), in order."""
        return self._words.spans(text)

    def encode(self, text: str) -> Any:
        """`text` in parts, shape (words,), str; a text without a word has none.

        The first part begins where the text does. Tags of line breaks are spaces.
        """
        text = without_breaks(text)
        starts = [start for start, _ in self.spans(text)]
        parts = [text[one:other] for one, other in pairwise([0, *starts[1:], len(text)])]
        result = np.empty(len(starts), object)
        result[:] = parts if starts else []
        return result

    def decode(self, parts: Any) -> str:
        """The text of `parts`."""
        return "".join(parts)

    def to_json(self) -> str:
        """As a person can read it; `from_json` is the reverse."""
        return json.dumps({"type": self.kind, "rule": self.rule, "lower": self.lower}, indent=1)

    @classmethod
    def from_json(cls, text: str, model: bytes | None = None) -> Self:
        """Read what `to_json` wrote; ArtifactError when it is something else."""
        rule: Any = fields(text, cls.kind).get("rule")
        if rule not in get_args(Rule):
            raise ArtifactError(
                f'tokenizer.json: "rule" must be one of {", ".join(get_args(Rule))}, got {rule!r}'
            )
        return cls(rule=rule)

    def _content(self) -> tuple[object, ...]:
        return (self.rule,)
