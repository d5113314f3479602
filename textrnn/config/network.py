"""The parts that all networks share: a stack of recurrent layers, and pooling over time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from textrnn.config.base import MEANING, Config
from textrnn.config.weights import CELLS, MOST_LAYERS, Cell
from textrnn.errors import ConfigError

Pooling = Literal["last", "max", "mean", "all"]


@dataclass(frozen=True, kw_only=True)
class RecurrentConfig(Config):
    """Architecture of recurrent layers over embedded ids; subclasses set the defaults."""

    vocab_size: int
    cell: Cell = field(metadata={MEANING: "The recurrent cell."})
    layers: int = field(metadata={MEANING: "Recurrent layers."})
    units: int = field(metadata={MEANING: "Units per layer and direction."})
    embedding_dim: int = field(metadata={MEANING: "Embedding dimension."})
    # "Locked" dropout (Gal and Ghahramani 2016).
    dropout: float = field(metadata={MEANING: "Dropout between layers, one mask per sequence."})
    recurrent_dropout: float | None = field(
        metadata={
            MEANING: "Dropout of the recurrent state; null: 0.1, or 0 for a cell without a "
            "recurrent product."
        }
    )
    l1: float = field(metadata={MEANING: "L1 penalty on the kernels."})
    l2: float = field(metadata={MEANING: "L2 penalty on the kernels."})
    recurrent_l1: float = field(metadata={MEANING: "L1 penalty on the recurrent kernels."})
    recurrent_l2: float = field(metadata={MEANING: "L2 penalty on the recurrent kernels."})

    def __post_init__(self) -> None:
        self._one_of("cell", Cell)
        recurrent = CELLS[self.cell].recurrent
        if self.recurrent_dropout is None:
            object.__setattr__(self, "recurrent_dropout", 0.1 if recurrent else 0.0)
        self._at_least(1, "vocab_size", "units")
        self._at_least(0, "layers", "embedding_dim")
        self._at_most(MOST_LAYERS, "layers")
        self._at_least(0, "l1", "l2", "recurrent_l1", "recurrent_l2")
        self._fraction("dropout", "recurrent_dropout")
        if self.recurrent_dropout and not recurrent:
            raise ConfigError(
                f"recurrent_dropout must be 0 with the cell {self.cell}, which has no recurrent "
                f"product (use the other dropouts), got {self.recurrent_dropout}"
            )

    @property
    def directions(self) -> int:
        """2 if the recurrent layers are bidirectional, else 1."""
        return 1


@dataclass(frozen=True, kw_only=True)
class PoolingSpec:
    """How the steps of a text become one vector: the concatenated vectors of `parts`."""

    parts: tuple[str, ...]
    recurrent: bool = False  # whether it needs the last state of a recurrent layer


POOLINGS: Mapping[str, PoolingSpec] = MappingProxyType(
    {
        "last": PoolingSpec(parts=("last",), recurrent=True),
        "max": PoolingSpec(parts=("max",)),
        "mean": PoolingSpec(parts=("mean",)),
        "all": PoolingSpec(parts=("last", "max", "mean"), recurrent=True),
    }
)
