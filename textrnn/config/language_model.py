"""Every default of language-model pretraining, once, and what of a classifier it can serve.

Names begin with `pretrain_`: a classifier's training has epochs and rates of its own.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from textrnn.config.base import Config
from textrnn.config.generator import GeneratorConfig, cell_name
from textrnn.config.training import LearningConfig
from textrnn.config.weights import cell_shapes
from textrnn.errors import ConfigError

PREFIX = "pretrain_"
# Defaults of a classifier that starts from a language model, where they differ from others'. A
# language model reads forwards alone, and foretelling words takes more units than judging does.
PRETRAINED_SHAPE: Mapping[str, Any] = MappingProxyType({"bidirectional": False, "units": 256})
# The deeper a layer lies, the less its weights have to change (Howard and Ruder 2018).
PRETRAINED_TRAINING: Mapping[str, Any] = MappingProxyType(
    {"learning_rate": 2e-3, "layer_decay": 0.7}
)


@dataclass(frozen=True, kw_only=True)
class PretrainingConfig(Config):
    """How the language model learns that a classifier starts from; `seed` is the classifier's.

    Epochs that nobody names are as many as make 10,000 steps, from 1 to 20.
    """

    pretrain_epochs: int | None = None
    pretrain_batch_size: int = 64  # streams of text read side by side
    pretrain_window: int = 64  # words of each that a step spans
    pretrain_learning_rate: float = 4e-3  # the highest, after warm-up
    pretrain_weight_decay: float = 0.01
    pretrain_ema: float = 0.999  # momentum of the averaged weights that are kept
    pretrain_patience: int = 3  # epochs without a better validation loss; 0 never stops
    pretrain_negatives: int = 2048  # words that a step's targets are told apart from
    pretrain_validation: float = 0.01  # share of all words kept back
    pretrain_dropout: float = 0.2  # between layers and before the output, one mask a window
    pretrain_embedding_dropout: float = 0.1  # on embedded features, one mask a window
    pretrain_word_dropout: float = 0.0  # on whole words

    def __post_init__(self) -> None:
        if self.pretrain_epochs is not None:
            self._at_least(1, "pretrain_epochs")
        self._at_least(1, "pretrain_batch_size", "pretrain_window", "pretrain_negatives")
        self._at_least(0, "pretrain_weight_decay", "pretrain_patience")
        self._share(
            "pretrain_ema", "pretrain_dropout", "pretrain_embedding_dropout",
            "pretrain_word_dropout",
        )  # fmt: skip
        if not 0 < self.pretrain_learning_rate < math.inf:
            raise ConfigError(
                f"pretrain_learning_rate must be above 0, got {self.pretrain_learning_rate}"
            )
        if not 0 < self.pretrain_validation < 1:
            raise ConfigError(
                f"pretrain_validation must be between 0 and 1, got {self.pretrain_validation}"
            )

    def learning(self, training: LearningConfig) -> LearningConfig:
        """What the learner and the loop go by; seed and checkpoints as in `training`."""
        names = ("epochs", "batch_size", "learning_rate", "weight_decay", "ema", "patience")
        own = {name: getattr(self, PREFIX + name) for name in names}
        return LearningConfig(
            **own, seed=training.seed, checkpoint_seconds=training.checkpoint_seconds
        )


def parted(settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings of the language model, and the others."""
    own = {name: value for name, value in settings.items() if name.startswith(PREFIX)}
    return own, {name: value for name, value in settings.items() if name not in own}


def check_pretrainable(settings: Mapping[str, Any]) -> None:
    """ConfigError where a classifier of these settings cannot start from a language model."""
    if settings.get("bidirectional"):
        raise ConfigError(
            "a language model reads forwards only, and so does what starts from it; leave out "
            "--bidirectional"
        )
    if settings.get("conv_layers"):
        raise ConfigError(
            "a language model has no convolutions, and nothing that starts from it; leave out "
            "conv_layers"
        )
    if settings.get("layers") == 0:
        raise ConfigError(
            "a language model is one of recurrent layers; set --layers to 1 or more, or leave "
            "out --pretrain"
        )
    if settings.get("hub") or settings.get("tokens") == "text":
        raise ConfigError("a network starts from --pretrain or from --hub; choose one")
    if settings.get("vectors"):
        raise ConfigError("an embedding starts from --pretrain or from --vectors; choose one")


def check_unpretrained(settings: Mapping[str, Any]) -> None:
    """ConfigError when there are settings of a language model, and nothing is pretrained."""
    if own := sorted(parted(settings)[0]):
        raise ConfigError(
            f"nothing is pretrained here; leave out {', '.join(own)}, or name texts to pretrain "
            f"on with --pretrain"
        )


def weight_shapes(config: GeneratorConfig) -> dict[str, tuple[int, ...]]:
    """Name -> shape of every weight, named as Keras names them, in its order."""
    shapes: dict[str, tuple[int, ...]] = {
        "embedding/embeddings": (config.vocab_size, config.embedding_dim)
    }
    features = config.embedding_dim
    for index in range(1, config.layers + 1):
        shapes |= cell_shapes(cell_name(config, index), config.cell, config.units, features)
        features = config.units
    if config.units != config.embedding_dim:
        shapes["softmax/kernel"] = (config.units, config.embedding_dim)
    shapes["softmax/bias"] = (config.vocab_size,)
    return shapes
