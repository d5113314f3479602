"""Classify texts by their word n-grams: the linear baseline that a network has to beat.

    texts -> sets of n-grams -> log-count ratios (naive Bayes) -> logistic regression -> log-odds

Wang and Manning ("Baselines and bigrams", 2012), with a logistic regression for their support
vector machine: a text's features are the runs of one to `max_n` words in it, present or not, each
scaled by the log ratio of its counts in the two classes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from textrnn.engine.calibration import validate_labels
from textrnn.tokenizers import WordTokenizer

Floats = npt.NDArray[np.float64]

ROUNDS, RATE = 100, 0.5  # of Adam on all texts at once, the rate falling to 0
NO_WORD = ""  # the n-gram of no words, which every text has: no text is without a feature


@dataclass(frozen=True, eq=False)
class NgramClassifier:
    """A linear classifier of two classes by the word n-grams of a text."""

    max_n: int
    vocabulary: Mapping[str, int]  # n-gram -> its place in `weights`
    weights: Floats  # (n-grams,)
    bias: float

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        labels: npt.ArrayLike,
        *,
        max_n: int = 3,
        min_count: int = 2,
        penalty: float = 0.01,
    ) -> Self:
        """A classifier trained on `texts` with `labels` (texts,) of 0 or 1.

        An n-gram counts if `min_count` texts or more have it; `penalty` is that on half the sum of
        squared weights. CorpusError when there is no text.
        """
        labels = validate_labels(labels, (len(texts), 2)).astype(np.float64)
        counts: dict[str, int] = {}
        for found in _ngrams(texts, max_n):
            for ngram in found:
                counts[ngram] = counts.get(ngram, 0) + 1
        kept = (name for name, count in counts.items() if count >= min_count or name == NO_WORD)
        vocabulary = {ngram: place for place, ngram in enumerate(kept)}
        features = _Features.of(texts, max_n, vocabulary)
        ratios = features.log_count_ratios(labels)
        # All features are scaled alike, so that a text's are of unit length on average. Where no
        # n-gram is more frequent in one class there is nothing to scale.
        ratios = ratios / (np.sqrt(features.times(ratios**2).mean()) or 1.0)
        weights, bias = _logistic_regression(features, ratios, labels, penalty)
        return cls(max_n, vocabulary, weights * ratios, bias)

    def logits(self, texts: Sequence[str]) -> Floats:
        """Log-odds z of the second class as the pair (0, z), (texts, 2)."""
        if not texts:
            return np.empty((0, 2))
        features = _Features.of(texts, self.max_n, self.vocabulary)
        odds = features.times(self.weights) + self.bias
        return np.stack([np.zeros_like(odds), odds], 1)


@dataclass(frozen=True, eq=False)
class _Features:
    """A sparse matrix (texts, n-grams) of zeros and ones, no row of which is empty."""

    columns: npt.NDArray[np.intp]  # of the ones, row after row
    lengths: npt.NDArray[np.intp]  # ones in each row
    size: int  # columns

    @classmethod
    def of(cls, texts: Sequence[str], max_n: int, vocabulary: Mapping[str, int]) -> Self:
        rows = [
            np.array([vocabulary[ngram] for ngram in found if ngram in vocabulary], np.intp)
            for found in _ngrams(texts, max_n)
        ]
        return cls(np.concatenate(rows), np.array([len(row) for row in rows]), len(vocabulary))

    def times(self, weights: Floats) -> Floats:
        """The product with `weights` (n-grams,): a sum for each text."""
        starts = np.cumsum(self.lengths) - self.lengths
        sums: Floats = np.add.reduceat(weights[self.columns], starts)
        return sums

    def transposed_times(self, values: Floats) -> Floats:
        """The product of `values` (texts,) with the matrix: a sum for each n-gram."""
        spread = np.repeat(values, self.lengths)
        sums: Any = np.bincount(self.columns, spread, minlength=self.size)
        return sums

    def log_count_ratios(self, labels: Floats) -> Floats:
        """How much likelier each n-gram is in texts of label 1, counts smoothed by 1."""
        second, first = (self.transposed_times(mask) + 1 for mask in (labels, 1 - labels))
        ratios: Floats = np.log(second / second.sum()) - np.log(first / first.sum())
        return ratios


def _ngrams(texts: Sequence[str], max_n: int) -> Iterator[set[str]]:
    """The runs of up to `max_n` words in each text, none of them twice."""
    tokenizer = WordTokenizer((), rule="unicode", lower=True, oov_buckets=1)
    for text in texts:
        words = tokenizer.words(text)
        yield {
            " ".join(words[start : start + size])
            for size in range(1, max_n + 1)
            for start in range(len(words) - size + 1)
        } | {NO_WORD}


def _logistic_regression(
    features: _Features, scales: Floats, labels: Floats, penalty: float
) -> tuple[Floats, float]:
    """Weights of the features times `scales`, and the bias, by Adam; the bias has no penalty."""
    parameters: Any = np.zeros(features.size + 1)
    mean, square = np.zeros((2, features.size + 1))
    for step in range(1, ROUNDS + 1):
        logits = features.times(parameters[:-1] * scales) + parameters[-1]
        error = np.exp(-np.logaddexp(0, -logits)) - labels
        slope = features.transposed_times(error) * scales + penalty * parameters[:-1]
        gradient = np.append(slope, error.sum())
        mean, square = 0.9 * mean + 0.1 * gradient, 0.99 * square + 0.01 * gradient**2
        move = mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
        parameters = parameters - RATE * (1 - step / ROUNDS) * move
    return parameters[:-1], float(parameters[-1])
