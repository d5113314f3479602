"""A trained generator: what rebuilds it, and how the files of its folder are read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from textrnn import tokenizers
from textrnn.artifacts import folders, storage
from textrnn.config.generator import GeneratorConfig, Written, weight_shapes
from textrnn.tokenizers import Tokenizer


@dataclass(frozen=True)
class Artifact:
    """A trained generator: what rebuilds it, and what is on record about it."""

    config: GeneratorConfig
    tokenizer: Tokenizer
    weights: Mapping[str, npt.NDArray[Any]]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    card: str = ""  # README.md
    name: str = "model"
    notices: tuple[str, ...] = ()  # where loading found it, for a person to read

    @property
    def parameters(self) -> int:
        """How many numbers the network learnt."""
        return _count(weight_shapes(self.config))

    def record(self) -> dict[str, Any]:
        """What config.json holds beside the sums."""
        return {"kind": "generator", "network": self.config.to_dict()}


def _count(shapes: Mapping[str, tuple[int, ...]]) -> int:
    return sum(int(np.prod(shape)) for shape in shapes.values())


def _read_generator(
    folder: Path,
    record: Mapping[str, Any],
    text: str,
    files: Mapping[str, bytes],
    about: Mapping[str, Any],
) -> Artifact:
    config = storage.config_of(GeneratorConfig, folder, record, "network")
    tokenizer = tokenizers.read(text, files.get("tokenizer.model"), kinds=get_args(Written))
    storage.check_vocabulary(folder, tokenizer.vocab_size, config.vocab_size)
    shapes = weight_shapes(config)
    weights = folders.read_weights(folder / "weights.npz", files["weights.npz"], shapes)
    return Artifact(config, tokenizer, weights, **about)
