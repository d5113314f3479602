"""Score a generator on a text: how well it predicts each next token.

There are two protocols. `cold` evaluates stateless windows: the text is cut into windows of 256
tokens, each from the zero state, and the remainder is dropped. `streamed` is stateful: one pass
carries the state through the whole text. Both use the NumPy forward pass that also generates.

Tokens are characters, subwords or words. The loss is always in nats per character of the text, and
unknown words are charged for their spelling, so that models with different tokens can be compared.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.engine.generator import Network
from textrnn.engine.numerics import log_likelihoods
from textrnn.engine.threads import one_blas_thread, parallel_map
from textrnn.errors import CorpusError
from textrnn.tokenizers import Ids

WINDOW = 256
ROWS = 128  # windows per batch
WORKERS = 8  # maximum number of parallel batches, of up to 100 MB each

Nats = npt.NDArray[np.float64]
OnProgress = Callable[[int, int], None]  # tokens done, tokens in total


@dataclass(frozen=True)
class Score:
    """Mean loss in nats per character, and accuracy per token.

    `tokens` is the number of scored tokens, or 0 if tokens are characters. `spelling` is the part
    of the loss, in nats per character, that the spelling of unknown words costs.
    """

    loss: float
    accuracy: float
    characters: int
    tokens: int = 0
    spelling: float = 0.0

    def to_dict(self) -> dict[str, float]:
        """The score as JSON data for a report."""
        return {
            "loss": self.loss,
            "bits_per_character": self.loss / math.log(2),
            "perplexity": math.exp(min(self.loss, 700.0)),
            "accuracy": self.accuracy,
            "characters": self.characters,
            **self._per_token(),
        }

    def _per_token(self) -> dict[str, float]:
        """Perplexity per word or subword, and the fraction of the loss that is spelling.

        The perplexity is exp of the mean nats per token, as papers report it: without spelling.
        """
        if not self.tokens:
            return {}
        nats = (self.loss - self.spelling) * self.characters / self.tokens
        return {
            "tokens": self.tokens,
            "perplexity_per_token": math.exp(min(nats, 700.0)),
            "spelling_share": self.spelling / self.loss if self.loss else 0.0,
        }


def cold(
    network: Network,
    ids: Ids,
    *,
    ends: Ids | None = None,
    spelling: Nats | None = None,
    window: int = WINDOW,
    on_progress: OnProgress | None = None,
) -> Score:
    """Score windows with inputs ids[k w : k w + w] and targets one later, each from the zero state.

    `ends` has one entry per id: the number of characters up to the end of that token. It is None if
    tokens are characters. `spelling` has the nats of each id's spelling, as `spelling.losses`
    gives them. A text shorter than one window is scored as one shorter window.
    CorpusError when the text has fewer than 2 tokens.
    """
    _check_length(ids, "tokens" if ends is not None else "characters")
    window = min(window, len(ids) - 1)
    count = (len(ids) - 1) // window
    inputs = ids[: count * window].reshape(count, window)
    targets = ids[1 : count * window + 1].reshape(count, window)

    def score(start: int) -> _Total:
        rows, batch = inputs[start : start + ROWS], _Total()
        batch.add_chunks(
            network, rows, targets[start : start + ROWS], network.zero_state(len(rows))
        )
        return batch

    total = _Total()
    for batch in parallel_map(score, range(0, count, ROWS), workers=WORKERS):
        total.add(batch)
        if on_progress:
            on_progress(total.tokens, count * window)
    return total.score(ends, spelling)


def streamed(
    network: Network,
    ids: Ids,
    *,
    ends: Ids | None = None,
    spelling: Nats | None = None,
    on_progress: OnProgress | None = None,
) -> Score:
    """Score all of `ids` but the first in one pass with a continuous state; errors as in `cold`."""
    _check_length(ids, "tokens" if ends is not None else "characters")
    state, total = network.zero_state(), _Total()
    for start in range(0, len(ids) - 1, 4096):
        part = ids[start : start + 4097]
        with one_blas_thread():
            total.add_chunks(network, part[None, :-1], part[None, 1:], state)
        if on_progress:
            on_progress(total.tokens, len(ids) - 1)
    return total.score(ends, spelling)


def _check_length(ids: Ids, unit: str) -> None:
    if len(ids) < 2:
        raise CorpusError(
            f"the text to score needs at least 2 {unit}, one to read and one to predict, and has "
            f"{len(ids)}; name a longer text or a larger part"
        )


class _Total:
    def __init__(self) -> None:
        self.loss, self.right, self.tokens = 0.0, 0, 0

    def add_chunks(self, network: Network, inputs: Ids, targets: Ids, state: list[Any]) -> None:
        start = 0
        for logits in network.chunks(inputs, state):
            part = targets[:, start : start + logits.shape[1]]
            start += logits.shape[1]
            self.right += int((logits.argmax(axis=-1) == part).sum())
            self.loss -= float(log_likelihoods(logits, part, out=logits).sum(dtype=np.float64))
            self.tokens += part.size

    def add(self, other: "_Total") -> None:
        self.loss += other.loss
        self.right += other.right
        self.tokens += other.tokens

    def score(self, ends: Ids | None, spelling: Nats | None) -> Score:
        accuracy = self.right / self.tokens
        if ends is None:
            return Score(self.loss / self.tokens, accuracy, self.tokens)
        # The targets are contiguous, from the second token of the text on.
        characters = max(1, int(ends[self.tokens]) - int(ends[0]))
        spelt = 0.0 if spelling is None else float(spelling[1 : self.tokens + 1].sum())
        loss = (self.loss + spelt) / characters
        return Score(loss, accuracy, characters, self.tokens, spelt / characters)
