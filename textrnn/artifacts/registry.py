"""A trained model as a folder that a person can read: save it whole, load it checked.

    config.json      rebuilds: format, kind, the network's shape, the sums of the next ones
    tokenizer.json   the alphabet, or the words (and tokenizer.model for SentencePiece)
    weights.npz      arrays by name, float32 (bundled ones float16)
    metadata.json    records: versions, data, settings, scores, history
    README.md        the model card

Two kinds: a generator's `Artifact` and a `ClassifierArtifact`.
"""

from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.artifacts import classifier, model_files, storage
from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.artifacts.folders import recover
from textrnn.artifacts.generator import Artifact, _read_generator
from textrnn.artifacts.model_files import ModelFiles
from textrnn.errors import ArtifactError, ConfigError

__all__ = [
    "Artifact", "ClassifierArtifact", "bundled", "load", "load_any", "load_classifier", "recover",
    "save",
]  # fmt: skip

DTYPES = (np.float16, np.float32)  # what weights may be saved as
USE = {
    "generator": "it writes: textrnn generate --model",
    "classifier": "it judges: textrnn classify --model",
}


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
    storage.check_sums(folder, files, record["sha256"])
    text = found.text("tokenizer.json")
    about = {"name": str(model), "notices": found.notices, **storage.about(found)}
    read = classifier.read if record["kind"] == "classifier" else _read_generator
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
    storage.write(
        folder, model.record(), model.tokenizer, model.weights, model.metadata, model.card, dtype
    )


def _is_saved_as(dtype: npt.DTypeLike) -> bool:
    try:
        return np.dtype(dtype) in DTYPES
    except TypeError:  # no dtype at all
        return False


def _checked_record(found: ModelFiles) -> dict[str, Any]:
    path = found.folder / "config.json"
    record = found.json("config.json")
    storage.check_format(found.folder, record)
    if record.get("kind") not in USE:
        raise ArtifactError(
            f'{path}: "kind" must be "generator" or "classifier", got {record.get("kind")!r}'
        )
    sums = record.get("sha256")
    required = {"tokenizer.json", "weights.npz"}
    if not isinstance(sums, dict) or not required <= sums.keys() <= {*required, "tokenizer.model"}:
        raise ArtifactError(f'{path}: "sha256" must have the sums of the model\'s other files')
    return record
