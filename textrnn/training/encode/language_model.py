"""Turn texts without labels, and those to learn to judge from, into streams of ids.

Id 0, which is padding elsewhere, stands before each text: that the state is to be forgotten there
is a thing the network learns, like any other. A classifier's texts begin without it, from the zero
state. That costs foretelling 0.3 nats at the second word of a review and nothing after a dozen;
streams that forget now and then changed no verdict on tweets, so there are none.

What is to be judged for validation is never among the texts. The same texts, settings and seed
give the same streams, so that a resumed run finds them again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from textrnn.config.classifier import ClassifierTrainingConfig
from textrnn.config.language_model import PretrainingConfig
from textrnn.config.training import LearningConfig
from textrnn.data.labelled import Labelled
from textrnn.data.unlabelled import Unlabelled, fresh
from textrnn.datasets import windows
from textrnn.errors import CorpusError
from textrnn.tokenizers import PAD_ID, Ids, Tokenizer
from textrnn.training.encode import classifier as encode

LEAST_HELD = 2  # one word to see and one to foretell


@dataclass(frozen=True)
class Streams:
    """Texts one after the other, each after a 0: to learn from, and to validate on."""

    learnt: Ids
    held: Ids

    def batches(
        self, learning: LearningConfig, window: int, *, epoch: int, first_step: int
    ) -> tf.data.Dataset:
        """What is left of an epoch, whose order of texts is drawn by (seed, epoch)."""
        starts = np.flatnonzero(self.learnt == PAD_ID)
        texts = np.split(self.learnt, starts[1:])
        order = np.random.default_rng([learning.seed, epoch]).permutation(len(texts))
        return windows.stateful_streams(
            np.concatenate([texts[index] for index in order]),
            batch_size=learning.batch_size,
            window=window,
            first_step=first_step,
        )


def gather(
    corpus: Unlabelled,
    data: Labelled,
    validation: Labelled | None,
    training: ClassifierTrainingConfig,
    notify: Callable[[str], object],
) -> list[str]:
    """The texts to pretrain on: `corpus`, and those of `data` that a run will learn from.

    A text of `corpus` that stands in `data`, or among those to validate on, is left out.
    """
    learnt, held = encode.split(data, validation, training)
    return [*fresh(corpus, [*learnt.texts, *held.texts], notify), *learnt.texts]


def streams(
    texts: Sequence[str], tokenizer: Tokenizer, config: PretrainingConfig, seed: int
) -> Streams:
    """The ids of `texts` in an order drawn by `seed`, and the last share of them held back.

    CorpusError when they do not fill a batch.
    """
    order = np.random.default_rng(seed).permutation(len(texts))
    encoded = (tokenizer.encode(texts[index]) for index in order)
    first = np.array([PAD_ID], np.int32)
    parts = [part for ids in encoded if len(ids) for part in (first, ids)]
    ids = np.concatenate(parts) if parts else first
    held = max(LEAST_HELD, round(len(ids) * config.validation))
    rows, window = config.batch_size, config.window
    if len(ids) - held < rows * window + 1:
        raise CorpusError(
            f"the texts to pretrain on have {len(ids):,} words, of which {held:,} are kept for "
            f"validation; {rows} streams of {window} need at least {rows * window + 1:,} more: "
            f"name more texts, or lower pretraining.batch_size, as with --set "
            f"pretraining.batch_size=8"
        )
    return Streams(ids[: len(ids) - held], ids[len(ids) - held :])
