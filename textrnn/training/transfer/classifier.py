"""Fine-tune a classifier: extend its vocabulary, reuse its weights, scale updates by depth.

At first, the new network computes the same as the old one: a new word starts with the embedding of
the unknown-word bucket it came from. The head is new only if the classes differ.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.config.classifier import ClassifierConfig, ClassifierTrainingConfig
from textrnn.config.recipe import Settings
from textrnn.errors import ConfigError
from textrnn.tokenizers import Tokenizer
from textrnn.training.initialization import Fresh, Notify, Weights, fine_tuned_from

# Smaller updates than from scratch, and from the head downwards.
FINE_TUNING: Mapping[str, Any] = MappingProxyType(
    {"learning_rate": 2e-3, "layer_decay": 0.7, "unfreeze_epochs": 1, "patience": 4}
)
# The settings of a model that fine-tuning may change.
FREE = {
    "word_dropout", "embedding_dropout", "dropout", "recurrent_dropout", "l1", "l2", "max_tokens",
    "truncation", "spelling",
}  # fmt: skip
LATER_WORDS = 5_000  # at most this many words are added


class FromClassifier(Fresh):
    """Initialization from a trained classifier."""

    def __init__(self, base: ClassifierArtifact) -> None:
        self.base = base

    def fingerprint(self) -> dict[str, Any]:
        """The name and the weights of the model."""
        return fine_tuned_from(self.base.name, self.base.checksums)

    def defaults(self, given: Settings) -> Settings:
        """Text settings and shape of the base; ConfigError if `given` changes them."""
        base, training = self.base, given.get("training", {})
        if not base.tokenizer.has_ids:
            raise ConfigError(
                f"{base.name} reads whole texts through a TF-Hub module and cannot be fine-tuned; "
                f"train a new model with --hub and --tokens text, which takes little time"
            )
        for name, option in (("hub", "--hub"), ("vectors", "--vectors")):
            if training.get(name):
                what = "an embedding" if name == "hub" else "vectors"
                raise ConfigError(f"{base.name} has {what} of its own; leave out {option}")
        own = {"text": base.text.to_dict(), "network": base.config.to_dict()}
        if fixed := sorted(
            name
            for section in own
            for name, value in given.get(section, {}).items()
            if name not in FREE and own[section][name] != value
        ):
            raise ConfigError(
                f"fine-tuning keeps the vocabulary and the shape of {base.name}; leave out "
                f"{', '.join(fixed)}, or train a new model"
            )
        return {**own, "training": FINE_TUNING}

    def tokenizer(
        self, recipe: Any, fit: Callable[[], Any], texts: Sequence[str], notify: Notify
    ) -> Any:
        """The tokenizer of the base, extended with new frequent words of `texts`."""
        tokenizer = extend_vocabulary(self.base, texts).with_spelling(recipe.text.spelling)
        notify(f"{self._new(tokenizer):,} words are new to {self.base.name}")
        return tokenizer

    def weights(self, fresh: Weights, prepared: Any, notify: Notify) -> Weights:
        """The weights of the base for the larger vocabulary; a new head for other classes."""
        return transfer_weights(self.base, prepared.tokenizer, prepared.classes, fresh)

    def records(self, tokenizer: Any) -> dict[str, Any]:
        """The name of the base and the number of new words."""
        return {"base": {"name": self.base.name, "new_words": self._new(tokenizer)}}

    def _new(self, tokenizer: Any) -> int:
        return tokenizer.vocab_size - self.base.tokenizer.vocab_size


def extend_vocabulary(base: ClassifierArtifact, texts: Sequence[str]) -> Tokenizer:
    """The tokenizer of `base`, extended with the new frequent words of `texts`.

    A subword tokenizer stays unchanged: it can encode any word.
    """
    end = base.text.max_characters or None  # the model never reads further
    return base.tokenizer.extend_vocabulary(
        (text[:end] for text in texts), min_count=base.text.min_count, limit=LATER_WORDS
    )


def transfer_weights(
    base: ClassifierArtifact,
    tokenizer: Tokenizer,
    classes: Sequence[str],
    fresh: Mapping[str, npt.NDArray[Any]],
) -> dict[str, npt.NDArray[Any]]:
    """The weights of `base` for a larger vocabulary; a `fresh` head if the classes differ."""
    weights = {name: np.array(array) for name, array in base.weights.items()}
    sources = tokenizer.sources(base.tokenizer)
    weights["embedding/embeddings"] = weights["embedding/embeddings"][sources]
    if tuple(classes) != base.classes:
        weights |= {name: fresh[name] for name in ("output/kernel", "output/bias")}
    return weights


def rates(
    names: Sequence[str], config: ClassifierConfig, training: ClassifierTrainingConfig, epoch: int
) -> list[float]:
    """The factor that scales each weight's update in `epoch` (from 0); it falls with depth.

    The head has depth 0. A layer is frozen until `unfreeze_epochs` have passed for each layer
    above it.
    """
    depths = [_depth(name, config) for name in names]
    return [
        training.layer_decay**depth if epoch >= depth * training.unfreeze_epochs else 0.0
        for depth in depths
    ]


def _depth(name: str, config: ClassifierConfig) -> int:
    layer = re.search(r"(?:^|/)(?:\w+_)?(rnn|conv)_(\d+)/", name)
    if not layer:
        return 0 if name.startswith(("output/", "hidden/")) else 1 + config.layers + (
            config.conv_layers
        )  # fmt: skip
    kind, index = layer[1], int(layer[2])
    above = 0 if kind == "rnn" else config.layers
    return above + 1 + (config.layers if kind == "rnn" else config.conv_layers) - index
