"""A trained generator: what rebuilds it, how its folder is read, what is shown of it."""

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
    """The generator that the files of a folder hold; ArtifactError says what is wrong with it."""
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
    """What `textrnn models show` says of it, in lines."""
    config, tokenizer = model.config, model.tokenizer
    return [
        f"network     {config.layers} x {config.cell} of {config.units}, embedding "
        f"{config.embedding_dim or 'none (one-hot)'}",
        f"writes by   {tokenizer.unit}: {config.vocab_size:,} ids",
        f"alphabet    {''.join(tokenizer.codec.characters)!r}",
    ]
