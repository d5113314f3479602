"""Every default of a classifier, once: how a text is read, the network, how it learns."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from textrnn.config.language_model import PretrainingConfig
from textrnn.config.network import POOLINGS, Pooling, RecurrentConfig
from textrnn.config.parts import names_in
from textrnn.config.recipe import Recipe
from textrnn.config.text import ReadingConfig
from textrnn.config.training import LearningConfig
from textrnn.config.weights import Cell, Shapes, stack_shapes
from textrnn.errors import ConfigError

ClassWeights = Literal["none", "balanced"]
LongTexts = Literal["cut", "whole", "windows"]


@dataclass(frozen=True, kw_only=True)
class ClassifierConfig(RecurrentConfig):
    """Shape of a classifier: embedding, convolutions, recurrent layers, pooling, head."""

    derived = MappingProxyType({"vocab_size": 1, "classes": 2})

    classes: int
    embedding_dim: int = 128
    conv_layers: int = 0
    conv_filters: int = 32
    conv_width: int = 7  # words
    conv_pool: int = 5  # words to one, after a convolution that something follows
    cell: Cell = "lstm"
    layers: int = 1  # recurrent; 0 pools what is below
    units: int = 64
    bidirectional: bool = True
    pooling: Pooling = "all"  # over time; all: last, max and mean side by side
    dense_units: int = 0  # of a hidden layer before the head; 0 is none
    # Dropout rates.
    word_dropout: float = 0.1  # on whole words
    embedding_dropout: float = 0.3  # on embedded features, one mask a text
    dropout: float = 0.3  # between layers, one mask a text, and before the head
    recurrent_dropout: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    recurrent_l1: float = 0.0
    recurrent_l2: float = 0.0

    def __post_init__(self) -> None:
        self._one_of("pooling", Pooling)
        self._at_least(1, "embedding_dim", "conv_filters", "conv_width", "conv_pool")
        self._at_least(2, "classes")
        self._at_least(0, "conv_layers", "dense_units")
        self._share("word_dropout", "embedding_dropout")
        super().__post_init__()
        if not self.layers and POOLINGS[self.pooling].recurrent:
            others = " or ".join(name for name, each in POOLINGS.items() if not each.recurrent)
            raise ConfigError(
                f"pooling {self.pooling} takes a recurrent layer's last state and there is none; "
                f"use {others}, or layers of 1 or more"
            )

    @property
    def directions(self) -> int:
        """2 when each recurrent layer also reads backwards."""
        return 2 if self.bidirectional else 1

    @property
    def logits(self) -> int:
        """Outputs of the head: two classes need but one."""
        return 1 if self.classes == 2 else self.classes


@dataclass(frozen=True, kw_only=True)
class ClassifierTrainingConfig(LearningConfig):
    """How a classifier learns; epochs that nobody names are as many as make 2,400 steps, from 4
    to 40.
    """

    batch_size: int = 32
    learning_rate: float = 2e-3
    patience: int = 3
    ema: float = 0.99
    class_weights: ClassWeights = "none"  # balanced: each class counts as much as another
    validation: float = 0.1  # share kept back, in every class; a file of its own overrides it
    vectors: str = ""  # a file of pretrained word vectors (GloVe, word2vec text) to start from
    hub: str = ""  # a TF-Hub module, a folder or an address: its words and vectors are taken, or,
    # when tokens is text, the vector that it makes of a text
    train_embedding: bool = True
    # Length of the worst shift of a text's embedded words that it is to be judged right in spite of
    # (Miyato, Dai and Goodfellow 2017), in root mean squares of their values; 0 shifts nothing.
    adversarial: float = 0.0
    # Trained classifiers, or tables that `textrnn classify` wrote, with commas between: what they
    # think of a text is this share of its target, its label the rest, or all where it has none.
    teacher: str = ""
    teacher_share: float = 0.5
    crop: float = 0.0  # share of texts of which an epoch sees only a run of sentences
    buckets: int = 5  # lengths that batches are padded to
    # Going on from a trained model (Howard and Ruder 2018): each layer below the head learns at
    # this share of the rate of the one above, and joins in so many epochs later.
    layer_decay: float = 1.0
    unfreeze_epochs: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._one_of("class_weights", ClassWeights)
        self._at_least(1, "buckets")
        self._share("crop")
        self._at_least(0, "unfreeze_epochs", "adversarial")
        if not 0 < self.layer_decay <= 1:
            raise ConfigError(f"layer_decay must be above 0 and at most 1, got {self.layer_decay}")
        if not 0 < self.validation < 1:
            raise ConfigError(f"validation must be between 0 and 1, got {self.validation}")
        if not 0 < self.teacher_share <= 1:
            raise ConfigError(
                f"teacher_share must be above 0 and at most 1, got {self.teacher_share}"
            )
        if self.teachers and self.class_weights != "none":
            raise ConfigError(
                "class weights are of labels, and a teacher's guess is none; leave out "
                "--class-weights or teacher"
            )

    @property
    def teachers(self) -> tuple[str, ...]:
        """The names that `teacher` holds."""
        return names_in(self.teacher)


def check_taught(teacher: str) -> None:
    """ConfigError where there is nobody to judge texts without labels."""
    if not names_in(teacher):
        raise ConfigError(
            "texts without labels need a teacher to judge them; name a trained classifier, as with "
            "--set teacher=imdb, or leave out --unlabelled"
        )


@dataclass(frozen=True, kw_only=True)
class ClassifierRecipe(Recipe):
    """All settings of a classifier's training, and of the language model it may start from."""

    prefixed = ("pretraining",)

    text: ReadingConfig
    network: ClassifierConfig
    training: ClassifierTrainingConfig
    pretraining: PretrainingConfig


_PLAIN = {
    "word_dropout": 0.0, "embedding_dropout": 0.0, "dropout": 0.0, "bidirectional": False,
    "schedule": "constant", "warmup_steps": 0, "weight_decay": 0.0, "clip_norm": 0.0, "ema": 0.0,
    "patience": 0, "learning_rate": 1e-3, "min_count": 1,
}  # fmt: skip
_TEXTBOOK = {
    **_PLAIN, "rule": "textbook", "lower": False, "words": 10_000, "oov_buckets": 1000,
    "embedding_dim": 128, "cell": "gru", "layers": 2, "units": 128, "pooling": "last",
    "batch_size": 32, "epochs": 5,
}  # fmt: skip
_CHOLLET = {
    **_PLAIN, "words": 10_000, "oov_buckets": 1, "embedding_dim": 32, "layers": 1, "units": 32,
    "pooling": "last", "max_words": 500, "keep": "last", "optimizer": "rmsprop", "batch_size": 128,
    "epochs": 10,
    "validation": 0.2,
}  # fmt: skip

# Named overrides of the defaults above, of any of the dataclasses.
CLASSIFIER_PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        # The lectures' sentiment network, on the first 300 characters of a text.
        "textbook": {**_TEXTBOOK, "max_characters": 300},
        # The same network on up to 400 words, both ends of a longer text, its weights averaged.
        "textbook-full": {**_TEXTBOOK, "max_words": 400, "keep": "both", "ema": 0.99},
        "simple-rnn": {**_CHOLLET, "cell": "simple_rnn"},
        "lstm": {**_CHOLLET, "cell": "lstm"},
        "bidirectional": {
            **_PLAIN, "words": 20_000, "oov_buckets": 1, "max_words": 200, "embedding_dim": 128,
            "cell": "lstm", "layers": 2, "units": 64, "bidirectional": True, "pooling": "last",
            "epochs": 2,
        },
        "conv": {
            **_PLAIN, "words": 10_000, "oov_buckets": 1, "max_words": 500, "keep": "last",
            "embedding_dim": 128,
            "conv_layers": 2, "layers": 0, "pooling": "max", "optimizer": "rmsprop",
            "learning_rate": 1e-4, "batch_size": 128, "epochs": 10, "validation": 0.2,
        },
        # Sentence vectors of another's making under two dense layers.
        "hub": {
            **_PLAIN, "hub": "https://tfhub.dev/google/nnlm-en-dim50/2", "tokens": "text",
            "train_embedding": False, "max_words": 10_000, "layers": 0, "pooling": "mean",
            "dense_units": 128, "epochs": 5,
        },
    }
)  # fmt: skip


def classifier_preset(name: str) -> Mapping[str, Any]:
    """The overrides of the preset `name`; ConfigError lists the names there are."""
    if name not in CLASSIFIER_PRESETS:
        raise ConfigError(f"no preset {name!r}; there are {', '.join(CLASSIFIER_PRESETS)}")
    return CLASSIFIER_PRESETS[name]


def weight_shapes(config: ClassifierConfig) -> Shapes:
    """Name -> shape of every weight, named as Keras names them, in its order."""
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
