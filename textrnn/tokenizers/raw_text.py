"""Turn text into parts of itself, for a network that takes text instead of ids.

The parts of a text are what ids are elsewhere: one a word, cut, counted and left out in the same
ways. Joined they are the text again.
"""

import json
from itertools import pairwise
from typing import Any, Self, get_args

import numpy as np

from textrnn.errors import ArtifactError
from textrnn.tokenizers.patterns import Rule, without_breaks
from textrnn.tokenizers.serialization import fields
from textrnn.tokenizers.words import WordTokenizer


class TextTokenizer:
    """A part a word, by `rule`: the word, and what follows it up to the next."""

    vocab_size = 1  # there are no ids; a network must have one

    def __init__(self, *, rule: Rule) -> None:
        self.rule, self.lower = rule, False
        self._words = WordTokenizer((), rule=rule, lower=False, oov_buckets=1)

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
        return json.dumps({"type": "text", "rule": self.rule, "lower": self.lower}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; ArtifactError when it is something else."""
        rule: Any = fields(text, "text").get("rule")
        if rule not in get_args(Rule):
            raise ArtifactError(
                f'tokenizer.json: "rule" must be one of {", ".join(get_args(Rule))}, got {rule!r}'
            )
        return cls(rule=rule)
