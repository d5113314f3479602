"""A trained language model: what a classifier starts from (`train classifier --pretrain`).

It predicts the words of its own tokenizer, and does not write.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from textrnn.artifacts.base import Artifact
from textrnn.artifacts.storage import Parts
from textrnn.config.generator import GeneratorConfig
from textrnn.config.language_model import weight_shapes
from textrnn.config.text import ReadingConfig
from textrnn.errors import ArtifactError

# What is put on record about a classifier that starts from it.
RECORDS = ("corpus", "pretraining", "tokens", "perplexity")


@dataclass(frozen=True, kw_only=True)
class LanguageModelArtifact(Artifact):
    """What predicts the next word: a network's shape and weights, and how it reads texts.

    Its weights but for those of `softmax` have the names that a classifier's have.
    """

    kind: ClassVar[Literal["language_model"]] = "language_model"

    config: GeneratorConfig
    text: ReadingConfig

    @property
    def unit(self) -> str:
        """What it predicts, in the plural."""
        return self.tokenizer.unit

    @property
    def records(self) -> dict[str, Any]:
        """What of its metadata a classifier that starts from it needs; ArtifactError if lost."""
        if missing := [name for name in RECORDS if name not in self.metadata]:
            raise ArtifactError(
                f"{self.name}: metadata.json lacks {', '.join(missing)}, which a classifier that "
                f"starts from this language model puts on record; restore it from a copy"
            )
        return {name: self.metadata[name] for name in RECORDS}

    @property
    def corpus(self) -> Mapping[str, Any]:
        """What tells the texts without labels that it learnt from."""
        return self.records["corpus"]

    @property
    def sha256(self) -> str:
        """The sum of those texts."""
        return str(self.corpus["sha256"])


def read(parts: Parts) -> LanguageModelArtifact:
    """The language model that the files of a folder hold; ArtifactError says what is wrong."""
    config = parts.config(GeneratorConfig, "network")
    text = parts.config(ReadingConfig, "text")
    return LanguageModelArtifact(
        config=config,
        text=text,
        tokenizer=parts.tokenizer(text.tokens, config.vocab_size),
        weights=parts.weights(weight_shapes(config)),
        **parts.about,
    )


def summary(model: LanguageModelArtifact) -> list[str]:
    """What `textrnn models show` says of it, in lines."""
    config = model.config
    lower = ", in lower case" if model.text.lower else ""
    return [
        f"network     {config.layers} x {config.cell} of {config.units}, embedding "
        f"{config.embedding_dim}",
        f"predicts    {model.unit}{lower}: {config.vocab_size:,} ids",
    ]
