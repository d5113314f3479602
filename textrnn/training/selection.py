"""Turn a run's weights into the model that it leaves: the best, calibrated, read the best way.

All is chosen on the texts to validate on, by their labels alone.
"""

import math
from collections.abc import Mapping, Sized
from dataclasses import replace
from typing import Any

import numpy as np

from textrnn.artifacts import cards, registry
from textrnn.artifacts.classifier import HOW_READ, LONG_TEXTS, ClassifierArtifact
from textrnn.data.labelled import Labelled
from textrnn.engine import calibration
from textrnn.engine.classification import Judge
from textrnn.evaluation import metrics as evaluation_metrics
from textrnn.training.learner import Learner
from textrnn.training.metrics import ClassifierMetrics
from textrnn.training.observer import Observer, OnProgress, ValidationProgress
from textrnn.training.pace import Pace
from textrnn.training.runs.classifier import ClassifierRun

ENOUGH_LONG = 20  # texts; on fewer of many the choice of how to read them is a toss


def keep_if_best(
    run: ClassifierRun, learner: Learner, held: Labelled, on_progress: OnProgress | None = None
) -> tuple[ClassifierMetrics, bool]:
    """Score the averaged weights, calibrated, and save them as the model if none was better."""
    model = _model(run, learner.average_weights(), {})
    logits = Judge(model).text_logits(held.texts, "cut", on_progress)
    if not np.isfinite(logits).all():  # of no use; what comes of that is the loop's to say
        unknown = dict.fromkeys(ClassifierMetrics.columns[1:], math.nan)
        return ClassifierMetrics(loss=run.mean_loss, **unknown), False
    temperature, calibrated = evaluation_metrics.calibrated_scores(logits, held.labels, run.classes)
    found = calibrated.to_dict()
    raw = evaluation_metrics.score(calibration.probabilities(logits), held.labels, run.classes)
    best = found["log_loss"] < run.best_loss  # false for nan
    if best:
        run.best_loss, run.best_epoch = found["log_loss"], run.epoch + 1
        model = _model(run, model.weights, {"validation": found})
        registry.save(replace(model, temperature=temperature), run.output)
    metrics = ClassifierMetrics(
        loss=run.mean_loss,
        validation_loss=raw.log_loss,
        validation_calibrated_loss=calibrated.log_loss,
        temperature=temperature,
        validation_accuracy=calibrated.accuracy,
        validation_macro_f1=calibrated.macro_f1,
        validation_auc=calibrated.auc,
    )
    return metrics, best


def finished(run: ClassifierRun, held: Labelled, observer: Observer) -> ClassifierArtifact:
    """The best model, with the way of reading long texts that served validation best.

    Where validation has few of them, and not all are long, they are cut, as they were to learn.
    """
    # By its full path: a bundled model may have the same name.
    best = registry.load_classifier(run.output.absolute())
    judge, size = Judge(best), run.reading.max_words
    tried: dict[str, dict[str, float]] = {}
    count = sum(len(judge.encode(text)) > size for text in held.texts)
    if count >= min(ENOUGH_LONG, len(held)):
        on_progress = _choosing(run, observer, tried)
        for way in LONG_TEXTS:
            logits = judge.text_logits(held.texts, way, on_progress)
            temperature, found = evaluation_metrics.calibrated_scores(
                logits, held.labels, run.classes
            )
            tried[way] = {"temperature": temperature, **found.to_dict()}
        way = min(tried, key=lambda way: tried[way]["log_loss"])
        losses = ", ".join(f"{name} {found['log_loss']:.4f}" for name, found in tried.items())
        observer.notice(f"texts over {size} words: {losses}; they will be read {HOW_READ[way]}")
        best = replace(best, long_texts=way, temperature=tried[way].pop("temperature"))  # type: ignore[arg-type]
        best = replace(best, metadata={**best.metadata, "scores": {"validation": tried[way]}})
    best = replace(best, metadata={**best.metadata, "history": run.history}, name=str(run.output))
    best = replace(best, card=cards.classifier_card(best, title=run.output.name))
    registry.save(best, run.output)
    return best


def _choosing(run: ClassifierRun, observer: Observer, tried: Sized) -> OnProgress:
    """What tells the observer how far the choice among the ways to read is; `tried` are done."""
    pace = Pace()

    def on_progress(done: int, total: int) -> None:
        share = (len(tried) + done / total) / len(LONG_TEXTS)
        pace.validate(share)
        left = pace.seconds_left(0, 1)
        observer.validation(ValidationProgress(run.epoch, run.epochs, share, left))

    on_progress(0, 1)
    return on_progress


def _model(
    run: ClassifierRun, weights: Mapping[str, Any], scored: Mapping[str, Any]
) -> ClassifierArtifact:
    training = run.training.to_dict()
    if taught := run.extra.get("taught"):
        training["teacher"] = ",".join(taught["by"])  # without one machine's folders
    metadata = {
        "versions": cards.versions(),
        "data": run.data,
        "training": training,
        **run.extra,
        "scores": scored,
        "history": run.history,
    }
    model = ClassifierArtifact(
        run.network, run.reading, run.classes, run.tokenizer, weights, metadata=metadata,
        name=str(run.output), hub=run.extra["hub"] if run.reading.tokens == "text" else {},
    )  # fmt: skip
    return replace(model, card=cards.classifier_card(model, title=run.output.name))
