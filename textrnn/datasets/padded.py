"""Turn texts, as ids, and their targets into padded batches of similar lengths, epoch by epoch.

Each text is padded to the shortest of a few lengths that holds it, so there are few shapes to
compile and little padding. The batches are a function of (seed, epoch), so a resumed run sees the
same batches as an uninterrupted one.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from textrnn.tokenizers import PAD_ID, Ids

CROP_WORDS = 5
Batches = list[tuple[npt.NDArray[np.intp], int]]  # rows, and their padded length


class WordBatches:
    """Texts (each at least one id) and their targets, from which batches are drawn.

    Targets are labels (texts,), numbers (texts,) or probabilities (texts, classes). `lengths` are
    the padded lengths, shortest first. With probability `crop_probability`, an epoch replaces a
    text by a random run of its sentences, so that the model also sees short texts. `stops` are the
    ids that end a sentence; without any, the run is one of words. A run has `CROP_WORDS` words or
    more, and its length is drawn log-uniformly.
    """

    def __init__(
        self,
        texts: Sequence[Ids],
        targets: npt.NDArray[Any],
        *,
        batch_size: int,
        length_buckets: int,
        crop_probability: float = 0.0,
        stops: Sequence[int] = (),
    ) -> None:
        self.batch_size, self.crop_probability, self._stops = batch_size, crop_probability, stops
        self._ids = np.concatenate(texts).astype(np.int32)
        self._sizes = np.array([len(ids) for ids in texts])
        self._starts = np.cumsum(self._sizes) - self._sizes
        self._targets = targets.astype(np.int32 if targets.dtype.kind in "iu" else np.float32)
        lengths = bucket_lengths(self._views(0, 0)[1], length_buckets)
        self.lengths = np.union1d(lengths[:-1], self._sizes.max())

    @cached_property
    def _edges(self) -> npt.NDArray[np.intp]:
        return sentence_edges(self._ids, self._starts, self._stops)

    def __len__(self) -> int:
        return len(self._sizes)

    @property
    def steps(self) -> int:
        """Batches per epoch."""
        return steps_of(len(self), self.batch_size)

    def plan(self, *, seed: int, epoch: int) -> Batches:
        """Every text once: the rows of each batch and their padded length.

        Texts that do not fill a batch of one length join the next length; at most one batch is
        not full.
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
        """Fraction of padding in an epoch's batches."""
        cells = sum(len(rows) * length for rows, length in self.plan(seed=0, epoch=0))
        return 1 - float(self._views(0, 0)[1].sum()) / cells

    def _views(self, seed: int, epoch: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Start (among all ids) and length of the part of each text that an epoch uses."""
        if not self.crop_probability:
            return self._starts, self._sizes
        rng = np.random.default_rng([seed, epoch, 1])
        least = np.minimum(self._sizes, CROP_WORDS)
        drawn = (least * (self._sizes / least) ** rng.random(len(least))).astype(np.intp)
        starts = self._starts + rng.integers(0, self._sizes - drawn, endpoint=True)
        # Extend the run to whole sentences.
        first = self._edges[np.searchsorted(self._edges, starts, "right") - 1]
        last = self._edges[np.searchsorted(self._edges, starts + drawn)]
        cropped = rng.random(len(least)) < self.crop_probability
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
        """An epoch's batches from `first_step`: ids (batch, length), targets (batch, ...)."""
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
    """Positions in `ids` where a sentence begins, and the end of `ids`; texts begin at `starts`.

    A sentence ends after one or more `stops` in a row; without `stops`, every word is a sentence.
    """
    if not len(stops):
        return np.arange(len(ids) + 1)
    ends = np.isin(ids, stops)
    begun = np.flatnonzero(ends[:-1] & ~ends[1:]) + 1
    return np.union1d(np.union1d(starts, begun), len(ids))


def steps_of(texts: int, batch_size: int) -> int:
    """Batches per epoch of `texts` texts."""
    return -(-texts // batch_size)


def bucket_lengths(
    sizes: npt.NDArray[np.integer[Any]], length_buckets: int
) -> npt.NDArray[np.integer]:
    """Up to `length_buckets` padded lengths, equally many texts each; the last fits the longest."""
    quantiles = np.arange(1, length_buckets + 1) / length_buckets
    lengths = np.quantile(sizes, quantiles, method="inverted_cdf").astype(int)
    rounded = np.minimum(-(-lengths // 8) * 8, sizes.max())
    return np.unique(rounded)
