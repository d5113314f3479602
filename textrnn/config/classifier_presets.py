"""Named overrides of the settings of a classifier."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from textrnn.config.suggestions import named

_PLAIN = {
    "word_dropout": 0.0, "embedding_dropout": 0.0, "dropout": 0.0, "bidirectional": False,
    "schedule": "constant", "warmup_steps": 0, "weight_decay": 0.0, "clip_norm": 0.0, "ema": 0.0,
    "patience": 0, "learning_rate": 1e-3, "min_count": 1,
}  # fmt: skip
_TEXTBOOK = {
    **_PLAIN, "word_pattern": "textbook", "lower": False, "max_vocab_size": 10_000,
    "oov_buckets": 1000, "embedding_dim": 128, "cell": "gru", "layers": 2, "units": 128,
    "pooling": "last", "batch_size": 32, "epochs": 5,
}  # fmt: skip
_CHOLLET = {
    **_PLAIN, "max_vocab_size": 10_000, "oov_buckets": 1, "embedding_dim": 32, "layers": 1,
    "units": 32, "pooling": "last", "max_tokens": 500, "truncation": "tail",
    "optimizer": "rmsprop", "batch_size": 128, "epochs": 10, "validation": 0.2,
}  # fmt: skip

# Named overrides of the defaults of all sections.
ClassifierPreset = Literal[
    "textbook", "textbook-full", "simple-rnn", "lstm", "bidirectional", "conv", "hub"
]
CLASSIFIER_PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        # The lectures' sentiment network, on the first 300 characters of a text.
        "textbook": {**_TEXTBOOK, "max_characters": 300},
        # The same network on up to 400 words (both ends of a longer text), with averaged weights.
        "textbook-full": {**_TEXTBOOK, "max_tokens": 400, "truncation": "both", "ema": 0.99},
        "simple-rnn": {**_CHOLLET, "cell": "simple_rnn"},
        "lstm": {**_CHOLLET, "cell": "lstm"},
        "bidirectional": {
            **_PLAIN, "max_vocab_size": 20_000, "oov_buckets": 1, "max_tokens": 200,
            "truncation": "tail", "embedding_dim": 128, "cell": "lstm", "layers": 2, "units": 64,
            "bidirectional": True, "pooling": "last", "epochs": 2,
        },
        "conv": {
            **_PLAIN, "max_vocab_size": 10_000, "oov_buckets": 1, "max_tokens": 500,
            "truncation": "tail", "embedding_dim": 128, "conv_layers": 2,
            "layers": 0, "pooling": "max", "optimizer": "rmsprop", "learning_rate": 1e-4,
            "batch_size": 128, "epochs": 10, "validation": 0.2,
        },
        # Pretrained sentence vectors from TF-Hub and two dense layers.
        "hub": {
            **_PLAIN, "hub": "https://tfhub.dev/google/nnlm-en-dim50/2", "tokens": "text",
            "train_embedding": False, "max_tokens": 10_000, "layers": 0, "pooling": "mean",
            "dense_units": 128, "epochs": 5,
        },
    }
)  # fmt: skip


def classifier_preset(name: str) -> Mapping[str, Any]:
    """The overrides of the preset `name`; ConfigError lists the presets."""
    return named(CLASSIFIER_PRESETS, name, "preset")
