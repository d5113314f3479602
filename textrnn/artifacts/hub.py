"""The TF-Hub module of a classifier: its entry in config.json, and the user's consent to run it.

A module is a TensorFlow program. A model file names it by its handle, a folder or an address, and
its checksum; neither reading nor showing a model fetches it or runs it.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from textrnn.config.weights import MOST_WEIGHTS
from textrnn.data.addresses import shown
from textrnn.errors import ArtifactError

NAMES = ("handle", "sha256")
LONGEST_HANDLE = 4096  # characters, as long as a path may be
VARIABLE = "hub/"  # how the names of its fine-tuned weights begin


def to_record(module: Mapping[str, str], weights: Mapping[str, npt.NDArray[Any]]) -> dict[str, Any]:
    """The entry of a module, with the shapes of those `weights` that are its own."""
    own = {name: list(each.shape) for name, each in weights.items() if name.startswith(VARIABLE)}
    return {**module, "shapes": own}


def from_record(record: Any, path: Path) -> tuple[dict[str, str], dict[str, tuple[int, ...]]]:
    """Handle and SHA-256 of the module, and the shapes of its fine-tuned weights by name.

    ArtifactError if the entry, in the file `path`, is damaged.
    """
    module = record if isinstance(record, dict) else {}
    shapes = module.get("shapes")
    if (
        not all(isinstance(module.get(name), str) for name in NAMES)
        or not isinstance(shapes, dict)
        or not all(name.startswith(VARIABLE) and _is_shape(each) for name, each in shapes.items())
        or sum(map(math.prod, shapes.values())) > MOST_WEIGHTS
        or len(module["handle"]) > LONGEST_HANDLE
    ):
        raise ArtifactError(
            f'{path}: "hub" must have the handle, the sha256 and the shapes of a TF-Hub module'
        )
    return {name: module[name] for name in NAMES}, {
        name: tuple(each) for name, each in shapes.items()
    }


def _is_shape(value: Any) -> bool:
    return isinstance(value, list) and all(type(size) is int and size >= 0 for size in value)


def check_trusted(module: Mapping[str, str], name: str, trusted: bool) -> None:
    """ArtifactError if the files of `name` bring a `module` and the user does not trust it."""
    if module and not trusted:
        raise ArtifactError(
            f"{name} runs a TensorFlow program, the TF-Hub module {shown(module['handle'])}; if "
            f"you trust its source, add --trust-hub (in Python: trust_hub=True)"
        )
