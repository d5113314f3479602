"""Turn texts into batches of strings, for a network that takes text instead of ids."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from textrnn.datasets.padded import WordBatches


class TextBatches(WordBatches):
    """Texts and their targets in batches, in the order that `WordBatches` would draw."""

    def __init__(self, texts: Sequence[str], targets: npt.NDArray[Any], *, batch_size: int) -> None:
        rows = [np.array([row]) for row in range(len(texts))]
        super().__init__(rows, targets, batch_size=batch_size, buckets=1)
        self._texts = tf.constant(list(texts))

    def padding(self) -> float:
        """None."""
        return 0.0

    def dataset(self, *, seed: int, epoch: int, first_step: int = 0) -> tf.data.Dataset:
        """An epoch's batches from `first_step` on: texts (batch,), targets (batch, ...)."""
        rows = super().dataset(seed=seed, epoch=epoch, first_step=first_step)
        # Rows are counted from 0, the padding of ids: with one id a text nothing is padded.
        return rows.map(lambda row, targets: (tf.gather(self._texts, row[:, 0]), targets))
