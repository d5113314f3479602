"""Join a trained model and a text: how well the model foretells it.

Two protocols. `cold`: the text cut into windows of 256 characters, each from the zero state, the
tail dropped. `streamed`: one pass, the state carried over the whole text. Scored by the NumPy
forward pass: exactly what generates is what is scored.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.errors import CorpusError
from textrnn.forward import Floats, Ids, Network
from textrnn.generation import one_blas_thread

WINDOW = 256
ROWS = 128  # windows at a time

OnProgress = Callable[[int, int], None]  # characters done, characters in all


@dataclass(frozen=True)
class Score:
    """Mean loss in nats and share of right first guesses, over `characters` characters."""

    loss: float
    accuracy: float
    characters: int

    def to_dict(self) -> dict[str, float]:
        """What a report holds."""
        return {
            "loss": self.loss,
            "bits_per_character": self.loss / math.log(2),
            "perplexity": math.exp(min(self.loss, 700.0)),
            "accuracy": self.accuracy,
            "characters": self.characters,
        }


def cold(
    network: Network, ids: Ids, *, window: int = WINDOW, on_progress: OnProgress | None = None
) -> Score:
    """Score inputs ids[k w : k w + w], targets one later, each window from the zero state.

    A text shorter than one window is scored as one shorter window; CorpusError when it has
    fewer than 2 characters.
    """
    _check_length(ids)
    window = min(window, len(ids) - 1)
    count = (len(ids) - 1) // window
    inputs = ids[: count * window].reshape(count, window)
    targets = ids[1 : count * window + 1].reshape(count, window)
    total = _Total()
    for start in range(0, count, ROWS):
        rows = inputs[start : start + ROWS]
        total.add_chunks(
            network, rows, targets[start : start + ROWS], network.zero_state(len(rows))
        )
        if on_progress:
            on_progress(total.characters, count * window)
    return total.score()


def streamed(network: Network, ids: Ids, *, on_progress: OnProgress | None = None) -> Score:
    """Score all of `ids` but the first character in one pass, the state carried throughout."""
    _check_length(ids)
    state, total = network.zero_state(), _Total()
    for start in range(0, len(ids) - 1, 4096):
        part = ids[start : start + 4097]
        with one_blas_thread():
            total.add_chunks(network, part[None, :-1], part[None, 1:], state)
        if on_progress:
            on_progress(total.characters, len(ids) - 1)
    return total.score()


def _check_length(ids: Ids) -> None:
    if len(ids) < 2:
        raise CorpusError(
            f"the text to score has {len(ids)} characters; it needs at least 2, one to see and "
            f"one to foretell"
        )


class _Total:
    def __init__(self) -> None:
        self.loss, self.right, self.characters = 0.0, 0, 0

    def add_chunks(self, network: Network, inputs: Ids, targets: Ids, state: list[Any]) -> None:
        start = 0
        for logits in network.chunks(inputs, state):
            part = targets[:, start : start + logits.shape[1]]
            start += logits.shape[1]
            self.loss += float(-log_likelihoods(logits, part).sum(dtype=np.float64))
            self.right += int((logits.argmax(axis=-1) == part).sum())
            self.characters += part.size

    def score(self) -> Score:
        return Score(self.loss / self.characters, self.right / self.characters, self.characters)


def log_likelihoods(logits: Floats, targets: Ids) -> npt.NDArray[np.float32]:
    """Logits (..., vocab_size) and targets (...) -> the log of each target's probability."""
    highest = logits.max(axis=-1)
    chosen = np.take_along_axis(logits, targets[..., None].astype(np.int64), axis=-1)[..., 0]
    return chosen - highest - np.log(np.exp(logits - highest[..., None]).sum(axis=-1))
