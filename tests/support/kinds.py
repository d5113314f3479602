"""A model of every kind with random weights, and its output for a few texts."""

from collections.abc import Callable
from typing import Any

import numpy as np

from support.classifiers import random_classifier
from support.generators import token_model
from support.models import random_weights, tiny_model
from textrnn.artifacts.base import Artifact
from textrnn.artifacts.language_model import LanguageModelArtifact
from textrnn.config import language_model as config_language_model
from textrnn.config.generator import GeneratorConfig
from textrnn.config.text import ClassifierTextConfig
from textrnn.engine import generation
from textrnn.engine.classification import Predictor
from textrnn.engine.language_model import score
from textrnn.tokenizers import SentencePieceTokenizer, WordTokenizer

TEXTS = ["a b c", "q q r", "z", "d e f g h i j k"]
WORDS = ("the", "film", "was", "good", "bad", "it", "and")
CORPUS = {"names": ["many.csv"], "sha256": "5a" * 32, "texts": 7}


def subword_tokenizer() -> SentencePieceTokenizer:
    texts = ["a whale, a ship\n", "the sea and the shore\n"] * 20
    return SentencePieceTokenizer.fit(texts, vocab_size=300, lower=True)


def random_language_model(tokens: str = "word", seed: int = 0, **shape: Any) -> Any:
    """An untrained language model; the same arguments give the same model."""
    tokenizer: Any = subword_tokenizer() if tokens == "sentencepiece" else WordTokenizer(
        WORDS, rule="unicode", lower=True, oov_buckets=2
    )  # fmt: skip
    config = GeneratorConfig(**{
        "vocab_size": tokenizer.vocab_size, "cell": "simple_rnn", "layers": 1, "units": 4,
        "embedding_dim": 3, "residual": False, **shape,
    })  # fmt: skip
    return LanguageModelArtifact(
        config=config,
        text=ClassifierTextConfig(tokens=tokens),  # type: ignore[arg-type]
        tokenizer=tokenizer,
        weights=random_weights(config, seed, config_language_model.weight_shapes),
        metadata={
            "corpus": CORPUS, "data": {"names": ["few.csv"]}, "pretraining": {}, "tokens": 90,
            "perplexity": 12.3,
        },
    )  # fmt: skip


def _classifier_of_subwords(seed: int) -> Any:
    tokenizer = subword_tokenizer()
    model = random_classifier(
        words=[f"w{index}" for index in range(tokenizer.vocab_size - 4)],
        reading={"tokens": "sentencepiece"}, seed=seed,
    )  # fmt: skip
    return type(model)(**{**vars(model), "tokenizer": tokenizer})


# Name -> a function that makes a model of that kind and kind of tokens from a seed.
MODELS: dict[str, Callable[[int], Artifact]] = {
    "generator of characters": lambda seed: tiny_model(seed=seed),
    "generator of words": lambda seed: token_model("word", seed),
    "generator of subwords": lambda seed: token_model("sentencepiece", seed),
    "classifier of words": lambda seed: random_classifier(
        cell="lstm", conv_layers=1, dense_units=3, seed=seed,
        about={"temperature": 1.25, "long_texts": "windows"},
    ),
    "classifier of subwords": _classifier_of_subwords,
    "language model of words": lambda seed: random_language_model(seed=seed),
    "language model of subwords": lambda seed: random_language_model("sentencepiece", seed),
}  # fmt: skip

OUTPUTS: dict[str, Callable[[Any], Any]] = {
    "generator": lambda model: generation.generate(model, seed=3, length=50, prime="a"),
    "classifier": lambda model: Predictor(model).predict(TEXTS),
    "language_model": lambda model: score(
        model, np.arange(200) % model.config.vocab_size
    ),
}  # fmt: skip


def output_of(model: Artifact) -> Any:
    """The output of a model for fixed inputs."""
    return OUTPUTS[model.kind](model)


def same_weights(left: Artifact, right: Artifact) -> bool:
    """Whether two models have the same weights, bit by bit."""
    return left.weights.keys() == right.weights.keys() and all(
        np.array_equal(left.weights[name], right.weights[name]) for name in left.weights
    )
