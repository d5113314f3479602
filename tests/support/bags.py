"""Classifiers with known predictions: bags of words with weights set by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.config.classifier import ClassifierConfig, weight_shapes
from textrnn.config.text import ClassifierTextConfig
from textrnn.tokenizers import WordTokenizer

WORDS = ("good", "bad", "fine", "the", "film", "is", "a", "not")
EFFECTS = {"good": [1], "fine": [0.3], "bad": [-1]}


def bag_of_words(
    classes: Sequence[str] = ("negative", "positive"),
    effects: Mapping[str, Sequence[float]] = EFFECTS,
    reading: Mapping[str, Any] | None = None,
    **about: Any,
) -> ClassifierArtifact:
    """A classifier whose logits are 4 times the mean of its words' effects (one per logit)."""
    tokenizer = WordTokenizer(WORDS, rule="unicode", lower=True, oov_buckets=1)
    config = ClassifierConfig(
        vocab_size=tokenizer.vocab_size,
        classes=len(classes),
        embedding_dim=len(next(iter(effects.values()))),
        layers=0,
        pooling="mean",
    )
    shapes = weight_shapes(config)
    weights = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    for word, effect in effects.items():
        weights["embedding/embeddings"][tokenizer.encode(word)[0]] = effect
    weights["output/kernel"] += 4 * np.eye(config.logits, dtype=np.float32)
    settings = ClassifierTextConfig(**(reading or {}))
    return ClassifierArtifact(
        config=config,
        text=settings,
        classes=tuple(classes),
        tokenizer=tokenizer,
        weights=weights,
        **about,
    )
