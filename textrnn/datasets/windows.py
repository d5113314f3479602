"""Turn id sequences into tf.data batches, one epoch at a time.

Stateless windows may come in any order. Stateful windows may not: row r of a batch continues
row r of the previous batch, because the network carries its state across.

Both are functions of (seed, epoch) and can begin at any step, so a resumed run sees exactly the
same batches as an uninterrupted one. Both gather from one array: memory holds the ids once,
however much the windows overlap.
"""

from typing import Any

import numpy as np
import tensorflow as tf

from textrnn.errors import CorpusError
from textrnn.tokenizers import Ids


def stateless_windows(
    ids: Ids,
    *,
    batch_size: int,
    window: int,
    stride: int = 1,
    seed: int = 0,
    epoch: int = 0,
    first_step: int = 0,
) -> tf.data.Dataset:
    """Every window of `ids` once, in an order shuffled by (seed, epoch).

        ids      (n,)
        inputs   (batch_size, window) int32; the last batch may have fewer rows
        targets  the same, the inputs one character later

    Windows begin at 0, stride, 2 stride, ...; stride = 1 uses every position, stride = window gives
    windows that do not overlap. CorpusError if there is no window at all.
    """
    count = window_count(len(ids), window, stride)
    steps = -(-count // batch_size)
    order_seed = tf.constant([seed % 2**31, epoch], tf.int32)
    source = tf.constant(ids)
    span = tf.range(window + 1, dtype=tf.int64)

    def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        positions = tf.range(step * batch_size, tf.minimum((step + 1) * batch_size, count))
        # A permutation computed index by index needs no buffer of all starts.
        starts = tf.random.experimental.index_shuffle(positions, order_seed, count - 1) * stride
        return _inputs_and_targets(tf.gather(source, starts[:, None] + span[None, :]))

    return _pipeline(first_step, steps, batch)


def stateful_streams(
    ids: Ids,
    *,
    batch_size: int,
    window: int,
    offset: int = 0,
    first_step: int = 0,
) -> tf.data.Dataset:
    """Read `ids` as `batch_size` parallel streams, `window` ids at a time.

        ids      (n,)
        inputs   (batch_size, window) int32
        targets  the same, the inputs one character later

    Row r starts at `offset` + r n / batch_size and continues from batch to batch; past the end of
    `ids` it wraps around to the beginning. An incomplete last window is dropped.
    CorpusError if the corpus is too small for one batch.
    """
    steps = stream_steps(len(ids), batch_size, window)
    length = (len(ids) - 1) // batch_size
    source = tf.constant(ids)
    rows = tf.range(batch_size, dtype=tf.int64)[:, None] * length + offset
    span = tf.range(window + 1, dtype=tf.int64)[None, :]

    def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return _inputs_and_targets(tf.gather(source, (rows + step * window + span) % len(ids)))

    return _pipeline(first_step, steps, batch)


def epoch_offset(length: int, *, seed: int, epoch: int) -> int:
    """Random start of an epoch's streams in a text of `length`; 0 for epoch 0."""
    return int(np.random.default_rng([seed, epoch]).integers(length)) if epoch else 0


def window_count(length: int, window: int, stride: int) -> int:
    """Stateless windows in a text of `length`; CorpusError if there are none."""
    if length < window + 1:
        raise CorpusError(
            f"the training text has {length:,} characters, but a window of {window} needs "
            f"{window + 1:,} (use a longer text or a larger part, or lower --window)"
        )
    return (length - window - 1) // stride + 1


def stream_steps(length: int, batch_size: int, window: int) -> int:
    """Batches per epoch of streams; CorpusError if there are none."""
    if length < batch_size * window + 1:
        raise CorpusError(
            f"the training text has {length:,} characters; {batch_size} streams of {window} "
            f"need at least {batch_size * window + 1:,} (use a longer text or a larger part, or "
            f"lower --batch-size or --window)"
        )
    return (length - 1) // batch_size // window


def _inputs_and_targets(windows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    windows = tf.cast(windows, tf.int32)
    return windows[:, :-1], windows[:, 1:]


def _pipeline(first_step: int, steps: int, batch: Any) -> tf.data.Dataset:
    dataset = tf.data.Dataset.range(first_step, steps).map(batch).prefetch(2)
    options = tf.data.Options()
    # Destroying an autotuned iterator waits for a thread that sleeps as long as the run took.
    options.autotune.enabled = False
    return dataset.with_options(options)
