"""What the folders of all kinds of models share: config.json with the sums of the other files.

config.json      rebuilds: format, kind, shapes, the sums of the next ones
tokenizer.json   the alphabet, or the words (and tokenizer.model for SentencePiece)
weights.npz      arrays by name
metadata.json    records
README.md        the model card
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from textrnn.artifacts import folders
from textrnn.artifacts.model_files import ModelFiles
from textrnn.errors import ArtifactError, ConfigError
from textrnn.tokenizers import Tokenizer

FORMAT = 1


def write(
    folder: Path,
    record: Mapping[str, Any],
    tokenizer: Tokenizer,
    weights: Mapping[str, npt.NDArray[Any]],
    metadata: Mapping[str, Any],
    card: str,
    dtype: npt.DTypeLike,
) -> None:
    """Write a model as `folder`, in place of one that is there, all or nothing.

    `record` is what config.json holds beside format and sums. ArtifactError when it cannot be
    written.
    """
    files = {
        "tokenizer.json": tokenizer.to_json().encode(),
        "weights.npz": folders.weights_file(weights, dtype),
    }
    if tokenizer.model is not None:
        files["tokenizer.model"] = tokenizer.model
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    folders.replace(
        folder,
        {
            "config.json": _json({"format": FORMAT, **record, "sha256": sums}),
            **files,
            "metadata.json": _json(metadata),
            "README.md": card.encode(),
        },
    )


def _json(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, indent=1, ensure_ascii=False).encode()


def check_format(folder: Path, record: Mapping[str, Any]) -> None:
    """ArtifactError unless config.json is a record of textrnn's, and not of a later one."""
    path, version = folder / "config.json", record.get("format")
    if not isinstance(version, int) or version < 1:
        raise ArtifactError(f'{path} is no model of textrnn: it has no "format" number')
    if version > FORMAT:
        raise ArtifactError(
            f"{path} has format {version}, this textrnn reads up to {FORMAT}; upgrade textrnn"
        )


def check_sums(folder: Path, files: Mapping[str, bytes], sums: Mapping[str, Any]) -> None:
    """ArtifactError names the file that is not the one whose sum config.json has."""
    for name, data in files.items():
        if hashlib.sha256(data).hexdigest() != sums.get(name):
            raise ArtifactError(
                f"{folder / name} is damaged or of another model: its sha256 is not the one in "
                f"config.json; restore the folder from a copy or train it again"
            )


def check_vocabulary(folder: Path, tokenizer: int, config: int) -> None:
    """ArtifactError unless both sizes of a vocabulary are the same."""
    if tokenizer != config:
        raise ArtifactError(
            f"{folder}: tokenizer.json has a vocabulary of {tokenizer}, config.json of {config}; "
            f"they are of two different models"
        )


def config_of(cls: Any, folder: Path, record: Mapping[str, Any], name: str) -> Any:
    """The part `name` of a `record` of config.json as `cls`; ArtifactError where it is damaged."""
    path, values = folder / "config.json", record.get(name)
    if not isinstance(values, dict):
        raise ArtifactError(f'{path}: "{name}" is damaged: it must be an object, got {values!r}')
    try:
        return cls.from_dict(values)
    except (ConfigError, TypeError) as error:
        raise ArtifactError(f'{path}: "{name}" is damaged: {error}') from error


def about(found: ModelFiles) -> dict[str, Any]:
    """Metadata and card: records only, a model without them still works."""
    records: dict[str, Any] = {}
    if "metadata.json" in found.files:
        records["metadata"] = found.json("metadata.json")
    if "README.md" in found.files:
        records["card"] = found.text("README.md")
    return records
