"""Every default of language-model pretraining, once, and what of a classifier it can serve."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from textrnn.config.generator import GeneratorConfig
from textrnn.config.recipe import Settings
from textrnn.config.training import LearningConfig
from textrnn.config.weights import Shapes, stack_shapes
from textrnn.errors import ConfigError

# Defaults of a classifier that starts from a language model, where they differ from others'. A
# language model reads forwards alone, and foretelling words takes more units than judging does.
PRETRAINED_SHAPE: Mapping[str, Any] = MappingProxyType({"bidirectional": False, "units": 256})
# The deeper a layer lies, the less its weights have to change (Howard and Ruder 2018).
PRETRAINED_TRAINING: Mapping[str, Any] = MappingProxyType(
    {"learning_rate": 2e-3, "layer_decay": 0.7}
)


@dataclass(frozen=True, kw_only=True)
class PretrainingConfig(LearningConfig):
    """How the language model learns that a classifier starts from.

    Seed and checkpoints are the classifier's. Epochs that nobody names are as many as make 10,000
    steps, from 1 to 20.
    """

    derived = MappingProxyType(
        {"seed": LearningConfig.seed, "checkpoint_seconds": LearningConfig.checkpoint_seconds}
    )

    batch_size: int = 64  # streams of text read side by side
    ema: float = 0.999  # momentum of the averaged weights that are kept
    patience: int = 3  # epochs without a better validation loss; 0 never stops
    window: int = 64  # words of each stream that a step spans
    negatives: int = 2048  # words that a step's targets are told apart from
    validation: float = 0.01  # share of all words kept back
    dropout: float = 0.2  # between layers and before the output, one mask a window
    embedding_dropout: float = 0.1  # on embedded features, one mask a window
    word_dropout: float = 0.0  # on whole words

    def __post_init__(self) -> None:
        super().__post_init__()
        self._at_least(1, "window", "negatives")
        self._share("dropout", "embedding_dropout", "word_dropout")
        if not 0 < self.validation < 1:
            raise ConfigError(f"validation must be between 0 and 1, got {self.validation}")


def check_pretrainable(given: Settings) -> None:
    """ConfigError where a classifier of these settings cannot start from a language model."""
    settings = {
        name: value
        for section in ("text", "network", "training")
        for name, value in given.get(section, {}).items()
    }
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


def check_unpretrained(given: Settings) -> None:
    """ConfigError when there are settings of a language model, and nothing is pretrained."""
    if own := [f"pretraining.{name}" for name in sorted(given.get("pretraining", {}))]:
        raise ConfigError(
            f"nothing is pretrained here; leave out {', '.join(own)}, or name texts to pretrain "
            f"on with --pretrain"
        )


def weight_shapes(config: GeneratorConfig) -> Shapes:
    """Name -> shape of every weight, named as Keras names them, in its order."""
    shapes: Shapes = {"embedding/embeddings": (config.vocab_size, config.embedding_dim)}
    stack, features = stack_shapes(config, config.embedding_dim)
    shapes |= stack
    if features != config.embedding_dim:
        shapes["softmax/kernel"] = (features, config.embedding_dim)
    shapes["softmax/bias"] = (config.vocab_size,)
    return shapes
