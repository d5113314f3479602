"""Fine-tune a generator: keep its tokens and its shape, and reuse its weights.

An alphabet is extended with the new characters of a corpus; words and subwords stay unchanged.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.recipe import Settings
from textrnn.errors import ConfigError
from textrnn.tokenizers import Tokenizer
from textrnn.training.initialization import Fresh, Notify, Weights, fine_tuned_from

# Smaller updates and fewer epochs than from scratch.
FINE_TUNING: Mapping[str, Any] = MappingProxyType(
    {"learning_rate": 1e-3, "epochs": 10, "patience": 3}
)
SHAPE = ("cell", "layers", "units", "embedding_dim", "residual")  # fixed by fine-tuning


class FromGenerator(Fresh):
    """Initialization from a trained generator."""

    def __init__(self, base: GeneratorArtifact) -> None:
        self.base = base

    def fingerprint(self) -> dict[str, Any]:
        """The name and the weights of the model."""
        return fine_tuned_from(self.base.name, self.base.checksums)

    def defaults(self, given: Settings) -> Settings:
        """Text settings and shape of the base; ConfigError if `given` changes them."""
        own = {"text": self.base.text.to_dict(), "network": self.base.config.to_dict()}
        _check(self.base, own, given)
        return {**own, "training": FINE_TUNING}

    def tokenizer(
        self, recipe: Any, fit: Callable[[], Any], texts: Sequence[str], notify: Notify
    ) -> Any:
        """The tokenizer of the base, extended with the new characters of the corpus.

        A tokenizer of words or subwords stays unchanged: it can encode any text.
        """
        base = self.base
        if not base.tokenizer.character_level:
            notify(f"{base.name} keeps its tokens, {base.tokenizer.vocab_size:,} in all")
            return base.tokenizer
        tokenizer = base.tokenizer.extend_vocabulary(texts)
        new = self._new(tokenizer)
        notify(
            f"{len(new)} characters are new to {base.name}: {new!r}"
            if new
            else f"every character is known to {base.name}"
        )
        return tokenizer

    def weights(self, fresh: Weights, prepared: Any, notify: Notify) -> Weights:
        """The weights of the base for the larger alphabet."""
        return transfer_weights(self.base, prepared.tokenizer, fresh)

    def records(self, tokenizer: Any) -> dict[str, Any]:
        """The name of the base and the new characters."""
        return {"base": {"name": self.base.name, "new_characters": self._new(tokenizer)}}

    def _new(self, tokenizer: Any) -> str:
        if not tokenizer.character_level:
            return ""
        return "".join(tokenizer.codec.characters[self.base.tokenizer.vocab_size :])


def _check(base: GeneratorArtifact, own: Settings, given: Settings) -> None:
    """ConfigError if `given` changes what fine-tuning keeps of `base`."""
    text, network = given.get("text", {}), given.get("network", {})
    changed = {name for name in SHAPE if network.get(name, own["network"][name]) != (
        own["network"][name])}  # fmt: skip
    changed |= {name for name, value in text.items() if name != "lower" and value != (
        own["text"][name])}  # fmt: skip
    if changed:
        raise ConfigError(
            f"fine-tuning keeps the shape of {base.name} and its tokens; leave out "
            f"{', '.join(sorted(changed))}, or train a new model"
        )
    if text.get("lower", base.tokenizer.lower) != base.tokenizer.lower:
        raise ConfigError(
            f"{base.name} reads text "
            f"{'in lower case' if base.tokenizer.lower else 'as it is'}, and fine-tuning keeps "
            f"that; leave out --{'no-' if base.tokenizer.lower else ''}lower"
        )


def transfer_weights(
    base: GeneratorArtifact, tokenizer: Tokenizer, fresh: Mapping[str, npt.NDArray[Any]]
) -> dict[str, npt.NDArray[Any]]:
    """The weights of `base` for a larger vocabulary; rows are matched by token, not by position.

    The input weights of a new token come from `fresh`. Its output weights make it as unlikely as
    the least likely token of `base`.
    """
    sources = tokenizer.sources(base.tokenizer)
    new = sources < 0
    weights = {name: np.array(array) for name, array in base.weights.items()}
    first = "embedding/embeddings" if base.config.embedding_dim else next(iter(weights))
    rows = weights[first][sources]
    rows[new] = fresh[first][new]
    kernel = weights["output/kernel"][:, sources]
    kernel[:, new] = 0
    bias = weights["output/bias"][sources]
    bias[new] = weights["output/bias"].min()
    return {**weights, first: rows, "output/kernel": kernel, "output/bias": bias}
