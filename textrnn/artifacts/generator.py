"""Trained generators: read and check a model folder, summarise the model."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from textrnn.artifacts.base import Artifact
from textrnn.artifacts.storage import Parts
from textrnn.config.generator import GeneratorConfig, weight_shapes
from textrnn.config.text import GeneratorTextConfig


@dataclass(frozen=True, kw_only=True)
class GeneratorArtifact(Artifact):
    """A trained generator."""

    kind: ClassVar[Literal["generator"]] = "generator"

    config: GeneratorConfig
    text: GeneratorTextConfig


def read(parts: Parts) -> GeneratorArtifact:
    """The generator in the files of a model folder; ArtifactError if they are damaged."""
    config = parts.config(GeneratorConfig, "network")
    text = parts.config(GeneratorTextConfig, "text")
    return GeneratorArtifact(
        config=config,
        text=text,
        tokenizer=parts.tokenizer(text.tokens, config.vocab_size),
        weights=parts.weights(weight_shapes(config)),
        **parts.about,
    )


def summary(model: GeneratorArtifact) -> list[str]:
    """The lines that `textrnn models show` adds to the card."""
    config, tokenizer = model.config, model.tokenizer
    return [
        f"network     {config.layers} x {config.cell} of {config.units}, embedding "
        f"{config.embedding_dim or 'none (one-hot)'}",
        f"writes by   {tokenizer.unit}: {config.vocab_size:,} ids",
        f"alphabet    {''.join(tokenizer.codec.characters)!r}",
    ]
