"""The settings of a generator with all defaults and range checks.

The command line takes its defaults from here. Saved models and runs store the settings as plain
JSON objects. `PRESETS` are named sets of overrides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from textrnn.config.base import setting
from textrnn.config.network import RecurrentConfig
from textrnn.config.parts import is_file, is_zero, parse_part, parse_validation
from textrnn.config.recipe import Recipe
from textrnn.config.suggestions import named
from textrnn.config.text import GeneratorTextConfig
from textrnn.config.training import LearningConfig
from textrnn.config.weights import Cell, Shapes, check_size, stack_shapes
from textrnn.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class GeneratorConfig(RecurrentConfig):
    """Architecture of a generator; saved in config.json with its weights."""

    derived = MappingProxyType({"vocab_size": 1})
    cell: Cell = "gru"
    layers: int = 2
    units: int = setting(256, "Units per layer.")
    embedding_dim: int = setting(64, "Embedding dimension; 0: one-hot input.")
    residual: bool = setting(True, "Layers 2 and up add their input to their output.")
    # Each dropout uses one mask per sequence.
    input_dropout: float = setting(0.0, "Dropout on the input of the first layer.")
    dropout: float = 0.1
    output_dropout: float = setting(0.1, "Dropout before the output layer.")
    recurrent_dropout: float | None = None
    l1: float = 0.0
    l2: float = 0.0
    recurrent_l1: float = 0.0
    recurrent_l2: float = 0.0

    def __post_init__(self) -> None:
        self._at_least(1, "layers")
        self._fraction("input_dropout", "output_dropout")
        super().__post_init__()
        check_size(weight_shapes(self))


@dataclass(frozen=True, kw_only=True)
class GeneratorTrainingConfig(LearningConfig):
    """Training settings of a generator: windows of the corpus, and the optimizer.

    If `epochs` is None, training runs for about 5,000 steps, but for 4 to 100 epochs.
    """

    resumable = (*LearningConfig.resumable, "sample_length")

    weight_decay: float = 0.1
    stateful: bool = setting(
        True, "Carry the state from window to window, or train on shuffled windows."
    )
    window: int = setting(64, "Window length in characters (or other tokens).")
    stride: int = setting(0, "Stateless: stride between windows; 0: the window length.")
    validation: str | None = setting(
        "0.1",
        "Fraction at the end, slice START:END, or a file to validate on; 0: none, and the last "
        "weights are kept.",
    )
    part: str = setting("0:1", "Use only the part START:END of the corpus.")
    random_offset: bool = setting(True, "Stateful: start each epoch at a random offset.")
    reset_probability: float = setting(
        0.1, "Stateful: probability of resetting the state of a stream per window."
    )
    name_augmentation: float = setting(
        0.0, "Fraction of the names in a passage that an epoch replaces by other names."
    )
    teacher: str = setting(
        "", "Trained generators, separated by commas: their predictions join the targets."
    )
    teacher_weight: float = setting(0.5, "Weight of the teacher predictions in the targets.")
    sample_length: int = setting(
        200, "Characters of each sample in run/samples.txt; 0: no samples."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._at_least(1, "window")
        self._at_least(0, "stride", "sample_length")
        self._fraction("reset_probability", "name_augmentation")
        if not 0 < self.teacher_weight <= 1:
            raise ConfigError(
                f"teacher_weight must be above 0 and at most 1, got {self.teacher_weight}"
            )
        parse_part(self.part)
        if self.validation is not None and is_zero(self.validation):
            object.__setattr__(self, "validation", None)
        # Anything but a fraction or a slice names a file, which is checked on reading.
        if self.validation is not None and not is_file(self.validation):
            parse_validation(self.validation)


@dataclass(frozen=True, kw_only=True)
class GeneratorRecipe(Recipe):
    """All settings of training a generator."""

    text: GeneratorTextConfig
    network: GeneratorConfig
    training: GeneratorTrainingConfig

    def __post_init__(self) -> None:
        if self.training.name_augmentation and (self.text.lower or self.text.tokens != "char"):
            raise ConfigError(
                "rename needs cased character tokens; leave out name_augmentation, or set "
                "lower=false and tokens=char"
            )


_TEXTBOOK = {
    "cell": "gru", "layers": 2, "units": 128, "embedding_dim": 0, "residual": False,
    "input_dropout": 0.2, "dropout": 0.2, "output_dropout": 0.0, "recurrent_dropout": 0.2,
    "lower": True, "window": 100, "learning_rate": 1e-3,
    "schedule": "constant", "warmup_steps": 0, "weight_decay": 0.0, "clip_norm": 0.0,
    "ema": 0.0, "patience": 0, "reset_probability": 0.0,
}  # fmt: skip

# Named overrides of the defaults of all sections.
GeneratorPreset = Literal["textbook", "textbook-stateful", "small", "large"]
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        # The lectures' character generator: exactly its network and its training.
        "textbook": {**_TEXTBOOK, "stateful": False, "stride": 1, "batch_size": 32, "epochs": 20},
        "textbook-stateful": {
            **_TEXTBOOK,
            "stateful": True,
            "batch_size": 1,
            "epochs": 50,
            "random_offset": False,
        },
        # A quarter of the compute of the default, for a first try.
        "small": {
            "units": 128,
            "dropout": 0.0,
            "output_dropout": 0.0,
            "recurrent_dropout": 0.0,
        },
        # As for the bundled model: one hour on two cores per megabyte of text.
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
    """The overrides of the preset `name`; ConfigError lists the presets."""
    return named(PRESETS, name, "preset")


def weight_shapes(config: GeneratorConfig) -> Shapes:
    """Name -> shape of every weight, with the names and in the order of Keras."""
    shapes: Shapes = {}
    if config.embedding_dim:
        shapes["embedding/embeddings"] = (config.vocab_size, config.embedding_dim)
    stack, features = stack_shapes(config, config.embedding_dim or config.vocab_size)
    shapes |= stack
    shapes["output/kernel"] = (features, config.vocab_size)
    shapes["output/bias"] = (config.vocab_size,)
    return shapes
