"""Average several classifiers of two classes, and calibrate the average by the texts' lengths.

    texts -> logits of each classifier, calibrated -> mean log-odds -> calibrated by length

The mean of calibrated log-odds is about right for whole texts such as those it was calibrated on.
For a few sentences it is too close to 0, and biased. Passages of the validation texts, with the
labels of the texts that they stand in, show by how much. So the log-odds z of a text of n words
become

    z (1 + scale * short) + shift * short,    short = exp(-n / 30),

which leaves long texts almost as they were: Platt scaling ("Probabilistic outputs for support
vector machines", 1999) whose two parameters depend on the length.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.engine import calibration
from textrnn.engine.calibration import Floats
from textrnn.engine.classification import Predictor
from textrnn.errors import ConfigError
from textrnn.tokenizers import WordTokenizer

Logits = npt.NDArray[np.floating[Any]]
Classify = Callable[[Sequence[str]], Logits]  # texts -> logits (texts, 2)

SHORT = 30  # words
ROUNDS, CLOSE = 100, 1e-9  # of Newton's method; it has converged when no step is longer
_WORDS = WordTokenizer((), rule="unicode", lower=True, oov_buckets=1)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True)
class LengthCalibration:
    """How the log-odds of short texts are to be corrected; 0 and 0 change nothing."""

    scale: float
    shift: float

    @classmethod
    def fit(cls, odds: Floats, words: npt.ArrayLike, labels: npt.ArrayLike) -> Self:
        """The parameters under which the labels are likeliest.

            odds    (n,) log-odds of the second class
            words   (n,) numbers of words
            labels  (n,) integers, 0 or 1

        As in `textrnn.engine.calibration` each of n labels is doubted by 1 / (n + 2). ConfigError
        when short texts would get the opposite prediction.
        """
        labels = calibration.validate_labels(labels, (len(odds), 2))
        short, doubt = _shortness(words), 1 / (len(labels) + 2)
        targets = doubt + (1 - 2 * doubt) * labels.astype(np.float64)
        scale, shift = _logistic_regression(np.stack([odds * short, short], 1), odds, targets)
        if scale <= -1:
            raise ConfigError(
                "the classifiers are wrong about passages more often than right, so that nothing "
                "can be calibrated; give more validation texts, or other classifiers"
            )
        return cls(scale, shift)

    def apply(self, odds: Floats, words: npt.ArrayLike) -> Floats:
        """The corrected log-odds (n,) of texts of so many `words` (n,)."""
        short = _shortness(words)
        return odds * (1 + self.scale * short) + self.shift * short


class Committee:
    """Classifiers of two classes as one, calibrated on validation texts and passages of them.

    texts   validation texts, none of them without a word
    labels  (texts,) integers, 0 or 1

    ConfigError when the classifiers are wrong about passages more often than right.
    """

    def __init__(
        self, classifiers: Sequence[Classify], texts: Sequence[str], labels: npt.ArrayLike
    ) -> None:
        self.classifiers = [temperature_scaled(each, texts, labels) for each in classifiers]
        examples = [*texts, *passages(texts)]
        self.calibration = LengthCalibration.fit(
            self.odds(examples), word_counts(examples), np.tile(labels, 2)
        )

    def odds(self, texts: Sequence[str]) -> Floats:
        """Log-odds (texts,) of the second class, not calibrated by length."""
        return mean_logits([classify(texts) for classify in self.classifiers])[:, 1]

    def logits(self, texts: Sequence[str]) -> Floats:
        """Logits (texts, 2), calibrated by length."""
        return logits_of_odds(self.calibration.apply(self.odds(texts), word_counts(texts)))

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Probabilities (texts, 2), calibrated by length."""
        return calibration.probabilities(self.logits(texts))


# ---- members ------------------------------------------------------------------------------------


def classifier_logits(model: ClassifierArtifact, classes: Sequence[str]) -> Classify:
    """What gives the model's logits (texts, 2): 0 and 0 for a text without a word it can read.

    ConfigError unless the model tells `classes` apart, in that order, and they are two.
    """
    if model.classes != tuple(classes) or len(classes) != 2:
        raise ConfigError(
            f"{model.name} tells {', '.join(model.classes)} apart, the texts "
            f"{', '.join(classes)}; name models of the same two classes, in the same order"
        )
    classifier = Predictor(model)

    def logits(texts: Sequence[str]) -> Logits:
        encoded = [classifier.encode(text) for text in texts]
        readable = [row for row, ids in enumerate(encoded) if len(ids)]
        found = np.zeros((len(texts), 2), np.float32)
        if readable:
            found[readable] = classifier.ids_logits([encoded[row] for row in readable])
        return found

    return logits


def temperature_scaled(classify: Classify, texts: Sequence[str], labels: npt.ArrayLike) -> Classify:
    """`classify`, its logits divided by the temperature fitted to validation texts."""
    temperature = calibration.fit_temperature(classify(texts), labels)
    return lambda texts: classify(texts) / temperature


# ---- logits -------------------------------------------------------------------------------------


def mean_logits(logits: Sequence[Logits]) -> Floats:
    """The mean of the classifiers' log-odds against the first class, (texts, classes) each."""
    mean: Floats = np.mean([each - each[:, :1] for each in logits], axis=0)
    return mean


def logits_of_odds(odds: Floats) -> Floats:
    """The pair (0, z), (texts, 2), of log-odds z (texts,)."""
    return np.stack([np.zeros_like(odds), odds], 1)


# ---- texts --------------------------------------------------------------------------------------


def passages(texts: Sequence[str]) -> Iterator[str]:
    """One to three sentences in a row of each text, drawn alike each time: short texts."""
    rng = np.random.default_rng(1)
    for text in texts:
        sentences = _SENTENCE_END.split(text.replace("<br />", " ").strip())
        count = int(rng.integers(1, 4))
        start = int(rng.integers(max(1, len(sentences) - count + 1)))
        yield " ".join(sentences[start : start + count])


def word_counts(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """How many words each text has, (texts,), punctuation marks included."""
    return np.array([len(_WORDS.words(text)) for text in texts], np.int64)


def _shortness(words: npt.ArrayLike) -> Floats:
    """1 for a text without a word, almost 0 for a long one."""
    short: Floats = np.exp(-np.asarray(words, np.float64) / SHORT)
    return short


def _logistic_regression(features: Floats, offsets: Floats, targets: Floats) -> list[float]:
    """The weights that give sigmoid(features @ weights + offsets) the least log loss on `targets`.

    By Newton's method, each step halved while it raises the loss.
    """
    weights = np.zeros(features.shape[1])

    def loss(weights: Floats) -> float:
        z = features @ weights + offsets
        return float((np.logaddexp(0, z) - targets * z).sum())

    for _ in range(ROUNDS):
        chances = np.exp(-np.logaddexp(0, -(features @ weights + offsets)))
        gradient = features.T @ (chances - targets)
        hessian = (features * (chances * (1 - chances))[:, None]).T @ features
        step = np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        while loss(weights - step) > loss(weights) and np.abs(step).max() > CLOSE:
            step = step / 2
        weights = weights - step
        if np.abs(step).max() <= CLOSE:
            break
    return list(map(float, weights))
