"""A text that a generator has read: its recurrent state, and what it expects next."""

from copy import copy
from typing import Self

import numpy as np

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.engine.cells import Floats, State
from textrnn.engine.generator import Network, build_network
from textrnn.engine.numerics import softmax_weights
from textrnn.engine.stopping import after
from textrnn.engine.threads import one_blas_thread
from textrnn.errors import ConfigError
from textrnn.tokenizers import Ids, Unknown
from textrnn.tokenizers.codec import Start

# In tokens. Networks of this size forget anything further back, so only the end of a longer text
# is read.
LONGEST_PRIME = 10_000


class Reading:
    """The state of `model` after `text`, which may grow.

    Without a text the model is about to begin one. TokenizerError when the text has unknown
    characters; `unknown="skip"` drops them.
    """

    def __init__(
        self,
        model: GeneratorArtifact,
        text: str = "",
        unknown: Unknown = "error",
        network: Network | None = None,
    ) -> None:
        self.model, self.text, self.unknown = model, "", unknown
        self.network = network or network_of(model)
        self._ids: Ids = np.empty(0, np.int32)  # all that were read
        self.state: list[State] = []
        self._unmasked: Floats | None = None  # the logits before `start` masks them
        self.read(text)

    def append(self, text: str) -> None:
        """Read on. TokenizerError as at the beginning; then nothing has changed."""
        if text:
            self.read(self.text + text)

    def copy(self) -> Self:
        """A reading of the same text, which grows on its own."""
        twin = copy(self)
        twin.state = [[array.copy() for array in layer] for layer in self.state]
        return twin

    @property
    def recent(self) -> Ids:
        """The last ids that were read, (tokens,); at least one."""
        return self._ids[-LONGEST_PRIME:]

    def likeliest(self, count: int, temperature: float = 1.0) -> list[tuple[str, float]]:
        """The `count` most probable next tokens and their probabilities; all of them with 0.

        A token is the text that it adds; "" stands for a part of a character. ConfigError unless
        the temperature is above 0 and the count at least 0.
        """
        if not temperature > 0 or count < 0:
            raise ConfigError(
                f"temperature must be above 0 and n at least 0, got {temperature} and {count}"
            )
        weights = self.logits[0].astype(np.float64)
        softmax_weights(weights, temperature)
        chances, order = weights / weights.sum(), np.argsort(-weights, kind="stable")
        codec, chosen = self.model.tokenizer.codec, order[: count or None].tolist()
        return [
            (after(codec, self.text, self.start)(id_), float(chances[id_]))
            for id_ in chosen
            if chances[id_] > 0
        ]

    def read(self, text: str) -> None:
        """Read `text` in place of what was read; of a text that only grows, what is new.

        TokenizerError as at the beginning; then, and when interrupted, nothing has changed.
        """
        codec = self.model.tokenizer.codec
        start = codec.start(text, self.unknown)
        if not len(start.ids):
            start = codec.new_text()
        known, ids = len(self._ids), start.ids
        if not known or known > len(ids) or not np.array_equal(ids[:known], self._ids):
            # A longer text may be split into other tokens: read it anew.
            state, known = self.network.zero_state(), max(0, len(ids) - LONGEST_PRIME)
        else:
            state = [[array.copy() for array in layer] for layer in self.state]
        logits = self._unmasked
        if known < len(ids):
            with one_blas_thread():
                *_, chunk = self.network.chunks(ids[None, known:], state)
            logits = chunk[:, -1].copy()
        assert logits is not None
        self.text, self.start, self._ids, self.state = text, start, ids, state
        self._unmasked, self.logits = logits, _masked(logits, start)  # (1, vocab_size)


def _masked(logits: Floats, start: Start) -> Floats:
    """The logits with -infinity for the ids that must not come first."""
    return logits if start.only is None else np.where(start.only, logits, -np.inf)


def network_of(model: GeneratorArtifact) -> Network:
    """The model's network, with the logits of banned ids at -infinity."""
    banned = model.tokenizer.codec.banned
    if banned is None:
        return build_network(model)
    bias = np.where(banned, -np.inf, model.weights["output/bias"])
    return Network(model.config, {**model.weights, "output/bias": bias})
