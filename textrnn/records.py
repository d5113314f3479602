"""What is put on record about a trained model: its metadata and its card."""

import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from textrnn.artifact import Artifact
from textrnn.corpora import Corpus


def versions() -> dict[str, str]:
    """What a model was made with."""
    packages = ("textrnn", "tensorflow", "keras", "numpy")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def corpus_record(corpus: Corpus) -> dict[str, Any]:
    """What tells a corpus again; its sources by name, without the folders of one machine."""
    names = sorted({source.replace("\\", "/").rsplit("/", 1)[-1] for source in corpus.sources})
    return {"names": names, "sha256": corpus.sha256, "characters": corpus.length}


def model_card(model: Artifact, *, title: str) -> str:
    """README.md of a model: what it learnt from, what it scores, the command, its limits."""
    metadata, config = model.metadata, model.config
    corpus = metadata["corpus"]
    lines = [
        f"# {title}",
        "",
        f"A character model made with textrnn: {config.layers} {config.cell} layers of "
        f"{config.units} units, {model.parameters:,} parameters, {config.vocab_size} characters.",
        "",
        f"- **Learnt from**: {', '.join(corpus['names'])} ({corpus['characters']:,} characters, "
        f"sha256 {corpus['sha256'][:12]}…), part {metadata['training']['part']}, of which "
        f"{metadata['training']['validation']} was kept for validation.",
    ]
    if base := metadata.get("base"):
        new = base["new_characters"]
        lines.append(f"- **Fine-tuned from**: {base['name']}; new characters: {new or 'none'}.")
    for name, score in metadata.get("scores", {}).items():
        lines.append(
            f"- **Score, {name}**: {score['loss']:.4f} nats a character "
            f"({score['bits_per_character']:.3f} bits)."
        )
    lines += [
        f"- **Made by**: `{metadata.get('command', 'textrnn.train_generator')}`",
        f"- **Licence**: {metadata.get('licence', 'as its owner decides')}.",
        "- **Limits**: it writes what resembles its corpus and knows nothing else; it spells "
        "only the characters it saw; what it says is not true or meant.",
        "",
        "Use it: `textrnn generate --model FOLDER --prime TEXT`.",
        "",
    ]
    return "\n".join(lines)


def score_line(scores: Mapping[str, Mapping[str, float]]) -> str:
    """The scores of a model in a few words."""
    return ", ".join(f"{name} {score['loss']:.3f} nats" for name, score in scores.items())
