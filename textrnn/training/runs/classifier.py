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

from textrnn import tokenizers
from textrnn.artifacts.language_model import LanguageModel
from textrnn.artifacts.registry import ClassifierArtifact
from textrnn.config.classifier import ClassifierConfig, ClassifierTrainingConfig
from textrnn.config.language_model import check_unpretrained
from textrnn.config.text import ReadingConfig
from textrnn.config.training import LearningConfig
from textrnn.data.labelled import Labelled
from textrnn.data.unlabelled import Unlabelled, check_same, fresh
from textrnn.data.word_vectors import vector_size
from textrnn.datasets.padded import steps_of
from textrnn.errors import TrainingError
from textrnn.models.classifier import build_classifier
from textrnn.tokenizers.raw_text import TextTokenizer
from textrnn.training import checkpoints, encoding, hub, initialization
from textrnn.training import teachers as training_teachers
from textrnn.training.adversarial import AdversarialLearner
from textrnn.training.encoding import Split
from textrnn.training.initialization import sort_settings
from textrnn.training.learner import Learner
from textrnn.training.loop import Saver, Standing, check_same_settings
from textrnn.training.observer import Observer


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
    base: ClassifierArtifact | LanguageModel | None,
    unlabelled: Unlabelled | None = None,
) -> tuple[ClassifierRun, Learner, Split]:
    """A new run, its learner, and its data."""
    check_unpretrained(settings)
    values = sort_settings(settings)
    if isinstance(base, LanguageModel):
        values = initialization.from_language_model(base, values)
    elif base:
        values = initialization.from_classifier(base, values)
    borrowed = hub.borrow(*values, base if isinstance(base, ClassifierArtifact) else None)
    start = base or borrowed
    reading_values, shape, training_values = values
    reading = ReadingConfig.from_dict(reading_values)
    training = ClassifierTrainingConfig.from_dict(training_values)
    teachers = training_teachers.teachers_of(training.teacher, data.classes, unlabelled)
    learnt, held = encoding.split(data, validation, training)
    more = fresh(unlabelled, [*learnt.texts, *held.texts], observer.notice)
    tokenizer = initialization.tokenizer_of(start, reading, [*learnt.texts, *more], observer)
    if training.vectors:
        shape.setdefault("embedding_dim", vector_size(training.vectors))
    network = ClassifierConfig.from_dict(
        {**shape, "vocab_size": tokenizer.vocab_size, "classes": len(data.classes)}
    )
    split = encoding.encoded(learnt, held, tokenizer, reading, observer, more)
    steps = steps_of(len(split.texts), training.batch_size)
    taught = training_teachers.record_of(teachers, learnt.texts, unlabelled, split.unlabelled)
    run = ClassifierRun(
        output=output,
        epochs=training.epochs or default_epochs(steps),
        steps=steps,
        reading=reading,
        network=network,
        training=training,
        classes=data.classes,
        tokenizer=tokenizer,
        data=encoding.data_record(data, validation),
        extra={
            **({"command": command} if command else {}),
            **initialization.record_of(start, tokenizer),
            **({"taught": taught} if teachers else {}),
        },
    )
    learner = classifier_learner(run, learnt.labels)
    initialization.give_first_weights(learner, start, tokenizer, data.classes, training, observer)
    Saver(run, learner).save()  # so that a run killed at once can be resumed too
    return run, learner, split


def has_begun(output: Path) -> bool:
    """Whether `output` holds a classifier or its run, and not only a language model's."""
    return checkpoints.path(output / "run").exists() or (output / "config.json").exists()


def go_on(
    data: Labelled,
    validation: Labelled | None,
    output: Path,
    settings: Mapping[str, Any],
    observer: Observer,
    base: ClassifierArtifact | None = None,
    pretrain: Unlabelled | LanguageModel | None = None,
    unlabelled: Unlabelled | None = None,
) -> tuple[ClassifierRun, Learner, Split]:
    """The run whose checkpoint is in `output`, as `begin` gives a new one."""
    if not has_begun(output) and (output / "pretrain").exists():
        raise TrainingError(
            f"the run in {output} is still at its pretraining; name its texts with --pretrain to "
            f"go on"
        )
    checkpoint = checkpoints.load(output / "run")
    record = dict(checkpoint.record)
    if "classes" not in record:
        raise TrainingError(f"the run in {output} is a generator's; go on with `train generator`")
    if data.sha256 != record["data"]["sha256"]:
        raise TrainingError(
            f"the run in {output} learns from other texts: {', '.join(record['data']['names'])}, "
            f"{record['data']['examples']:,} of them; name those to go on"
        )
    encoding.check_validation(validation, record["data"].get("validation"), output)
    extra = record["extra"]
    initialization.check_base(base, extra.get("base", {}).get("name"), output)
    pretrained = extra.get("pretrained", {})
    check_same(pretrain, pretrained, output, "was pretrained on", "--pretrain")
    own_texts = extra.get("taught", {}).get("unlabelled", {})
    check_same(unlabelled, own_texts, output, "was taught what to think of", "--unlabelled")
    own = {**record["training"], **record["network"], **record["reading"]}
    own |= pretrained.get("settings", {})
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
    learnt, held = encoding.split(data, validation, training)
    learner = classifier_learner(run, learnt.labels)
    learner.restore(checkpoint.arrays, steps_done)
    observer.notice(f"going on at epoch {run.epoch + 1}, step {run.step + 1}")
    more = fresh(unlabelled, [*learnt.texts, *held.texts], Observer().notice)
    split = encoding.encoded(learnt, held, run.tokenizer, run.reading, Observer(), more)
    return run, learner, split


def classifier_learner(run: ClassifierRun, labels: npt.NDArray[np.integer[Any]]) -> Learner:
    """What learns to judge, with fresh weights; `labels` are all that it learns from."""
    training, embedding = run.training, None
    if run.reading.tokens == "text":
        embedding = hub.layer(run.extra["hub"], trainable=training.train_embedding)
    model = build_classifier(
        run.network,
        seed=training.seed,
        train_embedding=training.train_embedding,
        adversarial=bool(training.adversarial),
        text_embedding=embedding,
    )
    weights = None
    if training.class_weights == "balanced":
        counts = np.bincount(labels, minlength=len(run.classes))
        weights = len(labels) / (len(run.classes) * np.maximum(counts, 1))
    kind = AdversarialLearner if training.adversarial else Learner
    return kind(model, training, run.epochs * run.steps, loss_of(weights))


def loss_of(weights: npt.NDArray[Any] | None) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Mean nats a text, of one logit or several.

    Targets are labels (texts,), which alone may have `weights`, or probabilities (texts, classes).
    """

    def loss(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        guesses = len(targets.shape) == 2
        if logits.shape[1] == 1:
            truth = targets[:, 1:] if guesses else tf.cast(targets, logits.dtype)[:, None]
            each = tf.nn.sigmoid_cross_entropy_with_logits(labels=truth, logits=logits)[:, 0]
        elif guesses:
            each = tf.nn.softmax_cross_entropy_with_logits(labels=targets, logits=logits)
        else:
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
        if weights is not None:
            each *= tf.gather(tf.constant(weights, each.dtype), targets)
        return tf.reduce_mean(each)

    return loss


def default_epochs(steps: int) -> int:
    """Epochs of so many steps for a user who names none: about 2,400 steps in all."""
    return max(4, min(40, math.ceil(2400 / steps)))
