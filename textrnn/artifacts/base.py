"""What a trained model of any kind is: what rebuilds it, and what is on record about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A trained model: `config`, `text`, `tokenizer` and `weights` rebuild it.

    The rest is records: a model without `metadata` and `card` works.
    """

    kind: ClassVar[str]  # its row in `textrnn.artifacts.kinds.KINDS`

    config: Any  # the network's shape
    text: Any  # how a text becomes ids
    tokenizer: Any
    weights: Mapping[str, npt.NDArray[Any]]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    card: str = ""  # README.md
    name: str = "model"
    notices: tuple[str, ...] = ()  # what loading had to put right, for a person to read

    @property
    def parameters(self) -> int:
        """How many numbers the network learnt."""
        return sum(int(np.size(array)) for array in self.weights.values())

    def record(self) -> dict[str, Any]:
        """What config.json holds beside the format and the sums."""
        return {
            "kind": self.kind,
            "text": self.text.to_dict(),
            "network": self.config.to_dict(),
        }
