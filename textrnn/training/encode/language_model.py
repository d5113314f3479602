"""Turn unlabelled texts and a classifier's training texts into streams of ids.

Id 0, which is padding elsewhere, precedes each text: the network learns to reset its state there.
A classifier's texts begin without it, from the zero state. That costs 0.3 nats at the second word
of a review and nothing after a dozen words. Occasional state resets in training changed no
prediction on tweets, so there are none.

The classifier's validation texts are never included. The same texts, settings and seed give the
same streams, so that a resumed run sees them again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from textrnn.config.classifier import ClassifierTrainingConfig
from textrnn.config.language_model import PretrainingConfig
from textrnn.config.training import LearningConfig
from textrnn.data.labelled import LabelledTexts
from textrnn.data.unlabelled import UnlabelledTexts, fresh
from textrnn.datasets import windows
from textrnn.errors import CorpusError
from textrnn.tokenizers import PAD_ID, Ids, Tokenizer
from textrnn.training.encode import classifier as encode

LEAST_VALIDATION = 2  # ids: one input and one target


@dataclass(frozen=True)
class Streams:
    """Training and validation ids: concatenated texts, each after a 0."""

    train: Ids
    validation: Ids

    def batches(
        self, learning: LearningConfig, window: int, *, epoch: int, first_step: int
    ) -> tf.data.Dataset:
        """The epoch's batches from `first_step`; (seed, epoch) draw the order of the texts."""
        starts = np.flatnonzero(self.train == PAD_ID)
        texts = np.split(self.train, starts[1:])
        order = np.random.default_rng([learning.seed, epoch]).permutation(len(texts))
        return windows.stateful_streams(
            np.concatenate([texts[index] for index in order]),
            batch_size=learning.batch_size,
            window=window,
            first_step=first_step,
        )


def gather(
    corpus: UnlabelledTexts,
    data: LabelledTexts,
    validation: LabelledTexts | None,
    training: ClassifierTrainingConfig,
    notify: Callable[[str], object],
) -> list[str]:
    """The texts to pretrain on: `corpus`, and the classifier's training texts in `data`.

    Texts of `corpus` that also occur in `data` or in the validation texts are left out.
    """
    train, held_out = encode.split(data, validation, training)
    return [*fresh(corpus, [*train.texts, *held_out.texts], notify), *train.texts]


def streams(
    texts: Sequence[str], tokenizer: Tokenizer, config: PretrainingConfig, seed: int
) -> Streams:
    """The ids of `texts` in an order drawn by `seed`, the last fraction held out.

    CorpusError if they do not fill a batch.
    """
    order = np.random.default_rng(seed).permutation(len(texts))
    encoded = (tokenizer.encode(texts[index]) for index in order)
    first = np.array([PAD_ID], np.int32)
    parts = [part for ids in encoded if len(ids) for part in (first, ids)]
    ids = np.concatenate(parts) if parts else first
    held_out = max(LEAST_VALIDATION, round(len(ids) * config.validation))
    rows, window = config.batch_size, config.window
    if len(ids) - held_out < rows * window + 1:
        raise CorpusError(
            f"the texts to pretrain on have {len(ids):,} words, and validation takes {held_out:,} "
            f"of them; {rows} streams of {window} need at least {rows * window + 1:,} more: "
            f"name more texts, or lower pretraining.batch_size, as with --set "
            f"pretraining.batch_size=8"
        )
    return Streams(ids[: len(ids) - held_out], ids[len(ids) - held_out :])
