"""Trained classifiers: read and check a model folder, describe the model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Literal

from textrnn.artifacts import hub
from textrnn.artifacts.base import Artifact
from textrnn.artifacts.records import origin_lines
from textrnn.artifacts.storage import Parts
from textrnn.config.classifier import ClassifierConfig, LongTexts, weight_shapes
from textrnn.config.text import ClassifierTextConfig
from textrnn.errors import ArtifactError

# How texts of more than `max_tokens` tokens are read, as a phrase.
HOW_READ: Mapping[str, str] = MappingProxyType(
    {"cut": "in part", "whole": "whole", "windows": "in overlapping windows"}
)
LONG_TEXTS = tuple(HOW_READ)


@dataclass(frozen=True, kw_only=True)
class ClassifierArtifact(Artifact):
    """A trained classifier.

    Probabilities are softmax(logits / temperature). `long_texts` says how texts longer than in
    training are read: truncated ("cut"), whole, or in windows whose logits are averaged.
    """

    kind: ClassVar[Literal["classifier"]] = "classifier"

    config: ClassifierConfig
    text: ClassifierTextConfig
    classes: tuple[str, ...]
    temperature: float = 1.0
    long_texts: LongTexts = "cut"
    hub: Mapping[str, str] = field(
        default_factory=dict
    )  # the TF-Hub module of whole texts, if there is one

    def record(self) -> dict[str, Any]:
        """The content of config.json, except the format and the checksums."""
        return {
            **super().record(),
            "classes": list(self.classes),
            "temperature": self.temperature,
            "long_texts": self.long_texts,
            **({"hub": hub.to_record(self.hub, self.weights)} if self.hub else {}),
        }


def read(parts: Parts) -> ClassifierArtifact:
    """The classifier in the files of a model folder; ArtifactError if they are damaged."""
    config = parts.config(ClassifierConfig, "network")
    text = parts.config(ClassifierTextConfig, "text")
    settings = _settings(parts, config)
    shapes = weight_shapes(config)
    module: dict[str, str] = {}
    tokenizer = parts.tokenizer(text.tokens, config.vocab_size)
    if not tokenizer.has_ids:
        del shapes["embedding/embeddings"]
        module, own = hub.from_record(parts.record.get("hub"), parts.folder / "config.json")
        shapes |= own
    return ClassifierArtifact(
        config=config,
        text=text,
        tokenizer=tokenizer,
        weights=parts.weights(shapes),
        hub=module,
        **settings,
        **parts.about,
    )


def _settings(parts: Parts, config: ClassifierConfig) -> dict[str, Any]:
    """Classes, temperature and `long_texts`; ArtifactError names a damaged entry."""
    path, record = parts.folder / "config.json", parts.record
    classes = record.get("classes")
    if (
        not isinstance(classes, list)
        or not all(isinstance(name, str) for name in classes)
        or not len(classes) == len(set(classes)) == config.classes
    ):
        raise ArtifactError(f'{path}: "classes" must list {config.classes} different classes')
    temperature, long_texts = record.get("temperature"), record.get("long_texts")
    if (
        not isinstance(temperature, int | float)
        or isinstance(temperature, bool)
        or not 0 < temperature < float("inf")
    ):
        raise ArtifactError(f'{path}: "temperature" must be a number above 0, got {temperature!r}')
    if long_texts not in LONG_TEXTS:
        raise ArtifactError(f'{path}: "long_texts" must be one of {", ".join(LONG_TEXTS)}')
    return {
        "classes": tuple(classes), "temperature": float(temperature), "long_texts": long_texts,
    }  # fmt: skip


def summary(model: ClassifierArtifact) -> dict[str, str]:
    """Facts for `textrnn models show`, by name."""
    config, text = model.config, model.text
    parts = [f"embedding {config.embedding_dim}"]
    if config.conv_layers:
        parts.append(f"{config.conv_layers} convolutions of {config.conv_filters}")
    if config.layers:
        ways = " in both directions" if config.bidirectional else ""
        parts.append(f"{config.layers} x {config.cell} of {config.units}{ways}")
    parts.append(f"pooling {config.pooling}")
    unit = model.tokenizer.unit
    pattern = f" (pattern {model.tokenizer.rule!r})" if model.tokenizer.rule else ""
    return {
        "network": ", ".join(parts),
        "reads": f"{unit}{pattern}{', in lower case' if text.lower else ''}: "
        f"{config.vocab_size:,} ids, {text.max_tokens:,} {unit} at a time",
        "long texts": f"are read {HOW_READ[model.long_texts]}",
        "classes": ", ".join(model.classes),
    }


def card(model: ClassifierArtifact, *, title: str) -> str:
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
        *origin_lines(metadata, "textrnn.train_classifier"),
        "- **Limits**: its predictions and probabilities are reliable only for texts that resemble "
        "the training data.",
        "",
        "Use it: `textrnn classify --model FOLDER FILE`.",
        "",
    ]
    return "\n".join(lines)


def score(found: Mapping[str, Any]) -> str:
    """An entry of the metadata's "scores", as `textrnn models` shows it."""
    return f"{found['accuracy']:.1%}"


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
