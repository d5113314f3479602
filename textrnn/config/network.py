"""The cells of recurrent layers by name."""

from typing import Literal

from textrnn.errors import ConfigError

Cell = Literal["gru", "lstm", "simple_rnn", "layer_norm_rnn", "mingru"]


def check_recurrent_dropout(cell: Cell, rate: float | None) -> None:
    """ConfigError where `cell` has no recurrent product whose state could be dropped."""
    if cell == "mingru" and rate:
        raise ConfigError(
            f"recurrent_dropout must be 0 with the cell mingru, whose state goes through no "
            f"product (use the other dropouts), got {rate}"
        )
