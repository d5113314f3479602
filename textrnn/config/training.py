"""The settings that every training has: optimizer, schedule, early stopping, checkpoints."""

import math
from dataclasses import dataclass
from typing import Literal

from textrnn.config.base import Config
from textrnn.errors import ConfigError

Schedule = Literal["cosine", "constant"]


Optimizer = Literal["adamw", "rmsprop"]


@dataclass(frozen=True, kw_only=True)
class LearningConfig(Config):
    """Base class of training settings: optimizer, schedule, early stopping, checkpoints."""

    batch_size: int = 16
    # Passes over the data; None chooses a number from the size of the data.
    epochs: int | None = None
    optimizer: Optimizer = "adamw"
    learning_rate: float = 4e-3  # peak, after warm-up
    schedule: Schedule = "cosine"
    warmup_steps: int = 100  # linear from 0; at most a tenth of all steps
    weight_decay: float = 0.01  # as in AdamW (Loshchilov and Hutter 2019), on matrices only
    clip_norm: float = 1.0  # maximum global norm of the gradients; 0 disables clipping
    ema: float = 0.998  # momentum of the averaged weights, which are kept; 0 keeps the last weights
    patience: int = 10  # epochs without a better validation loss; 0 disables early stopping
    seed: int = 0
    checkpoint_seconds: float = 60.0  # maximum time between two checkpoints

    def __post_init__(self) -> None:
        self._one_of("schedule", Schedule)
        self._one_of("optimizer", Optimizer)
        self._at_least(1, "batch_size")
        if self.epochs is not None:
            self._at_least(1, "epochs")
        self._at_least(
            0, "warmup_steps", "weight_decay", "clip_norm", "patience", "seed",
            "checkpoint_seconds",
        )  # fmt: skip
        self._fraction("ema")
        if not 0 < self.learning_rate < math.inf:
            raise ConfigError(f"learning_rate must be above 0, got {self.learning_rate}")
