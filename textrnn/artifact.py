"""A trained model as a folder that a person can read: save it whole, load it checked.

    config.json      rebuilds: format, kind, the network's shape, the sums of the next two
    tokenizer.json   the alphabet
    weights.npz      arrays by name, float32 (bundled ones float16)
    metadata.json    records: versions, corpus, settings, scores, history
    README.md        the model card

Replacing a model goes by renames: at every moment either the old or the new one is whole.
"""

import hashlib
import io
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.config import GeneratorConfig
from textrnn.errors import ArtifactError, ConfigError
from textrnn.forward import Network, weight_shapes
from textrnn.tokenizers import CharTokenizer

FORMAT = 1
FILES = ("config.json", "tokenizer.json", "weights.npz", "metadata.json", "README.md")


@dataclass(frozen=True)
class Artifact:
    """A trained generator: what rebuilds it, and what is on record about it."""

    config: GeneratorConfig
    tokenizer: CharTokenizer
    weights: Mapping[str, npt.NDArray[Any]]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    card: str = ""  # README.md
    name: str = "model"
    notices: tuple[str, ...] = ()  # what loading had to put right, for a person to read

    @property
    def parameters(self) -> int:
        """How many numbers the network learnt."""
        return sum(int(np.prod(shape)) for shape in weight_shapes(self.config).values())

    def network(self) -> Network:
        """The forward pass of these weights."""
        return Network(self.config, self.weights)


def bundled() -> dict[str, Path]:
    """Name -> folder of every model that came with the package."""
    folder = Path(str(resources.files("textrnn") / "pretrained"))
    return {path.parent.name: path.parent for path in sorted(folder.glob("*/config.json"))}


def load(model: str | Path) -> Artifact:
    """The bundled model of that name, or the folder; ArtifactError says what is wrong with it.

    A folder that a killed save left half renamed is put right first; `notices` says so.
    """
    folder = bundled().get(str(model)) or Path(model)
    notices = () if str(model) in bundled() else tuple(recover(folder))
    if not folder.exists():
        raise ArtifactError(
            f"no model {str(model)!r}: it is neither a folder nor a bundled one "
            f"({', '.join(bundled()) or 'none'}); `textrnn models` lists those"
        )
    if not folder.is_dir():
        raise ArtifactError(f"{folder} is a file; a model is the folder that holds config.json")
    content = {name: _read(folder, name) for name in FILES[:3]}
    config = _check_config(folder, content)
    tokenizer = CharTokenizer.from_json(_utf8(folder, "tokenizer.json", content["tokenizer.json"]))
    if tokenizer.vocab_size != config.vocab_size:
        raise ArtifactError(
            f"{folder}: tokenizer.json has {tokenizer.vocab_size} characters, config.json "
            f"{config.vocab_size}; they are of two different models"
        )
    weights = _check_weights(folder, content["weights.npz"], config)
    metadata, card = {}, ""
    if (folder / "metadata.json").exists():  # records only: a model without them still works
        metadata = _json(folder, "metadata.json", _read(folder, "metadata.json"))
    if (folder / "README.md").exists():
        card = _utf8(folder, "README.md", _read(folder, "README.md"))
    return Artifact(config, tokenizer, weights, metadata, card, str(model), notices)


def save(artifact: Artifact, folder: Path, *, dtype: npt.DTypeLike = np.float32) -> None:
    """Write `artifact` as `folder`, in place of whatever model is there, all or nothing.

    Files in `folder` that are no part of a model (a run's checkpoints, a person's notes) are
    kept. ArtifactError when it cannot be written.
    """
    recover(folder)
    new, old = _beside(folder, ".new"), _beside(folder, ".old")
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        for name, data in _contents(artifact, dtype).items():
            _write_synced(new / name, data)
        os.replace(_mark(new, "incomplete"), _mark(new, "complete"))
        if folder.exists():
            os.rename(folder, old)
        os.rename(new, folder)
        _finish(folder)
    except OSError as error:
        raise ArtifactError(
            f"cannot save the model as {folder}: {error.strerror or error}; what was there "
            f"before is unharmed"
        ) from error


def recover(folder: Path) -> list[str]:
    """Put right what a save killed half-way left beside `folder`; say what was done."""
    new, old = _beside(folder, ".new"), _beside(folder, ".old")
    if folder.exists():
        if old.exists() or _mark(folder, "complete").exists():
            _finish(folder)
            return [f"finished the interrupted save of {folder}"]
        return []
    for source in (new, old):
        if source.exists() and (source == old or _mark(source, "complete").exists()):
            os.rename(source, folder)
            _finish(folder)
            return [f"recovered {folder} from {source.name}, which an interrupted save left"]
    return []


def _finish(folder: Path) -> None:
    # After the new folder has its name: bring over what was not the model's, drop the old one.
    old = _beside(folder, ".old")
    if old.exists():
        for entry in old.iterdir():
            if entry.name not in FILES and not (folder / entry.name).exists():
                os.rename(entry, folder / entry.name)
        shutil.rmtree(old)
    _mark(folder, "complete").unlink(missing_ok=True)


def _beside(folder: Path, suffix: str) -> Path:
    folder = folder.absolute()
    return folder.with_name(folder.name + suffix)


def _mark(folder: Path, state: str) -> Path:
    return folder / f".{state}"


def _write_synced(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _contents(artifact: Artifact, dtype: npt.DTypeLike) -> dict[str, bytes]:
    weights = io.BytesIO()
    arrays = {
        name: np.asarray(artifact.weights[name]).astype(dtype)
        for name in weight_shapes(artifact.config)
    }
    np.savez(weights, **arrays)  # type: ignore[arg-type]
    content = {
        "tokenizer.json": artifact.tokenizer.to_json().encode(),
        "weights.npz": weights.getvalue(),
    }
    config = {
        "format": FORMAT,
        "kind": "generator",
        "network": artifact.config.to_dict(),
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in content.items()},
    }
    return {
        ".incomplete": b"",
        "config.json": json.dumps(config, indent=1).encode(),
        **content,
        "metadata.json": json.dumps(artifact.metadata, indent=1, ensure_ascii=False).encode(),
        "README.md": artifact.card.encode(),
    }


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError:
        raise ArtifactError(
            f"{folder} has no {name}; a model folder holds {', '.join(FILES[:3])}"
        ) from None
    except OSError as error:
        raise ArtifactError(f"cannot read {folder / name}: {error.strerror or error}") from error


def _utf8(folder: Path, name: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ArtifactError(f"{folder / name} is not UTF-8 text: {error}") from error


def _json(folder: Path, name: str, data: bytes) -> dict[str, Any]:
    try:
        content = json.loads(_utf8(folder, name, data))
    except json.JSONDecodeError as error:
        raise ArtifactError(f"{folder / name} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise ArtifactError(f"{folder / name} must hold an object, got {type(content).__name__}")
    return content


def _check_config(folder: Path, content: Mapping[str, bytes]) -> GeneratorConfig:
    path = folder / "config.json"
    record = _json(folder, "config.json", content["config.json"])
    version = record.get("format")
    if not isinstance(version, int) or version < 1:
        raise ArtifactError(f'{path} is no model of textrnn: it has no "format" number')
    if version > FORMAT:
        raise ArtifactError(
            f"{path} has format {version}, this textrnn reads up to {FORMAT}; upgrade textrnn"
        )
    if record.get("kind") != "generator":
        raise ArtifactError(f'{path}: "kind" must be "generator", got {record.get("kind")!r}')
    try:
        config = GeneratorConfig.from_dict(record.get("network") or {})
    except (ConfigError, TypeError) as error:
        raise ArtifactError(f'{path}: "network" is damaged: {error}') from error
    sums = record.get("sha256")
    for name in ("tokenizer.json", "weights.npz"):
        expected = sums.get(name) if isinstance(sums, dict) else None
        if hashlib.sha256(content[name]).hexdigest() != expected:
            raise ArtifactError(
                f"{folder / name} is damaged or of another model: its sha256 is not the one in "
                f"config.json; restore the folder from a copy or train it again"
            )
    return config


def _check_weights(
    folder: Path, data: bytes, config: GeneratorConfig
) -> dict[str, npt.NDArray[Any]]:
    path = folder / "weights.npz"
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            weights = {name: archive[name] for name in archive.files}
    except (ValueError, EOFError, OSError, zipfile.BadZipFile, zlib.error) as error:
        raise ArtifactError(f"{path} is no archive of plain arrays: {error}") from error
    shapes = weight_shapes(config)
    if missing := shapes.keys() - weights.keys():
        raise ArtifactError(f"{path} lacks the weights {', '.join(sorted(missing))}")
    if extra := weights.keys() - shapes.keys():
        raise ArtifactError(f"{path} has weights beyond this network's: {', '.join(sorted(extra))}")
    for name, shape in shapes.items():
        array = weights[name]
        if array.shape != shape or array.dtype not in (np.float16, np.float32):
            raise ArtifactError(
                f"{path}: {name} must be float16 or float32 of shape {shape}, got "
                f"{array.dtype} of {array.shape}"
            )
        if not np.isfinite(array).all():
            raise ArtifactError(f"{path}: {name} holds values that are not finite")
    return {name: weights[name].astype(np.float32) for name in shapes}
