"""Turn a classifier's probabilities and the true labels into one report.

The report is plain JSON data; `textrnn.evaluation.report_text` shows it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.engine.calibration import Floats, Labels
from textrnn.errors import ConfigError
from textrnn.evaluation import metrics

HEAD, TAIL = 200, 100  # characters of a long text that are shown
GAP = " … "

Mask = npt.NDArray[np.bool_]


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
        texts          n of them; only those of the worst mistakes are read
        subsets        name -> (n,) bool, the examples to score once more on their own
        worst          how many mistakes to show, those of the greatest log loss
        abstain        judge only where the likeliest class has at least this probability
        notes          sentences to show with the scores

    A subset without examples has no scores: None. CorpusError when there is no example at all,
    ConfigError when `abstain` or `worst` is outside its range.
    """
    if abstain is not None and not 0 <= abstain <= 1:
        raise ConfigError(f"abstain must be a probability from 0 to 1, got {abstain}")
    if worst < 0:
        raise ConfigError(f"worst must be 0 or more, got {worst}")
    probabilities, labels = metrics.checked(probabilities, labels)
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
        "by_length": [asdict(row) for row in metrics.accuracy_by_length(lengths, right)],
        "reliability": [asdict(row) for row in metrics.reliability(probabilities, labels)],
        "abstain": None if abstain is None else _abstain(probabilities, right, abstain),
        "worst": _mistakes(probabilities, labels, classes, texts, worst),
    }


def _subset(
    probabilities: Floats, labels: Labels, classes: Sequence[str], mask: Mask
) -> dict[str, Any] | None:
    if mask.dtype != np.bool_ or mask.shape != labels.shape:  # indices would be read as a mask
        raise ValueError(f"a subset must be a bool for each of {len(labels)} examples")
    if not mask.any():
        return None
    return metrics.score(probabilities[mask], labels[mask], classes).to_dict()


def _abstain(probabilities: Floats, right: Mask, threshold: float) -> dict[str, Any]:
    judged = probabilities.max(axis=1) >= threshold
    count, hits = int(judged.sum()), int(right[judged].sum())
    return {
        "threshold": threshold,
        "judged": count,
        "share": count / len(right),
        "accuracy": hits / count if count else None,
        "interval": asdict(metrics.wilson(hits, count)) if count else None,
    }


def _mistakes(
    probabilities: Floats, labels: Labels, classes: Sequence[str], texts: Sequence[str], count: int
) -> list[dict[str, Any]]:
    taken = probabilities.argmax(axis=1)
    # With three classes a right but unsure guess may have a greater loss than a mistake.
    order = [i for i in metrics.worst(probabilities, labels, len(labels)) if taken[i] != labels[i]]
    return [
        {
            "index": index,
            "truth": classes[labels[index]],
            "prediction": classes[taken[index]],
            "probability": float(probabilities[index, taken[index]]),
            "text": shortened(texts[index]),
        }
        for index in order[:count]
    ]


def shortened(text: str) -> str:
    """A text of up to 300 characters as it is, of a longer one the beginning and the end."""
    return text if len(text) <= HEAD + TAIL else text[:HEAD] + GAP + text[-TAIL:]
