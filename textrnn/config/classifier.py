"""The settings of a classifier with all defaults: text preprocessing, network, training."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from textrnn.config.base import setting
from textrnn.config.language_model import PretrainingConfig
from textrnn.config.network import POOLINGS, Pooling, RecurrentConfig
from textrnn.config.parts import names_in
from textrnn.config.recipe import Recipe
from textrnn.config.text import ClassifierTextConfig
from textrnn.config.training import LearningConfig
from textrnn.config.weights import MOST_LAYERS, Cell, Shapes, check_size, stack_shapes
from textrnn.errors import ConfigError

ClassWeights = Literal["none", "balanced"]
LongTexts = Literal["cut", "whole", "windows"]


@dataclass(frozen=True, kw_only=True)
class ClassifierConfig(RecurrentConfig):
    """Architecture of a classifier: embedding, convolutions, recurrent layers, pooling, head."""

    derived = MappingProxyType({"vocab_size": 1, "classes": 2})

    classes: int
    embedding_dim: int = 128
    conv_layers: int = setting(0, "Convolutional layers below the recurrent ones.")
    conv_filters: int = setting(32, "Filters per convolution.")
    conv_width: int = setting(7, "Width of a convolution in tokens.")
    conv_pool: int = setting(
        5, "Pooling size between two convolutions or before a recurrent layer."
    )
    cell: Cell = "lstm"
    layers: int = setting(1, "Recurrent layers; 0: pool the embedding or the convolutions.")
    units: int = 64
    bidirectional: bool = setting(True, "Run the recurrent layers in both directions.")
    pooling: Pooling = setting(
        "all", "Pooling over the steps; all: last, max and mean concatenated."
    )
    dense_units: int = setting(0, "Units of a hidden layer before the head; 0: none.")
    word_dropout: float = setting(0.1, "Fraction of words dropped in training.")
    embedding_dropout: float = setting(0.3, "Dropout on embedded features, one mask per text.")
    dropout: float = setting(0.3, "Dropout between layers and before the head.")
    recurrent_dropout: float = setting(0.0, "Dropout of the recurrent state.")
    l1: float = 0.0
    l2: float = 0.0
    recurrent_l1: float = 0.0
    recurrent_l2: float = 0.0

    def __post_init__(self) -> None:
        self._one_of("pooling", Pooling)
        self._at_least(1, "embedding_dim", "conv_filters", "conv_width", "conv_pool")
        self._at_least(2, "classes")
        self._at_least(0, "conv_layers", "dense_units")
        self._at_most(MOST_LAYERS, "conv_layers")
        self._fraction("word_dropout", "embedding_dropout")
        super().__post_init__()
        if not self.layers and POOLINGS[self.pooling].recurrent:
            others = " or ".join(name for name, each in POOLINGS.items() if not each.recurrent)
            raise ConfigError(
                f"pooling {self.pooling} needs a recurrent layer and there is none; "
                f"use {others}, or set layers to 1 or more"
            )
        check_size(weight_shapes(self))

    @property
    def directions(self) -> int:
        """2 if the recurrent layers are bidirectional, else 1."""
        return 2 if self.bidirectional else 1

    @property
    def logits(self) -> int:
        """Outputs of the head: one for two classes, else one per class."""
        return 1 if self.classes == 2 else self.classes


@dataclass(frozen=True, kw_only=True)
class ClassifierTrainingConfig(LearningConfig):
    """Training settings of a classifier.

    If `epochs` is None, training runs for about 2,400 steps, but for 4 to 40 epochs.
    """

    batch_size: int = setting(32, "Texts per step.")
    learning_rate: float = 2e-3
    patience: int = 3
    ema: float = 0.99
    class_weights: ClassWeights = setting(
        "none", "balanced: weight rare classes up (biases probabilities towards them)."
    )
    validation: float = setting(
        0.1, "Fraction of each class to validate and calibrate on; --validation DATA overrides it."
    )
    vectors: str = setting(
        "", "Initialize the embedding from GloVe or word2vec vectors (text file)."
    )
    hub: str = setting(
        "",
        "Start from a TF-Hub module (folder or URL): from its word vectors or, with --tokens text, "
        "from its text vectors.",
    )
    train_embedding: bool = setting(
        True, "Fine-tune the pretrained embedding; off with --tokens text."
    )
    # Miyato, Dai and Goodfellow 2017.
    adversarial: float = setting(
        0.0,
        "Norm of the adversarial embedding perturbation, in units of the root mean square of the "
        "embedding; 0: none.",
    )
    teacher: str = setting(
        "",
        "Trained classifiers, or tables that `textrnn classify` wrote, separated by commas: their "
        "predictions join the targets, and are the targets of texts without a label.",
    )
    teacher_weight: float = setting(
        0.5, "Weight of the teacher predictions in the targets; the label has the rest."
    )
    crop_probability: float = setting(
        0.0, "Probability that an epoch replaces a text by a random run of its sentences."
    )
    length_buckets: int = setting(5, "Number of lengths that batches are padded to.")
    # Howard and Ruder 2018.
    layer_decay: float = setting(
        1.0, "Fine-tuning: factor of the learning rate from each layer to the one below it."
    )
    unfreeze_epochs: int = setting(
        0, "Fine-tuning: epochs until the layer below the last trained one is trained too."
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._one_of("class_weights", ClassWeights)
        self._at_least(1, "length_buckets")
        self._fraction("crop_probability")
        self._at_least(0, "unfreeze_epochs", "adversarial")
        if not 0 < self.layer_decay <= 1:
            raise ConfigError(f"layer_decay must be above 0 and at most 1, got {self.layer_decay}")
        if not 0 < self.validation < 1:
            raise ConfigError(
                f"validation must be between 0 and 1, got {self.validation:g}: a classifier is "
                f"chosen and calibrated on validation texts"
            )
        if not 0 < self.teacher_weight <= 1:
            raise ConfigError(
                f"teacher_weight must be above 0 and at most 1, got {self.teacher_weight}"
            )
        if self.teachers and self.class_weights != "none":
            raise ConfigError(
                "class weights need hard labels and cannot be combined with a teacher; leave out "
                "--class-weights or teacher"
            )

    @property
    def teachers(self) -> tuple[str, ...]:
        """The names in the comma-separated `teacher`."""
        return names_in(self.teacher)


def check_teacher(teacher: str) -> None:
    """ConfigError if there are unlabelled texts but no teacher to label them."""
    if not names_in(teacher):
        raise ConfigError(
            "unlabelled texts need a teacher; name a trained classifier, such as "
            "--set teacher=imdb, or leave out --unlabelled"
        )


@dataclass(frozen=True, kw_only=True)
class ClassifierRecipe(Recipe):
    """All settings of training a classifier, and of pretraining its language model."""

    prefixed = ("pretraining",)

    text: ClassifierTextConfig
    network: ClassifierConfig
    training: ClassifierTrainingConfig
    pretraining: PretrainingConfig


def weight_shapes(config: ClassifierConfig) -> Shapes:
    """Name -> shape of every weight, with the names and in the order of Keras."""
    shapes: Shapes = {"embedding/embeddings": (config.vocab_size, config.embedding_dim)}
    features = config.embedding_dim
    for index in range(1, config.conv_layers + 1):
        shapes[f"conv_{index}/kernel"] = (config.conv_width, features, config.conv_filters)
        shapes[f"conv_{index}/bias"] = (config.conv_filters,)
        features = config.conv_filters
    stack, features = stack_shapes(config, features)
    shapes |= stack
    features *= len(POOLINGS[config.pooling].parts)
    if config.dense_units:
        shapes["hidden/kernel"] = (features, config.dense_units)
        shapes["hidden/bias"] = (config.dense_units,)
        features = config.dense_units
    shapes["output/kernel"] = (features, config.logits)
    shapes["output/bias"] = (config.logits,)
    return shapes
