"""The settings of language-model pretraining, and the classifiers that can start from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from textrnn.config.base import setting
from textrnn.config.generator import GeneratorConfig
from textrnn.config.recipe import Settings
from textrnn.config.training import LearningConfig
from textrnn.config.weights import Shapes, stack_shapes
from textrnn.errors import ConfigError

# Defaults of a classifier that starts from a language model, where they differ. A language model
# is unidirectional, and predicting words takes more units than classifying texts.
PRETRAINED_SHAPE: Mapping[str, Any] = MappingProxyType({"bidirectional": False, "units": 256})
# Lower layers need smaller updates (Howard and Ruder 2018).
PRETRAINED_TRAINING: Mapping[str, Any] = MappingProxyType(
    {"learning_rate": 2e-3, "layer_decay": 0.7}
)


@dataclass(frozen=True, kw_only=True)
class PretrainingConfig(LearningConfig):
    """Training settings of the language model that a classifier starts from.

    `seed` and `checkpoint_seconds` are those of the classifier. If `epochs` is None, training runs
    for about 10,000 steps, but for 1 to 20 epochs.
    """

    derived = MappingProxyType(
        {"seed": LearningConfig.seed, "checkpoint_seconds": LearningConfig.checkpoint_seconds}
    )

    batch_size: int = setting(64, "Parallel streams of text.")
    ema: float = setting(0.999, "Momentum of the averaged weights, which are kept.")
    patience: int = 3
    window: int = setting(64, "Tokens of each stream per step.")
    negatives: int = setting(2048, "Negative samples per step (sampled softmax).")
    validation: float = setting(0.01, "Fraction of all tokens to validate on.")
    dropout: float = setting(
        0.2, "Dropout between layers and before the output, one mask per window."
    )
    embedding_dropout: float = setting(0.1, "Dropout on embedded features, one mask per window.")
    word_dropout: float = setting(0.0, "Fraction of words dropped.")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._at_least(1, "window", "negatives")
        self._fraction("dropout", "embedding_dropout", "word_dropout")
        if not 0 < self.validation < 1:
            raise ConfigError(f"validation must be between 0 and 1, got {self.validation}")


def check_pretrainable(given: Settings) -> None:
    """ConfigError if a classifier with these settings cannot start from a language model."""
    settings = {
        name: value
        for section in ("text", "network", "training")
        for name, value in given.get(section, {}).items()
    }
    if settings.get("bidirectional"):
        raise ConfigError(
            "a language model is unidirectional, and so is a classifier that starts from it; leave "
            "out --bidirectional"
        )
    if settings.get("conv_layers"):
        raise ConfigError(
            "a language model has no convolutions, nor has a classifier that starts from it; leave "
            "out conv_layers"
        )
    if settings.get("layers") == 0:
        raise ConfigError(
            "a language model needs recurrent layers; set --layers to 1 or more, or leave out "
            "--pretrain"
        )
    if settings.get("hub") or settings.get("tokens") == "text":
        raise ConfigError("a network starts from --pretrain or from --hub; choose one")
    if settings.get("vectors"):
        raise ConfigError("an embedding starts from --pretrain or from --vectors; choose one")


def check_unpretrained(given: Settings) -> None:
    """ConfigError if there are pretraining settings but no pretraining."""
    if own := [f"pretraining.{name}" for name in sorted(given.get("pretraining", {}))]:
        raise ConfigError(
            f"there is no pretraining here; leave out {', '.join(own)}, or name texts to pretrain "
            f"on with --pretrain"
        )


def weight_shapes(config: GeneratorConfig) -> Shapes:
    """Name -> shape of every weight, with the names and in the order of Keras."""
    shapes: Shapes = {"embedding/embeddings": (config.vocab_size, config.embedding_dim)}
    stack, features = stack_shapes(config, config.embedding_dim)
    shapes |= stack
    if features != config.embedding_dim:
        shapes["softmax/kernel"] = (features, config.embedding_dim)
    shapes["softmax/bias"] = (config.vocab_size,)
    return shapes
