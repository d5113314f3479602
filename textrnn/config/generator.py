"""Every default, once: frozen dataclasses that refuse nonsense.

The command line reads its defaults and its help from here; saved models and runs hold these as
plain JSON objects. `PRESETS` are named sets of overrides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from textrnn.config.network import RecurrentConfig
from textrnn.config.parts import is_file, parse_part, parse_validation
from textrnn.config.recipe import Recipe
from textrnn.config.text import GeneratorTextConfig
from textrnn.config.training import LearningConfig
from textrnn.config.weights import Cell, Shapes, stack_shapes
from textrnn.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class GeneratorConfig(RecurrentConfig):
    """Shape of a generator; saved as config.json beside its weights."""

    derived = MappingProxyType({"vocab_size": 1})
    cell: Cell = "gru"
    layers: int = 2
    units: int = 256  # per layer
    embedding_dim: int = 64  # 0 is one-hot input
    residual: bool = True  # layer k >= 2 adds its input to its output
    # Dropout rates; each draws one mask a sequence.
    input_dropout: float = 0.0  # on what enters the first layer
    dropout: float = 0.1  # between layers
    output_dropout: float = 0.1  # before the output layer
    recurrent_dropout: float | None = None
    l1: float = 0.0
    l2: float = 0.0
    recurrent_l1: float = 0.0
    recurrent_l2: float = 0.0

    def __post_init__(self) -> None:
        self._at_least(1, "layers")
        self._share("input_dropout", "output_dropout")
        super().__post_init__()


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(LearningConfig):
    """How a generator learns: how its corpus is read, and the optimizer.

    Epochs that nobody names are as many as make 5,000 steps, from 4 to 100.
    """

    weight_decay: float = 0.1
    stateful: bool = True  # read on from window to window, or draw windows at random
    window: int = 64  # characters, or other tokens, that an example spans
    shift: int = 0  # stateless: from one window's start to the next; 0 is a window's length
    # A share from the end, START:END, or a file; of a released model none: it learnt from all.
    validation: str | None = "0.1"
    part: str = "0:1"  # the part START:END of the corpus to use, validation included
    random_offset: bool = True  # stateful: begin each epoch at another place of the text
    state_reset: float = 0.1  # stateful: share of streams that forget what they read, each window
    rename: float = 0.0  # share of the names in a passage that an epoch replaces by invented ones
    # A trained model, or several with commas between, whose guesses make up a share of the targets.
    teacher: str = ""
    teacher_share: float = 0.5
    sample_length: int = 200  # characters of each sample shown after an epoch; 0 shows none

    def __post_init__(self) -> None:
        super().__post_init__()
        self._at_least(1, "window")
        self._at_least(0, "shift", "sample_length")
        self._share("state_reset", "rename")
        if not 0 < self.teacher_share <= 1:
            raise ConfigError(
                f"teacher_share must be above 0 and at most 1, got {self.teacher_share}"
            )
        parse_part(self.part)
        # A validation that is neither a share nor a slice names a file, checked when it is read.
        if self.validation is not None and not is_file(self.validation):
            parse_validation(self.validation)


@dataclass(frozen=True, kw_only=True)
class GeneratorRecipe(Recipe):
    """All settings of a generator's training."""

    text: GeneratorTextConfig
    network: GeneratorConfig
    training: TrainingConfig

    def __post_init__(self) -> None:
        if self.training.rename and (self.text.lower or self.text.tokens != "char"):
            raise ConfigError(
                "rename knows names by their capitals and writes characters; leave it out, or "
                "leave out lower and tokens"
            )


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
        "textbook-stateful": {
            **_TEXTBOOK,
            "stateful": True,
            "batch_size": 1,
            "epochs": 50,
            "random_offset": False,
        },
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


def weight_shapes(config: GeneratorConfig) -> Shapes:
    """Name -> shape of every weight, named as Keras names them, in its order."""
    shapes: Shapes = {}
    if config.embedding_dim:
        shapes["embedding/embeddings"] = (config.vocab_size, config.embedding_dim)
    stack, features = stack_shapes(config, config.embedding_dim or config.vocab_size)
    shapes |= stack
    shapes["output/kernel"] = (features, config.vocab_size)
    shapes["output/bias"] = (config.vocab_size,)
    return shapes
