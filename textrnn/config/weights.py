"""The recurrent cells, and the names and shapes of their weights.

A cell is a row of `CELLS`, a step in `textrnn.engine.cells` and a layer in
`textrnn.models.layers.cells`. No other module depends on its name.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from textrnn.errors import ConfigError

if TYPE_CHECKING:
    from textrnn.config.network import RecurrentConfig

Cell = Literal["gru", "lstm", "simple_rnn", "layer_norm_rnn", "mingru"]
Shapes = dict[str, tuple[int, ...]]
MOST_LAYERS = 64
MOST_WEIGHTS = 2**30  # of a network: 4 GB


@dataclass(frozen=True, kw_only=True)
class CellSpec:
    """The properties that determine the shapes of a recurrent layer's weights and state."""

    gates: int  # blocks of `units` columns in a kernel, including the candidate
    states: int = 1  # arrays (rows, units) carried from step to step; the first is the output
    recurrent: bool = True  # whether the state is multiplied by a recurrent kernel
    bias_rows: int = 1  # 2: separate biases for the input and the recurrent product
    layer_norm: bool = False  # whether the sum of the products is normalised

    def shapes(self, name: str, units: int, features: int) -> Shapes:
        """Name -> shape of the weights of a layer of `units` over inputs (..., `features`).

        `name` is the prefix of the names. The names and the order are those of Keras.
        """
        width = self.gates * units
        shapes: Shapes = {f"{name}/kernel": (features, width)}
        if self.recurrent:
            shapes[f"{name}/recurrent_kernel"] = (units, width)
        shapes[f"{name}/bias"] = (width,) if self.bias_rows == 1 else (self.bias_rows, width)
        if self.layer_norm:
            shapes |= {f"{name}/layer_norm/{part}": (width,) for part in ("gamma", "beta")}
        return shapes


CELLS: Mapping[str, CellSpec] = MappingProxyType(
    {
        "gru": CellSpec(gates=3, bias_rows=2),  # Keras's reset_after
        "lstm": CellSpec(gates=4, states=2),
        "simple_rnn": CellSpec(gates=1),
        "layer_norm_rnn": CellSpec(gates=1, layer_norm=True),
        "mingru": CellSpec(gates=2, recurrent=False),  # its gates depend on the input only
    }
)


def cell_names(config: "RecurrentConfig", index: int) -> list[str]:
    """Name prefixes of the weights of recurrent layer `index`, from 1; forward first."""
    cell = f"rnn_{index}/{config.cell}_cell"
    if config.directions == 1:
        return [cell]
    return [f"bidirectional_{index}/{way}_{cell}" for way in ("forward", "backward")]


def check_size(shapes: Shapes) -> None:
    """ConfigError if arrays of these `shapes` have more than MOST_WEIGHTS values."""
    total = sum(map(math.prod, shapes.values()))
    if total > MOST_WEIGHTS:
        raise ConfigError(
            f"the network would have {total:,} weights, more than {MOST_WEIGHTS:,}; lower units, "
            f"layers, embedding_dim or max_vocab_size"
        )


def stack_shapes(config: "RecurrentConfig", features: int) -> tuple[Shapes, int]:
    """Name -> shape of the weights of all recurrent layers, and the size of their output.

    `features` is the size of the first layer's input.
    """
    shapes: Shapes = {}
    for index in range(1, config.layers + 1):
        for name in cell_names(config, index):
            shapes |= CELLS[config.cell].shapes(name, config.units, features)
        features = config.units * config.directions
    return shapes, features
