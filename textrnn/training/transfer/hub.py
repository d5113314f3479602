"""Initialize a classifier from a TF-Hub module: from its word vectors, or with the module inside.

With word tokens, the module's words become the tokenizer and its vectors the initial embedding; the
module is not needed afterwards. With `tokens` "text", the module is a part of the network.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from textrnn import tokenizers
from textrnn.artifacts.hub import NAMES, check_trusted
from textrnn.config.recipe import Settings
from textrnn.config.text import ClassifierTextConfig
from textrnn.errors import ConfigError, TrainingError
from textrnn.models.hub import module as hub_module
from textrnn.models.hub.cache import silent
from textrnn.models.hub.layer import HubEmbedding
from textrnn.models.hub.words import word_vectors
from textrnn.tokenizers import TOKENIZERS, Kind
from textrnn.training.initialization import Fresh, Notify, Weights

# A network over whole texts has nothing between the module's vector and the hidden layer.
OVER_TEXT: Mapping[str, Any] = MappingProxyType(
    {
        "layers": 0, "conv_layers": 0, "pooling": "mean", "word_dropout": 0.0,
        "embedding_dropout": 0.0, "dense_units": 128,
    }
)  # fmt: skip
OVER_WORDS = (
    "layers", "conv_layers", "word_dropout", "embedding_dropout", "adversarial", "crop_probability",
)  # fmt: skip


class FromHub(Fresh):
    """Initialization from the module at `handle`, a folder or an address.

    `notify` is told when it is fetched. ConfigError or DownloadError if it cannot be loaded.
    """

    def __init__(self, handle: str, tokens: Kind, notify: Notify) -> None:
        self.handle, self.module = handle, hub_module.load(handle, notify=notify)
        has_ids = TOKENIZERS[tokens].has_ids
        self.vectors = word_vectors(self.module) if has_ids else None

    def defaults(self, given: Settings) -> Settings:
        """The settings that the module implies; ConfigError if `given` contradicts them."""
        given_size = given.get("network", {}).get("embedding_dim", self.module.dim)
        if given_size != self.module.dim:
            raise ConfigError(
                f"{self.handle} has vectors of {self.module.dim} values, not {given_size}; set "
                f"--embedding-dim to {self.module.dim}"
            )
        size = {"embedding_dim": self.module.dim}
        if self.vectors:
            return {"text": {"lower": not self.vectors.cased}, "network": size}
        return {
            "text": {"lower": False},
            "network": {**OVER_TEXT, **size},
            "training": {"train_embedding": False},
        }

    def tokenizer(
        self, recipe: Any, fit: Callable[[], Any], texts: Sequence[str], notify: Notify
    ) -> Any:
        """A tokenizer of the module's words, or one that leaves a text whole."""
        if self.vectors:
            return self.vectors.tokenizer(recipe.text)
        return tokenizers.fit(recipe.text.tokens, (), rule=recipe.text.word_pattern)

    def weights(self, fresh: Weights, prepared: Any, notify: Notify) -> Weights:
        """The `fresh` weights, with the module's vectors as the embedding."""
        if not self.vectors:
            return fresh
        notify(
            f"{len(prepared.tokenizer.vocabulary):,} of the {len(self.vectors.words):,} tokens of "
            f"{self.handle} can be words of a text and start from its vectors"
        )
        return {**fresh, "embedding/embeddings": self.vectors.table(prepared.tokenizer)}

    def records(self, tokenizer: Any) -> dict[str, Any]:
        """The handle of the module and its checksum."""
        return {"hub": self.module.record()}


def check(given: Settings) -> None:
    """ConfigError if the settings of a new classifier contradict its module, or lack one."""
    training = given.get("training", {})
    kind = TOKENIZERS[given.get("text", {}).get("tokens", ClassifierTextConfig.tokens)]
    handle = training.get("hub", "")
    if handle and training.get("vectors"):
        raise ConfigError("an embedding starts from --hub or from --vectors; choose one")
    if handle and kind.unit != "words":
        raise ConfigError("a TF-Hub module has word vectors; use --tokens word or --tokens text")
    if kind.has_ids:
        return
    if not handle:
        raise ConfigError("--tokens text needs a TF-Hub module; name one with --hub")
    settings = {**given.get("network", {}), **training}
    if useless := [name for name in OVER_WORDS if settings.get(name)]:
        raise ConfigError(
            f"a TF-Hub module gives one vector per text, and {', '.join(useless)} works on "
            f"words; leave that out, or leave out --tokens text"
        )


@dataclass(frozen=True)
class Consent:
    """Which TF-Hub modules the user lets a training run: the one that is `named`, or all of them.

    `named` is a handle that the user gave to this training, not a file; `notify` is told when the
    module is fetched.
    """

    named: str = ""
    trust_hub: bool = False
    notify: Notify = silent

    def layer(self, records: Mapping[str, Any], *, trainable: bool) -> HubEmbedding:
        """The module of a run as a layer, from the `records` of its checkpoint.

        ArtifactError without consent, ConfigError if the module has changed since the run began.
        """
        module = found if isinstance(found := records.get("hub"), dict) else {}
        if not all(isinstance(module.get(name), str) for name in NAMES):
            raise TrainingError(
                "the checkpoint of this run does not say which TF-Hub module it uses; start again "
                "with another -o"
            )
        named = bool(self.named) and hub_module.place_of(self.named) == module["handle"]
        check_trusted(module, "the run to resume", named or self.trust_hub)
        loaded = hub_module.load(module["handle"], sha256=module["sha256"], notify=self.notify)
        return HubEmbedding(loaded, trainable=trainable)
