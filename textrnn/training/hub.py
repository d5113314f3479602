"""What a classifier's run takes from a TF-Hub module: its words and vectors, or the module itself.

Words become the tokenizer and vectors the first rows of the embedding; from then on the module is
not needed. Read as whole texts (`tokens` is "text") the module is a part of the network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from textrnn.artifacts.registry import ClassifierArtifact
from textrnn.config.classifier import ClassifierTrainingConfig
from textrnn.config.text import ReadingConfig
from textrnn.errors import ConfigError, TrainingError
from textrnn.models.hub import module as hub_module
from textrnn.models.hub.layer import HubEmbedding
from textrnn.models.hub.module import Lifted
from textrnn.tokenizers.raw_text import TextTokenizer

# A network over whole texts: nothing between the module's vector and the hidden layer.
OVER_TEXT: Mapping[str, Any] = {
    "layers": 0, "conv_layers": 0, "pooling": "mean", "word_dropout": 0.0,
    "embedding_dropout": 0.0, "dense_units": 128,
}  # fmt: skip
OVER_WORDS = (
    "layers", "conv_layers", "word_dropout", "embedding_dropout", "adversarial", "crop",
)  # fmt: skip


@dataclass(frozen=True)
class Borrowed:
    """What a run takes: `lifted` words and vectors, or None where it takes the module itself."""

    record: Mapping[str, str]
    lifted: Lifted | None

    def tokenizer(self, reading: ReadingConfig) -> Any:
        """What reads texts for it."""
        return self.lifted.tokenizer(reading) if self.lifted else TextTokenizer(rule=reading.rule)


def borrow(
    reading: dict[str, Any],
    shape: dict[str, Any],
    training: dict[str, Any],
    base: ClassifierArtifact | None,
) -> Borrowed | None:
    """What a run of these settings takes from a module, if it names one.

    Settings that follow from the module, and that nobody gave, are added. ConfigError when the
    module does not go together with what was asked for.
    """
    tokens = reading.get("tokens", ReadingConfig.tokens)
    handle = training.get("hub", ClassifierTrainingConfig.hub)
    _check(tokens, handle, {**shape, **training}, base)
    if not handle:
        return None
    module = hub_module.load(handle)
    lifted = None if tokens == "text" else hub_module.lift(module)
    reading.setdefault("lower", bool(lifted and not lifted.cased))
    if not lifted:
        for name, value in OVER_TEXT.items():
            shape.setdefault(name, value)
        training.setdefault("train_embedding", False)
    size = shape.setdefault("embedding_dim", module.dim)
    if size != module.dim:
        raise ConfigError(
            f"{handle} has vectors of {module.dim} values, not {size}; set --embedding-dim to "
            f"{module.dim}"
        )
    return Borrowed(module.record(), lifted)


def _check(
    tokens: str, handle: str, settings: Mapping[str, Any], base: ClassifierArtifact | None
) -> None:
    if base and base.reading.tokens == "text":
        raise ConfigError(
            f"{base.name} reads whole texts through a TF-Hub module, and has no words to go on "
            f"from; train a new model with --hub and --tokens text, which takes little time"
        )
    if handle and base:
        raise ConfigError(f"{base.name} has an embedding of its own; leave out --hub")
    if handle and settings.get("vectors"):
        raise ConfigError("an embedding starts from --hub or from --vectors; choose one")
    if handle and tokens == "sentencepiece":
        raise ConfigError("a TF-Hub module has vectors of words; use --tokens word, or text")
    if tokens != "text":
        return
    if not handle:
        raise ConfigError("--tokens text is read through a TF-Hub module; name one with --hub")
    if useless := [name for name in OVER_WORDS if settings.get(name)]:
        raise ConfigError(
            f"a TF-Hub module makes one vector of a text, and {', '.join(useless)} works on "
            f"words; leave that out, or leave out --tokens text"
        )


def layer(record: Mapping[str, str], *, trainable: bool) -> HubEmbedding:
    """The module that a run took as a layer; TrainingError when it is another one by now."""
    module = hub_module.load(record["handle"])
    if module.sha256 != record["sha256"]:
        raise TrainingError(
            f"the TF-Hub module in {module.folder} is another one than when the run began; put "
            f"that one back to go on"
        )
    return HubEmbedding(module, trainable=trainable)
