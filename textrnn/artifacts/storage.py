"""What the folders of all kinds of models share: config.json with the sums of the other files.

config.json      rebuilds: format, kind, how a text is read, the network, the sums of the next ones
tokenizer.json   the alphabet, or the words (and tokenizer.model for SentencePiece)
weights.npz      arrays by name
metadata.json    records
README.md        the model card

Both .json of a model are strict JSON: a number that is not finite is null.
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
from textrnn.artifacts.base import Artifact
from textrnn.artifacts.model_files import ModelFiles
from textrnn.config.base import Config
from textrnn.errors import ArtifactError, ConfigError
from textrnn.tokenizers import Tokenizer

FORMAT = 2  # `textrnn.artifacts.format_1` reads the one before
SUMMED = {"tokenizer.json", "weights.npz"}  # what config.json has the sums of, at the least

C = TypeVar("C", bound=Config)


@dataclass(frozen=True)
class Parts:
    """The files of a model's folder, whole by their sums; each kind reads its own model of them.

    Every method raises ArtifactError, which says what is wrong.
    """

    folder: Path
    record: Mapping[str, Any]  # config.json, of the present format
    files: Mapping[str, bytes]  # those that it has the sums of
    about: Mapping[str, Any]  # fields of Artifact: name, notices, metadata, card

    def config(self, cls: type[C], name: str) -> C:
        """The part `name` of config.json as `cls`."""
        path, values = self.folder / "config.json", self.record.get(name)
        if not isinstance(values, dict):
            raise ArtifactError(
                f'{path}: "{name}" is damaged: it must be an object, got {values!r}'
            )
        try:
            return cls.from_dict(values)
        except (ConfigError, TypeError) as error:
            raise ArtifactError(f'{path}: "{name}" is damaged: {error}') from error

    def tokenizer(self, tokens: str, vocab_size: int) -> Tokenizer:
        """The tokenizer, which must be of the kind `tokens` and of that size."""
        text = ModelFiles(self.folder, dict(self.files), True, True).text("tokenizer.json")
        tokenizer = tokenizers.read(text, self.files.get("tokenizer.model"))
        if tokenizer.kind != tokens:
            raise ArtifactError(
                f"{self.folder}: tokenizer.json is of the type {tokenizer.kind}, config.json reads "
                f"by {tokens}; they are of two different models"
            )
        if tokenizer.vocab_size != vocab_size:
            raise ArtifactError(
                f"{self.folder}: tokenizer.json has a vocabulary of {tokenizer.vocab_size}, "
                f"config.json of {vocab_size}; they are of two different models"
            )
        return tokenizer

    def weights(self, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, npt.NDArray[Any]]:
        """The weights, which must be those of `shapes`, as float32."""
        return folders.read_weights(self.folder / "weights.npz", self.files["weights.npz"], shapes)


def write(model: Artifact, folder: Path, dtype: npt.DTypeLike) -> None:
    """Write `model` as `folder`, in place of one that is there, all or nothing.

    ArtifactError when it cannot be written.
    """
    files = {
        "tokenizer.json": model.tokenizer.to_json().encode(),
        "weights.npz": folders.weights_file(model.weights, dtype),
    }
    if model.tokenizer.model is not None:
        files["tokenizer.model"] = model.tokenizer.model
    write_files(model, folder, files)


def write_files(model: Artifact, folder: Path, files: Mapping[str, bytes]) -> None:
    """As `write`, with `files` for the tokenizer and the weights."""
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    folders.replace(
        folder,
        {
            "config.json": _json({"format": FORMAT, **model.record(), "sha256": sums}),
            **files,
            "metadata.json": _json(model.metadata),
            "README.md": model.card.encode(),
        },
    )


def _json(record: Mapping[str, Any]) -> bytes:
    return json.dumps(finite(record), indent=1, ensure_ascii=False, allow_nan=False).encode()


def finite(value: Any) -> Any:
    """Plain data, with None for every number that is not finite: JSON has no nan and no inf."""
    if isinstance(value, Mapping):
        return {name: finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read_record(found: ModelFiles) -> dict[str, Any]:
    """config.json; ArtifactError unless it is one of textrnn's, of a format known here."""
    path, record = found.folder / "config.json", found.json("config.json")
    version, sums = record.get("format"), record.get("sha256")
    if not isinstance(version, int) or version < 1:
        raise ArtifactError(f'{path} is no model of textrnn: it has no "format" number')
    if version > FORMAT:
        raise ArtifactError(
            f"{path} has format {version}, this textrnn reads up to {FORMAT}; upgrade textrnn"
        )
    if not isinstance(sums, dict) or not SUMMED <= sums.keys() <= {*SUMMED, "tokenizer.model"}:
        raise ArtifactError(f'{path}: "sha256" must have the sums of the model\'s other files')
    return record


def read_files(found: ModelFiles, sums: Mapping[str, Any]) -> dict[str, bytes]:
    """The files that `sums` name; ArtifactError names one that is missing or has another sum."""
    files = {name: found.data(name) for name in sums}
    for name, data in files.items():
        if hashlib.sha256(data).hexdigest() != sums[name]:
            raise ArtifactError(
                f"{found.folder / name} is damaged or of another model: its sha256 is not the one "
                f"in config.json; restore the folder from a copy or train it again"
            )
    return files


def read_about(found: ModelFiles) -> dict[str, Any]:
    """Metadata and card: records only, a model without them still works."""
    about: dict[str, Any] = {}
    if "metadata.json" in found.files:
        about["metadata"] = found.json("metadata.json")
    if "README.md" in found.files:
        about["card"] = found.text("README.md")
    return about
