"""A trained classifier: what rebuilds it, and how the files of its folder are read, checked.

`textrnn.artifacts.registry` saves and loads it, as it does a generator.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn import tokenizers
from textrnn.artifacts import folders, storage
from textrnn.config.classifier import ClassifierConfig, LongTexts, weight_shapes
from textrnn.config.text import ReadingConfig
from textrnn.errors import ArtifactError
from textrnn.tokenizers import Tokenizer

# How a text of more words than were learnt from is read, in words.
HOW_READ: Mapping[str, str] = MappingProxyType(
    {"cut": "in part", "whole": "whole", "windows": "in overlapping windows"}
)
LONG_TEXTS = tuple(HOW_READ)


@dataclass(frozen=True)
class ClassifierArtifact:
    """A trained classifier: what rebuilds it, and what is on record about it.

    Probabilities are softmax(logits / temperature). `long_texts` is how a text of more words
    than it learnt from is read: cut, whole, or in windows whose logits are averaged.
    """

    config: ClassifierConfig
    reading: ReadingConfig
    classes: tuple[str, ...]
    tokenizer: Tokenizer
    weights: Mapping[str, npt.NDArray[Any]]
    temperature: float = 1.0
    long_texts: LongTexts = "cut"
    metadata: Mapping[str, Any] = field(default_factory=dict)
    card: str = ""
    name: str = "model"
    notices: tuple[str, ...] = ()
    hub: Mapping[str, str] = field(default_factory=dict)  # what makes vectors of whole texts

    @property
    def parameters(self) -> int:
        """How many numbers the network learnt."""
        return sum(int(np.size(array)) for array in self.weights.values())

    def record(self) -> dict[str, Any]:
        """What config.json holds beside the sums."""
        return {
            "kind": "classifier",
            "network": self.config.to_dict(),
            "reading": self.reading.to_dict(),
            "classes": list(self.classes),
            "temperature": self.temperature,
            "long_texts": self.long_texts,
            **({"hub": {**self.hub, "shapes": _hub_shapes(self.weights)}} if self.hub else {}),
        }


def read(
    folder: Path,
    record: Mapping[str, Any],
    text: str,
    files: Mapping[str, bytes],
    about: Mapping[str, Any],
) -> ClassifierArtifact:
    """The classifier in `folder` from its parsed config.json, the text of its tokenizer.json and
    all its `files`; `about` is name, notices, metadata and card.

    ArtifactError says what is wrong with it.
    """
    path = folder / "config.json"
    config = storage.config_of(ClassifierConfig, folder, record, "network")
    reading = storage.config_of(ReadingConfig, folder, record, "reading")
    classes = record.get("classes")
    if (
        not isinstance(classes, list)
        or not all(isinstance(name, str) for name in classes)
        or not len(classes) == len(set(classes)) == config.classes
    ):
        raise ArtifactError(f'{path}: "classes" must name {config.classes} classes, once each')
    temperature, long_texts = record.get("temperature"), record.get("long_texts")
    if (
        not isinstance(temperature, int | float)
        or isinstance(temperature, bool)
        or not 0 < temperature < float("inf")
    ):
        raise ArtifactError(f'{path}: "temperature" must be a number above 0, got {temperature!r}')
    if long_texts not in LONG_TEXTS:
        raise ArtifactError(f'{path}: "long_texts" must be one of {", ".join(LONG_TEXTS)}')
    tokenizer = tokenizers.read(text, files.get("tokenizer.model"))
    if tokenizer.kind != reading.tokens:
        raise ArtifactError(
            f"{folder}: tokenizer.json is of the type {tokenizer.kind}, config.json reads by "
            f"{reading.tokens}; they are of two different models"
        )
    storage.check_vocabulary(folder, tokenizer.vocab_size, config.vocab_size)
    shapes = weight_shapes(config)
    if not tokenizer.has_ids:
        del shapes["embedding/embeddings"]
        about = {**about, "hub": _hub(path, record.get("hub"), shapes)}
    weights = folders.read_weights(folder / "weights.npz", files["weights.npz"], shapes)
    return ClassifierArtifact(
        config, reading, tuple(classes), tokenizer, weights, float(temperature), long_texts, **about
    )


def _hub(path: Path, record: Any, shapes: dict[str, tuple[int, ...]]) -> dict[str, str]:
    """What finds the module of a model; what of it was fine-tuned is added to `shapes`."""
    try:
        own = record["shapes"].items()
        shapes |= {str(name): tuple(int(size) for size in shape) for name, shape in own}
        return {name: str(record[name]) for name in ("handle", "sha256")}
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise ArtifactError(
            f'{path}: "hub" must have the handle, the sha256 and the shapes of a TF-Hub module'
        ) from error


def _hub_shapes(weights: Mapping[str, npt.NDArray[Any]]) -> dict[str, list[int]]:
    return {name: list(array.shape) for name, array in weights.items() if name.startswith("hub/")}
