"""Turn a classifier's probabilities and the true labels into scores.

What is undefined (the recall of a class without examples) is None, shown as "-", and never nan;
each docstring says when. The prediction is the likeliest class, the first of equal ones.
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

Z95 = 1.959964  # 95 % of a normal distribution lies within so many standard deviations
LEAST = 1e-12  # a truth held impossible costs -log(LEAST) = 27.6 nats, not infinitely many
BINS = 15
LENGTH_EDGES = (50, 100, 200, 400, 800)


@dataclass(frozen=True)
class Interval:
    """Where a share lies with a probability of 95 %."""

    low: float
    high: float


@dataclass(frozen=True)
class ClassScore:
    """How one class fares: of its `support` examples, and of what was taken for it.

    `precision` is None when nothing was taken for the class, `recall` when it has no example,
    `f1` when both. With examples or predictions but none of them right, F1 is 0.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    support: int


@dataclass(frozen=True)
class Scores:
    """What `score` found; shares from 0 to 1, the log loss in nats an example."""

    examples: int
    accuracy: float
    interval: Interval  # of the accuracy
    macro_f1: float  # mean over the classes whose F1 is defined
    per_class: Mapping[str, ClassScore]
    auc: float | None
    log_loss: float
    ece: float
    confusion: tuple[tuple[int, ...], ...]  # rows: the truth; columns: the prediction

    def to_dict(self) -> dict[str, Any]:
        """What a report holds, as JSON has it."""
        return {**asdict(self), "confusion": [list(row) for row in self.confusion]}


@dataclass(frozen=True)
class Bin:
    """The examples whose likeliest class has a probability above `low` and up to `high`.

    `confidence` is the mean of those probabilities; it and `accuracy` are None without examples.
    """

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class LengthRow:
    """The examples of `low` to `high` words, both included; `high` None is without end.

    `accuracy` and its `interval` are None without examples.
    """

    low: int
    high: int | None
    count: int
    accuracy: float | None
    interval: Interval | None


def score(probabilities: npt.ArrayLike, labels: npt.ArrayLike, classes: Sequence[str]) -> Scores:
    """Score a classifier.

        probabilities  (n, classes), rows that sum to 1
        labels         (n,) integers, indices into `classes`

    Two classes: the AUC is that of the last column. More: the mean of each class against the
    rest, over the classes that have examples. It is None when all examples are of one class.
    CorpusError when there is no example, ArtifactError when a probability is no number.
    """
    probabilities, labels = checked(probabilities, labels)
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
    """The temperature fitted to these labels, and how the probabilities that it makes score."""
    temperature = fit_temperature(logits, labels)
    return temperature, score(softmax(logits, temperature), labels, classes)


def reliability(probabilities: npt.ArrayLike, labels: npt.ArrayLike, bins: int = BINS) -> list[Bin]:
    """How often the classifier is right where it claims to be so sure, in `bins` equal widths.

    Shapes and errors as in `score`. A probability on an edge belongs below it.
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    probabilities, labels = checked(probabilities, labels)
    top, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    edges = np.arange(bins + 1) / bins
    # A sum of float32 roundings may lie a hair above 1.
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


def accuracy_by_length(
    lengths: npt.ArrayLike, right: npt.ArrayLike, edges: Sequence[int] = LENGTH_EDGES
) -> list[LengthRow]:
    """Accuracy of short and long texts apart.

    lengths  (n,) integers, words of each text
    right    (n,) bool, whether it was judged right
    edges    ascending; each is the greatest length of its row, and one open row follows
    """
    lengths, right = np.asarray(lengths), np.asarray(right, dtype=bool)
    if lengths.shape != right.shape:
        raise ValueError(f"{lengths.shape} lengths do not fit {right.shape} judgements")
    if list(edges) != sorted(set(edges)):
        raise ValueError(f"edges must ascend, got {list(edges)}")
    rows, low = [], 0
    for high in (*edges, None):
        inside = (lengths >= low) & (lengths <= (math.inf if high is None else high))
        count, hits = int(inside.sum()), int((right & inside).sum())
        scored = (hits / count, wilson(hits, count)) if count else (None, None)
        rows.append(LengthRow(low, high, count, *scored))
        low = 0 if high is None else high + 1
    return rows


def worst(probabilities: npt.ArrayLike, labels: npt.ArrayLike, count: int) -> list[int]:
    """Indices of the `count` examples of the greatest log loss, the greatest first.

    Shapes and errors as in `score`; of equal losses the earlier example comes first.
    """
    if count < 0:
        raise ValueError(f"count must be 0 or more, got {count}")
    truth = _of_truth(*checked(probabilities, labels))
    return truth.argsort(kind="stable")[:count].tolist()


def wilson(right: int, examples: int) -> Interval:
    """The interval of the share `right` of `examples` (Wilson 1927): never outside 0 to 1."""
    if not 0 <= right <= examples or examples == 0:
        raise ValueError(f"{right} right of {examples} examples is no share")
    share, spread = right / examples, Z95**2 / examples
    centre = share + spread / 2
    half = math.sqrt(spread * (share * (1 - share) + spread / 4))
    low, high = (centre - half) / (1 + spread), (centre + half) / (1 + spread)
    return Interval(max(0.0, low), min(1.0, high))


def checked(probabilities: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[Floats, Labels]:
    """Both as arrays, once they are what `score` asks for."""
    probabilities = np.asarray(probabilities, dtype=np.float64)
    labels = validate_labels(labels, probabilities.shape)
    if not np.isfinite(probabilities).all():
        raise ArtifactError(
            "the model gives probabilities that are no numbers: its weights are damaged, or "
            "its training went astray; train it again, at a lower --learning-rate"
        )
    if (probabilities < 0).any() or (abs(probabilities.sum(axis=1) - 1) > 1e-3).any():
        raise ValueError("probabilities must be 0 or more and sum to 1 in each row")
    return probabilities, labels


def _class_score(confusion: Labels, index: int) -> ClassScore:
    hits = int(confusion[index, index])
    support, taken = int(confusion[index].sum()), int(confusion[:, index].sum())
    return ClassScore(
        precision=hits / taken if taken else None,
        recall=hits / support if support else None,
        f1=2 * hits / (support + taken) if support + taken else None,
        support=support,
    )


def _auc(values: Floats, positive: npt.NDArray[np.bool_]) -> float | None:
    """Share of pairs (positive, negative) that `values` put in order, a tie counting half."""
    of_positives = int(positive.sum())
    of_negatives = len(positive) - of_positives
    if not of_positives or not of_negatives:
        return None
    # The rank sum counts all pairs at once (Mann and Whitney 1947); equals share their mean rank.
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (counts.cumsum() - (counts - 1) / 2)[place]
    pairs = float(ranks[positive].sum()) - of_positives * (of_positives + 1) / 2
    return pairs / (of_positives * of_negatives)


def _ece(rows: Sequence[Bin]) -> float:
    """Expected calibration error (Naeini et al. 2015; Guo et al. 2017): mean gap of the bins."""
    gaps = [row.count * abs((row.confidence or 0) - (row.accuracy or 0)) for row in rows]
    return math.fsum(gaps) / sum(row.count for row in rows)


def _log_loss(of_truth: Floats) -> float:
    # Not -0.0 when all is right, and not below 0 when a probability is a rounding above 1.
    return max(0.0, -float(np.log(np.maximum(of_truth, LEAST)).mean()))


def _of_truth(probabilities: Floats, labels: Labels) -> Floats:
    return probabilities[np.arange(len(labels)), labels]


def _mean(values: Sequence[float | None]) -> float | None:
    """Mean of those that are defined; None when none is."""
    defined = [value for value in values if value is not None]
    return math.fsum(defined) / len(defined) if defined else None
