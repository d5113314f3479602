"""Adversarial training (Miyato, Dai and Goodfellow 2017) of a classifier.

Of each batch a second loss is taken, at embedded words that have moved a small step up the
gradient of the first. Nothing in a text is as precise as its embedding, so a prediction that a
small step overturns has been learnt too much by heart.
"""

from typing import Any

import keras
import tensorflow as tf

from textrnn.config.classifier import ClassifierTrainingConfig
from textrnn.models.classifier import split_at_words
from textrnn.tokenizers import PAD_ID
from textrnn.training.learner import Learner


class AdversarialLearner(Learner):
    """A learner that lowers the mean of both losses; almost twice the work of a step without.

    Where the paper scales the embedding to unit variance, the step is measured in the root mean
    square of the embedded values: neither lets a network shrink it by growing its weights.
    """

    training: ClassifierTrainingConfig

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._words, self._rest = split_at_words(self.model)

    def _slopes(self, inputs: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """The loss of a batch, and the mean gradients of both losses, weight by weight."""
        with tf.GradientTape() as below:
            words = self._words(inputs, training=True)
        mask = inputs != PAD_ID
        draws = random_states(self._rest)
        before = [tf.identity(draw) for draw in draws]
        loss, clean, slope = self._above(words, mask, targets, penalties=True)
        for draw, state in zip(draws, before, strict=True):
            draw.assign(state)  # the same masks again: the same network, other words
        shifted = words + worst_shift(words, slope, self.training.adversarial)
        _, other, other_slope = self._above(shifted, mask, targets, penalties=False)
        # What both losses say of the words goes on to the weights below them at once.
        gradients = below.gradient(
            words, self._words.trainable_variables, output_gradients=(slope + other_slope) / 2
        )
        gradients += [(one + two) / 2 for one, two in zip(clean, other, strict=True)]
        return loss, [tf.convert_to_tensor(gradient) for gradient in gradients]

    def _above(
        self, words: tf.Tensor, mask: tf.Tensor, targets: tf.Tensor, *, penalties: bool
    ) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor]:
        """The loss at embedded words, and its gradients by the weights above and by the words.

        `penalties` are added for the gradients, not to the loss.
        """
        variables = self._rest.trainable_variables
        with tf.GradientTape() as tape:
            tape.watch(words)
            loss = self._loss(targets, self._rest(words, mask=mask, training=True))
            lowered = loss
            if penalties and self._rest.losses:
                lowered += tf.add_n(self._rest.losses)
        *gradients, slope = tape.gradient(lowered, [*variables, words])
        return loss, gradients, slope


def random_states(model: keras.Model) -> list[Any]:
    """The variables that a model's dropout draws from: those that are no weights."""
    weights = {id(variable) for variable in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


def worst_shift(words: tf.Tensor, slope: tf.Tensor, size: float) -> Any:
    """What to add to embedded words (batch, words, features) that go up by `slope`.

    Of each text its length is `size` times the root mean square of the batch's values. Padding
    has no slope, is not counted and stays where it is.
    """
    used = tf.cast(slope != 0, words.dtype)
    scale = tf.sqrt(tf.reduce_sum(used * words**2) / tf.maximum(tf.reduce_sum(used), 1))
    length = tf.sqrt(tf.reduce_sum(slope**2, (1, 2), keepdims=True))
    return tf.stop_gradient(size * scale * slope / (length + 1e-30))
