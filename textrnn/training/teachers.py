"""Turn texts, with labels or without, into what trained classifiers think of them: targets.

A network learns from others' guesses (Hinton, Vinyals and Dean 2015) what no label says: how sure
to be of a text, and what to think of one that nobody labelled. Guesses are calibrated
probabilities, the teachers' mean. That a long collection is read once only, whatever stops the
run, they are kept in `output`/run/guesses.
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
from textrnn.config.classifier import ClassifierTrainingConfig, check_taught
from textrnn.config.parts import names_in
from textrnn.data.soft_labels import Opinions, is_table, read_opinions
from textrnn.data.unlabelled import Unlabelled
from textrnn.engine.classification import Judge
from textrnn.errors import ConfigError, TrainingError
from textrnn.training import checkpoints
from textrnn.training.checkpoints import Checkpoint
from textrnn.training.observer import Observer

FOLDER = "guesses"  # in that of the run
TOGETHER = 4096  # texts that are read between two looks at the clock
TOLD_SECONDS = 30.0  # between two words of how far it is

Teacher = ClassifierArtifact | Opinions
Guesses = npt.NDArray[np.float32]  # (texts, classes); nan where no teacher has an opinion


def teachers_of(
    teacher: str, classes: Sequence[str], corpus: Unlabelled | None = None
) -> list[Teacher]:
    """What the setting `teacher` names, if it does: classifiers, or tables of opinions.

    ConfigError where one judges other than `classes`, in that order, or where there is none and a
    `corpus` to be judged; ArtifactError or CorpusError where one cannot be read.
    """
    if corpus is not None:
        check_taught(teacher)
    models: list[Teacher] = [
        read_opinions(name, classes) if is_table(name) else registry.load_classifier(name)
        for name in names_in(teacher)
    ]
    for model in models:
        if model.classes != tuple(classes):
            raise ConfigError(
                f"the teacher {model.name} judges {', '.join(model.classes)}, and these texts are "
                f"labelled {', '.join(classes)}; rename the labels, or name another teacher"
            )
    return models


def record_of(
    models: Sequence[Teacher], texts: Sequence[str], corpus: Unlabelled | None, learnt: int
) -> dict[str, Any]:
    """What is put on record: who taught, how many of the `texts` with labels a teacher may have an
    opinion of, and of texts without labels which, and how many of them were `learnt` from.

    Folders by their names alone.
    """
    tables = [model for model in models if isinstance(model, Opinions)]
    known = len(texts)
    if len(tables) == len(models):
        known = sum(any(text in table for table in tables) for text in texts)
    return {
        "by": [Path(model.name).absolute().name or model.name for model in models],
        "sha256": _sum_of(models),
        "labelled": known,
        **({"unlabelled": {**corpus.record(), "learnt": learnt}} if corpus else {}),
    }


def targets(
    texts: Sequence[str],
    labels: npt.NDArray[np.integer[Any]],
    classes: Sequence[str],
    training: ClassifierTrainingConfig,
    record: Mapping[str, Any],
    run: Path,
    observer: Observer,
) -> Guesses | None:
    """What to learn of `texts`, (texts, classes); the first have `labels`, the others none.

    `record` is what `record_of` gave when the run began, `run` its folder. None when the observer
    stopped the reading. TrainingError when a teacher is no longer the one that it was.
    """
    sums = {"teachers": record["sha256"], "texts": _digest(texts)}
    guesses = _kept(run / FOLDER, sums, len(classes))
    if len(guesses) < len(texts):
        models = teachers_of(training.teacher, classes)
        if _sum_of(models) != record["sha256"]:
            raise TrainingError(
                f"a teacher of the run in {run.parent} is no longer what it was when the run "
                f"began; put {' and '.join(record['by'])} back, or start again with another -o"
            )
        by = ", ".join(record["by"])
        observer.notice(
            f"{by} to judge {len(labels):,} texts with labels and {len(texts) - len(labels):,} "
            f"without, before they are learnt from; tens of thousands take minutes"
        )
        guesses = _asked(models, texts, guesses, sums, run / FOLDER, observer)
        if len(guesses) < len(texts):
            return None
        if unread := int(np.isnan(guesses[:, 0]).sum()):
            observer.notice(f"{by}: no opinion of {unread:,} texts")
    return blended(guesses, labels, training.teacher_share)


def blended(guesses: Guesses, labels: npt.NDArray[np.integer[Any]], share: float) -> Guesses:
    """The first texts' targets are theirs by `share` and their `labels`' by the rest.

    Where there is no guess a label stands alone; with neither, all classes are alike.
    """
    unread, count = np.isnan(guesses[:, :1]), len(labels)
    truth = np.eye(guesses.shape[1], dtype=np.float32)[labels]
    result = np.where(unread, np.float32(1 / guesses.shape[1]), guesses)
    mixed = share * guesses[:count] + (1 - share) * truth
    result[:count] = np.where(unread[:count], truth, mixed)
    return result


def _asked(
    models: Sequence[Teacher],
    texts: Sequence[str],
    guesses: Guesses,
    sums: Mapping[str, str],
    folder: Path,
    observer: Observer,
) -> Guesses:
    """`guesses` and those of the texts that follow, all of them unless the observer stops it."""
    judges, first = [_opinion_of(model) for model in models], len(guesses)
    started = told = time.monotonic()
    while len(guesses) < len(texts):
        if len(guesses) > first and observer.should_stop():
            break
        next_ones = texts[len(guesses) : len(guesses) + TOGETHER]
        guesses = np.concatenate([guesses, _mean_of(judges, next_ones)])
        checkpoints.save(folder, Checkpoint(sums, {"guesses": guesses}))
        now = time.monotonic()
        if now - told >= TOLD_SECONDS:
            told, pace = now, (now - started) / (len(guesses) - first)
            observer.notice(
                f"{len(guesses):,} of {len(texts):,} texts judged, "
                f"{pace * (len(texts) - len(guesses)) / 60:.0f} minutes left"
            )
    return guesses


def _opinion_of(model: Teacher) -> Callable[[Sequence[str]], npt.NDArray[Any]]:
    """What gives its probabilities of texts, (texts, classes); nan of what it cannot judge."""
    if isinstance(model, Opinions):
        return model.of
    judge, nothing = Judge(model), (np.nan,) * len(model.classes)
    return lambda texts: np.array(
        [verdict.probabilities or nothing for verdict in judge.judge(texts)]
    )


def _mean_of(
    judges: Sequence[Callable[[Sequence[str]], npt.NDArray[Any]]], texts: Sequence[str]
) -> Guesses:
    """The mean of those who can judge a text."""
    found = np.array([judge(texts) for judge in judges])
    known = ~np.isnan(found)
    with np.errstate(invalid="ignore"):  # 0 / 0 where nobody can
        mean = np.where(known, found, 0).sum(axis=0) / known.sum(axis=0)
    return mean.astype(np.float32)


def _kept(folder: Path, sums: Mapping[str, str], classes: int) -> Guesses:
    """The guesses of the first texts that a run stopped earlier left; none if of other texts."""
    if checkpoints.path(folder).exists():
        checkpoint = checkpoints.load(folder)
        if checkpoint.record == sums:
            return checkpoint.arrays["guesses"]
    return np.empty((0, classes), np.float32)


def _sum_of(models: Sequence[Teacher]) -> str:
    """What tells the models again, wherever they lie."""
    digest = hashlib.sha256()
    for model in models:
        if isinstance(model, Opinions):
            digest.update(model.sha256.encode())
            continue
        digest.update(_digest([_known(model), model.tokenizer.to_json()]).encode())
        for name in sorted(model.weights):
            digest.update(np.ascontiguousarray(model.weights[name]).tobytes())
    return digest.hexdigest()


def _known(model: ClassifierArtifact) -> dict[str, Any]:
    # As format 1 had it: a run that began with a teacher of that format can be resumed.
    record = model.record()
    first = {"kind": record.pop("kind"), "network": record.pop("network")}
    return {**first, "reading": record.pop("text"), **record}


def _digest(values: Sequence[Any]) -> str:
    digest = hashlib.sha256()
    for value in values:
        digest.update(json.dumps(value).encode())
    return digest.hexdigest()
