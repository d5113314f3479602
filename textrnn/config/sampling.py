"""The settings of sampling from a generator."""

from dataclasses import dataclass
from typing import Literal

from textrnn.config.base import Config, setting
from textrnn.errors import ConfigError

# What a generated text goes on to after its length: nothing, or the first end of one of these.
Until = Literal["length", "word", "sentence", "line"]


@dataclass(frozen=True, kw_only=True)
class SamplingConfig(Config):
    """How the next token is sampled; the filters apply in this order."""

    # As in CTRL (Keskar et al. 2019).
    repetition_penalty: float = setting(1.0, "Penalty on repeated tokens; 1: none.")
    repetition_window: int = setting(64, "The penalty counts tokens within this many.")
    temperature: float = setting(
        0.8, "Below 1 sharper, above 1 flatter; 0: always the most probable."
    )
    top_k: int = setting(0, "Sample from the K most probable; 0: from all.")
    top_p: float = setting(
        1.0, "Sample from the most probable with this total probability (nucleus)."
    )
    min_p: float = setting(0.0, "Minimum probability relative to the most probable token.")

    def __post_init__(self) -> None:
        self._at_least(0, "temperature", "top_k")
        self._at_least(1, "repetition_window")
        if not 0.01 <= self.repetition_penalty <= 100:
            raise ConfigError(
                f"repetition_penalty must be from 0.01 to 100, got {self.repetition_penalty}"
            )
        if not 0 < self.top_p <= 1:
            raise ConfigError(f"top_p must be above 0 and at most 1, got {self.top_p}")
        if not 0 <= self.min_p <= 1:
            raise ConfigError(f"min_p must be from 0 to 1, got {self.min_p}")
