"""Turn texts into batches of strings, for a network that reads text instead of ids."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from textrnn.datasets.padded import WordBatches


class TextBatches(WordBatches):
    """Batches of texts and their targets, in the same order as `WordBatches`."""

    def __init__(self, texts: Sequence[str], targets: npt.NDArray[Any], *, batch_size: int) -> None:
        rows = [np.array([row]) for row in range(len(texts))]
        super().__init__(rows, targets, batch_size=batch_size, length_buckets=1)
        self._texts = tf.constant(list(texts))

    def padding(self) -> float:
        """0: strings are not padded."""
        return 0.0

    def dataset(self, *, seed: int, epoch: int, first_step: int = 0) -> tf.data.Dataset:
        """An epoch's batches from `first_step`: texts (batch,), targets (batch, ...)."""
        rows = super().dataset(seed=seed, epoch=epoch, first_step=first_step)
        # Row 0 equals the padding id, but with one id per text nothing is padded.
        return rows.map(lambda row, targets: (tf.gather(self._texts, row[:, 0]), targets))
