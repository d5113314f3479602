"""The losses that trainings minimise."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf


def next_token_loss(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Mean nats per token; targets are ids or probabilities (batch, window[, vocab_size])."""
    if targets.shape.rank == 3:
        return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
    return tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
    )


def class_weights(labels: npt.NDArray[Any], classes: int) -> npt.NDArray[np.float64]:
    """Weights (classes,) with which every class has the same total; their mean over texts is 1."""
    counts = np.bincount(labels, minlength=classes)
    return np.asarray(len(labels) / (classes * np.maximum(counts, 1)))


def classification_loss(
    weights: npt.NDArray[Any] | None,
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Mean nats per text, for one logit or several.

    Targets are labels (texts,), optionally with class `weights`, or probabilities (texts, classes).
    """

    def loss(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        soft = len(targets.shape) == 2
        if logits.shape[1] == 1:
            truth = targets[:, 1:] if soft else tf.cast(targets, logits.dtype)[:, None]
            each = tf.nn.sigmoid_cross_entropy_with_logits(labels=truth, logits=logits)[:, 0]
        elif soft:
            each = tf.nn.softmax_cross_entropy_with_logits(labels=targets, logits=logits)
        else:
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
        if weights is not None:
            each *= tf.gather(tf.constant(weights, each.dtype), targets)
        return tf.reduce_mean(each)

    return loss
