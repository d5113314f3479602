"""Start a classifier from a TF-Hub module: from its words and vectors, or with the module in it.

Words become the tokenizer and vectors the first rows of the embedding; from then on the module is
not needed. Read as whole texts (`tokens` is "text") the module is a part of the network.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from textrnn import tokenizers
from textrnn.config.recipe import Settings
from textrnn.config.text import ReadingConfig
from textrnn.errors import ConfigError, TrainingError
from textrnn.models.hub import module as hub_module
from textrnn.models.hub.layer import HubEmbedding
from textrnn.tokenizers import TOKENIZERS, Kind
from textrnn.training.initialization import Fresh, Notify, Weights

# A network over whole texts: nothing between the module's vector and the hidden layer.
OVER_TEXT: Mapping[str, Any] = MappingProxyType(
    {
        "layers": 0, "conv_layers": 0, "pooling": "mean", "word_dropout": 0.0,
        "embedding_dropout": 0.0, "dense_units": 128,
    }
)  # fmt: skip
OVER_WORDS = (
    "layers", "conv_layers", "word_dropout", "embedding_dropout", "adversarial", "crop",
)  # fmt: skip


class FromHub(Fresh):
    """The start from the module that `handle` finds: a folder or an address.

    ConfigError or DownloadError when it cannot be had.
    """

    def __init__(self, handle: str, tokens: Kind) -> None:
        self.handle, self.module = handle, hub_module.load(handle)
        self.lifted = hub_module.lift(self.module) if TOKENIZERS[tokens].has_ids else None

    def defaults(self, given: Settings) -> Settings:
        """What follows from the module; ConfigError where `given` does not go together with it."""
        given_size = given.get("network", {}).get("embedding_dim", self.module.dim)
        if given_size != self.module.dim:
            raise ConfigError(
                f"{self.handle} has vectors of {self.module.dim} values, not {given_size}; set "
                f"--embedding-dim to {self.module.dim}"
            )
        size = {"embedding_dim": self.module.dim}
        if self.lifted:
            return {"text": {"lower": not self.lifted.cased}, "network": size}
        return {
            "text": {"lower": False},
            "network": {**OVER_TEXT, **size},
            "training": {"train_embedding": False},
        }

    def tokenizer(
        self, recipe: Any, fit: Callable[[], Any], texts: Sequence[str], notify: Notify
    ) -> Any:
        """One of the module's words, or one that leaves a text as it is."""
        if self.lifted:
            return self.lifted.tokenizer(recipe.text)
        return tokenizers.fit(recipe.text.tokens, (), rule=recipe.text.rule)

    def weights(self, fresh: Weights, prepared: Any, notify: Notify) -> Weights:
        """The `fresh` ones, with the module's vectors as the embedding."""
        if not self.lifted:
            return fresh
        notify(
            f"{len(prepared.tokenizer.vocabulary):,} of the {len(self.lifted.words):,} tokens of "
            f"{self.handle} can be words of a text, and start from there"
        )
        return {**fresh, "embedding/embeddings": self.lifted.table(prepared.tokenizer)}

    def records(self, tokenizer: Any) -> dict[str, Any]:
        """What finds the module, and its checksum."""
        return {"hub": self.module.record()}


def check(given: Settings) -> None:
    """ConfigError where settings of a new classifier do not go together with a module, or none."""
    training = given.get("training", {})
    kind = TOKENIZERS[given.get("text", {}).get("tokens", ReadingConfig.tokens)]
    handle = training.get("hub", "")
    if handle and training.get("vectors"):
        raise ConfigError("an embedding starts from --hub or from --vectors; choose one")
    if handle and kind.unit != "words":
        raise ConfigError("a TF-Hub module has vectors of words; use --tokens word, or text")
    if kind.has_ids:
        return
    if not handle:
        raise ConfigError("--tokens text is read through a TF-Hub module; name one with --hub")
    settings = {**given.get("network", {}), **training}
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
