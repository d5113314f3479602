"""Turn texts, labelled or not, into soft labels: the predictions of trained classifiers.

Distillation (Hinton, Vinyals and Dean 2015) gives a network what labels do not: how sure to be
of a text, and targets for unlabelled texts. Soft labels are the mean of the teachers' calibrated
probabilities. They are saved in `output`/run/guesses as they are computed, so that an interrupted
run does not compute them again.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.artifacts import registry
from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.artifacts.hub import check_trusted
from textrnn.config.classifier import ClassifierTrainingConfig, check_teacher
from textrnn.config.parts import names_in
from textrnn.data.soft_labels import SoftLabels, is_table, read_soft_labels
from textrnn.data.unlabelled import UnlabelledTexts
from textrnn.engine.classification import Predictor
from textrnn.errors import ConfigError, TrainingError
from textrnn.models.hub.network import fetch_module
from textrnn.training import checkpoints
from textrnn.training.checkpoints import Checkpoint
from textrnn.training.observer import Observer

FOLDER = "guesses"  # inside the folder of the run
CHUNK = 4096  # texts per checkpoint
NOTICE_SECONDS = 30.0  # between two notices of progress

Teacher = ClassifierArtifact | SoftLabels
Targets = npt.NDArray[np.float32]  # (texts, classes); nan without a teacher prediction


def teachers_of(
    teacher: str,
    classes: Sequence[str],
    corpus: UnlabelledTexts | None = None,
    trust_hub: bool = False,
) -> list[Teacher]:
    """The teachers that the setting `teacher` names: classifiers, or tables of soft labels.

    ConfigError if one has other `classes` or another order, or if there is a `corpus` of unlabelled
    texts but no teacher; ArtifactError or CorpusError if one cannot be read, or needs `trust_hub`.
    """
    if corpus is not None:
        check_teacher(teacher)
    models: list[Teacher] = [
        read_soft_labels(name, classes)
        if is_table(name)
        else registry.load_as(ClassifierArtifact, name, trust_hub=trust_hub)
        for name in names_in(teacher)
    ]
    for model in models:
        if not isinstance(model, SoftLabels):
            check_trusted(model.hub, model.name, model.trust_hub)
        if model.classes != tuple(classes):
            raise ConfigError(
                f"the teacher {model.name} has the classes {', '.join(model.classes)}, "
                f"but these texts are labelled {', '.join(classes)}; rename the labels, or "
                f"name another teacher"
            )
    return models


def records_of(
    models: Sequence[Teacher], texts: Sequence[str], corpus: UnlabelledTexts | None, used: int
) -> dict[str, dict[str, Any]]:
    """The metadata about teachers as "distillation": names without folders, and their checksum.

    Also the number of labelled `texts` that they may predict, the fingerprint of the unlabelled
    texts, and how many of those are `used` for training. Empty without a teacher.
    """
    if not models:
        return {}
    tables = [model for model in models if isinstance(model, SoftLabels)]
    known = len(texts)
    if len(tables) == len(models):
        known = sum(any(text in table for table in tables) for text in texts)
    record = {
        "by": [Path(model.name).absolute().name or model.name for model in models],
        "sha256": _checksum(models),
        "labelled": known,
        **({"unlabelled": {**corpus.record(), "trained_on": used}} if corpus else {}),
    }
    return {"distillation": record}


def targets(
    texts: Sequence[str],
    labels: npt.NDArray[np.integer[Any]],
    classes: Sequence[str],
    training: ClassifierTrainingConfig,
    record: Mapping[str, Any],
    run: Path,
    observer: Observer,
    trust_hub: bool = False,
) -> Targets | None:
    """The targets of `texts`, (texts, classes); the first texts have `labels`, the others none.

    `record` is "distillation" of `records_of` when the run began, `run` its folder. None if the
    observer stopped the predictions. TrainingError if a teacher has changed since then. `trust_hub`
    lets a teacher's TF-Hub module run.
    """
    checksums = {"teachers": record["sha256"], "texts": _digest(texts)}
    predictions = _load(run / FOLDER, checksums, len(classes))
    if len(predictions) < len(texts):
        models = teachers_of(training.teacher, classes, trust_hub=trust_hub)
        if _checksum(models) != record["sha256"]:
            raise TrainingError(
                f"a teacher of the run in {run.parent} has changed since the run began; restore "
                f"{' and '.join(record['by'])}, or start again with another -o"
            )
        by = ", ".join(record["by"])
        observer.notice(
            f"computing teacher predictions ({by}) for {len(labels):,} labelled and "
            f"{len(texts) - len(labels):,} unlabelled texts; tens of thousands take minutes"
        )
        for model in models:
            if not isinstance(model, SoftLabels):
                fetch_module(model.hub, model.name, observer.notice)
        predictions = _predict(models, texts, predictions, checksums, run / FOLDER, observer)
        if len(predictions) < len(texts):
            return None
        if missing := int(np.isnan(predictions[:, 0]).sum()):
            observer.notice(f"{by}: no prediction for {missing:,} texts")
    return blend(predictions, labels, training.teacher_weight)


def blend(predictions: Targets, labels: npt.NDArray[np.integer[Any]], weight: float) -> Targets:
    """Mix the predictions of the first texts (by `weight`) with their one-hot `labels`.

    Without a prediction, the label alone is the target; without either, all classes are equal.
    """
    missing, count = np.isnan(predictions[:, :1]), len(labels)
    truth = np.eye(predictions.shape[1], dtype=np.float32)[labels]
    result = np.where(missing, np.float32(1 / predictions.shape[1]), predictions)
    mixed = weight * predictions[:count] + (1 - weight) * truth
    result[:count] = np.where(missing[:count], truth, mixed)
    return result


def _predict(
    models: Sequence[Teacher],
    texts: Sequence[str],
    predictions: Targets,
    checksums: Mapping[str, str],
    folder: Path,
    observer: Observer,
) -> Targets:
    """`predictions` continued to all `texts`, or up to where the observer stops."""
    functions, first = [_prediction_function(model) for model in models], len(predictions)
    started = noticed = time.monotonic()
    while len(predictions) < len(texts):
        if len(predictions) > first and observer.should_stop():
            break
        chunk = texts[len(predictions) : len(predictions) + CHUNK]
        predictions = np.concatenate([predictions, _mean_prediction(functions, chunk)])
        checkpoints.save(folder, Checkpoint(checksums, {"guesses": predictions}))
        now = time.monotonic()
        if now - noticed >= NOTICE_SECONDS:
            noticed, pace = now, (now - started) / (len(predictions) - first)
            observer.notice(
                f"{len(predictions):,} of {len(texts):,} texts predicted, "
                f"{pace * (len(texts) - len(predictions)) / 60:.0f} minutes left"
            )
    return predictions


def _prediction_function(model: Teacher) -> Callable[[Sequence[str]], npt.NDArray[Any]]:
    """A function: texts -> probabilities (texts, classes), nan for texts it cannot classify."""
    if isinstance(model, SoftLabels):
        return model.of
    predictor, missing = Predictor(model), (np.nan,) * len(model.classes)
    return lambda texts: np.array(
        [prediction.probabilities or missing for prediction in predictor.predict(texts)]
    )


def _mean_prediction(
    functions: Sequence[Callable[[Sequence[str]], npt.NDArray[Any]]], texts: Sequence[str]
) -> Targets:
    """The mean over those teachers that have a prediction for a text."""
    found = np.array([function(texts) for function in functions])
    known = ~np.isnan(found)
    with np.errstate(invalid="ignore"):  # 0 / 0 without any prediction
        mean = np.where(known, found, 0).sum(axis=0) / known.sum(axis=0)
    return mean.astype(np.float32)


def _load(folder: Path, checksums: Mapping[str, str], classes: int) -> Targets:
    """The predictions that an interrupted run saved; none if the texts or teachers differ."""
    if checkpoints.path(folder).exists():
        checkpoint = checkpoints.load(folder)
        if checkpoint.record == checksums:
            return checkpoint.arrays["guesses"]
    return np.empty((0, classes), np.float32)


def _checksum(models: Sequence[Teacher]) -> str:
    """SHA-256 of the teachers' contents, independent of their folders."""
    digest = hashlib.sha256()
    for model in models:
        if isinstance(model, SoftLabels):
            digest.update(model.sha256.encode())
            continue
        digest.update(_digest([_known(model), model.tokenizer.to_json()]).encode())
        for name in sorted(model.weights):
            digest.update(np.ascontiguousarray(model.weights[name]).tobytes())
    return digest.hexdigest()


def _known(model: ClassifierArtifact) -> dict[str, Any]:
    # As in format 1, so that a run that began with a teacher of that format can be resumed.
    record = model.record()
    first = {"kind": record.pop("kind"), "network": record.pop("network")}
    return {**first, "reading": record.pop("text"), **record}


def _digest(values: Sequence[Any]) -> str:
    digest = hashlib.sha256()
    for value in values:
        digest.update(json.dumps(value).encode())
    return digest.hexdigest()
