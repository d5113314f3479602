"""Join labelled texts and a configuration: learn to judge, keep the best, calibrate it.

`output` is the model, the best so far by calibrated validation loss; `output/run` holds the
checkpoint and the history, and may be deleted once no one wants to go on.
"""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from textrnn import (
    artifact,
    calibration,
    classifier_runs,
    loop,
    pretraining,
    records,
    scores,
    transfer,
)
from textrnn.artifact import HOW_READ, LONG_TEXTS, ClassifierArtifact
from textrnn.classification import Judge
from textrnn.classifier_data import Split
from textrnn.classifier_runs import ClassifierRun
from textrnn.errors import ConfigError
from textrnn.labelled import Labelled
from textrnn.language_model import LanguageModel
from textrnn.learner import Learner
from textrnn.observer import Observer
from textrnn.unlabelled import Unlabelled
from textrnn.word_batches import WordBatches

ENOUGH_LONG = 20  # texts; on fewer of many the choice of how to read them is a toss
SCORES = (
    "validation_loss", "validation_calibrated_loss", "temperature", "validation_accuracy",
    "validation_macro_f1", "validation_auc",
)  # fmt: skip


def train_classifier(
    data: Labelled,
    output: str | Path,
    *,
    validation: Labelled | None = None,
    settings: Mapping[str, Any] | None = None,
    base: ClassifierArtifact | None = None,
    pretrain: Unlabelled | LanguageModel | None = None,
    resume: bool = False,
    observer: Observer | None = None,
    command: str | None = None,
) -> ClassifierArtifact | None:
    """Learn to judge like `data` does, and leave the best model in the folder `output`.

    `validation` is what to choose and to calibrate on, or a share of `data` is kept back for it.
    `settings` are fields of ReadingConfig, ClassifierConfig, ClassifierTrainingConfig and
    PretrainingConfig by name.
    `base` is a model to start from: its shape is kept, its words grow by what `data` has more,
    and other classes than its own get a new head.
    `pretrain` are texts without labels: the layers below the head learn to foretell their words
    first, in `output`/pretrain. Or it is a language model that was left there by another run.
    With `resume` the run in `output` goes on with its own settings, and those given must be the
    same. Gives the best model, or None when the observer stopped the run before its end.

    CorpusError, ConfigError, TrainingError (the output is taken, the loss is no longer a number)
    and ArtifactError (it cannot be saved) say what to do.
    """
    observer, output = observer or Observer(), Path(output)
    for notice in artifact.recover(output):
        observer.notice(notice)
    if base and pretrain:
        raise ConfigError(f"{base.name} is trained already; leave out `pretrain`")
    begun = _begun(
        data, validation, output, settings or {}, command, observer, base, pretrain, resume
    )
    if begun is None:
        return None
    run, learner, split = begun
    batches, held = split.batches, split.validation
    ids = "no" if run.reading.tokens == "text" else f"{run.tokenizer.vocab_size:,}"
    observer.notice(
        f"{len(run.classes)} classes, {ids} ids; learning from "
        f"{len(batches):,} texts, validating on {len(held):,}; "
        f"{run.steps} steps an epoch, at most {run.epochs} epochs; "
        f"{batches.padding():.0%} of the batches is padding"
    )
    done = loop.run_epochs(
        run,
        learner,
        observer,
        batches=lambda: _batches(run, learner, batches),
        close=lambda: _close_epoch(run, learner, held, observer),
        rescue=lambda: _keep_if_best(run, learner, held),
        unit="texts",
        units_a_step=run.training.batch_size,
    )
    return _finished(run, held, observer) if done else None


def _begun(
    data: Labelled,
    validation: Labelled | None,
    output: Path,
    settings: Mapping[str, Any],
    command: str | None,
    observer: Observer,
    base: ClassifierArtifact | None,
    pretrain: Unlabelled | LanguageModel | None,
    resume: bool,
) -> tuple[ClassifierRun, Learner, Split] | None:
    """A run, new or resumed, its learner and its data; None when its pretraining was stopped."""
    start = base or pretrain
    if resume and (classifier_runs.has_begun(output) or not isinstance(start, Unlabelled)):
        return classifier_runs.go_on(data, validation, output, settings, observer, base, pretrain)
    if not isinstance(start, Unlabelled):
        loop.check_free(output)
        return classifier_runs.begin(data, validation, output, settings, command, observer, start)
    pretrained = pretraining.pretrain(
        start, data, validation, output, settings,
        resume=resume, observer=observer, command=command,
    )  # fmt: skip
    if pretrained is None:
        return None
    model, settings = pretrained
    return classifier_runs.begin(data, validation, output, settings, command, observer, model)


def _batches(run: ClassifierRun, learner: Learner, batches: WordBatches) -> Any:
    """What is left of the epoch, with the layers that take part in it unfrozen."""
    training = run.training
    if training.layer_decay < 1 or training.unfreeze_epochs:
        names = [variable.path for variable in learner.model.trainable_variables]
        learner.slow_down(transfer.rates(names, run.network, training, run.epoch))
    return batches.dataset(seed=training.seed, epoch=run.epoch, first_step=run.step)


def _keep_if_best(
    run: ClassifierRun, learner: Learner, held: Labelled
) -> tuple[dict[str, Any], bool]:
    """Score the averaged weights, calibrated, and save them as the model if none was better."""
    model = _model(run, learner.average_weights(), {})
    logits = Judge(model).text_logits(held.texts, "cut")
    if not np.isfinite(logits).all():  # of no use; what comes of that is the loop's to say
        return dict.fromkeys(SCORES, math.nan), False
    temperature = calibration.fit_temperature(logits, held.labels)
    found = scores.score(
        calibration.probabilities(logits, temperature), held.labels, run.classes
    ).to_dict()
    raw = scores.score(calibration.probabilities(logits), held.labels, run.classes)
    best = found["log_loss"] < run.best_loss  # false for nan
    if best:
        run.best_loss, run.best_epoch = found["log_loss"], run.epoch + 1
        model = _model(run, model.weights, {"validation": found})
        artifact.save(replace(model, temperature=temperature), run.output)
    row = (
        raw.log_loss, found["log_loss"], temperature, found["accuracy"], found["macro_f1"],
        found["auc"],
    )  # fmt: skip
    return dict(zip(SCORES, row, strict=True)), best


def _close_epoch(run: ClassifierRun, learner: Learner, held: Labelled, observer: Observer) -> None:
    found, best = _keep_if_best(run, learner, held)
    row = {
        "epoch": run.epoch + 1,
        "steps": learner.steps_done,
        "loss": run.loss_sum / run.steps,
        **found,
        "learning_rate": learner.learning_rate,
    }
    # nan and inf are not JSON: what has no value is on record as None.
    known = {name: None if _no_number(value) else value for name, value in row.items()}
    run.history = [*run.history, known]
    observer.epoch(row, best, {})


def _no_number(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _finished(run: ClassifierRun, held: Labelled, observer: Observer) -> ClassifierArtifact:
    """The best model, with the way of reading long texts that served validation best.

    Where validation has few of them, and not all are long, they are cut, as they were to learn.
    """
    # By its full path: a bundled model may have the same name.
    best = artifact.load_classifier(run.output.absolute())
    judge, size = Judge(best), run.reading.max_words
    tried: dict[str, dict[str, float]] = {}
    count = sum(len(judge.encode(text)) > size for text in held.texts)
    if count >= min(ENOUGH_LONG, len(held)):
        for way in LONG_TEXTS:
            logits = judge.text_logits(held.texts, way)
            temperature = calibration.fit_temperature(logits, held.labels)
            chances = calibration.probabilities(logits, temperature)
            found = scores.score(chances, held.labels, run.classes).to_dict()
            tried[way] = {"temperature": temperature, **found}
        way = min(tried, key=lambda way: tried[way]["log_loss"])
        losses = ", ".join(f"{name} {found['log_loss']:.4f}" for name, found in tried.items())
        observer.notice(f"texts over {size} words: {losses}; they will be read {HOW_READ[way]}")
        best = replace(best, long_texts=way, temperature=tried[way].pop("temperature"))  # type: ignore[arg-type]
        best = replace(best, metadata={**best.metadata, "scores": {"validation": tried[way]}})
    best = replace(best, metadata={**best.metadata, "history": run.history}, name=str(run.output))
    best = replace(best, card=records.classifier_card(best, title=run.output.name))
    artifact.save(best, run.output)
    return best


def _model(
    run: ClassifierRun, weights: Mapping[str, Any], scored: Mapping[str, Any]
) -> ClassifierArtifact:
    metadata = {
        "versions": records.versions(),
        "data": run.data,
        "training": run.training.to_dict(),
        **run.extra,
        "scores": scored,
        "history": run.history,
    }
    model = ClassifierArtifact(
        run.network, run.reading, run.classes, run.tokenizer, weights, metadata=metadata,
        name=str(run.output), hub=run.extra["hub"] if run.reading.tokens == "text" else {},
    )  # fmt: skip
    return replace(model, card=records.classifier_card(model, title=run.output.name))
