"""Explain one prediction by leaving out each word, or sentence, in turn.

The effect of a word is the fall in the log-odds of the predicted class when the word is left out.
A positive effect supports the prediction; a negative one opposes it. Effects do not add up to the
prediction, because words interact.

A text of n words in s sentences costs about n * s words. Both are therefore limited: of a longer
text an excerpt is explained.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.config.limits import EXPLAIN_LIMIT, check_limit
from textrnn.engine.classification import OnProgress, Predictor
from textrnn.engine.numerics import log_sum_exp
from textrnn.tokenizers import Ids, cut

MANY_WORDS = 300  # longer texts are explained by sentence first
TOP_SENTENCES = 3  # the number of strongest sentences that are also explained by word
SENTENCE_WORDS = 100  # longer sentences are split: not every text has full stops
MOST_SENTENCES = 400  # more sentences are joined to longer parts
PARTS = 64  # copies of the text per call, each without one part; bounds memory
SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+|\n+|<br\s*/?>", re.IGNORECASE)


@dataclass(frozen=True)
class Effect:
    """The effect of text[start:end], in nats of log-odds of the predicted class."""

    start: int
    end: int
    text: str
    effect: float


@dataclass(frozen=True)
class Explanation:
    """Effects in text order; `sentences` is empty unless the text is long.

    `excerpt` is the number of words that are explained, from the beginning of what the model reads;
    0 if it is all of them.
    """

    label: str
    words: tuple[Effect, ...]
    sentences: tuple[Effect, ...] = ()
    excerpt: int = 0


def explain(
    predictor: Predictor,
    text: str,
    *,
    limit: int = EXPLAIN_LIMIT,
    on_progress: OnProgress | None = None,
) -> Explanation | None:
    """The effect of each word of `text`; None when the text has no word that the model can read.

    If the model truncates the text, only the words that it reads have effects. Of more than `limit`
    words only the first `limit` have effects, as if the text ended there; the label is that of the
    whole text. `on_progress` receives the numbers of sentences, or words, that are done and in all.
    ConfigError if `limit` is out of range.
    """
    check_limit("explain_limit", limit)
    model = predictor.model
    if model.text.max_characters:
        text = text[: model.text.max_characters]
    ids = model.tokenizer.encode(text)
    if not len(ids):
        return None
    read: npt.NDArray[np.integer[Any]] = np.arange(len(ids))
    if model.long_texts == "cut":
        read = cut(read, model.text.max_tokens, model.text.truncation)
    full = predictor.probabilities_of(predictor.ids_logits([ids[read]]))[0]
    best = predictor.choose_class(full)
    excerpt = limit if len(read) > limit else 0
    ids, read = ids[read[:limit]], read[:limit]
    spans = model.tokenizer.spans(text, int(read[-1]) + 1)
    spans = [spans[index] for index in read]
    if excerpt:
        text = text[: spans[-1][1]]

    def effects(parts: Sequence[tuple[int, int]]) -> list[Effect]:
        """The effect of ids[first:last] for each part (first, last)."""
        scores: list[float] = []
        for start in range(0, len(parts), PARTS):
            without = [np.delete(ids, slice(*part)) for part in parts[start : start + PARTS]]
            scores += _log_odds(predictor, without, best).tolist()
            if on_progress:
                on_progress(len(scores), len(parts))
        return [
            Effect(spans[first][0], spans[last - 1][1],
                   text[spans[first][0] : spans[last - 1][1]], float(before - score))
            for (first, last), score in zip(parts, scores, strict=True)
        ]  # fmt: skip

    before = float(_log_odds(predictor, [ids], best)[0])
    words = [(index, index + 1) for index in range(len(ids))]
    if len(ids) <= MANY_WORDS:
        return Explanation(model.classes[best], tuple(effects(words)), (), excerpt)
    parts = _sentences(text, spans)
    if len(parts) > MOST_SENTENCES:
        parts = _joined(parts, -(-len(ids) // MOST_SENTENCES))
    sentences = effects(parts)
    top = sorted(range(len(parts)), key=lambda row: -abs(sentences[row].effect))[:TOP_SENTENCES]
    in_top = [word for row in sorted(top) for word in words[slice(*parts[row])]]
    return Explanation(model.classes[best], tuple(effects(in_top)), tuple(sentences), excerpt)


def _log_odds(predictor: Predictor, texts: Sequence[Ids], best: int) -> np.ndarray:
    """The log-odds of class `best` for each text, (texts,); an empty text gets a placeholder."""
    logits = predictor.ids_logits([ids if len(ids) else _placeholder(predictor) for ids in texts])
    scaled = logits.astype(np.float64) / predictor.model.temperature
    return np.asarray(scaled[:, best] - log_sum_exp(np.delete(scaled, best, axis=1)))


def _placeholder(predictor: Predictor) -> Ids:
    # A text of one word is empty without it: replace the word by one that the model never saw.
    return predictor.model.tokenizer.encode("qzxqzx")[:1]


def _joined(parts: Sequence[tuple[int, int]], least: int) -> list[tuple[int, int]]:
    """Adjacent `parts` joined until each, except the last, has at least `least` words."""
    joined: list[tuple[int, int]] = []
    start = parts[0][0]
    for _, last in parts:
        if last - start >= least:
            joined.append((start, last))
            start = last
    return joined if start == parts[-1][1] else [*joined, (start, parts[-1][1])]


def _sentences(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sentences as word ranges first:last, each of at most SENTENCE_WORDS words."""
    # A quotation mark after the full stop belongs to the sentence that it closes.
    ends = [found.end() for found in SENTENCE_END.finditer(text)] + [len(text)]
    # Compare the ends of words: a subword starts at the space before it, in the last sentence.
    stops = np.array([stop for _, stop in spans])
    edges = sorted({0, len(spans), *map(int, np.searchsorted(stops, ends, side="right"))})
    return [
        (start, min(start + SENTENCE_WORDS, last))
        for first, last in pairwise(edges)
        for start in range(first, last, SENTENCE_WORDS)
    ]
