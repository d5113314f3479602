"""Evaluate a trained classifier on labelled texts: its scores, and its worst mistakes.

It uses the same NumPy forward pass, calibration and text preprocessing as `classify`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from textrnn.artifacts.classifier import HOW_READ, ClassifierArtifact
from textrnn.data import labelled
from textrnn.data.labelled import LabelledTexts
from textrnn.engine.classification import Prediction, Predictor
from textrnn.errors import CorpusError
from textrnn.evaluation import report as evaluation_report
from textrnn.evaluation.report import Mask, check_settings

CHUNK = 2048  # texts per progress report

OnProgress = Callable[[int, int], None]  # texts done, texts in total


def evaluate(
    model: ClassifierArtifact,
    data: LabelledTexts,
    *,
    train: LabelledTexts | None = None,
    worst: int = 10,
    abstain: float | None = None,
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """Score `model` on `data`, which must have the classes of the model; plain JSON data.

    `train` is the training data: texts of `data` that also occur there are counted, and the
    others are also scored separately. Texts without a word that the model can read are counted and
    left out. CorpusError when none are left or when the classes differ; ConfigError when `abstain`
    or `worst` is out of range.
    """
    # Check before the classification, which may take minutes.
    check_settings(worst, abstain)
    _check_classes(model, data)
    predictions = _predict(Predictor(model), data, on_progress)
    readable = list(predictions)
    if not readable:
        raise CorpusError(
            "no text has a word that the model can read, so there is nothing to score; name texts "
            "with words"
        )
    scored = data.subset(readable)
    overlap = None if train is None else labelled.test_overlap(train, scored)
    report = evaluation_report.report(
        model.name,
        model.classes,
        np.array([each.probabilities for each in predictions.values()]),
        scored.labels,
        np.array([each.words for each in predictions.values()]),
        list(scored.texts),
        subsets=_without_overlap(overlap),
        worst=worst,
        abstain=abstain,
        notes=_notes(model, len(data) - len(readable), overlap),
    )
    for mistake in report["worst"]:
        mistake["index"] = readable[mistake["index"]]
    return report


def _check_classes(model: ClassifierArtifact, data: LabelledTexts) -> None:
    if data.classes != model.classes:
        raise CorpusError(
            f"the labels have the classes {', '.join(data.classes)}, and {model.name} predicts "
            f"{', '.join(model.classes)}; relabel the texts with those classes"
        )


def _without_overlap(overlap: Mask | None) -> dict[str, Mask]:
    """The subset of the texts that do not occur in the training data, if those are known."""
    if overlap is None:
        return {}
    return {f"without the {int(overlap.sum()):,} that are also in train": ~overlap}


def _notes(model: ClassifierArtifact, left_out: int, overlap: Mask | None) -> list[str]:
    way = HOW_READ[model.long_texts]
    notes = [f"texts longer than {model.text.max_tokens} words are read {way}"]
    if left_out:
        notes.append(f"{left_out:,} texts have no word that the model can read and are left out")
    if overlap is not None and overlap.all():
        notes.append("the model was trained on all of these texts; a fair score needs other texts")
    return notes


def _predict(
    predictor: Predictor, data: LabelledTexts, on_progress: OnProgress | None
) -> dict[int, Prediction]:
    """Row -> prediction, for the texts that the model can read."""
    found: dict[int, Prediction] = {}
    for start in range(0, len(data), CHUNK):
        predictions = enumerate(predictor.predict(data.texts[start : start + CHUNK]), start)
        found |= {row: prediction for row, prediction in predictions if prediction.predicted}
        if on_progress:
            on_progress(min(start + CHUNK, len(data)), len(data))
    return found
