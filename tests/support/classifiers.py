"""Classifiers and labelled texts that several test modules share."""

import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from support.models import random_weights
from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.config.classifier import ClassifierConfig, weight_shapes
from textrnn.config.text import ClassifierTextConfig
from textrnn.data.labelled import LabelledTexts
from textrnn.tokenizers import WordTokenizer
from textrnn.tokenizers.raw_text import TextTokenizer

BINARY = ("negative", "positive")
LETTERS = tuple(string.ascii_lowercase[:20])
SUBJECTS = ("the film", "this dinner", "my room", "that song")


def random_classifier(
    *,
    classes: Sequence[str] = BINARY,
    words: Sequence[str] = LETTERS,
    seed: int = 0,
    reading: dict[str, Any] | None = None,
    about: dict[str, Any] | None = None,
    **config: Any,
) -> ClassifierArtifact:
    """An untrained model that reads single letters; the same arguments give the same model."""
    tokenizer = WordTokenizer(words, rule="unicode", lower=True, oov_buckets=3)
    settings = {"cell": "gru", "embedding_dim": 6, "units": 5, **config}
    network = ClassifierConfig(vocab_size=tokenizer.vocab_size, classes=len(classes), **settings)
    return ClassifierArtifact(
        config=network,
        text=ClassifierTextConfig(**{"max_tokens": 40, **(reading or {})}),
        classes=tuple(classes),
        tokenizer=tokenizer,
        weights=random_weights(network, seed, weight_shapes),
        **(about or {}),
    )


def text_classifier(handle: str, sha256: str, **about: Any) -> ClassifierArtifact:
    """An untrained model over whole texts, which a TF-Hub module turns into vectors of 3 values."""
    network = ClassifierConfig(
        vocab_size=1, classes=2, cell="gru", units=1, layers=0, embedding_dim=3, dense_units=2,
        pooling="mean",
    )  # fmt: skip
    weights = random_weights(network, 0, weight_shapes)
    del weights["embedding/embeddings"]
    return ClassifierArtifact(
        config=network,
        text=ClassifierTextConfig(tokens="text", lower=False),
        classes=BINARY,
        tokenizer=TextTokenizer(rule="unicode"),
        weights=weights,
        hub={"handle": handle, "sha256": sha256},
        **about,
    )


def random_ids(lengths: Sequence[int], vocab_size: int, seed: int = 0) -> list[np.ndarray]:
    """Texts of these lengths as ids without 0, the padding."""
    rng = np.random.default_rng(seed)
    return [rng.integers(1, vocab_size, size=length) for length in lengths]


def reviews(count: int = 60, seed: int = 0, *, neutral: bool = False) -> LabelledTexts:
    """Short reviews whose only adjective determines the class, equally many per class."""
    adjectives = {"negative": ("awful", "dull"), "positive": ("lovely", "great")}
    if neutral:
        adjectives["neutral"] = ("usual", "plain")
    classes = tuple(sorted(adjectives))
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for index in range(count):
        label = index % len(classes)
        one, other = rng.choice(SUBJECTS, 2)
        filler = " ".join(rng.choice(["and", "so", "then", "it", "was"], rng.integers(0, 6)))
        texts.append(f"{one} was {rng.choice(adjectives[classes[label]])} {filler} like {other} .")
        labels.append(label)
    return LabelledTexts.of(texts, np.array(labels, np.int32), classes, ("reviews.csv",))


def padded(texts, length=None) -> np.ndarray:
    """Texts of ids as rows, padded with 0 on the right."""
    ids = np.zeros((len(texts), length or max(map(len, texts))), np.int32)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = text
    return ids
