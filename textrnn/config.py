"""Every default, once: frozen dataclasses that refuse nonsense.

The command line reads its defaults and its help from here; saved models and runs hold these as
plain JSON objects. `PRESETS` are named sets of overrides.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from textrnn.errors import ConfigError
from textrnn.settings import Config

Cell = Literal["gru", "lstm", "simple_rnn", "layer_norm_rnn", "mingru"]
Schedule = Literal["cosine", "constant"]
Optimizer = Literal["adamw", "rmsprop"]
Written = Literal["char", "word", "sentencepiece"]
ModelType = Literal["unigram", "bpe"]


@dataclass(frozen=True, kw_only=True)
class GeneratorConfig(Config):
    """Shape of a generator; saved as config.json beside its weights."""

    vocab_size: int
    cell: Cell = "gru"
    layers: int = 2
    units: int = 256  # per layer
    embedding_dim: int = 64  # 0 is one-hot input
    residual: bool = True  # layer k >= 2 adds its input to its output
    # Dropout rates; each draws one mask a sequence ("locked": Gal and Ghahramani 2016).
    input_dropout: float = 0.0  # on what enters the first layer
    dropout: float = 0.1  # between layers
    output_dropout: float = 0.1  # before the output layer
    # On the state that goes round; none: a tenth, and nothing where a cell has no such product.
    recurrent_dropout: float | None = None
    l1: float = 0.0  # penalties on the kernels and recurrent kernels
    l2: float = 0.0

    def __post_init__(self) -> None:
        self._one_of("cell", Cell)
        if self.recurrent_dropout is None:
            object.__setattr__(self, "recurrent_dropout", 0.0 if self.cell == "mingru" else 0.1)
        self._at_least(1, "vocab_size", "layers", "units")
        self._at_least(0, "embedding_dim", "l1", "l2")
        self._share("input_dropout", "dropout", "output_dropout", "recurrent_dropout")
        check_recurrent_dropout(self.cell, self.recurrent_dropout)


@dataclass(frozen=True, kw_only=True)
class LearningConfig(Config):
    """What every kind of training has: the optimizer, its schedule, when to stop and to save."""

    batch_size: int = 16
    # Passes over the data; none: as many as suit its size.
    epochs: int | None = None
    optimizer: Optimizer = "adamw"
    learning_rate: float = 4e-3  # the highest, after warm-up
    schedule: Schedule = "cosine"
    warmup_steps: int = 100  # linear from 0; at most a tenth of all steps
    weight_decay: float = 0.01  # AdamW's (Loshchilov and Hutter 2019), on matrices only
    clip_norm: float = 1.0  # largest norm of all gradients together; 0 does not clip
    ema: float = 0.998  # momentum of the averaged weights that are kept; 0 keeps the last ones
    patience: int = 10  # epochs without a better validation loss before stopping; 0 never stops
    seed: int = 0
    checkpoint_seconds: float = 60.0  # at most this long between two checkpoints

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
        self._share("ema")
        if not 0 < self.learning_rate < math.inf:
            raise ConfigError(f"learning_rate must be above 0, got {self.learning_rate}")


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(LearningConfig):
    """How a generator learns: how its corpus is read, and the optimizer.

    Epochs that nobody names are as many as make 5,000 steps, from 4 to 100.
    """

    weight_decay: float = 0.1
    stateful: bool = True  # read on from window to window, or draw windows at random
    window: int = 64  # characters, or other tokens, that an example spans
    shift: int = 0  # stateless: from one window's start to the next; 0 is a window's length
    validation: str = "0.1"  # a share from the end, START:END, or a file
    part: str = "0:1"  # the part START:END of the corpus to use, validation included
    lower: bool = False  # lower-case the corpus
    state_reset: float = 0.1  # stateful: share of streams that forget what they read, each window
    rename: float = 0.0  # share of the names in a passage that an epoch replaces by invented ones
    # A trained model, or several with commas between, whose guesses make up a share of the targets.
    teacher: str = ""
    teacher_share: float = 0.5
    tokens: Written = "char"  # what the model writes one after another
    words: int = 2000  # the most frequent words, or pieces, that it can write
    model_type: ModelType = "unigram"  # SentencePiece's
    sample_length: int = 200  # characters of each sample shown after an epoch; 0 shows none

    def __post_init__(self) -> None:
        super().__post_init__()
        self._one_of("tokens", Written)
        self._one_of("model_type", ModelType)
        self._at_least(1, "window", "words")
        self._at_least(0, "shift", "sample_length")
        self._share("state_reset", "rename")
        if not 0 < self.teacher_share <= 1:
            raise ConfigError(
                f"teacher_share must be above 0 and at most 1, got {self.teacher_share}"
            )
        if self.rename and (self.lower or self.tokens != "char"):
            raise ConfigError(
                "rename knows names by their capitals and writes characters; leave it out, or "
                "leave out lower and tokens"
            )
        parse_part(self.part)
        # A validation that is neither a share nor a slice names a file, checked when it is read.
        if not is_file(self.validation):
            parse_validation(self.validation)


@dataclass(frozen=True, kw_only=True)
class SamplingConfig(Config):
    """How the next character is chosen; the filters apply in this order."""

    repetition_penalty: float = 1.0  # CTRL's (Keskar et al. 2019); 1 is none
    repetition_window: int = 64  # characters back that the penalty looks at
    temperature: float = 0.8  # below 1 safer, above 1 wilder, 0 always the likeliest
    top_k: int = 0  # keep the k likeliest; 0 keeps all
    top_p: float = 1.0  # keep the likeliest that make up this share (nucleus)
    min_p: float = 0.0  # keep those at least this likely, as a share of the likeliest

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


def check_recurrent_dropout(cell: Cell, rate: float | None) -> None:
    """ConfigError where `cell` has no recurrent product whose state could be dropped."""
    if cell == "mingru" and rate:
        raise ConfigError(
            f"recurrent_dropout must be 0 with the cell mingru, whose state goes through no "
            f"product (use the other dropouts), got {rate}"
        )


def names_in(text: str) -> tuple[str, ...]:
    """The names in a list with commas between."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def is_file(name: str) -> bool:
    """Whether `name` is that of a file there is; a name no file could have is not."""
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def parse_part(text: str) -> tuple[float, float]:
    """START:END as two numbers: up to 1 shares of the whole, above 1 character positions.

    Either may be left out (":0.9", "0.9:"). ConfigError when it is no such pair.
    """
    start_text, colon, end_text = text.partition(":")
    try:
        start, end = float(start_text or 0), float(end_text or 1)
    except ValueError:
        colon = ""
    if not colon or not 0 <= start < end < math.inf:
        raise ConfigError(
            f"part must be START:END with START below END, such as 0:0.9 (shares) or "
            f"0:50000 (characters), got {text!r}"
        )
    return start, end


def parse_validation(text: str) -> tuple[float, float]:
    """The slice of the corpus that a validation setting names: "0.1" is "0.9:1"."""
    try:
        share = float(text)
    except ValueError:
        if ":" not in text:
            raise ConfigError(
                f"validation must be a share such as 0.1, a slice START:END or a file that "
                f"exists, got {text!r}"
            ) from None
        return parse_part(text)
    if not 0 < share < 1:
        raise ConfigError(f"validation must be a share between 0 and 1, got {text}")
    return 1 - share, 1.0


_TEXTBOOK = {
    "cell": "gru", "layers": 2, "units": 128, "embedding_dim": 0, "residual": False,
    "input_dropout": 0.2, "dropout": 0.2, "output_dropout": 0.0, "recurrent_dropout": 0.2,
    "lower": True, "window": 100, "learning_rate": 1e-3,
    "schedule": "constant", "warmup_steps": 0, "weight_decay": 0.0, "clip_norm": 0.0,
    "ema": 0.0, "patience": 0, "state_reset": 0.0,
}  # fmt: skip

# Named overrides of the defaults above, of either dataclass.
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        # The lectures' character generator, its network and its recipe exactly.
        "textbook": {**_TEXTBOOK, "stateful": False, "shift": 1, "batch_size": 32, "epochs": 20},
        "textbook-stateful": {**_TEXTBOOK, "stateful": True, "batch_size": 1, "epochs": 50},
        # A quarter of the default's work, for a first try.
        "small": {
            "units": 128,
            "dropout": 0.0,
            "output_dropout": 0.0,
            "recurrent_dropout": 0.0,
        },
        # The bundled model's: an hour on two cores for a megabyte of text.
        "large": {
            "cell": "lstm",
            "units": 512,
            "embedding_dim": 128,
            "batch_size": 32,
            "window": 128,
            "epochs": 20,
            "learning_rate": 3e-3,
            "input_dropout": 0.15,
            "dropout": 0.4,
            "output_dropout": 0.4,
            "recurrent_dropout": 0.2,
        },
    }
)


def preset(name: str) -> Mapping[str, Any]:
    """The overrides of the preset `name`; ConfigError lists the names there are."""
    if name not in PRESETS:
        raise ConfigError(f"no preset {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name]
