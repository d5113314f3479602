"""Initialize a classifier from a language model: vocabulary, shape, weights below the head."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from textrnn.artifacts.language_model import LanguageModelArtifact
from textrnn.config.language_model import (
    PRETRAINED_SHAPE,
    PRETRAINED_TRAINING,
    check_pretrainable,
)
from textrnn.config.recipe import Settings
from textrnn.data.unlabelled import UnlabelledTexts
from textrnn.errors import ConfigError
from textrnn.training.initialization import Fresh, Notify, Weights

# The settings that a classifier takes over from its language model.
SHAPE = ("cell", "layers", "units", "embedding_dim")
WORDS = ("tokens", "word_pattern", "lower", "max_vocab_size", "min_count", "oov_buckets",
"spelling", "model_type",
         "max_characters")  # fmt: skip


class PretrainedOn(Fresh):
    """Initialization from a language model of `corpus` that is not trained yet."""

    def __init__(self, corpus: UnlabelledTexts) -> None:
        self.corpus: Mapping[str, Any] = corpus.record()

    def fingerprint(self) -> dict[str, Any]:
        """The training texts of the language model."""
        names = ", ".join(self.corpus["names"])
        return {
            "identity": self.corpus["sha256"],
            "start": f"was pretrained on {names}, {self.corpus['texts']:,} texts",
            "again": "name those with --pretrain",
            "absent": "was pretrained on no texts; leave out --pretrain",
        }

    def defaults(self, given: Settings) -> Settings:
        """Defaults for a pretrained classifier; ConfigError if `given` cannot be pretrained."""
        check_pretrainable(given)
        return {"network": PRETRAINED_SHAPE, "training": PRETRAINED_TRAINING}


class FromLanguageModel(PretrainedOn):
    """Initialization from a trained language model."""

    def __init__(self, model: LanguageModelArtifact) -> None:
        self.model, self.corpus = model, model.corpus

    def defaults(self, given: Settings) -> Settings:
        """Vocabulary and shape of the model; ConfigError if `given` changes them."""
        settings, model = super().defaults(given), self.model
        words = {name: getattr(model.text, name) for name in WORDS}
        own = {name: getattr(model.config, name) for name in SHAPE}
        fixed = {**words, **own}
        asked = {**given.get("text", {}), **given.get("network", {})}
        if other := [
            f"{name}={fixed[name]}" for name in fixed if asked.get(name, fixed[name]) != fixed[name]
        ]:
            raise ConfigError(
                f"a classifier that starts from {model.name} keeps {', '.join(other)}; leave that "
                f"out, or pretrain again"
            )
        return {
            "text": words,
            "network": {**settings["network"], **own},
            "training": settings["training"],
            "pretraining": model.records["pretraining"],
        }

    def tokenizer(
        self, recipe: Any, fit: Callable[[], Any], texts: Sequence[str], notify: Notify
    ) -> Any:
        """The tokenizer of the model."""
        return self.model.tokenizer

    def weights(self, fresh: Weights, prepared: Any, notify: Notify) -> Weights:
        """The weights of the model, and a new head."""
        shared = {name: array for name, array in self.model.weights.items() if name in fresh}
        return {**fresh, **shared}

    def records(self, tokenizer: Any) -> dict[str, Any]:
        """The model's training texts, their number of tokens and its perplexity."""
        about = {name: self.model.records[name] for name in ("tokens", "perplexity")}
        return {"pretrained": {**self.corpus, **about}}
