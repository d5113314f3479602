"""Turn texts, as ids, and their targets into padded batches of like lengths, one epoch at a time.

A text goes to the shortest of a few lengths that holds it: few shapes to compile for, little
padding. Which texts meet is a function of (seed, epoch), so that a resumed run sees the batches
that a run never stopped would have seen.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from textrnn.tokenizers import PAD_ID, Ids

CROP_WORDS = 5
Batches = list[tuple[npt.NDArray[np.intp], int]]  # rows, and the length they are padded to


class WordBatches:
    """Texts (each one id or more) and their targets, ready to be cut into batches.

    Targets are labels (texts,) or probabilities (texts, classes). `lengths` are the padded lengths
    there are, shortest first. At a rate of `crop` an epoch has of a text only a run of its
    sentences, or of its words where no id is among `stops`, those that end one; of `CROP_WORDS` or
    more, and short ones as often as long: what makes long texts teach how short ones are judged.
    """

    def __init__(
        self,
        texts: Sequence[Ids],
        targets: npt.NDArray[Any],
        *,
        batch_size: int,
        buckets: int,
        crop: float = 0.0,
        stops: Sequence[int] = (),
    ) -> None:
        self.batch_size, self.crop, self._stops = batch_size, crop, stops
        self._ids = np.concatenate(texts).astype(np.int32)
        self._sizes = np.array([len(ids) for ids in texts])
        self._starts = np.cumsum(self._sizes) - self._sizes
        self._targets = targets.astype(np.int32 if targets.ndim == 1 else np.float32)
        lengths = bucket_lengths(self._views(0, 0)[1], buckets)
        self.lengths = np.union1d(lengths[:-1], self._sizes.max())

    @cached_property
    def _edges(self) -> npt.NDArray[np.intp]:
        return sentence_edges(self._ids, self._starts, self._stops)

    def __len__(self) -> int:
        return len(self._sizes)

    @property
    def steps(self) -> int:
        """Batches an epoch has."""
        return steps_of(len(self), self.batch_size)

    def plan(self, *, seed: int, epoch: int) -> Batches:
        """Every text once: the rows of each batch and the length they are padded to.

        What fills no batch of one length joins those of the next; one batch at most is not full.
        """
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(len(self))
        _, sizes = self._views(seed, epoch)
        bucket = np.searchsorted(self.lengths, sizes[order])
        left, batches = np.empty(0, np.intp), []
        for index, length in enumerate(self.lengths.tolist()):
            rows = np.concatenate([left, order[bucket == index]])
            full = len(rows) // self.batch_size * self.batch_size
            if index == len(self.lengths) - 1:
                full = len(rows)
            batches += [
                (rows[start : start + self.batch_size], length)
                for start in range(0, full, self.batch_size)
            ]
            left = rows[full:]
        return [batches[index] for index in rng.permutation(len(batches))]

    def padding(self) -> float:
        """The share of padding in an epoch's batches."""
        cells = sum(len(rows) * length for rows, length in self.plan(seed=0, epoch=0))
        return 1 - float(self._views(0, 0)[1].sum()) / cells

    def _views(self, seed: int, epoch: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Where what an epoch has of each text begins among all ids, and of how many words."""
        if not self.crop:
            return self._starts, self._sizes
        rng = np.random.default_rng([seed, epoch, 1])
        least = np.minimum(self._sizes, CROP_WORDS)
        drawn = (least * (self._sizes / least) ** rng.random(len(least))).astype(np.intp)
        starts = self._starts + rng.integers(0, self._sizes - drawn, endpoint=True)
        # From where the first of its sentences begins to where the last one ends.
        first = self._edges[np.searchsorted(self._edges, starts, "right") - 1]
        last = self._edges[np.searchsorted(self._edges, starts + drawn)]
        cropped = rng.random(len(least)) < self.crop
        sizes = np.where(cropped, last - first, self._sizes)
        return np.where(cropped, first, self._starts), sizes

    def _padded(
        self, starts: npt.NDArray[np.intp], sizes: npt.NDArray[np.intp], length: int
    ) -> npt.NDArray[np.int32]:
        span = np.arange(length)
        inside = span < sizes[:, None]
        places = np.where(inside, starts[:, None] + span, 0)
        return np.where(inside, self._ids[places], PAD_ID).astype(np.int32)

    def dataset(self, *, seed: int, epoch: int, first_step: int = 0) -> tf.data.Dataset:
        """An epoch's batches from `first_step` on: ids (batch, length), targets (batch, ...)."""
        plan = self.plan(seed=seed, epoch=epoch)[first_step:]
        starts, sizes = self._views(seed, epoch)

        def make() -> Any:
            for rows, length in plan:
                yield self._padded(starts[rows], sizes[rows], length), self._targets[rows]

        target = tf.TensorSpec([None, *self._targets.shape[1:]], self._targets.dtype)
        specs = (tf.TensorSpec([None, None], tf.int32), target)
        options = tf.data.Options()
        # Destroying an autotuned iterator waits for a thread that sleeps as long as the run took.
        options.autotune.enabled = False
        dataset = tf.data.Dataset.from_generator(make, output_signature=specs)
        return dataset.prefetch(2).with_options(options)


def sentence_edges(
    ids: npt.NDArray[np.int32], starts: npt.NDArray[np.intp], stops: Sequence[int]
) -> npt.NDArray[np.intp]:
    """Where among the `ids` of texts, which begin at `starts`, a sentence begins, and their end.

    A sentence ends with one of `stops` or more in a row; without any, every word is one.
    """
    if not len(stops):
        return np.arange(len(ids) + 1)
    ends = np.isin(ids, stops)
    begun = np.flatnonzero(ends[:-1] & ~ends[1:]) + 1
    return np.union1d(np.union1d(starts, begun), len(ids))


def steps_of(texts: int, batch_size: int) -> int:
    """Batches that an epoch of so many texts has."""
    return -(-texts // batch_size)


def bucket_lengths(sizes: npt.NDArray[np.integer[Any]], buckets: int) -> npt.NDArray[np.integer]:
    """Up to `buckets` lengths, the last that of the longest text, with as many texts in each."""
    shares = np.arange(1, buckets + 1) / buckets
    lengths = np.quantile(sizes, shares, method="inverted_cdf").astype(int)
    rounded = np.minimum(-(-lengths // 8) * 8, sizes.max())
    return np.unique(rounded)
