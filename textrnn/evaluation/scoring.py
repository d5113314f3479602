"""Score a string token by token: how probable a generator holds each after those before it."""

import math
from dataclasses import dataclass

import numpy as np

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.engine.generator import build_network
from textrnn.engine.numerics import log_likelihoods
from textrnn.engine.threads import one_blas_thread
from textrnn.errors import CorpusError
from textrnn.evaluation import spelling

CHUNK = 4096  # tokens at once


@dataclass(frozen=True)
class TokenScore:
    """A token of a text, its place in it, and -log p of it after what comes before."""

    text: str
    start: int  # in characters
    end: int
    nats: float


@dataclass(frozen=True)
class TextScore:
    """The tokens of a text with their scores, and the sums."""

    text: str
    tokens: tuple[TokenScore, ...]

    @property
    def nats(self) -> float:
        """-log p of the whole text."""
        return math.fsum(token.nats for token in self.tokens)

    @property
    def nats_per_character(self) -> float:
        """The loss that `evaluate` reports: lower means more like what the model was trained on."""
        return self.nats / len(self.text)

    @property
    def bits_per_character(self) -> float:
        """The loss in bits."""
        return self.nats_per_character / math.log(2)


def score(model: GeneratorArtifact, text: str) -> TextScore:
    """The score of `text`, which begins as a generated text does: as after a line end.

    A word outside the vocabulary is charged for its spelling, as in `evaluate`. CorpusError when
    the text is empty, TokenizerError when it has unknown characters.
    """
    if not text:
        raise CorpusError("the text to score is empty; give at least one character")
    codec = model.tokenizer.codec
    ids, ends = codec.encode_with_ends([text])
    if not len(ids):
        raise CorpusError("the text to score has no word; give at least one")
    if ends is None:
        spans = model.tokenizer.spans(text)
    else:  # a token takes the space before it
        spans = list(zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True))
    inputs = np.concatenate([codec.new_text().ids, ids[:-1]])
    network = build_network(model)
    state, nats = network.zero_state(), []
    with one_blas_thread():
        for first in range(0, len(ids), CHUNK):
            begun = first
            for logits in network.chunks(inputs[None, first : first + CHUNK], state):
                part = ids[None, begun : begun + logits.shape[1]]
                begun += logits.shape[1]
                nats.append(-log_likelihoods(logits, part)[0].astype(np.float64))
    found = np.concatenate(nats)
    spelt = spelling.losses(model.tokenizer, [text], ids) if ends is not None else None
    if spelt is not None:
        found += spelt
    return TextScore(
        text,
        tuple(
            TokenScore(text[start:end], start, end, value)
            for (start, end), value in zip(spans, found.tolist(), strict=True)
        ),
    )
