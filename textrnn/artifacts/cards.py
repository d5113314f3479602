"""The records of a trained model: metadata and model card."""

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
    """Versions of Python, of textrnn and of the installed packages that train a model."""
    found = {"python": platform.python_version(), "textrnn": __version__}
    for name in ("tensorflow", "keras", "numpy"):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def corpus_record(corpus: Corpus) -> dict[str, Any]:
    """The fingerprint of a corpus for metadata; the sources without their folders."""
    names = sorted(set(map(bare_name, corpus.sources)))
    return {"names": names, "sha256": corpus.sha256, "characters": corpus.length}


def generator_card(model: GeneratorArtifact, *, title: str) -> str:
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
    for name, score in metadata.get("scores", {}).items():
        lines.append(
            f"- **Score, {name}**: {score['loss']:.4f} nats per character "
            f"({score['bits_per_character']:.3f} bits)."
        )
    lines += [
        f"- **Made by**: `{metadata.get('command', 'textrnn.train_generator')}`",
        f"- **Licence**: {metadata.get('licence', 'as its owner decides')}.",
        "- **Limits**: it imitates its corpus and knows nothing else; it "
        f"{WRITES[kind][2]}; its statements are not facts.",
        "",
        "Use it: `textrnn generate --model FOLDER --prime TEXT`.",
        "",
    ]
    return "\n".join(lines)


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


def score_line(scores: Mapping[str, Mapping[str, float]]) -> str:
    """The scores of a model in one line."""
    return ", ".join(
        f"{name} {score['loss']:.3f} nats" if "loss" in score else f"{name} {score['accuracy']:.1%}"
        for name, score in scores.items()
    )


def classifier_card(model: ClassifierArtifact, *, title: str) -> str:
    """README.md of a classifier: training data, scores, command, limits."""
    metadata, config, text = model.metadata, model.config, model.text
    data = metadata["data"]
    counts = ", ".join(f"{count:,} {name}" for name, count in data["counts"].items())
    validation = "a part of them for validation"
    if own := data.get("validation"):
        validation = f"validation on {', '.join(own['names'])} ({own['examples']:,} texts)"
    lines = [
        f"# {title}",
        "",
        f"A text classifier made with textrnn: {_layers(config)}; "
        f"{model.parameters:,} parameters, "
        + (
            f"on the sentence vectors of the TF-Hub module {metadata['hub']['handle']}."
            if not model.tokenizer.has_ids
            else f"{config.vocab_size:,} {text.tokens} ids."
        ),
        "",
        f"- **Classes**: {', '.join(model.classes)}.",
        f"- **Training data**: {', '.join(data['names'])} ({counts}; sha256 "
        f"{data['sha256'][:12]}…), {validation}.",
        f"- **Calibrated** on validation data: logits are divided by {model.temperature:.3f}.",
        f"- **Long texts**: {_long_texts(model)}.",
    ]
    if metadata.get("training", {}).get("class_weights", "none") != "none":
        lines.append(
            "- **Probabilities** are biased to rare classes, which had larger weights in training."
        )
    if base := metadata.get("base"):
        lines.append(f"- **Fine-tuned from**: {base['name']}; {base['new_words']:,} new words.")
    if found := metadata.get("pretrained"):
        lines.append(
            f"- **Pretrained on**: {', '.join(found['names'])} ({found['texts']:,} texts) and the "
            f"texts above, {found['tokens']:,} ids, perplexity {found['perplexity']:.1f}."
        )
    if found := metadata.get("distillation"):
        lines.append(
            f"- **Distilled from**: {_distillation(found, metadata['training']['teacher_weight'])}."
        )
    lines += [_score(name, score) for name, score in metadata.get("scores", {}).items()]
    lines += [
        f"- **Made by**: `{metadata.get('command', 'textrnn.train_classifier')}`",
        f"- **Licence**: {metadata.get('licence', 'as its owner decides')}.",
        "- **Limits**: its predictions and probabilities are reliable only for texts that resemble "
        "the training data.",
        "",
        "Use it: `textrnn classify --model FOLDER FILE`.",
        "",
    ]
    return "\n".join(lines)


def language_model_card(model: LanguageModelArtifact, *, title: str) -> str:
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
        f"- **Made by**: `{metadata.get('command', 'textrnn.train_classifier')}`\n"
        f"- **Licence**: {metadata.get('licence', 'as its owner decides')}.\n\n"
        f"Use it: `textrnn train classifier DATA -o DIR --pretrain FOLDER`.\n"
    )


def _validation_of(training: Mapping[str, Any]) -> str:
    found = training["validation"]
    return "without validation" if found is None else f"validation on {found}"


def _distillation(record: Mapping[str, Any], weight: float) -> str:
    parts = []
    if more := record.get("unlabelled"):
        names = ", ".join(more["names"])
        parts.append(f"{more['trained_on']:,} unlabelled texts ({names})")
    if known := record["labelled"]:
        texts = f"{known:,} of the texts above"
        parts.append(
            f"{texts} (weight {weight:.0%}; the labels have the rest)" if weight < 1
            else f"{texts} (without their labels)"
        )  # fmt: skip
    return f"{', '.join(record['by'])}, on {' and '.join(parts) or 'none of these texts'}"


def _score(name: str, score: Mapping[str, Any]) -> str:
    chosen = " (also used for model selection and calibration)" if name == "validation" else ""
    return (
        f"- **Score, {name}**{chosen}: accuracy {score['accuracy']:.2%} on {score['examples']:,} "
        f"texts, log loss {score['log_loss']:.4f} nats, calibration error {score['ece']:.2%}."
    )


def _long_texts(model: ClassifierArtifact) -> str:
    text, way = model.text, model.long_texts
    averaged = ", with averaged logits" if way == "windows" else ""
    first = (
        f"only the first {text.max_characters:,} characters of a text are read; "
        if text.max_characters
        else ""
    )
    limit = f"longer than {text.max_tokens} {model.tokenizer.unit}"
    return f"{first}texts {limit} are read {HOW_READ[way]}{averaged}"


def _layers(config: ClassifierConfig) -> str:
    parts = []
    if config.conv_layers:
        parts.append(f"{config.conv_layers} convolutional of {config.conv_filters} filters")
    if config.layers:
        both = "bidirectional " if config.bidirectional else ""
        parts.append(f"{config.layers} {both}{config.cell} of {config.units} units")
    return f"layers: {' and '.join(parts)}" if parts else "no layers above the embedding"
