"""Turn a classifier's probabilities and the true labels into scores.

An undefined score, such as the recall of a class without examples, is None and never NaN; each
docstring says when. The prediction is the most likely class; on a tie, the first.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.engine.calibration import Floats, Labels, fit_temperature, validate_labels
from textrnn.engine.calibration import probabilities as softmax
from textrnn.errors import ArtifactError
from textrnn.evaluation.intervals import Interval, wilson

MIN_PROBABILITY = 1e-12  # limits the loss of one example to -log(1e-12) = 27.6 nats
BINS = 15


@dataclass(frozen=True)
class ClassScore:
    """Precision, recall and F1 of one class; `support` is its number of examples.

    `precision` is None if the class is never predicted, `recall` if it has no examples, `f1` if
    both. F1 is 0 if there are examples or predictions but none of them is correct.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    support: int


@dataclass(frozen=True)
class Scores:
    """The result of `score`: fractions from 0 to 1, and the log loss in nats per example."""

    examples: int
    accuracy: float
    interval: Interval  # 95 % interval of the accuracy
    macro_f1: float  # mean over classes with a defined F1
    per_class: Mapping[str, ClassScore]
    auc: float | None
    log_loss: float
    ece: float
    confusion: tuple[tuple[int, ...], ...]  # rows: the truth; columns: the prediction

    def to_dict(self) -> dict[str, Any]:
        """The scores as JSON data for a report."""
        return {**asdict(self), "confusion": [list(row) for row in self.confusion]}


@dataclass(frozen=True)
class Bin:
    """The examples whose highest probability is above `low` and at most `high`.

    `confidence` is the mean of those probabilities. It and `accuracy` are None without examples.
    """

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


def score(probabilities: npt.ArrayLike, labels: npt.ArrayLike, classes: Sequence[str]) -> Scores:
    """Score a classifier.

        probabilities  (n, classes), rows that sum to 1
        labels         (n,) integers, indices into `classes`

    For two classes the AUC is that of the last column. For more it is the mean one-vs-rest AUC of
    the classes that have examples. It is None if all examples are of one class. CorpusError when
    there are no examples, ArtifactError when a probability is NaN or infinite.
    """
    probabilities, labels = validate_predictions(probabilities, labels)
    columns = probabilities.shape[1]
    if len(classes) != columns or len(set(classes)) != columns:
        raise ValueError(f"classes must be {columns} different names, got {list(classes)}")
    confusion = np.zeros((columns, columns), np.int64)
    np.add.at(confusion, (labels, probabilities.argmax(axis=1)), 1)
    per_class = {name: _class_score(confusion, index) for index, name in enumerate(classes)}
    right = int(confusion.trace())
    return Scores(
        examples=len(labels),
        accuracy=right / len(labels),
        interval=wilson(right, len(labels)),
        macro_f1=_mean([entry.f1 for entry in per_class.values()]) or 0.0,
        per_class=per_class,
        auc=_mean(
            [
                _auc(probabilities[:, index], labels == index)
                for index in (range(columns) if columns > 2 else [1])
            ]
        ),
        log_loss=_log_loss(_of_truth(probabilities, labels)),
        ece=_ece(reliability(probabilities, labels)),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
    )


def calibrated_scores(
    logits: npt.NDArray[np.floating[Any]], labels: npt.ArrayLike, classes: Sequence[str]
) -> tuple[float, Scores]:
    """The temperature fitted to these labels, and the scores of the calibrated probabilities."""
    temperature = fit_temperature(logits, labels)
    return temperature, score(softmax(logits, temperature), labels, classes)


def reliability(probabilities: npt.ArrayLike, labels: npt.ArrayLike, bins: int = BINS) -> list[Bin]:
    """Accuracy by predicted probability, in `bins` bins of equal width.

    Shapes and errors as in `score`. A probability on an edge belongs to the lower bin.
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    probabilities, labels = validate_predictions(probabilities, labels)
    top, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    edges = np.arange(bins + 1) / bins
    # Rounding in float32 may put a probability slightly above 1.
    index = np.minimum(np.searchsorted(edges, top) - 1, bins - 1)
    counts = np.bincount(index, minlength=bins).tolist()
    sure = np.bincount(index, weights=top, minlength=bins).tolist()
    hits = np.bincount(index, weights=right, minlength=bins).tolist()
    return [
        Bin(low, high, count, *((sure[i] / count, hits[i] / count) if count else (None, None)))
        for i, (low, high, count) in enumerate(
            zip(edges[:-1].tolist(), edges[1:].tolist(), counts, strict=True)
        )
    ]


def worst(probabilities: npt.ArrayLike, labels: npt.ArrayLike, count: int) -> list[int]:
    """Indices of the `count` examples with the highest log loss, highest first.

    Shapes and errors as in `score`. On a tie the earlier example comes first.
    """
    if count < 0:
        raise ValueError(f"count must be 0 or more, got {count}")
    truth = _of_truth(*validate_predictions(probabilities, labels))
    return truth.argsort(kind="stable")[:count].tolist()


def validate_predictions(
    probabilities: npt.ArrayLike, labels: npt.ArrayLike
) -> tuple[Floats, Labels]:
    """Both as arrays, after checking shapes and values; errors as in `score`."""
    probabilities = np.asarray(probabilities, dtype=np.float64)
    labels = validate_labels(labels, probabilities.shape)
    if not np.isfinite(probabilities).all():
        raise ArtifactError(
            "the model's probabilities contain NaN or infinity: its weights are damaged, or "
            "training diverged; train it again with a lower --learning-rate"
        )
    if (probabilities < 0).any() or (abs(probabilities.sum(axis=1) - 1) > 1e-3).any():
        raise ValueError("probabilities must be 0 or more and sum to 1 in each row")
    return probabilities, labels


def _class_score(confusion: Labels, index: int) -> ClassScore:
    hits = int(confusion[index, index])
    support, predicted = int(confusion[index].sum()), int(confusion[:, index].sum())
    return ClassScore(
        precision=hits / predicted if predicted else None,
        recall=hits / support if support else None,
        f1=2 * hits / (support + predicted) if support + predicted else None,
        support=support,
    )


def _auc(values: Floats, positive: npt.NDArray[np.bool_]) -> float | None:
    """Fraction of pairs (positive, negative) that `values` order correctly; a tie counts half."""
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        return None
    # The rank sum counts all pairs at once (Mann and Whitney 1947); ties get their mean rank.
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (counts.cumsum() - (counts - 1) / 2)[place]
    pairs = float(ranks[positive].sum()) - positives * (positives + 1) / 2
    return pairs / (positives * negatives)


def _ece(rows: Sequence[Bin]) -> float:
    """Expected calibration error (Naeini et al. 2015; Guo et al. 2017): mean gap over the bins."""
    gaps = [row.count * abs((row.confidence or 0) - (row.accuracy or 0)) for row in rows]
    return math.fsum(gaps) / sum(row.count for row in rows)


def _log_loss(of_truth: Floats) -> float:
    # Avoid -0.0 for perfect predictions, and a negative loss if rounding exceeds 1.
    return max(0.0, -float(np.log(np.maximum(of_truth, MIN_PROBABILITY)).mean()))


def _of_truth(probabilities: Floats, labels: Labels) -> Floats:
    return probabilities[np.arange(len(labels)), labels]


def _mean(values: Sequence[float | None]) -> float | None:
    """Mean of the values that are not None; None if there are none."""
    defined = [value for value in values if value is not None]
    return math.fsum(defined) / len(defined) if defined else None
