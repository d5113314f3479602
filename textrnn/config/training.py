"""The settings that every training has: optimizer, schedule, early stopping, checkpoints."""

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from textrnn.config.base import Config, setting
from textrnn.errors import ConfigError

Schedule = Literal["cosine", "constant"]


Optimizer = Literal["adamw", "rmsprop"]


@dataclass(frozen=True, kw_only=True)
class LearningConfig(Config):
    """Base class of training settings: optimizer, schedule, early stopping, checkpoints."""

    # What may change when a run is resumed: it does not change the steps that were taken.
    resumable: ClassVar[tuple[str, ...]] = ("epochs", "patience", "checkpoint_seconds")

    batch_size: int = setting(16, "Examples per step.")
    epochs: int | None = setting(
        None, "Passes over the data; null: as many as the size of the data asks for."
    )
    optimizer: Optimizer = setting("adamw", "The optimizer.")
    learning_rate: float = setting(4e-3, "Peak learning rate, after warm-up.")
    schedule: Schedule = setting("cosine", "Learning rate after warm-up: falling, or constant.")
    warmup_steps: int = setting(
        100, "Steps in which the learning rate rises from 0; at most a tenth of all steps."
    )
    # As in AdamW (Loshchilov and Hutter 2019).
    weight_decay: float = setting(0.01, "Decoupled weight decay, on matrices only.")
    clip_norm: float = setting(1.0, "Maximum global norm of the gradients; 0: no clipping.")
    ema: float = setting(
        0.998, "Momentum of the averaged weights, which are kept; 0: keep the last weights."
    )
    patience: int = setting(10, "Stop after N epochs without a better validation loss; 0: never.")
    seed: int = setting(0, "Random seed (initial weights, dropout, shuffling, random splits).")
    checkpoint_seconds: float = setting(60.0, "Maximum time between two checkpoints, in seconds.")

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
