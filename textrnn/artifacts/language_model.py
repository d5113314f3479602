"""Trained language models, which classifiers can start from (`train classifier --pretrain`).

A language model predicts the tokens of its own tokenizer; it does not generate text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from textrnn.artifacts.base import Artifact
from textrnn.artifacts.records import CorpusRecord, origin_lines
from textrnn.artifacts.storage import Parts
from textrnn.config.base import Config
from textrnn.config.generator import GeneratorConfig
from textrnn.config.language_model import PretrainingConfig, weight_shapes
from textrnn.config.text import ClassifierTextConfig
from textrnn.errors import ArtifactError, ConfigError


@dataclass(frozen=True, kw_only=True)
class Records(Config):
    """The entries of its metadata that a classifier which starts from it needs."""

    corpus: dict  # type: ignore[type-arg] # as CorpusRecord
    pretraining: dict  # type: ignore[type-arg] # as PretrainingConfig
    tokens: int
    perplexity: float

    def __post_init__(self) -> None:
        CorpusRecord.from_dict(self.corpus)
        PretrainingConfig.from_dict(self.pretraining)


@dataclass(frozen=True, kw_only=True)
class LanguageModelArtifact(Artifact):
    """A trained language model, which predicts the next token of a text.

    Its weights, except those of `softmax`, have the same names as those of a classifier.
    """

    kind: ClassVar[Literal["language_model"]] = "language_model"

    config: GeneratorConfig
    text: ClassifierTextConfig

    @property
    def unit(self) -> str:
        """The name of its tokens, in the plural."""
        return self.tokenizer.unit

    @property
    def records(self) -> dict[str, Any]:
        """The metadata that a classifier which starts from it needs.

        ArtifactError if they are missing or damaged.
        """
        known = Records.field_types()
        found = {name: value for name, value in self.metadata.items() if name in known}
        try:
            return Records.from_dict(found).to_dict()
        except ConfigError as error:
            raise ArtifactError(
                f"{self.name}: metadata.json lacks what a classifier that starts from this "
                f"language model needs: {error}; restore it from a copy"
            ) from error

    @property
    def corpus(self) -> Mapping[str, Any]:
        """The fingerprint of the unlabelled texts that it was trained on."""
        return self.records["corpus"]

    @property
    def sha256(self) -> str:
        """The SHA-256 of those texts."""
        return str(self.corpus["sha256"])


def read(parts: Parts) -> LanguageModelArtifact:
    """The language model in the files of a model folder; ArtifactError if they are damaged."""
    config = parts.config(GeneratorConfig, "network")
    text = parts.config(ClassifierTextConfig, "text")
    return LanguageModelArtifact(
        config=config,
        text=text,
        tokenizer=parts.tokenizer(text.tokens, config.vocab_size),
        weights=parts.weights(weight_shapes(config)),
        **parts.about,
    )


def summary(model: LanguageModelArtifact) -> dict[str, str]:
    """Facts for `textrnn models show`, by name."""
    config = model.config
    lower = ", in lower case" if model.text.lower else ""
    return {
        "network": f"{config.layers} x {config.cell} of {config.units}, embedding "
        f"{config.embedding_dim}",
        "predicts": f"{model.unit}{lower}: {config.vocab_size:,} ids",
    }


def card(model: LanguageModelArtifact, *, title: str) -> str:
    """README.md of a language model: training data, perplexity, use."""
    metadata, corpus, config = model.metadata, model.metadata["corpus"], model.config
    return (
        f"# {title}\n\n"
        f"A language model to start classifiers from, made with textrnn: {config.layers} "
        f"{config.cell} layer{'s' if config.layers > 1 else ''} of {config.units} units, "
        f"{model.parameters:,} parameters, {config.vocab_size:,} {model.unit}.\n\n"
        f"- **Training data**: {', '.join(corpus['names'])} ({corpus['texts']:,} texts, sha256 "
        f"{corpus['sha256'][:12]}…) and the texts of {', '.join(metadata['data']['names'])}.\n"
        f"- **Score, validation**: perplexity {metadata['perplexity']:.1f}.\n"
        + "\n".join(origin_lines(metadata, "textrnn.train_classifier"))
        + "\n\n"
        + "Use it: `textrnn train classifier DATA -o DIR --pretrain FOLDER`.\n"
    )


def score(found: Mapping[str, Any]) -> str:
    """An entry of the metadata's "scores", as `textrnn models` shows it."""
    return f"perplexity {found['perplexity']:.1f}"
