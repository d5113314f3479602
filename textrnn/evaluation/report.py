"""Turn a classifier's probabilities and the true labels into a report.

The report is plain JSON data; `textrnn.evaluation.report_text` renders it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.engine.calibration import Floats, Labels
from textrnn.errors import ConfigError
from textrnn.evaluation import metrics
from textrnn.evaluation.intervals import wilson
from textrnn.evaluation.lengths import accuracy_by_length

HEAD, TAIL = 200, 100  # characters shown of a long text
GAP = " … "

Mask = npt.NDArray[np.bool_]


def check_settings(worst: int, abstain: float | None) -> None:
    """ConfigError when `worst` or `abstain`, both as in `report`, is out of range."""
    if abstain is not None and not 0 <= abstain <= 1:
        raise ConfigError(f"abstain must be a probability from 0 to 1, got {abstain}")
    if worst < 0:
        raise ConfigError(f"worst must be 0 or more, got {worst}")


def report(
    model_name: str,
    classes: Sequence[str],
    probabilities: npt.ArrayLike,
    labels: npt.ArrayLike,
    lengths: npt.ArrayLike,
    texts: Sequence[str],
    *,
    subsets: Mapping[str, Mask] | None = None,
    worst: int = 10,
    abstain: float | None = None,
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Score a classifier on labelled texts.

        probabilities  (n, classes), rows that sum to 1
        labels         (n,) integers, indices into `classes`
        lengths        (n,) integers, words of each text
        texts          n texts; only those of the worst mistakes are read
        subsets        name -> (n,) bool, the examples to score separately as well
        worst          the number of mistakes to show, by highest log loss
        abstain        also score only predictions with at least this probability
        notes          sentences to show with the scores

    The scores of an empty subset are None. CorpusError when there are no examples, ConfigError
    when `abstain` or `worst` is out of range.
    """
    check_settings(worst, abstain)
    probabilities, labels = metrics.validate_predictions(probabilities, labels)
    if len(texts) != len(labels):
        raise ValueError(f"{len(texts)} texts do not fit {len(labels)} labels")
    right = probabilities.argmax(axis=1) == labels
    return {
        "model": model_name,
        "classes": list(classes),
        "notes": list(notes),
        "scores": metrics.score(probabilities, labels, classes).to_dict(),
        "subsets": {
            name: _subset(probabilities, labels, classes, mask)
            for name, mask in (subsets or {}).items()
        },
        "by_length": [asdict(row) for row in accuracy_by_length(lengths, right)],
        "reliability": [asdict(row) for row in metrics.reliability(probabilities, labels)],
        "abstain": None if abstain is None else _abstain(probabilities, right, abstain),
        "worst": _mistakes(probabilities, labels, classes, texts, worst),
    }


def _subset(
    probabilities: Floats, labels: Labels, classes: Sequence[str], mask: Mask
) -> dict[str, Any] | None:
    if (
        mask.dtype != np.bool_ or mask.shape != labels.shape
    ):  # an index array would select other rows
        raise ValueError(f"a subset must be a bool for each of {len(labels)} examples")
    if not mask.any():
        return None
    return metrics.score(probabilities[mask], labels[mask], classes).to_dict()


def _abstain(probabilities: Floats, right: Mask, threshold: float) -> dict[str, Any]:
    confident = probabilities.max(axis=1) >= threshold
    count, hits = int(confident.sum()), int(right[confident].sum())
    return {
        "threshold": threshold,
        "predicted": count,
        "share": count / len(right),
        "accuracy": hits / count if count else None,
        "interval": asdict(wilson(hits, count)) if count else None,
    }


def _mistakes(
    probabilities: Floats, labels: Labels, classes: Sequence[str], texts: Sequence[str], count: int
) -> list[dict[str, Any]]:
    predicted = probabilities.argmax(axis=1)
    # With three classes an unsure but correct prediction may have a higher loss than a mistake.
    by_loss = metrics.worst(probabilities, labels, len(labels))
    mistakes = [index for index in by_loss if predicted[index] != labels[index]]
    return [
        {
            "index": index,
            "truth": classes[labels[index]],
            "prediction": classes[predicted[index]],
            "probability": float(probabilities[index, predicted[index]]),
            "text": shorten(texts[index]),
        }
        for index in mistakes[:count]
    ]


def shorten(text: str) -> str:
    """Shorten a text of over 300 characters to its beginning and its end."""
    return text if len(text) <= HEAD + TAIL else text[:HEAD] + GAP + text[-TAIL:]
