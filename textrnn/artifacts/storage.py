"""The files that all kinds of models share, and config.json with their checksums.

config.json      format, kind, text preprocessing, network, checksums of the next files
tokenizer.json   the characters or words (and tokenizer.model for SentencePiece)
weights.npz      arrays by name
metadata.json    records
README.md        the model card, and the checksums again

config.json and metadata.json are strict JSON: a number that is not finite is null.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy.typing as npt

from textrnn import tokenizers
from textrnn.artifacts import folders
from textrnn.artifacts.arrays import read_weights, write_weights
from textrnn.artifacts.base import Artifact
from textrnn.artifacts.model_files import ModelFiles
from textrnn.artifacts.records import with_checksums, without_checksums
from textrnn.config.base import Config
from textrnn.errors import ArtifactError, ConfigError
from textrnn.tokenizers import Tokenizer

FORMAT = 2  # `textrnn.artifacts.format_1` upgrades format 1
CHECKED = {"tokenizer.json", "weights.npz"}  # files with a checksum in config.json, at least

C = TypeVar("C", bound=Config)


@dataclass(frozen=True)
class Parts:
    """The files of a model folder after checking their SHA-256; input of the `read` of each kind.

    Every method raises ArtifactError when its part is damaged.
    """

    folder: Path
    record: Mapping[str, Any]  # config.json, in the present format
    files: Mapping[str, bytes]  # those with a checksum in config.json
    # Fields of Artifact: name, notices, checksums, trust_hub, metadata, card
    about: Mapping[str, Any]

    def config(self, cls: type[C], name: str) -> C:
        """The section `name` of config.json as `cls`."""
        path, values = self.folder / "config.json", self.record.get(name)
        if not isinstance(values, dict):
            raise ArtifactError(
                f'{path}: "{name}" is damaged: it must be an object, got {values!r}'
            )
        try:
            return cls.from_dict(values)
        except ConfigError as error:
            raise ArtifactError(f'{path}: "{name}" is damaged: {error}') from error

    def tokenizer(self, tokens: str, vocab_size: int) -> Tokenizer:
        """The tokenizer, which must be of kind `tokens` and have `vocab_size` ids."""
        text = ModelFiles(self.folder, dict(self.files), True, True).text("tokenizer.json")
        tokenizer = tokenizers.read(text, self.files.get("tokenizer.model"))
        if tokenizer.kind != tokens:
            raise ArtifactError(
                f"{self.folder}: tokenizer.json has the type {tokenizer.kind}, but config.json has "
                f"tokens {tokens}; they belong to different models"
            )
        if tokenizer.vocab_size != vocab_size:
            raise ArtifactError(
                f"{self.folder}: tokenizer.json has a vocabulary of {tokenizer.vocab_size}, but "
                f"config.json of {vocab_size}; they belong to different models"
            )
        return tokenizer

    def weights(self, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, npt.NDArray[Any]]:
        """The weights as float32, which must have the names and shapes of `shapes`."""
        return read_weights(self.folder / "weights.npz", self.files["weights.npz"], shapes)


def write(model: Artifact, folder: Path, dtype: npt.DTypeLike) -> None:
    """Write `model` to `folder`, replacing any model there, all or nothing.

    ArtifactError when it cannot be written.
    """
    files = {
        "tokenizer.json": model.tokenizer.to_json().encode(),
        "weights.npz": write_weights(model.weights, dtype),
    }
    if model.tokenizer.model is not None:
        files["tokenizer.model"] = model.tokenizer.model
    write_files(model, folder, files)


def write_files(model: Artifact, folder: Path, files: Mapping[str, bytes]) -> None:
    """As `write`, with the tokenizer and weights as `files`."""
    checksums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    folders.replace(
        folder,
        {
            "config.json": _json({"format": FORMAT, **model.record(), "sha256": checksums}),
            **files,
            "metadata.json": _json(model.metadata),
            "README.md": with_checksums(model.card, checksums).encode(),
        },
    )


def _json(record: Mapping[str, Any]) -> bytes:
    return json.dumps(finite(record), indent=1, ensure_ascii=False, allow_nan=False).encode()


def finite(value: Any) -> Any:
    """Replace every number that is not finite by None, since JSON has no nan and no inf."""
    if isinstance(value, Mapping):
        return {name: finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read_record(found: ModelFiles) -> dict[str, Any]:
    """config.json; ArtifactError unless it is from textrnn and of a supported format."""
    path, record = found.folder / "config.json", found.json("config.json")
    version, checksums = record.get("format"), record.get("sha256")
    if not isinstance(version, int) or version < 1:
        raise ArtifactError(f'{path} is not a model of textrnn: it has no "format" number')
    if version > FORMAT:
        raise ArtifactError(
            f"{path} has format {version}, this textrnn supports up to {FORMAT}; upgrade textrnn"
        )
    if not isinstance(checksums, dict) or not CHECKED <= checksums.keys() <= {
        *CHECKED,
        "tokenizer.model",
    }:
        raise ArtifactError(f'{path}: "sha256" must have the checksums of the other files')
    return record


def read_files(found: ModelFiles, checksums: Mapping[str, Any]) -> dict[str, bytes]:
    """The files in `checksums`; ArtifactError names one that is missing or damaged."""
    files = {name: found.data(name) for name in checksums}
    for name, data in files.items():
        if hashlib.sha256(data).hexdigest() != checksums[name]:
            raise ArtifactError(
                f"{found.folder / name} is damaged or from another model: its sha256 is not that "
                f"in config.json; restore the folder from a copy or train it again"
            )
    return files


def read_about(found: ModelFiles) -> dict[str, Any]:
    """Metadata and card, which are records: a model works without them."""
    about: dict[str, Any] = {}
    if "metadata.json" in found.files:
        about["metadata"] = found.json("metadata.json")
    if "README.md" in found.files:
        about["card"] = without_checksums(found.text("README.md"))
    return about
