"""Join a trained classifier and labelled texts: how well it judges them, and where it fails.

Scored by the NumPy forward pass and calibrated, read as `classify` reads: exactly what ships.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.artifacts.classifier import HOW_READ, ClassifierArtifact
from textrnn.data import labelled
from textrnn.data.labelled import Labelled
from textrnn.engine.classification import Judge, Verdict
from textrnn.errors import ConfigError, CorpusError
from textrnn.evaluation import report as evaluation_report

CHUNK = 2048  # texts at a time

OnProgress = Callable[[int, int], None]  # texts done, texts in all


def evaluate(
    model: ClassifierArtifact,
    data: Labelled,
    *,
    learnt: Labelled | None = None,
    worst: int = 10,
    abstain: float | None = None,
    on_progress: OnProgress | None = None,
) -> dict[str, Any]:
    """Score `model` on `data`, whose classes are the model's; the report is plain JSON data.

    `learnt` is what the model learnt from: texts of `data` that stand there too are counted, and
    the rest is scored by itself as well. Texts without a word that the model can read are left
    out, and counted. CorpusError when that leaves none, or when the classes are others;
    ConfigError when `abstain` or `worst` is outside its range.
    """
    # Before all is judged, which may take minutes.
    if abstain is not None and not 0 <= abstain <= 1:
        raise ConfigError(f"abstain must be a probability from 0 to 1, got {abstain}")
    if worst < 0:
        raise ConfigError(f"worst must be 0 or more, got {worst}")
    if data.classes != model.classes:
        raise CorpusError(
            f"the labels are of the classes {', '.join(data.classes)}, {model.name} judges "
            f"{', '.join(model.classes)}; read them with those classes"
        )
    verdicts = _judged(Judge(model), data, on_progress)
    readable = list(verdicts)
    if not readable:
        raise CorpusError(
            "no text has a word that the model can read, so there is nothing to score"
        )
    way = HOW_READ[model.long_texts]
    notes = [f"texts of over {model.text.max_words} words are read {way}"]
    if left_out := len(data) - len(readable):
        notes.append(f"{left_out:,} texts have no word that the model can read: left out")
    scored = data.subset(readable)
    subsets: dict[str, npt.NDArray[np.bool_]] = {}
    if learnt is not None:
        also = labelled.test_overlap(learnt, scored)
        subsets[f"without the {int(also.sum()):,} that stand in train"] = ~also
        if also.all():
            notes.append("the model learnt from all of these texts; a fair score needs others")
    report = evaluation_report.report(
        model.name,
        model.classes,
        np.array([verdict.probabilities for verdict in verdicts.values()]),
        scored.labels,
        np.array([verdict.words for verdict in verdicts.values()]),
        list(scored.texts),
        subsets=subsets,
        worst=worst,
        abstain=abstain,
        notes=notes,
    )
    for mistake in report["worst"]:
        mistake["index"] = readable[mistake["index"]]
    return report


def _judged(judge: Judge, data: Labelled, on_progress: OnProgress | None) -> dict[int, Verdict]:
    """Row -> its verdict, of the texts that the model can read."""
    found: dict[int, Verdict] = {}
    for start in range(0, len(data), CHUNK):
        verdicts = enumerate(judge.judge(data.texts[start : start + CHUNK]), start)
        found |= {row: verdict for row, verdict in verdicts if verdict.judged}
        if on_progress:
            on_progress(min(start + CHUNK, len(data)), len(data))
    return found
