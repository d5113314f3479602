"""What a classifier starts from: nothing, another, word vectors, or a language model.

Each brings defaults, a vocabulary and first weights of its own.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.artifacts.language_model import LanguageModel
from textrnn.artifacts.registry import ClassifierArtifact
from textrnn.config.classifier import CLASSIFIER_GIVEN, ClassifierConfig, ClassifierTrainingConfig
from textrnn.config.language_model import (
    PRETRAINED_SHAPE,
    PRETRAINED_TRAINING,
    PretrainingConfig,
    check_pretrainable,
    parted,
)
from textrnn.config.text import ReadingConfig
from textrnn.data.word_vectors import read_vectors
from textrnn.errors import ConfigError, TrainingError
from textrnn.tokenizers.words import WordTokenizer
from textrnn.training import encoding
from textrnn.training.hub import Borrowed
from textrnn.training.learner import Learner
from textrnn.training.observer import Observer
from textrnn.training.transfer import classifier

# Defaults for going on from a trained model: gentler, and from the head downwards.
FINE_TUNING: Mapping[str, Any] = {
    "learning_rate": 2e-3, "layer_decay": 0.7, "unfreeze_epochs": 1, "patience": 4,
}  # fmt: skip
# What a classifier has of the language model that it starts from: its shape, its words.
SHAPE = ("cell", "layers", "units", "embedding_dim")
WORDS = ("tokens", "rule", "lower", "words", "min_count", "oov_buckets", "model_type",
         "max_characters")  # fmt: skip

Start = ClassifierArtifact | LanguageModel | Borrowed | None
Sorted = tuple[dict[str, Any], dict[str, Any], dict[str, Any]]  # reading, shape, training


def sort_settings(settings: Mapping[str, Any]) -> Sorted:
    """Settings by name, into those of reading, network and training; ConfigError names the rest."""
    kinds = [
        cls.field_types().keys() - set(CLASSIFIER_GIVEN)
        for cls in (ReadingConfig, ClassifierConfig, ClassifierTrainingConfig)
    ]
    if unknown := settings.keys() - set().union(*kinds):
        raise ConfigError(
            f"unknown setting {', '.join(sorted(unknown))}; known are "
            f"{', '.join(sorted(set().union(*kinds)))}"
        )
    reading, shape, training = (
        {name: value for name, value in settings.items() if name in kind} for kind in kinds
    )
    return reading, shape, training


def from_classifier(base: ClassifierArtifact, settings: Sorted) -> Sorted:
    """Settings of a run that goes on from `base`; ConfigError where they change what must stay."""
    reading, shape, training = settings
    classifier.check_shape(base, {**reading, **shape})
    if training.get("vectors"):
        raise ConfigError(f"{base.name} has vectors of its own; leave out --vectors")
    return (
        {**base.reading.to_dict(), **reading},
        {**base.config.to_dict(), **shape},
        {**FINE_TUNING, **training},
    )


def with_language_model(
    settings: Mapping[str, Any],
) -> tuple[ReadingConfig, ClassifierConfig, ClassifierTrainingConfig, PretrainingConfig]:
    """Of a run that begins with pretraining: all its settings, a vocabulary yet to come."""
    own, others = parted(settings)
    reading, shape, training = sort_settings(others)
    check_pretrainable(others)
    size = {"vocab_size": 1, "classes": 2}
    return (
        ReadingConfig.from_dict(reading),
        ClassifierConfig.from_dict({**PRETRAINED_SHAPE, **shape, **size}),
        ClassifierTrainingConfig.from_dict({**PRETRAINED_TRAINING, **training}),
        PretrainingConfig.from_dict(own),
    )


def from_language_model(model: LanguageModel, settings: Sorted) -> Sorted:
    """Settings of a run that starts from `model`; ConfigError where they are not of its kind."""
    reading, shape, training = settings
    check_pretrainable({**reading, **shape, **training})
    words = {name: getattr(model.reading, name) for name in WORDS}
    own = {name: getattr(model.config, name) for name in SHAPE}
    fixed, given = {**words, **own}, {**reading, **shape}
    if other := [
        f"{name}={fixed[name]}" for name in fixed if given.get(name, fixed[name]) != fixed[name]
    ]:
        raise ConfigError(
            f"{model.name} has {', '.join(other)}, and what starts from it has so too; leave that "
            f"out, or pretrain anew"
        )
    return (
        {**words, **reading},
        {**PRETRAINED_SHAPE, **shape, **own},
        {**PRETRAINED_TRAINING, **training},
    )


def tokenizer_of(
    start: Start,
    reading: ReadingConfig,
    texts: Sequence[str],
    observer: Observer,
) -> Any:
    """What turns texts into ids: that of `start`, or one that `texts` make."""
    if isinstance(start, LanguageModel):
        return start.tokenizer
    if isinstance(start, Borrowed):
        return start.tokenizer(reading)
    if start is None:
        return encoding.fit_tokenizer(reading, texts)
    tokenizer = classifier.grown(start, texts)
    new = tokenizer.vocab_size - start.tokenizer.vocab_size
    observer.notice(f"{new:,} words are new to {start.name}")
    return tokenizer


def check_base(base: ClassifierArtifact | None, name: str | None, output: Path) -> None:
    """TrainingError unless a resumed run is given the model that it started from, by name."""
    if (base.name if base else None) == name:
        return
    if name is None:
        raise TrainingError(f"the run in {output} started from no model; go on with `train`")
    raise TrainingError(f"the run in {output} started from {name}; fine-tune that to go on")


def record_of(start: Start, tokenizer: Any) -> dict[str, Any]:
    """What is put on record about `start`."""
    if isinstance(start, LanguageModel):
        about = {name: start.metadata[name] for name in ("tokens", "perplexity")}
        return {"pretrained": {**start.corpus, **about, "settings": start.metadata["pretraining"]}}
    if isinstance(start, Borrowed):
        return {"hub": start.record}
    if start is None:
        return {}
    new = tokenizer.vocab_size - start.tokenizer.vocab_size
    return {"base": {"name": start.name, "new_words": new}}


def give_first_weights(
    learner: Learner,
    start: Start,
    tokenizer: Any,
    classes: Sequence[str],
    training: ClassifierTrainingConfig,
    observer: Observer,
) -> None:
    """Let `learner` begin with what `start`, or a file of word vectors, has in store for it."""
    fresh = learner.average_weights()
    if isinstance(start, LanguageModel):
        shared = {name: array for name, array in start.weights.items() if name in fresh}
        learner.start_from({**fresh, **shared})
    elif isinstance(start, ClassifierArtifact):
        learner.start_from(classifier.transferred(start, tokenizer, classes, fresh))
    elif isinstance(start, Borrowed) and start.lifted:
        table = {"embedding/embeddings": start.lifted.table(tokenizer)}
        learner.start_from({**fresh, **table})
        observer.notice(
            f"{len(tokenizer.words_by_id):,} of the {len(start.lifted.words):,} tokens of "
            f"{training.hub} can be words of a text, and start from there"
        )
    if training.vectors:
        learner.start_from(with_vectors(tokenizer, training.vectors, fresh, observer))


def with_vectors(
    tokenizer: Any, file: str, weights: Mapping[str, npt.NDArray[Any]], observer: Observer
) -> dict[str, npt.NDArray[Any]]:
    """`weights` whose embedding has the vectors of `file` for the words that it knows."""
    if not isinstance(tokenizer, WordTokenizer):
        raise ConfigError("vectors are of words; leave out --vectors, or use --tokens word")
    vectors, found = read_vectors(file, tokenizer.words_by_id)
    table = np.array(weights["embedding/embeddings"])
    if vectors.shape[1] != table.shape[1]:
        raise ConfigError(
            f"{file} has {vectors.shape[1]} values a word; set --embedding-dim to that, or leave "
            f"it out"
        )
    table[1 : len(vectors) + 1][found] = vectors[found]
    observer.notice(f"{found.sum():,} of {len(found):,} words start from {file}")
    return {**weights, "embedding/embeddings": table}
