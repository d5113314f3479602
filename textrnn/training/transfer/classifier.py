"""Start a classifier from another: its words and then some, its weights, at rates by depth.

The new network gives at first what the old one gave: a new word begins as the bucket of unknown
words that it came from. Only with other classes is the head new.
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
from textrnn.training.initialization import Fresh, Notify, Weights

# Gentler than from nothing, and from the head downwards.
FINE_TUNING: Mapping[str, Any] = MappingProxyType(
    {"learning_rate": 2e-3, "layer_decay": 0.7, "unfreeze_epochs": 1, "patience": 4}
)
# What fine-tuning may change of a model.
FREE = {
    "word_dropout", "embedding_dropout", "dropout", "recurrent_dropout", "l1", "l2", "max_words",
    "keep",
}  # fmt: skip
LATER_WORDS = 5_000  # words that fine-tuning adds at most


class FromClassifier(Fresh):
    """The start from a trained classifier."""

    def __init__(self, base: ClassifierArtifact) -> None:
        self.base = base

    def fingerprint(self) -> dict[str, Any]:
        """The model by its name."""
        return {
            "identity": self.base.name,
            "start": f"started from {self.base.name}",
            "again": "fine-tune that",
            "absent": "started from no model; go on with `train`",
        }

    def defaults(self, given: Settings) -> Settings:
        """The text and the shape of the base; ConfigError where `given` changes them."""
        base, training = self.base, given.get("training", {})
        if not base.tokenizer.has_ids:
            raise ConfigError(
                f"{base.name} reads whole texts through a TF-Hub module, and has no words to go on "
                f"from; train a new model with --hub and --tokens text, which takes little time"
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
                f"fine-tuning keeps the words and the shape of {base.name}; leave out "
                f"{', '.join(fixed)}, or train a new model"
            )
        return {**own, "training": FINE_TUNING}

    def tokenizer(
        self, recipe: Any, fit: Callable[[], Any], texts: Sequence[str], notify: Notify
    ) -> Any:
        """That of the base, with the frequent words of `texts` that it lacks."""
        tokenizer = grown(self.base, texts)
        notify(f"{self._new(tokenizer):,} words are new to {self.base.name}")
        return tokenizer

    def weights(self, fresh: Weights, prepared: Any, notify: Notify) -> Weights:
        """Those of the base, for more words; a new head for other classes."""
        return transferred(self.base, prepared.tokenizer, prepared.classes, fresh)

    def records(self, tokenizer: Any) -> dict[str, Any]:
        """The name of the base, and how many words it lacks."""
        return {"base": {"name": self.base.name, "new_words": self._new(tokenizer)}}

    def _new(self, tokenizer: Any) -> int:
        return tokenizer.vocab_size - self.base.tokenizer.vocab_size


def grown(base: ClassifierArtifact, texts: Sequence[str]) -> Tokenizer:
    """The tokenizer of `base`, with the words of `texts` that it lacks and that are frequent.

    Pieces of words stay as they are: they spell any word.
    """
    end = base.text.max_characters or None  # what follows is never read
    return base.tokenizer.extend_vocabulary(
        (text[:end] for text in texts), min_count=base.text.min_count, limit=LATER_WORDS
    )


def transferred(
    base: ClassifierArtifact,
    tokenizer: Tokenizer,
    classes: Sequence[str],
    fresh: Mapping[str, npt.NDArray[Any]],
) -> dict[str, npt.NDArray[Any]]:
    """The weights of `base` for more words; with other classes than its own, a `fresh` head."""
    weights = {name: np.array(array) for name, array in base.weights.items()}
    sources = tokenizer.sources(base.tokenizer)
    weights["embedding/embeddings"] = weights["embedding/embeddings"][sources]
    if tuple(classes) != base.classes:
        weights |= {name: fresh[name] for name in ("output/kernel", "output/bias")}
    return weights


def rates(
    names: Sequence[str], config: ClassifierConfig, training: ClassifierTrainingConfig, epoch: int
) -> list[float]:
    """The share of a step that each weight takes in `epoch`, from 0: less the deeper it lies.

    The head has depth 0; a layer takes part once `unfreeze_epochs` have passed for each layer
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
