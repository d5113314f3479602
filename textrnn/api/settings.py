"""The settings of training and of sampling as types, for editors and type checkers.

They are those of the config dataclasses, by the short names of `textrnn train settings`, which says
what each means; a test holds that. At run time the config dataclasses check names and values.
"""

from typing import Literal, TypedDict

from textrnn.config.weights import Cell


class Sampling(TypedDict, total=False):
    """How the next token is sampled: the fields of SamplingConfig."""

    repetition_penalty: float
    repetition_window: int
    temperature: float
    top_k: int
    top_p: float
    min_p: float


class Learning(TypedDict, total=False):
    """Settings of every training."""

    batch_size: int
    epochs: int | None
    optimizer: Literal["adamw", "rmsprop"]
    learning_rate: float
    schedule: Literal["cosine", "constant"]
    warmup_steps: int
    weight_decay: float
    clip_norm: float
    ema: float
    patience: int


class Training(Learning, total=False):
    """Settings that generators and classifiers share."""

    max_vocab_size: int
    model_type: Literal["unigram", "bpe"]
    lower: bool
    cell: Cell
    layers: int
    units: int
    embedding_dim: int
    dropout: float
    l1: float
    l2: float
    recurrent_l1: float
    recurrent_l2: float
    seed: int
    checkpoint_seconds: float
    teacher: str
    teacher_weight: float


class GeneratorSettings(Training, total=False):
    """Settings of `train_generator` and of a generator's `finetune`."""

    tokens: Literal["char", "word", "sentencepiece"]
    recurrent_dropout: float | None
    residual: bool
    input_dropout: float
    output_dropout: float
    stateful: bool
    window: int
    stride: int
    validation: str | None
    part: str
    random_offset: bool
    reset_probability: float
    name_augmentation: float
    sample_length: int


class PretrainingSettings(Learning, total=False):
    """Settings of pretraining, as `pretraining={...}` in ClassifierSettings."""

    window: int
    negatives: int
    validation: float
    dropout: float
    embedding_dropout: float
    word_dropout: float


class ClassifierSettings(Training, total=False):
    """Settings of `train_classifier` and of a classifier's `finetune`."""

    tokens: Literal["word", "sentencepiece", "text"]
    word_pattern: Literal["textbook", "unicode"]
    min_count: int
    spelling: bool
    oov_buckets: int
    max_characters: int
    max_tokens: int
    truncation: Literal["head", "tail", "both"]
    recurrent_dropout: float
    conv_layers: int
    conv_filters: int
    conv_width: int
    conv_pool: int
    bidirectional: bool
    pooling: Literal["last", "max", "mean", "all"]
    dense_units: int
    word_dropout: float
    embedding_dropout: float
    class_weights: Literal["none", "balanced"]
    vectors: str
    hub: str
    train_embedding: bool
    adversarial: float
    crop_probability: float
    length_buckets: int
    layer_decay: float
    unfreeze_epochs: int
    pretraining: PretrainingSettings
