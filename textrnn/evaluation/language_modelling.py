"""Join a trained model and a text: how well the model foretells it.

Two protocols. `cold`: the text cut into windows of 256 tokens, each from the zero state, the tail
dropped. `streamed`: one pass, the state carried over the whole text. Scored by the NumPy forward
pass: exactly what generates is what is scored.

Tokens are characters, or pieces or words: the loss is in nats a character of the text for all, so
that models of different tokens can be compared.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from textrnn.engine.generator import Network
from textrnn.engine.numerics import log_likelihoods
from textrnn.engine.threads import one_blas_thread, parallel_map
from textrnn.errors import CorpusError
from textrnn.tokenizers import Ids

WINDOW = 256
ROWS = 128  # windows of a batch
WORKERS = 8  # batches at a time, at most: each takes up to 100 MB

OnProgress = Callable[[int, int], None]  # tokens done, tokens in all


@dataclass(frozen=True)
class Score:
    """Mean loss in nats a character and share of right first guesses, over a text's `tokens`.

    `tokens` are 0 where they are the characters.
    """

    loss: float
    accuracy: float
    characters: int
    tokens: int = 0

    def to_dict(self) -> dict[str, float]:
        """What a report holds."""
        return {
            "loss": self.loss,
            "bits_per_character": self.loss / math.log(2),
            "perplexity": math.exp(min(self.loss, 700.0)),
            "accuracy": self.accuracy,
            "characters": self.characters,
            **({"tokens": self.tokens} if self.tokens else {}),
        }


def cold(
    network: Network,
    ids: Ids,
    *,
    ends: Ids | None = None,
    window: int = WINDOW,
    on_progress: OnProgress | None = None,
) -> Score:
    """Score inputs ids[k w : k w + w], targets one later, each window from the zero state.

    `ends` (as many as ids) are the characters of the text up to the end of each token; none
    where tokens are characters. A text shorter than one window is scored as one shorter window;
    CorpusError when it has fewer than 2 tokens.
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
    return total.score(ends)


def streamed(
    network: Network,
    ids: Ids,
    *,
    ends: Ids | None = None,
    on_progress: OnProgress | None = None,
) -> Score:
    """Score all of `ids` but the first in one pass, the state carried throughout."""
    _check_length(ids, "tokens" if ends is not None else "characters")
    state, total = network.zero_state(), _Total()
    for start in range(0, len(ids) - 1, 4096):
        part = ids[start : start + 4097]
        with one_blas_thread():
            total.add_chunks(network, part[None, :-1], part[None, 1:], state)
        if on_progress:
            on_progress(total.tokens, len(ids) - 1)
    return total.score(ends)


def _check_length(ids: Ids, unit: str) -> None:
    if len(ids) < 2:
        raise CorpusError(
            f"the text to score has {len(ids)} {unit}; it needs at least 2, one to see and one "
            f"to foretell"
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

    def score(self, ends: Ids | None) -> Score:
        accuracy = self.right / self.tokens
        if ends is None:
            return Score(self.loss / self.tokens, accuracy, self.tokens)
        # The targets follow one another, from the second token of the text on.
        characters = max(1, int(ends[self.tokens]) - int(ends[0]))
        return Score(self.loss / characters, accuracy, characters, self.tokens)
