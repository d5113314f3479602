"""Save a trained model as a readable folder, and load it with checks.

    config.json      format, kind, text preprocessing, network, checksums of the next files
    tokenizer.json   the characters or words (and tokenizer.model for SentencePiece)
    weights.npz      arrays by name, float32 (bundled ones float16)
    metadata.json    records: versions, data, settings, scores, history
    README.md        the model card, and the checksums again

`textrnn.artifacts.kinds` lists the kinds of models.
"""

import math
from importlib import resources
from pathlib import Path
from typing import TypeVar, cast, get_type_hints

import numpy as np
import numpy.typing as npt

from textrnn.artifacts import format_1, model_files, storage
from textrnn.artifacts.base import Artifact
from textrnn.artifacts.folders import recover
from textrnn.artifacts.kinds import KINDS
from textrnn.artifacts.storage import Parts
from textrnn.config import strict_json
from textrnn.config.suggestions import did_you_mean
from textrnn.errors import ArtifactError, ConfigError

__all__ = [
    "bundled", "convert", "is_saved", "load", "load_as", "recover", "save",
]  # fmt: skip

DTYPES = (np.float16, np.float32)  # of saved weights
# Sizes in weights.npz in bytes: of one value at most, of what an array has beside its values, and
# of all weights if config.json does not say their shapes.
VALUE_BYTES, ARRAY_BYTES, UNKNOWN_BYTES = 4, 2**12, 2**26

A = TypeVar("A", bound=Artifact)


def bundled() -> dict[str, Path]:
    """Name -> folder of every model in the package."""
    folder = Path(str(resources.files("textrnn") / "pretrained"))
    return {path.parent.name: path.parent for path in sorted(folder.glob("*/config.json"))}


def is_saved(folder: str | Path) -> bool:
    """Whether `folder` contains a model of any kind, or its run (and not texts)."""
    return model_files.holds(Path(folder), ("config.json", "run/checkpoint.npz"))


def load_as(cls: type[A], model: str | Path, *, trust_hub: bool = False) -> A:
    """The model in a folder, or a bundled one by name, of the kind `cls`; errors as for `load`."""
    return cast(A, load(model, kind=cls.kind, trust_hub=trust_hub))


def load(model: str | Path, *, kind: str | None = None, trust_hub: bool = False) -> Artifact:
    """The model in a folder, or a bundled one by name; of any kind, or only of `kind`.

    Reading changes nothing on the disk and runs nothing. `trust_hub` says whether the TF-Hub module
    that a classifier may name, a program, may be run once it is used. A model that is being
    replaced is read in its old or its new version, never mixed. `notices` mentions an interrupted
    save. ArtifactError when the model is damaged or of another kind.
    """
    parts = _parts(model, trust_hub)
    found = KINDS[parts.record["kind"]]
    if kind not in (None, found.name):
        raise ArtifactError(_wrong_kind_message(parts, kind))
    return found.read(parts)


def _wrong_kind_message(parts: Parts, kind: str) -> str:
    wanted, inside = KINDS[kind], parts.folder / KINDS[kind].inside
    own, name = KINDS[parts.record["kind"]], parts.about["name"]
    advice = own.use_of(name)
    if wanted.inside and is_saved(inside):
        advice = f"name the one in it, {inside}"
    return f"{name} is {own.noun}, not {wanted.noun}; {advice}"


def _most_weights(config: bytes) -> int:
    """The largest size of weights.npz beside a config.json, in bytes.

    For a damaged config.json, with which no weights are used, it is that of a small model.
    """
    try:
        record = strict_json.loads(config.decode())
        kind = KINDS[format_1.KINDS.get(record["kind"], record["kind"])]
        network = get_type_hints(kind.artifact)["config"].from_dict(record["network"])
        own = record.get("hub", {}).get("shapes", {})  # of a fine-tuned TF-Hub module
        shapes = [*kind.weight_shapes(network).values(), *own.values()]
        return VALUE_BYTES * sum(map(math.prod, shapes)) + ARRAY_BYTES * (1 + len(shapes))
    except (ConfigError, ValueError, TypeError, LookupError, AttributeError):
        return UNKNOWN_BYTES


def _parts(model: str | Path, trust_hub: bool = False) -> Parts:
    """The files of a model, upgraded to the present format."""
    folder = bundled().get(str(model)) or Path(model)
    found = model_files.read(folder, _most_weights)
    if not found.exists:
        raise ArtifactError(
            f"no model {str(model)!r}{did_you_mean(str(model), bundled())}: it is neither a "
            f"folder nor a bundled model ({', '.join(bundled()) or 'none'}); `textrnn models` "
            f"lists them"
        )
    if not found.is_folder:
        raise ArtifactError(f"{folder} is a file; a model is a folder with config.json")
    if "config.json" not in found.files and (folder / "run").is_dir():
        raise ArtifactError(
            f"the run in {folder} has not finished an epoch yet, so there is no model; continue it "
            f"first: textrnn train ... -o {folder} --resume"
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
    about |= {"name": str(model), "notices": found.notices, "checksums": record["sha256"]}
    return Parts(folder, record, files, {**about, "trust_hub": trust_hub})


def save(model: Artifact, folder: Path, *, dtype: npt.DTypeLike = np.float32) -> None:
    """Write `model` to `folder`, replacing any model there, all or nothing.

    ConfigError unless `dtype` is float16 or float32; ArtifactError when it cannot be written.
    """
    if not _is_saved_as(dtype):
        name = getattr(dtype, "__name__", dtype)
        raise ConfigError(f"dtype must be float16 or float32, got {name}")
    storage.write(model, folder, dtype)


def convert(folder: Path) -> Artifact:
    """Rewrite the model in `folder` in the present format; tokenizer and weights are unchanged.

    ArtifactError as for `load` and `save`.
    """
    parts = _parts(folder.absolute())  # the full path: a bundled model may have the same name
    model = KINDS[parts.record["kind"]].read(parts)
    storage.write_files(model, folder, parts.files)
    return model


def _is_saved_as(dtype: npt.DTypeLike) -> bool:
    try:
        return np.dtype(dtype) in DTYPES
    except TypeError:  # not a dtype
        return False
