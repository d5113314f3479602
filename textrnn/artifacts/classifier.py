"""Trained classifiers: read and check a model folder, summarise the model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import numpy.typing as npt

from textrnn.artifacts.base import Artifact
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
            **({"hub": {**self.hub, "shapes": _hub_shapes(self.weights)}} if self.hub else {}),
        }


def read(parts: Parts) -> ClassifierArtifact:
    """The classifier in the files of a model folder; ArtifactError if they are damaged."""
    config = parts.config(ClassifierConfig, "network")
    text = parts.config(ClassifierTextConfig, "text")
    settings = _settings(parts, config)
    shapes, hub = weight_shapes(config), {}
    tokenizer = parts.tokenizer(text.tokens, config.vocab_size)
    if not tokenizer.has_ids:
        del shapes["embedding/embeddings"]
        hub = _hub(parts, shapes)
    return ClassifierArtifact(
        config=config,
        text=text,
        tokenizer=tokenizer,
        weights=parts.weights(shapes),
        hub=hub,
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


def _hub(parts: Parts, shapes: dict[str, tuple[int, ...]]) -> dict[str, str]:
    """Handle and SHA-256 of the TF-Hub module; adds its fine-tuned weights to `shapes`."""
    record = parts.record.get("hub")
    try:
        own = record["shapes"].items()  # type: ignore[index]
        shapes |= {str(name): tuple(int(size) for size in shape) for name, shape in own}
        return {name: str(record[name]) for name in ("handle", "sha256")}  # type: ignore[index]
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise ArtifactError(
            f'{parts.folder / "config.json"}: "hub" must have the handle, the sha256 and the '
            f"shapes of a TF-Hub module"
        ) from error


def _hub_shapes(weights: Mapping[str, npt.NDArray[Any]]) -> dict[str, list[int]]:
    return {name: list(array.shape) for name, array in weights.items() if name.startswith("hub/")}


def summary(model: ClassifierArtifact) -> list[str]:
    """The lines that `textrnn models show` adds to the card."""
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
    return [
        f"network     {', '.join(parts)}",
        f"reads       {unit}{pattern}{', in lower case' if text.lower else ''}: "
        f"{config.vocab_size:,} ids, {text.max_tokens:,} {unit} at a time",
        f"long texts  are read {HOW_READ[model.long_texts]}",
        f"classes     {', '.join(model.classes)}",
    ]
