"""A classifier's run, begun or resumed: its settings, its data as ids, its learner."""

import base64
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from textrnn import checkpoints, hub_runs, labelled, tokenizers, transfer
from textrnn.artifact import ClassifierArtifact
from textrnn.classifier_config import ClassifierConfig, ClassifierTrainingConfig, ReadingConfig
from textrnn.config import Config, LearningConfig
from textrnn.errors import ConfigError, CorpusError, TrainingError
from textrnn.hub_pooled import TextBatches
from textrnn.hub_runs import Borrowed
from textrnn.labelled import Labelled
from textrnn.learner import Learner
from textrnn.loop import Saver, Standing, check_free
from textrnn.models.classifier import build_classifier
from textrnn.observer import Observer
from textrnn.tokenizers.pieces import SentencePieceTokenizer
from textrnn.tokenizers.strings import TextTokenizer
from textrnn.tokenizers.words import WordTokenizer, cut
from textrnn.vectors import read_vectors, vector_size
from textrnn.word_batches import WordBatches

SETTINGS: tuple[type[Config], ...] = (ReadingConfig, ClassifierConfig, ClassifierTrainingConfig)
# Defaults for going on from a trained model: gentler, and from the head downwards.
FINE_TUNING: Mapping[str, Any] = {
    "learning_rate": 1e-3, "layer_decay": 0.5, "unfreeze_epochs": 1, "patience": 4,
}  # fmt: skip
GIVEN = ("vocab_size", "classes")  # by the data, not by a person


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


@dataclass(frozen=True)
class Split:
    """Texts to learn from, as batches, and to validate on."""

    batches: WordBatches
    validation: Labelled


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
    learnt, held = _split(data, validation, training)
    if base:
        tokenizer = transfer.grown(base, learnt.texts)
        new = tokenizer.vocab_size - base.tokenizer.vocab_size
        observer.notice(f"{new:,} words are new to {base.name}")
    elif borrowed:
        tokenizer = borrowed.tokenizer(reading)
    else:
        tokenizer = fit_tokenizer(reading, learnt.texts)
    if training.vectors:
        shape.setdefault("embedding_dim", vector_size(training.vectors))
    network = ClassifierConfig.from_dict(
        {**shape, "vocab_size": tokenizer.vocab_size, "classes": len(data.classes)}
    )
    split = _encoded(learnt, held, tokenizer, reading, training, observer)
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
        data=data_record(data, validation),
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
    _check_validation(validation, record["data"].get("validation"), output)
    own = {**record["training"], **record["network"], **record["reading"]}
    for name, value in settings.items():
        if own.get(name) != value:
            raise ConfigError(
                f"the run in {output} has {name}={own.get(name)!r}, not {value!r}, and goes on "
                f"with its own settings; leave that out"
            )
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
    learnt, held = _split(data, validation, training)
    learner = classifier_learner(run, learnt.labels)
    learner.restore(checkpoint.arrays, steps_done)
    observer.notice(f"going on at epoch {run.epoch + 1}, step {run.step + 1}")
    split = _encoded(learnt, held, run.tokenizer, run.reading, training, Observer())
    return run, learner, split


def _check_validation(
    validation: Labelled | None, known: Mapping[str, Any] | None, output: Path
) -> None:
    if validation and not known:
        raise TrainingError(
            f"the run in {output} validates on a part of its own texts; leave out --validation"
        )
    if known and (validation is None or validation.sha256 != known["sha256"]):
        raise TrainingError(
            f"the run in {output} validates on {', '.join(known['names'])}, "
            f"{known['examples']:,} texts; name those with --validation to go on"
        )


def sort_settings(
    settings: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Settings of all kinds, by name, into those of SETTINGS; ConfigError names unknown ones."""
    kinds = [cls.field_types().keys() - set(GIVEN) for cls in SETTINGS]
    if unknown := settings.keys() - set().union(*kinds):
        raise ConfigError(
            f"unknown setting {', '.join(sorted(unknown))}; known are "
            f"{', '.join(sorted(set().union(*kinds)))}"
        )
    reading, shape, training = (
        {name: value for name, value in settings.items() if name in kind} for kind in kinds
    )
    return reading, shape, training


def fit_tokenizer(reading: ReadingConfig, texts: Sequence[str]) -> Any:
    """The words, or pieces, of `texts` that get ids of their own."""
    read = (_read(text, reading) for text in texts)
    if reading.tokens == "sentencepiece":
        return SentencePieceTokenizer.fit(
            read, vocab_size=reading.words, model_type=reading.model_type, lower=reading.lower
        )
    return WordTokenizer.fit(
        read,
        vocab_size=reading.words,
        oov_buckets=reading.oov_buckets,
        rule=reading.rule,
        lower=reading.lower,
        min_count=reading.min_count,
    )


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


def default_epochs(steps: int) -> int:
    """Epochs of so many steps for a user who names none: about 2,400 steps in all."""
    return max(4, min(40, math.ceil(2400 / steps)))


def data_record(data: Labelled, validation: Labelled | None = None) -> dict[str, Any]:
    """What tells labelled texts again; their sources by name, without one machine's folders.

    Under "validation" the same of the texts to validate on, unless they are a part of these.
    """
    names = sorted({name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] for name in data.names})
    return {
        "names": names,
        "sha256": data.sha256,
        "examples": len(data),
        "counts": data.counts(),
        **({"validation": data_record(validation)} if validation else {}),
    }


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


def _split(
    data: Labelled, validation: Labelled | None, training: ClassifierTrainingConfig
) -> tuple[Labelled, Labelled]:
    if validation is not None:
        if validation.classes != data.classes:
            raise CorpusError(
                f"the texts to validate on have the classes {', '.join(validation.classes)}, those "
                f"to learn from {', '.join(data.classes)}; they must be the same, in one order"
            )
        return data, validation
    learnt, held = labelled.stratified_split(
        data.labels, training.validation, training.seed, data.classes
    )
    return data.subset(learnt), data.subset(held)


def _encoded(
    learnt: Labelled,
    held: Labelled,
    tokenizer: Any,
    reading: ReadingConfig,
    training: ClassifierTrainingConfig,
    observer: Observer,
) -> Split:
    texts = [
        cut(tokenizer.encode(_read(text, reading)), reading.max_words, reading.keep)
        for text in learnt.texts
    ]
    kept = [row for row, ids in enumerate(texts) if len(ids)]
    readable = [row for row, text in enumerate(held.texts)
                if len(tokenizer.encode(_read(text, reading)))]  # fmt: skip
    left_out = len(texts) - len(kept) + len(held) - len(readable)
    if not kept or not readable:
        raise CorpusError(
            "no text has a word that the model can read; with another script than Latin leave "
            "--rule at unicode"
        )
    if left_out:
        observer.notice(f"{left_out:,} texts have no word that the model can read: left out")
    if reading.tokens == "text":
        whole = [tokenizer.decode(texts[row]) for row in kept]
        by_text = TextBatches(whole, learnt.labels[kept], batch_size=training.batch_size)
        return Split(by_text, held.subset(readable))
    batches = WordBatches(
        [texts[row] for row in kept],
        learnt.labels[kept],
        batch_size=training.batch_size,
        buckets=training.buckets,
        crop=training.crop,
    )
    return Split(batches, held.subset(readable))


def _read(text: str, reading: ReadingConfig) -> str:
    return text[: reading.max_characters] if reading.max_characters else text


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
