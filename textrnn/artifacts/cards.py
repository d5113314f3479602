"""What is put on record about a trained model: its metadata and its card."""

import platform
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from textrnn import __version__
from textrnn.artifacts.classifier import HOW_READ, ClassifierArtifact
from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.artifacts.language_model import LanguageModelArtifact
from textrnn.config.classifier import ClassifierConfig
from textrnn.config.parts import bare_name, names_in
from textrnn.data.corpora import Corpus


def versions() -> dict[str, str]:
    """What a model was made with: Python, textrnn, and what is installed of its dependencies."""
    found = {"python": platform.python_version(), "textrnn": __version__}
    for name in ("tensorflow", "keras", "numpy"):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def corpus_record(corpus: Corpus) -> dict[str, Any]:
    """What tells a corpus again; its sources by name, without the folders of one machine."""
    names = sorted(set(map(bare_name, corpus.sources)))
    return {"names": names, "sha256": corpus.sha256, "characters": corpus.length}


def generator_card(model: GeneratorArtifact, *, title: str) -> str:
    """README.md of a model: what it learnt from, what it scores, the command, its limits."""
    metadata, config = model.metadata, model.config
    corpus, kind = metadata["corpus"], model.text.tokens
    lines = [
        f"# {title}",
        "",
        f"A {WRITES[kind][0]} model made with textrnn: {config.layers} {config.cell} "
        f"layer{'s' if config.layers > 1 else ''} of {config.units} units, "
        f"{model.parameters:,} parameters, {config.vocab_size} {WRITES[kind][1]}.",
        "",
        f"- **Learnt from**: {', '.join(corpus['names'])} ({corpus['characters']:,} characters, "
        f"sha256 {corpus['sha256'][:12]}…), part {metadata['training']['part']}, of which "
        f"{metadata['training']['validation'] or 'nothing'} was kept for validation.",
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
            f"- **Taught by**: {names}, by {training['teacher_share']:.0%}; the text is the rest."
        )
    for name, score in metadata.get("scores", {}).items():
        lines.append(
            f"- **Score, {name}**: {score['loss']:.4f} nats a character "
            f"({score['bits_per_character']:.3f} bits)."
        )
    lines += [
        f"- **Made by**: `{metadata.get('command', 'textrnn.train_generator')}`",
        f"- **Licence**: {metadata.get('licence', 'as its owner decides')}.",
        "- **Limits**: it writes what resembles its corpus and knows nothing else; it "
        f"{WRITES[kind][2]}; what it says is not true or meant.",
        "",
        "Use it: `textrnn generate --model FOLDER --prime TEXT`.",
        "",
    ]
    return "\n".join(lines)


# What a generator writes by, its vocabulary, and what that leaves out.
WRITES = {
    "char": ("character", "characters", "spells only the characters it saw"),
    "word": (
        "word",
        "words, punctuation and line ends",
        "writes only the words of its vocabulary, and its scores take an unknown word for "
        "foretold when it is foretold to be unknown",
    ),
    "sentencepiece": (
        "SentencePiece",
        "pieces of words",
        "spells rare words by shorter pieces, and any character by its bytes",
    ),
}


def score_line(scores: Mapping[str, Mapping[str, float]]) -> str:
    """The scores of a model in a few words."""
    return ", ".join(
        f"{name} {score['loss']:.3f} nats" if "loss" in score else f"{name} {score['accuracy']:.1%}"
        for name, score in scores.items()
    )


def classifier_card(model: ClassifierArtifact, *, title: str) -> str:
    """README.md of a classifier: what it learnt from, what it scores, the command, its limits."""
    metadata, config, reading = model.metadata, model.config, model.text
    data = metadata["data"]
    counts = ", ".join(f"{count:,} {name}" for name, count in data["counts"].items())
    held = "of which a part was kept for validation"
    if own := data.get("validation"):
        held = f"validated on {', '.join(own['names'])} ({own['examples']:,} texts)"
    lines = [
        f"# {title}",
        "",
        f"A text classifier made with textrnn: {_layers(config)}; "
        f"{model.parameters:,} parameters, "
        + (
            f"on the sentence vectors of the TF-Hub module {metadata['hub']['handle']}."
            if not model.tokenizer.has_ids
            else f"{config.vocab_size:,} {reading.tokens} ids."
        ),
        "",
        f"- **Classes**: {', '.join(model.classes)}.",
        f"- **Learnt from**: {', '.join(data['names'])} ({counts}; sha256 "
        f"{data['sha256'][:12]}…), {held}.",
        f"- **Calibrated** on validation data: logits are divided by {model.temperature:.3f}.",
        f"- **Long texts**: {_long_texts(model)}.",
    ]
    if metadata.get("training", {}).get("class_weights", "none") != "none":
        lines.append(
            "- **Probabilities** lean to the rare classes, which were weighed up to learn from."
        )
    if base := metadata.get("base"):
        lines.append(f"- **Fine-tuned from**: {base['name']}; {base['new_words']:,} new words.")
    if found := metadata.get("pretrained"):
        lines.append(
            f"- **Pretrained on**: {', '.join(found['names'])} ({found['texts']:,} texts) and the "
            f"texts above, {found['tokens']:,} ids, perplexity {found['perplexity']:.1f}."
        )
    if found := metadata.get("taught"):
        lines.append(f"- **Taught by**: {_lesson(found, metadata['training']['teacher_share'])}.")
    lines += [_score(name, score) for name, score in metadata.get("scores", {}).items()]
    lines += [
        f"- **Made by**: `{metadata.get('command', 'textrnn.train_classifier')}`",
        f"- **Licence**: {metadata.get('licence', 'as its owner decides')}.",
        "- **Limits**: it knows the texts it learnt from and judges others by their likeness to "
        "those; its probabilities hold for texts of that kind.",
        "",
        "Use it: `textrnn classify --model FOLDER FILE`.",
        "",
    ]
    return "\n".join(lines)


def language_model_card(model: LanguageModelArtifact, *, title: str) -> str:
    """README.md of a language model: what it learnt from, its perplexity, what it is for."""
    metadata, corpus, config = model.metadata, model.metadata["corpus"], model.config
    return (
        f"# {title}\n\n"
        f"A language model to start classifiers from, made with textrnn: {config.layers} "
        f"{config.cell} layer{'s' if config.layers > 1 else ''} of {config.units} units, "
        f"{model.parameters:,} parameters, {config.vocab_size:,} {model.unit}.\n\n"
        f"- **Learnt from**: {', '.join(corpus['names'])} ({corpus['texts']:,} texts, sha256 "
        f"{corpus['sha256'][:12]}…) and the texts of {', '.join(metadata['data']['names'])}.\n"
        f"- **Score, validation**: perplexity {metadata['perplexity']:.1f}.\n"
        f"- **Made by**: `{metadata.get('command', 'textrnn.train_classifier')}`\n"
        f"- **Licence**: {metadata.get('licence', 'as its owner decides')}.\n\n"
        f"Use it: `textrnn train classifier DATA -o DIR --pretrain FOLDER`.\n"
    )


def _lesson(taught: Mapping[str, Any], share: float) -> str:
    parts = []
    if more := taught.get("unlabelled"):
        names = ", ".join(more["names"])
        parts.append(f"on {more['learnt']:,} texts without labels ({names})")
    if known := taught["labelled"]:
        texts = f"on {known:,} of the texts above"
        parts.append(
            f"{texts} by {share:.0%}, the labels being the rest" if share < 1
            else f"{texts}, whose labels were not learnt"
        )  # fmt: skip
    return f"{', '.join(taught['by'])}, {' and '.join(parts) or 'on none of these texts'}"


def _score(name: str, score: Mapping[str, Any]) -> str:
    chosen = " (also chosen and calibrated on)" if name == "validation" else ""
    return (
        f"- **Score, {name}**{chosen}: {score['accuracy']:.2%} right of {score['examples']:,}, "
        f"log loss {score['log_loss']:.4f} nats, calibration error {score['ece']:.2%}."
    )


def _long_texts(model: ClassifierArtifact) -> str:
    reading, way = model.text, model.long_texts
    averaged = ", whose logits are averaged" if way == "windows" else ""
    first = (
        f"of each the first {reading.max_characters:,} characters alone are read; "
        if reading.max_characters
        else ""
    )
    limit = f"over {reading.max_words} {model.tokenizer.unit}"
    return f"{first}{limit} they are read {HOW_READ[way]}{averaged}"


def _layers(config: ClassifierConfig) -> str:
    parts = []
    if config.conv_layers:
        parts.append(f"{config.conv_layers} convolutional of {config.conv_filters} filters")
    if config.layers:
        both = "bidirectional " if config.bidirectional else ""
        parts.append(f"{config.layers} {both}{config.cell} of {config.units} units")
    return f"layers: {' and '.join(parts)}" if parts else "no layers above the embedding"
