"""A classifier's run, begun or resumed: its settings, its data as ids, its learner."""

import base64
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from textrnn import checkpoints, classifier_data, hub_runs, tokenizers, transfer
from textrnn.artifact import ClassifierArtifact
from textrnn.classifier_config import (
    CLASSIFIER_GIVEN,
    CLASSIFIER_SETTINGS,
    ClassifierConfig,
    ClassifierTrainingConfig,
    ReadingConfig,
)
from textrnn.classifier_data import Split
from textrnn.config import LearningConfig
from textrnn.errors import ConfigError, TrainingError
from textrnn.hub_runs import Borrowed
from textrnn.labelled import Labelled
from textrnn.learner import Learner
from textrnn.loop import Saver, Standing, check_free, check_same_settings
from textrnn.models.classifier import build_classifier
from textrnn.observer import Observer
from textrnn.tokenizers.strings import TextTokenizer
from textrnn.tokenizers.words import WordTokenizer
from textrnn.vectors import read_vectors, vector_size

# Defaults for going on from a trained model: gentler, and from the head downwards.
FINE_TUNING: Mapping[str, Any] = {
    "learning_rate": 2e-3, "layer_decay": 0.7, "unfreeze_epochs": 1, "patience": 4,
}  # fmt: skip


@dataclass(kw_only=True)
class ClassifierRun(Standing):
    """What a classifier's run learns, from what, and where it stands."""

    reading: ReadingConfig
    network: ClassifierConfig
    training: ClassifierTrainingConfig
    classes: tuple[str, ...]
    tokenizer: Any
    data: Mapping[str, Any]  # what tells the data again
    extra: Mapping[str, Any]

    @property
    def learning(self) -> LearningConfig:
        """The settings that the loop goes by."""
        return self.training

    def record(self) -> dict[str, Any]:
        """Everything but the weights, as JSON holds it; `go_on` starts from here."""
        pieces = getattr(self.tokenizer, "model", None)
        return {
            **self.progress_record(),
            "reading": self.reading.to_dict(),
            "network": self.network.to_dict(),
            "training": self.training.to_dict(),
            "classes": list(self.classes),
            "tokenizer": self.tokenizer.to_json(),
            "pieces": base64.b64encode(pieces).decode() if pieces else None,
            "data": self.data,
            "extra": self.extra,
        }


def begin(
    data: Labelled,
    validation: Labelled | None,
    output: Path,
    settings: Mapping[str, Any],
    command: str | None,
    observer: Observer,
    base: ClassifierArtifact | None,
) -> tuple[ClassifierRun, Learner, Split]:
    """A new run, its learner, and its data."""
    check_free(output)
    reading_values, shape, training_values = sort_settings(settings)
    if base:
        transfer.check_shape(base, {**reading_values, **shape})
        reading_values = {**base.reading.to_dict(), **reading_values}
        shape = {**base.config.to_dict(), **shape}
        training_values = {**FINE_TUNING, **training_values}
    borrowed = hub_runs.borrow(reading_values, shape, training_values, base)
    reading = ReadingConfig.from_dict(reading_values)
    training = ClassifierTrainingConfig.from_dict(training_values)
    if base and training.vectors:
        raise ConfigError(f"{base.name} has vectors of its own; leave out --vectors")
    learnt, held = classifier_data.split(data, validation, training)
    if base:
        tokenizer = transfer.grown(base, learnt.texts)
        new = tokenizer.vocab_size - base.tokenizer.vocab_size
        observer.notice(f"{new:,} words are new to {base.name}")
    elif borrowed:
        tokenizer = borrowed.tokenizer(reading)
    else:
        tokenizer = classifier_data.fit_tokenizer(reading, learnt.texts)
    if training.vectors:
        shape.setdefault("embedding_dim", vector_size(training.vectors))
    network = ClassifierConfig.from_dict(
        {**shape, "vocab_size": tokenizer.vocab_size, "classes": len(data.classes)}
    )
    split = classifier_data.encoded(learnt, held, tokenizer, reading, training, observer)
    steps = split.batches.steps
    run = ClassifierRun(
        output=output,
        epochs=training.epochs or default_epochs(steps),
        steps=steps,
        reading=reading,
        network=network,
        training=training,
        classes=data.classes,
        tokenizer=tokenizer,
        data=classifier_data.data_record(data, validation),
        extra=_extra(command, base, tokenizer, borrowed),
    )
    learner = classifier_learner(run, learnt.labels)
    if base:
        fresh = learner.average_weights()
        learner.start_from(transfer.transferred(base, tokenizer, data.classes, fresh))
    if training.vectors:
        learner.start_from(_with_vectors(run, learner.average_weights(), observer))
    if borrowed and borrowed.lifted:
        table = {"embedding/embeddings": borrowed.lifted.table(tokenizer)}
        learner.start_from({**learner.average_weights(), **table})
        observer.notice(
            f"{len(tokenizer.words_by_id):,} of the {len(borrowed.lifted.words):,} tokens of "
            f"{training.hub} can be words of a text, and start from there"
        )
    Saver(run, learner).save()  # so that a run killed at once can be resumed too
    return run, learner, split


def go_on(
    data: Labelled,
    validation: Labelled | None,
    output: Path,
    settings: Mapping[str, Any],
    observer: Observer,
    base: ClassifierArtifact | None = None,
) -> tuple[ClassifierRun, Learner, Split]:
    """The run whose checkpoint is in `output`, as `begin` gives a new one."""
    checkpoint = checkpoints.load(output / "run")
    record = dict(checkpoint.record)
    if "classes" not in record:
        raise TrainingError(f"the run in {output} is a generator's; go on with `train generator`")
    if data.sha256 != record["data"]["sha256"]:
        raise TrainingError(
            f"the run in {output} learns from other texts: {', '.join(record['data']['names'])}, "
            f"{record['data']['examples']:,} of them; name those to go on"
        )
    classifier_data.check_validation(validation, record["data"].get("validation"), output)
    _check_base(base, record["extra"].get("base", {}).get("name"), output)
    own = {**record["training"], **record["network"], **record["reading"]}
    check_same_settings(own, settings, output)
    record["reading"] = ReadingConfig.from_dict(record["reading"])
    record["network"] = ClassifierConfig.from_dict(record["network"])
    record["training"] = training = ClassifierTrainingConfig.from_dict(record["training"])
    record["classes"] = tuple(record["classes"])
    pieces = record.pop("pieces")
    record["tokenizer"] = (
        TextTokenizer.from_json(record["tokenizer"])
        if record["reading"].tokens == "text"
        else tokenizers.read(record["tokenizer"], base64.b64decode(pieces) if pieces else None)
    )
    steps_done = record.pop("steps_done")
    run = ClassifierRun(output=output, **record)
    learnt, held = classifier_data.split(data, validation, training)
    learner = classifier_learner(run, learnt.labels)
    learner.restore(checkpoint.arrays, steps_done)
    observer.notice(f"going on at epoch {run.epoch + 1}, step {run.step + 1}")
    split = classifier_data.encoded(learnt, held, run.tokenizer, run.reading, training, Observer())
    return run, learner, split


def _check_base(base: ClassifierArtifact | None, name: str | None, output: Path) -> None:
    """TrainingError unless a resumed run is given the model that it started from, by name."""
    if (base.name if base else None) == name:
        return
    if name is None:
        raise TrainingError(f"the run in {output} started from no model; go on with `train`")
    raise TrainingError(f"the run in {output} started from {name}; fine-tune that to go on")


def sort_settings(
    settings: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Settings by name, into those of each of CLASSIFIER_SETTINGS; ConfigError names the rest."""
    given = set(CLASSIFIER_GIVEN)
    kinds = [cls.field_types().keys() - given for cls in CLASSIFIER_SETTINGS.values()]
    if unknown := settings.keys() - set().union(*kinds):
        raise ConfigError(
            f"unknown setting {', '.join(sorted(unknown))}; known are "
            f"{', '.join(sorted(set().union(*kinds)))}"
        )
    reading, shape, training = (
        {name: value for name, value in settings.items() if name in kind} for kind in kinds
    )
    return reading, shape, training


def classifier_learner(run: ClassifierRun, labels: npt.NDArray[np.integer[Any]]) -> Learner:
    """What learns to judge, with fresh weights; `labels` are all that it learns from."""
    training, embedding = run.training, None
    if run.reading.tokens == "text":
        embedding = hub_runs.layer(run.extra["hub"], trainable=training.train_embedding)
    model = build_classifier(
        run.network,
        seed=training.seed,
        train_embedding=training.train_embedding,
        text_embedding=embedding,
    )
    weights = None
    if training.class_weights == "balanced":
        counts = np.bincount(labels, minlength=len(run.classes))
        weights = len(labels) / (len(run.classes) * np.maximum(counts, 1))
    return Learner(model, training, run.epochs * run.steps, loss_of(weights))


def loss_of(weights: npt.NDArray[Any] | None) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Mean nats a text, of one logit or several."""

    def loss(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        if logits.shape[1] == 1:
            truth = tf.cast(labels, logits.dtype)[:, None]
            each = tf.nn.sigmoid_cross_entropy_with_logits(labels=truth, logits=logits)[:, 0]
        else:
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        if weights is not None:
            each *= tf.gather(tf.constant(weights, each.dtype), labels)
        return tf.reduce_mean(each)

    return loss


def default_epochs(steps: int) -> int:
    """Epochs of so many steps for a user who names none: about 2,400 steps in all."""
    return max(4, min(40, math.ceil(2400 / steps)))


def _extra(
    command: str | None, base: ClassifierArtifact | None, tokenizer: Any, borrowed: Borrowed | None
) -> dict[str, Any]:
    extra: dict[str, Any] = {"command": command} if command else {}
    if borrowed:
        extra["hub"] = borrowed.record
    if base:
        new = tokenizer.vocab_size - base.tokenizer.vocab_size
        extra["base"] = {"name": base.name, "new_words": new}
    return extra


def _with_vectors(
    run: ClassifierRun, weights: Mapping[str, npt.NDArray[Any]], observer: Observer
) -> dict[str, npt.NDArray[Any]]:
    if not isinstance(run.tokenizer, WordTokenizer):
        raise ConfigError("vectors are of words; leave out --vectors, or use --tokens word")
    vectors, found = read_vectors(run.training.vectors, run.tokenizer.words_by_id)
    table = np.array(weights["embedding/embeddings"])
    if vectors.shape[1] != table.shape[1]:
        raise ConfigError(
            f"{run.training.vectors} has {vectors.shape[1]} values a word; set --embedding-dim to "
            f"that, or leave it out"
        )
    table[1 : len(vectors) + 1][found] = vectors[found]
    observer.notice(f"{found.sum():,} of {len(found):,} words start from {run.training.vectors}")
    return {**weights, "embedding/embeddings": table}
