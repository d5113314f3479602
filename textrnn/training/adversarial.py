"""Turn batches into weights that judge right even where a text's words are shifted the worst way.

Adversarial training (Miyato, Dai and Goodfellow 2017): of each batch a second loss is taken, at
embedded words that have moved a small step up the slope of the first. Nothing in a text is as
precise as its embedding, so a judgement that a small step overturns has learnt too much by heart.
"""

from typing import Any

import tensorflow as tf

from textrnn.config.classifier import ClassifierTrainingConfig
from textrnn.training.learner import Learner


class AdversarialLearner(Learner):
    """A learner of a classifier with a layer "shifted"; twice the work of a step without.

    Where the paper scales the embedding to unit variance, the step is measured in the root mean
    square of the embedded values: neither lets a network shrink it by growing its weights.
    """

    training: ClassifierTrainingConfig

    def _slopes(self, inputs: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        layer = self.model.get_layer("shifted")
        draws = [v for v in self.model.non_trainable_variables if "seed_generator" in v.path]
        before = [tf.identity(draw) for draw in draws]
        with tf.GradientTape() as tape:
            loss, penalised = self._losses(inputs, targets)
            words = layer.passed
        variables = self.model.trainable_variables
        *clean, slope = tape.gradient(penalised, [*variables, words])
        for draw, state in zip(draws, before, strict=True):
            draw.assign(state)  # the same masks again: the same network, shifted
        layer.shift = worst_shift(words, slope, self.training.adversarial)
        with tf.GradientTape() as tape:
            shifted, _ = self._losses(inputs, targets)
        layer.shift = layer.passed = None
        halves = zip(clean, tape.gradient(shifted, variables), strict=True)
        return loss, [
            (tf.convert_to_tensor(one) + tf.convert_to_tensor(other)) / 2 for one, other in halves
        ]


def worst_shift(words: tf.Tensor, slope: tf.Tensor, size: float) -> Any:
    """What to add to embedded words (batch, words, features) that go up by `slope`.

    Of each text its length is `size` times the root mean square of the batch's values. Padding
    has no slope, is not counted and stays where it is.
    """
    used = tf.cast(slope != 0, words.dtype)
    scale = tf.sqrt(tf.reduce_sum(used * words**2) / tf.maximum(tf.reduce_sum(used), 1))
    length = tf.sqrt(tf.reduce_sum(slope**2, (1, 2), keepdims=True))
    return tf.stop_gradient(size * scale * slope / (length + 1e-30))
