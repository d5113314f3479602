"""Trained generators: read and check a model folder, describe the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from textrnn.artifacts.base import Artifact
from textrnn.artifacts.records import origin_lines
from textrnn.artifacts.storage import Parts
from textrnn.config.generator import GeneratorConfig, weight_shapes
from textrnn.config.parts import bare_name, names_in
from textrnn.config.text import GeneratorTextConfig

# The tokens of a generator, the name of its vocabulary, and its limits.
WRITES = {
    "char": ("character", "characters", "generates only characters of its training data"),
    "word": (
        "word",
        "words, punctuation and line ends",
        "generates only words of its vocabulary, and its scores count an unknown word as predicted "
        "if it is predicted to be unknown",
    ),
    "sentencepiece": (
        "SentencePiece",
        "subwords",
        "spells rare words with shorter subwords, and any other character with its bytes",
    ),
}


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


def summary(model: GeneratorArtifact) -> dict[str, str]:
    """Facts for `textrnn models show`, by name."""
    config, tokenizer = model.config, model.tokenizer
    return {
        "network": f"{config.layers} x {config.cell} of {config.units}, embedding "
        f"{config.embedding_dim or 'none (one-hot)'}",
        "writes by": f"{tokenizer.unit}: {config.vocab_size:,} ids",
        "alphabet": repr("".join(tokenizer.codec.characters)),
    }


def card(model: GeneratorArtifact, *, title: str) -> str:
    """README.md of a generator: training data, scores, command, limits."""
    metadata, config = model.metadata, model.config
    corpus, kind = metadata["corpus"], model.text.tokens
    lines = [
        f"# {title}",
        "",
        f"A {WRITES[kind][0]} language model made with textrnn: {config.layers} {config.cell} "
        f"layer{'s' if config.layers > 1 else ''} of {config.units} units, "
        f"{model.parameters:,} parameters, {config.vocab_size} {WRITES[kind][1]}.",
        "",
        f"- **Training data**: {', '.join(corpus['names'])} ({corpus['characters']:,} characters, "
        f"sha256 {corpus['sha256'][:12]}…), part {metadata['training']['part']}; "
        f"{_validation_of(metadata['training'])}.",
    ]
    if base := metadata.get("base"):
        new = ""
        if model.tokenizer.character_level:
            new = f"; new characters: {base['new_characters'] or 'none'}"
        lines.append(f"- **Fine-tuned from**: {base['name']}{new}.")
    training = metadata["training"]
    if teachers := training.get("teacher"):
        names = ", ".join(map(bare_name, names_in(teachers)))
        lines.append(
            f"- **Distilled from**: {names} (weight {training['teacher_weight']:.0%}; the text has "
            f"the rest)."
        )
    for name, found in metadata.get("scores", {}).items():
        lines.append(
            f"- **Score, {name}**: {found['loss']:.4f} nats per character "
            f"({found['bits_per_character']:.3f} bits)."
        )
    lines += [
        *origin_lines(metadata, "textrnn.train_generator"),
        "- **Limits**: it imitates its corpus and knows nothing else; it "
        f"{WRITES[kind][2]}; its statements are not facts.",
        "",
        "Use it: `textrnn generate --model FOLDER --prime TEXT`.",
        "",
    ]
    return "\n".join(lines)


def score(found: Mapping[str, Any]) -> str:
    """An entry of the metadata's "scores", as `textrnn models` shows it."""
    return f"{found['loss']:.3f} nats"


def _validation_of(training: Mapping[str, Any]) -> str:
    found = training["validation"]
    return "without validation" if found is None else f"validation on {found}"
