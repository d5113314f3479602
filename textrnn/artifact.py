"""A trained model as a folder that a person can read: save it whole, load it checked.

    config.json      rebuilds: format, kind, the network's shape, the sums of the next ones
    tokenizer.json   the alphabet, or the words (and tokenizer.model for SentencePiece)
    weights.npz      arrays by name, float32 (bundled ones float16)
    metadata.json    records: versions, data, settings, scores, history
    README.md        the model card

Two kinds: a generator's `Artifact` and a `ClassifierArtifact`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn import classifier_artifact, folders, model_files, saved, tokenizers
from textrnn.classifier_artifact import ClassifierArtifact
from textrnn.config import GeneratorConfig
from textrnn.errors import ArtifactError, ConfigError
from textrnn.folders import recover
from textrnn.forward import Network, weight_shapes
from textrnn.model_files import ModelFiles

__all__ = [
    "Artifact", "ClassifierArtifact", "bundled", "load", "load_any", "load_classifier", "recover",
    "save",
]  # fmt: skip

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
    notices: tuple[str, ...] = ()  # where loading found it, for a person to read

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


def bundled() -> dict[str, Path]:
    """Name -> folder of every model that came with the package."""
    folder = Path(str(resources.files("textrnn") / "pretrained"))
    return {path.parent.name: path.parent for path in sorted(folder.glob("*/config.json"))}


def load(model: str | Path) -> Artifact:
    """The generator of that name or in that folder; ArtifactError says what is wrong with it.

    Reading changes nothing: a model that is being replaced is read whole, as it was or as it will
    be. Where a killed save left it half renamed, `notices` says so.
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
    found = model_files.read(folder)
    if not found.exists:
        raise ArtifactError(
            f"no model {str(model)!r}: it is neither a folder nor a bundled one "
            f"({', '.join(bundled()) or 'none'}); `textrnn models` lists those"
        )
    if not found.is_folder:
        raise ArtifactError(f"{folder} is a file; a model is the folder that holds config.json")
    record = _checked_record(found)
    files = {name: found.data(name) for name in record["sha256"]}
    saved.check_sums(folder, files, record["sha256"])
    text = found.text("tokenizer.json")
    about = {"name": str(model), "notices": found.notices, **saved.about(found)}
    read = classifier_artifact.read if record["kind"] == "classifier" else _read_generator
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


def _checked_record(found: ModelFiles) -> dict[str, Any]:
    path = found.folder / "config.json"
    record = found.json("config.json")
    saved.check_format(found.folder, record)
    if record.get("kind") not in USE:
        raise ArtifactError(
            f'{path}: "kind" must be "generator" or "classifier", got {record.get("kind")!r}'
        )
    sums = record.get("sha256")
    required = {"tokenizer.json", "weights.npz"}
    if not isinstance(sums, dict) or not required <= sums.keys() <= {*required, "tokenizer.model"}:
        raise ArtifactError(f'{path}: "sha256" must have the sums of the model\'s other files')
    return record


def _read_generator(
    folder: Path,
    record: Mapping[str, Any],
    text: str,
    files: Mapping[str, bytes],
    about: Mapping[str, Any],
) -> Artifact:
    config = saved.config_of(GeneratorConfig, folder, record, "network")
    tokenizer = tokenizers.read(text, files.get("tokenizer.model"))
    saved.check_vocabulary(folder, tokenizer.vocab_size, config.vocab_size)
    shapes = weight_shapes(config)
    weights = folders.read_weights(folder / "weights.npz", files["weights.npz"], shapes)
    return Artifact(config, tokenizer, weights, **about)
