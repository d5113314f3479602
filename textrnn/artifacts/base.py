"""The base class of trained models: the parts that rebuild a model, and its records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A trained model: `config`, `text`, `tokenizer` and `weights` rebuild it.

    The rest are records: a model works without `metadata` and `card`.
    """

    kind: ClassVar[str]  # its row in `textrnn.artifacts.kinds.KINDS`

    config: Any  # architecture of the network
    text: Any  # settings of text preprocessing
    tokenizer: Any
    weights: Mapping[str, npt.NDArray[Any]]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    card: str = ""  # README.md
    name: str = "model"
    checksums: Mapping[str, str] = field(default_factory=dict)  # SHA-256 of the files read, by name
    notices: tuple[str, ...] = ()  # messages about an interrupted save found on loading
    trust_hub: bool = False  # whether the user lets the TF-Hub module run that the files may name

    @property
    def parameters(self) -> int:
        """Number of trained parameters."""
        return sum(int(np.size(array)) for array in self.weights.values())

    def record(self) -> dict[str, Any]:
        """The content of config.json, except the format and the checksums."""
        return {
            "kind": self.kind,
            "text": self.text.to_dict(),
            "network": self.config.to_dict(),
        }
