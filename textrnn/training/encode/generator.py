"""Turn a corpus into the training and validation ids of a generator, and those into batches.

A corpus is split by characters, whatever the tokens are. A vocabulary of words or subwords is
fitted to the training text only; an alphabet also covers the validation text.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from textrnn import tokenizers
from textrnn.config.generator import GeneratorTrainingConfig
from textrnn.config.parts import parse_part
from textrnn.config.text import GeneratorTextConfig
from textrnn.data import corpora
from textrnn.data.corpora import Corpus
from textrnn.data.name_augmentation import Renamer
from textrnn.datasets import windows
from textrnn.errors import ConfigError, CorpusError
from textrnn.evaluation import spelling
from textrnn.evaluation.language_modelling import Nats
from textrnn.tokenizers import TOKENIZERS, Ids, Tokenizer

OOV_BUCKETS = 1  # ids for unknown words, which are read but never generated


@dataclass(frozen=True)
class Split:
    """Training and validation ids.

    `ends` has one entry per validation id: the number of characters up to its end. It is None if
    ids are characters. `spelling` has the nats of each validation id's spelling, or is None if none
    of them is unknown.
    """

    train: Ids
    validation: Ids
    ends: Ids | None
    characters: int  # of the training text
    spelling: Nats | None = None

    @property
    def tokens_per_character(self) -> float:
        """Tokens per character: 1 for characters, below 1 for words and subwords."""
        return len(self.train) / self.characters if self.characters else 1.0


def fit(
    corpus: Corpus,
    validation: Corpus | None,
    text: GeneratorTextConfig,
    training: GeneratorTrainingConfig,
) -> Tokenizer:
    """Fit the tokenizer that `text` describes to a corpus and a separate validation corpus."""
    kind = TOKENIZERS[text.tokens]
    if kind.character_level:  # it cannot encode a character outside its alphabet
        chunks = all_chunks(corpus, validation)
    else:
        chunks, _ = _texts(corpus, validation, training)
    return tokenizers.fit(
        text.tokens,
        kind.of_running_text(chunks),
        vocab_size=text.max_vocab_size,
        oov_buckets=OOV_BUCKETS,
        rule="unicode",
        model_type=text.model_type,
        lower=text.lower,
    )


def all_chunks(corpus: Corpus, validation: Corpus | None) -> tuple[str, ...]:
    """The chunks of a corpus and of a separate validation corpus."""
    return (*corpus.pieces, *(validation.pieces if validation else ()))


def split(
    corpus: Corpus,
    validation: Corpus | None,
    tokenizer: Tokenizer,
    training: GeneratorTrainingConfig,
) -> Split:
    """Encode and split `corpus` as `training` says; `validation` replaces its validation part.

    ConfigError if `part` or `validation` is a slice without text, or leaves none to train on.
    CorpusError if the validation text has fewer than 2 tokens. Without validation all of the part
    is for training.
    """
    codec = tokenizer.codec
    if tokenizer.character_level:  # one id per character: split the ids directly
        train, held_out = _cut(codec.encode_pieces(corpus.pieces), training, validation)
        if validation:
            held_out = codec.encode_pieces(validation.pieces)
        _check_validation(held_out, tokenizer.unit, training)
        return Split(train, held_out, None, len(train))
    train_text, validation_text = _texts(corpus, validation, training)
    held_out, ends = codec.encode_with_ends(validation_text)
    _check_validation(held_out, tokenizer.unit, training)
    nats = spelling.losses(tokenizer, validation_text, held_out)
    return Split(codec.encode_pieces(train_text), held_out, ends, sum(map(len, train_text)), nats)


def _cut(
    values: npt.NDArray[Any], training: GeneratorTrainingConfig, validation: Corpus | None
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Split values (one per character) for training and, without `validation`, validation."""
    corpora.check_slice("part", training.part, len(values))
    start, end = corpora.bounds(*parse_part(training.part), len(values))
    if validation or training.validation is None:
        return values[start:end], values[:0]
    is_slice = ":" in training.validation
    if is_slice:
        corpora.check_slice("validation", training.validation, end - start)
    train, held_out = corpora.split(values, training.part, training.validation)
    if is_slice and not len(train):
        raise ConfigError(
            f"validation {training.validation} leaves no text to train on; write a smaller slice, "
            f"such as 0.9:1"
        )
    return train, held_out


def _check_validation(ids: Ids, unit: str, training: GeneratorTrainingConfig) -> None:
    """CorpusError if there is to be a validation text, and no token in it follows another."""
    if training.validation is not None and len(ids) < 2:
        raise CorpusError(
            f"the validation text needs at least 2 {unit}, one to read and one to predict, and "
            f"has {len(ids)}; use a larger --validation or a longer text"
        )


def _texts(
    corpus: Corpus, validation: Corpus | None, training: GeneratorTrainingConfig
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Training and validation text, each as chunks."""
    points = np.frombuffer(corpus.text.encode("utf-32-le", "surrogatepass"), "<u4")
    train, held_out = (
        (part.tobytes().decode("utf-32-le", "surrogatepass"),)
        for part in _cut(points, training, validation)
    )
    return train, validation.pieces if validation else held_out


def steps(training: GeneratorTrainingConfig, length: int) -> int:
    """Steps per epoch over `length` training ids."""
    if training.stateful:
        return windows.stream_steps(length, training.batch_size, training.window)
    count = windows.window_count(length, training.window, training.stride or training.window)
    return math.ceil(count / training.batch_size)


class Batches:
    """Batches of the training `ids`, or of the same text with other names in each epoch."""

    def __init__(self, ids: Ids, tokenizer: Tokenizer, training: GeneratorTrainingConfig) -> None:
        self._ids, self._tokenizer, self._training = ids, tokenizer, training
        self._renamer = Renamer(tokenizer.decode(ids)) if training.name_augmentation else None

    def of(self, epoch: int, first_step: int) -> tf.data.Dataset:
        """The epoch's batches from `first_step`; (seed, epoch) draw the names and the order."""
        training, ids = self._training, self._epoch_ids(epoch)
        if training.stateful:
            offset = windows.epoch_offset(len(ids), seed=training.seed, epoch=epoch)
            return windows.stateful_streams(
                ids,
                batch_size=training.batch_size,
                window=training.window,
                offset=offset if training.random_offset else 0,
                first_step=first_step,
            )
        return windows.stateless_windows(
            ids,
            batch_size=training.batch_size,
            window=training.window,
            stride=training.stride or training.window,
            seed=training.seed,
            epoch=epoch,
            first_step=first_step,
        )

    def _epoch_ids(self, epoch: int) -> Ids:
        if not self._renamer:
            return self._ids
        rng = np.random.default_rng([self._training.seed, epoch, 1])
        ids = self._tokenizer.encode(self._renamer.renamed(self._training.name_augmentation, rng))
        return np.resize(ids, len(self._ids))  # so that every epoch has equally many steps
