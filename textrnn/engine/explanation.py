"""Turn one verdict into reasons: what each word, or sentence, did to it.

The effect of a word is by how much the log-odds of the predicted class fall when it is left out:
above 0 it spoke for the verdict, below 0 against it. Effects do not add up to the verdict: words
work together.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from textrnn.engine.classification import Judge
from textrnn.engine.numerics import log_sum_exp
from textrnn.tokenizers import Ids, cut

MANY_WORDS = 300  # a longer text is explained by sentence first
TOP_SENTENCES = 3  # and by word in so many of these
SENTENCE_WORDS = 100  # what goes on for longer is taken in pieces: not every text has full stops
PARTS = 64  # left out at a time, each from a copy of the text, that memory may stay flat
SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+|\n+|<br\s*/?>", re.IGNORECASE)


@dataclass(frozen=True)
class Effect:
    """What text[start:end] did to the verdict, in nats of log-odds of the predicted class."""

    start: int
    end: int
    text: str
    effect: float


@dataclass(frozen=True)
class Explanation:
    """Effects in the order of the text; `sentences` only where the text is long."""

    prediction: str
    words: tuple[Effect, ...]
    sentences: tuple[Effect, ...] = ()


def explain(judge: Judge, text: str) -> Explanation | None:
    """The effects of the words of `text`; None when the model can read none of it.

    Only what the model reads is explained: of a text that it cuts, what is left.
    """
    model = judge.model
    limit = model.text.max_characters
    text = text[:limit] if limit else text
    ids, spans = model.tokenizer.encode(text), model.tokenizer.spans(text)
    if not len(ids):
        return None
    if model.long_texts == "cut":
        read = cut(np.arange(len(ids)), model.text.max_words, model.text.keep)
        ids, spans = ids[read], [spans[index] for index in read]
    full = judge.probabilities_of(judge.ids_logits([ids]))[0]
    best = judge.chosen(full)

    def effects(parts: Sequence[tuple[int, int]]) -> list[Effect]:
        """Of ids[first:last], for each part."""
        scores: list[float] = []
        for start in range(0, len(parts), PARTS):
            kept = [np.delete(ids, slice(*part)) for part in parts[start : start + PARTS]]
            scores += _log_odds(judge, kept, best).tolist()
        return [
            Effect(spans[first][0], spans[last - 1][1],
                   text[spans[first][0] : spans[last - 1][1]], float(before - score))
            for (first, last), score in zip(parts, scores, strict=True)
        ]  # fmt: skip

    before = float(_log_odds(judge, [ids], best)[0])
    words = [(index, index + 1) for index in range(len(ids))]
    if len(ids) <= MANY_WORDS:
        return Explanation(model.classes[best], tuple(effects(words)))
    parts = _sentences(text, spans)
    sentences = effects(parts)
    top = sorted(range(len(parts)), key=lambda row: -abs(sentences[row].effect))[:TOP_SENTENCES]
    chosen = [word for row in sorted(top) for word in words[slice(*parts[row])]]
    return Explanation(model.classes[best], tuple(effects(chosen)), tuple(sentences))


def _log_odds(judge: Judge, texts: Sequence[Ids], best: int) -> np.ndarray:
    """The log-odds of class `best` for each text; of one with nothing left, those of no word."""
    logits = judge.ids_logits([ids if len(ids) else _nothing(judge) for ids in texts])
    scaled = logits.astype(np.float64) / judge.model.temperature
    return np.asarray(scaled[:, best] - log_sum_exp(np.delete(scaled, best, axis=1)))


def _nothing(judge: Judge) -> Ids:
    # A text of one word cannot be read without it; a word the model never saw stands for none.
    return judge.model.tokenizer.encode("qzxqzx")[:1]


def _sentences(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sentences as ranges first:last of words, SENTENCE_WORDS at most in each."""
    # A quotation mark after the full stop belongs to what it closes.
    ends = [found.end() for found in SENTENCE_END.finditer(text)] + [len(text)]
    # By where words end: a piece of a word begins at the space before it, in the sentence before.
    stops = np.array([stop for _, stop in spans])
    edges = sorted({0, len(spans), *map(int, np.searchsorted(stops, ends, side="right"))})
    return [
        (start, min(start + SENTENCE_WORDS, last))
        for first, last in pairwise(edges)
        for start in range(first, last, SENTENCE_WORDS)
    ]
