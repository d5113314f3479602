"""A trained model as a folder that a person can read: save it whole, load it checked.

    config.json      rebuilds: format, kind, how a text is read, the network, the sums of the next
    tokenizer.json   the alphabet, or the words (and tokenizer.model for SentencePiece)
    weights.npz      arrays by name, float32 (bundled ones float16)
    metadata.json    records: versions, data, settings, scores, history
    README.md        the model card

`textrnn.artifacts.kinds` has the kinds there are.
"""

from importlib import resources
from pathlib import Path
from typing import TypeVar, cast

import numpy as np
import numpy.typing as npt

from textrnn.artifacts import format_1, model_files, storage
from textrnn.artifacts.base import Artifact
from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.artifacts.folders import recover
from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.artifacts.kinds import KINDS
from textrnn.artifacts.language_model import LanguageModelArtifact
from textrnn.artifacts.storage import Parts
from textrnn.errors import ArtifactError, ConfigError

__all__ = [
    "bundled", "convert", "is_saved", "load", "load_classifier", "load_generator",
    "load_language_model", "recover", "save",
]  # fmt: skip

DTYPES = (np.float16, np.float32)  # what weights may be saved as

A = TypeVar("A", bound=Artifact)


def bundled() -> dict[str, Path]:
    """Name -> folder of every model that came with the package."""
    folder = Path(str(resources.files("textrnn") / "pretrained"))
    return {path.parent.name: path.parent for path in sorted(folder.glob("*/config.json"))}


def is_saved(folder: str | Path) -> bool:
    """Whether some model, of whatever kind, or its run is in `folder`, and not texts to read."""
    return model_files.holds(Path(folder), ("config.json", "run/checkpoint.npz"))


def load_generator(model: str | Path) -> GeneratorArtifact:
    """The generator of that name or in that folder, as `load` gives it."""
    return _load_as(GeneratorArtifact, model)


def load_classifier(model: str | Path) -> ClassifierArtifact:
    """The classifier of that name or in that folder, as `load` gives it."""
    return _load_as(ClassifierArtifact, model)


def load_language_model(model: str | Path) -> LanguageModelArtifact:
    """The language model of that name or in that folder, as `load` gives it."""
    return _load_as(LanguageModelArtifact, model)


def _load_as(cls: type[A], model: str | Path) -> A:
    return cast(A, load(model, kind=cls.kind))


def load(model: str | Path, *, kind: str | None = None) -> Artifact:
    """The bundled model of that name, or the one in a folder, of whichever kind, or of `kind`.

    Reading changes nothing: a model that is being replaced is read whole, as it was or as it will
    be. Where a killed save left it half renamed, `notices` says so. ArtifactError says what is
    wrong with it, or what to do with a model of another kind.
    """
    parts = _parts(model)
    found = KINDS[parts.record["kind"]]
    if kind not in (None, found.name):
        raise ArtifactError(_of_another_kind(parts, kind))
    return found.read(parts)


def _of_another_kind(parts: Parts, kind: str) -> str:
    wanted, inside = KINDS[kind], parts.folder / KINDS[kind].inside
    own, name = KINDS[parts.record["kind"]], parts.about["name"]
    instead = own.use_of(name)
    if wanted.inside and is_saved(inside):
        instead = f"name the one in it, {inside}"
    return f"{name} is {own.noun}, not {wanted.noun}; {instead}"


def _parts(model: str | Path) -> Parts:
    """The files of a model, in the present format."""
    folder = bundled().get(str(model)) or Path(model)
    found = model_files.read(folder)
    if not found.exists:
        raise ArtifactError(
            f"no model {str(model)!r}: it is neither a folder nor a bundled one "
            f"({', '.join(bundled()) or 'none'}); `textrnn models` lists those"
        )
    if not found.is_folder:
        raise ArtifactError(f"{folder} is a file; a model is the folder that holds config.json")
    if "config.json" not in found.files and (folder / "run").is_dir():
        raise ArtifactError(
            f"the run in {folder} has not ended an epoch yet, so there is no model; go on with it "
            f"first, with --resume"
        )
    record = storage.read_record(found)
    files = storage.read_files(found, record["sha256"])
    about = storage.read_about(found)
    if record["format"] < storage.FORMAT:
        metadata = about.get("metadata", {})
        record = format_1.upgrade_record(record, metadata, found.text("tokenizer.json"))
        about["metadata"] = format_1.upgrade_metadata(metadata)
    if record.get("kind") not in list(KINDS):
        raise ArtifactError(
            f'{folder / "config.json"}: "kind" must be one of {", ".join(KINDS)}, got '
            f"{record.get('kind')!r}"
        )
    return Parts(folder, record, files, {"name": str(model), "notices": found.notices, **about})


def save(model: Artifact, folder: Path, *, dtype: npt.DTypeLike = np.float32) -> None:
    """Write `model` as `folder`, in place of whatever model is there, all or nothing.

    ConfigError unless `dtype` is float16 or float32, ArtifactError when it cannot be written.
    """
    if not _is_saved_as(dtype):
        name = getattr(dtype, "__name__", dtype)
        raise ConfigError(f"dtype must be float16 or float32, got {name}")
    storage.write(model, folder, dtype)


def convert(folder: Path) -> Artifact:
    """Write the model in `folder` anew in the present format; tokenizer and weights byte by byte.

    ArtifactError as for `load` and `save`.
    """
    parts = _parts(folder.absolute())  # by its full path: a bundled model may have the same name
    model = KINDS[parts.record["kind"]].read(parts)
    storage.write_files(model, folder, parts.files)
    return model


def _is_saved_as(dtype: npt.DTypeLike) -> bool:
    try:
        return np.dtype(dtype) in DTYPES
    except TypeError:  # no dtype at all
        return False
