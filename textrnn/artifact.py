"""A trained model as a folder that a person can read: save it whole, load it checked.

    config.json      rebuilds: format, kind, the network's shape, the sums of the next ones
    tokenizer.json   the alphabet, or the words (and tokenizer.model for SentencePiece)
    weights.npz      arrays by name, float32 (bundled ones float16)
    metadata.json    records: versions, data, settings, scores, history
    README.md        the model card

Two kinds: a generator's `Artifact` and a `ClassifierArtifact`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module, resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn import folders, saved, tokenizers
from textrnn.classifier_config import ClassifierConfig, LongTexts, ReadingConfig
from textrnn.classifier_forward import ClassifierNetwork, classifier_weight_shapes
from textrnn.config import GeneratorConfig
from textrnn.errors import ArtifactError, ConfigError
from textrnn.folders import recover
from textrnn.forward import Network, weight_shapes
from textrnn.tokenizers.strings import TextTokenizer

__all__ = [
    "Artifact", "ClassifierArtifact", "bundled", "load", "load_any", "load_classifier", "recover",
    "save",
]  # fmt: skip

# How a text of more words than were learnt from is read, in words.
HOW_READ: Mapping[str, str] = MappingProxyType(
    {"cut": "in part", "whole": "whole", "windows": "in overlapping windows"}
)
LONG_TEXTS = tuple(HOW_READ)
DTYPES = (np.float16, np.float32)  # what weights may be saved as
USE = {
    "generator": "it writes: textrnn generate --model",
    "classifier": "it judges: textrnn classify --model",
}


@dataclass(frozen=True)
class Artifact:
    """A trained generator: what rebuilds it, and what is on record about it."""

    config: GeneratorConfig
    tokenizer: Any  # CharTokenizer, WordTokenizer or SentencePieceTokenizer
    weights: Mapping[str, npt.NDArray[Any]]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    card: str = ""  # README.md
    name: str = "model"
    notices: tuple[str, ...] = ()  # what loading had to put right, for a person to read

    @property
    def parameters(self) -> int:
        """How many numbers the network learnt."""
        return _count(weight_shapes(self.config))

    def network(self) -> Network:
        """The forward pass of these weights."""
        return Network(self.config, self.weights)

    def record(self) -> dict[str, Any]:
        """What config.json holds beside the sums."""
        return {"kind": "generator", "network": self.config.to_dict()}


@dataclass(frozen=True)
class ClassifierArtifact:
    """A trained classifier: what rebuilds it, and what is on record about it.

    Probabilities are softmax(logits / temperature). `long_texts` is how a text of more words
    than it learnt from is read: cut, whole, or in windows whose logits are averaged.
    """

    config: ClassifierConfig
    reading: ReadingConfig
    classes: tuple[str, ...]
    tokenizer: Any  # WordTokenizer, SentencePieceTokenizer or TextTokenizer
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

    def network(self) -> Any:
        """The forward pass of these weights: a ClassifierNetwork, or a PooledNetwork over texts.

        The latter needs TensorFlow and a TF-Hub module; ArtifactError when they cannot be had.
        """
        if self.reading.tokens != "text":
            return ClassifierNetwork(self.config, self.weights)
        try:
            # By name: no other model is to pay for TensorFlow.
            hub_pooled = import_module("textrnn.hub_pooled")
        except ImportError as error:
            raise ArtifactError(
                f"{self.name} reads texts through the TF-Hub module {self.hub['handle']}, which "
                f"takes TensorFlow, and that cannot be imported: {error}; pip install tensorflow"
            ) from error
        return hub_pooled.PooledNetwork(self.config, self.weights, self.hub, self.name)

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


def bundled() -> dict[str, Path]:
    """Name -> folder of every model that came with the package."""
    folder = Path(str(resources.files("textrnn") / "pretrained"))
    return {path.parent.name: path.parent for path in sorted(folder.glob("*/config.json"))}


def load(model: str | Path) -> Artifact:
    """The generator of that name or in that folder; ArtifactError says what is wrong with it.

    A folder that a killed save left half renamed is put right first; `notices` says so.
    """
    loaded = load_any(model)
    if not isinstance(loaded, Artifact):
        raise ArtifactError(f"{model} is no generator; {USE['classifier']} {model}")
    return loaded


def load_classifier(model: str | Path) -> ClassifierArtifact:
    """The classifier of that name or in that folder, as `load` gives a generator."""
    loaded = load_any(model)
    if not isinstance(loaded, ClassifierArtifact):
        raise ArtifactError(f"{model} is no classifier; {USE['generator']} {model}")
    return loaded


def load_any(model: str | Path) -> Artifact | ClassifierArtifact:
    """The bundled model of that name, or the one in a folder, of whichever kind."""
    folder = bundled().get(str(model)) or Path(model)
    notices = () if str(model) in bundled() else tuple(recover(folder))
    if not folder.exists():
        raise ArtifactError(
            f"no model {str(model)!r}: it is neither a folder nor a bundled one "
            f"({', '.join(bundled()) or 'none'}); `textrnn models` lists those"
        )
    if not folder.is_dir():
        raise ArtifactError(f"{folder} is a file; a model is the folder that holds config.json")
    record = _checked_record(folder)
    files = {name: folders.read(folder, name) for name in record["sha256"]}
    saved.check_sums(folder, files, record["sha256"])
    text = folders.read_text(folder, "tokenizer.json", files["tokenizer.json"])
    about = {"name": str(model), "notices": notices, **_records(folder)}
    read = _classifier if record["kind"] == "classifier" else _generator
    return read(folder, record, text, files, about)


def save(
    model: Artifact | ClassifierArtifact, folder: Path, *, dtype: npt.DTypeLike = np.float32
) -> None:
    """Write `model` as `folder`, in place of whatever model is there, all or nothing.

    ConfigError unless `dtype` is float16 or float32, ArtifactError when it cannot be written.
    """
    if not _is_saved_as(dtype):
        name = getattr(dtype, "__name__", dtype)
        raise ConfigError(f"dtype must be float16 or float32, got {name}")
    saved.write(
        folder, model.record(), model.tokenizer, model.weights, model.metadata, model.card, dtype
    )


def _is_saved_as(dtype: npt.DTypeLike) -> bool:
    try:
        return np.dtype(dtype) in DTYPES
    except TypeError:  # no dtype at all
        return False


def _count(shapes: Mapping[str, tuple[int, ...]]) -> int:
    return sum(int(np.prod(shape)) for shape in shapes.values())


def _checked_record(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    record = folders.read_json(folder, "config.json", folders.read(folder, "config.json"))
    saved.check_format(folder, record)
    if record.get("kind") not in USE:
        raise ArtifactError(
            f'{path}: "kind" must be "generator" or "classifier", got {record.get("kind")!r}'
        )
    sums = record.get("sha256")
    required = {"tokenizer.json", "weights.npz"}
    if not isinstance(sums, dict) or not required <= sums.keys() <= {*required, "tokenizer.model"}:
        raise ArtifactError(f'{path}: "sha256" must have the sums of the model\'s other files')
    return record


def _records(folder: Path) -> dict[str, Any]:
    """Metadata and card: records only, a model without them still works."""
    found: dict[str, Any] = {}
    if (folder / "metadata.json").exists():
        data = folders.read(folder, "metadata.json")
        found["metadata"] = folders.read_json(folder, "metadata.json", data)
    if (folder / "README.md").exists():
        data = folders.read(folder, "README.md")
        found["card"] = folders.read_text(folder, "README.md", data)
    return found


def _generator(
    folder: Path,
    record: Mapping[str, Any],
    text: str,
    files: Mapping[str, bytes],
    about: Mapping[str, Any],
) -> Artifact:
    config = _config(GeneratorConfig, folder, record, "network")
    tokenizer = tokenizers.read(text, files.get("tokenizer.model"))
    saved.check_vocabulary(folder, tokenizer.vocab_size, config.vocab_size)
    shapes = weight_shapes(config)
    weights = folders.read_weights(folder / "weights.npz", files["weights.npz"], shapes)
    return Artifact(config, tokenizer, weights, **about)


def _classifier(
    folder: Path,
    record: Mapping[str, Any],
    text: str,
    files: Mapping[str, bytes],
    about: Mapping[str, Any],
) -> ClassifierArtifact:
    path = folder / "config.json"
    config = _config(ClassifierConfig, folder, record, "network")
    reading = _config(ReadingConfig, folder, record, "reading")
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
    if whole_texts := reading.tokens == "text":
        tokenizer: Any = TextTokenizer.from_json(text)
    else:
        tokenizer = tokenizers.read(text, files.get("tokenizer.model"))
    if (kind := json.loads(text)["type"]) != reading.tokens:
        raise ArtifactError(
            f"{folder}: tokenizer.json is of the type {kind}, config.json reads by "
            f"{reading.tokens}; they are of two different models"
        )
    saved.check_vocabulary(folder, tokenizer.vocab_size, config.vocab_size)
    shapes = classifier_weight_shapes(config)
    if whole_texts:
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


def _config(cls: Any, folder: Path, record: Mapping[str, Any], name: str) -> Any:
    path, values = folder / "config.json", record.get(name)
    if not isinstance(values, dict):
        raise ArtifactError(f'{path}: "{name}" is damaged: it must be an object, got {values!r}')
    try:
        return cls.from_dict(values)
    except (ConfigError, TypeError) as error:
        raise ArtifactError(f'{path}: "{name}" is damaged: {error}') from error
