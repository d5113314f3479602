"""Adversarial training of a classifier (Miyato, Dai and Goodfellow 2017).

Each batch has a second loss, at embeddings perturbed a small step in the gradient direction of the
first. A prediction that such a step changes is overfitted: no text is as precise as its embedding.
"""

from typing import Any

import keras
import tensorflow as tf

from textrnn.config.classifier import ClassifierTrainingConfig
from textrnn.models.classifier import split_at_words
from textrnn.tokenizers import PAD_ID
from textrnn.training.learner import Learner


class AdversarialLearner(Learner):
    """A learner that minimises the mean of both losses; a step takes almost twice the time.

    The paper scales the embedding to unit variance; here, the step is measured in the root mean
    square of the embedded values. Either way, larger weights cannot make the step relatively
    smaller.
    """

    training: ClassifierTrainingConfig

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._words, self._rest = split_at_words(self.model)

    def _gradients(
        self, inputs: tf.Tensor, targets: tf.Tensor
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """The first loss of a batch, and the mean gradients of both losses per weight."""
        with tf.GradientTape() as below:
            words = self._words(inputs, training=True)
        mask = inputs != PAD_ID
        draws = random_states(self._rest)
        before = [tf.identity(draw) for draw in draws]
        loss, clean, word_gradient = self._above(words, mask, targets, penalties=True)
        for draw, state in zip(draws, before, strict=True):
            draw.assign(state)  # reuse the dropout masks: the same network, other embeddings
        perturbed = words + perturbation(words, word_gradient, self.training.adversarial)
        _, other, other_word_gradient = self._above(perturbed, mask, targets, penalties=False)
        # One backward pass carries both losses' gradients to the weights below the words.
        gradients = below.gradient(
            words,
            self._words.trainable_variables,
            output_gradients=(word_gradient + other_word_gradient) / 2,
        )
        gradients += [(one + two) / 2 for one, two in zip(clean, other, strict=True)]
        return loss, [tf.convert_to_tensor(gradient) for gradient in gradients]

    def _above(
        self, words: tf.Tensor, mask: tf.Tensor, targets: tf.Tensor, *, penalties: bool
    ) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor]:
        """The loss at embedded words, and its gradients for the weights above and for the words.

        `penalties` adds the weight penalties to the gradients, but not to the loss.
        """
        variables = self._rest.trainable_variables
        with tf.GradientTape() as tape:
            tape.watch(words)
            loss = self._loss(targets, self._rest(words, mask=mask, training=True))
            total = loss
            if penalties and self._rest.losses:
                total += tf.add_n(self._rest.losses)
        *gradients, word_gradient = tape.gradient(total, [*variables, words])
        return loss, gradients, word_gradient


def random_states(model: keras.Model) -> list[Any]:
    """The states of a model's dropout generators: its variables that are not weights."""
    weights = {id(variable) for variable in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


def perturbation(words: tf.Tensor, gradient: tf.Tensor, size: float) -> Any:
    """The adversarial perturbation of embedded words (batch, words, features).

    It points along the loss `gradient`. Its norm per text is `size` times the root mean
    square of the batch's values. Padding has a zero gradient; it does not count and does not move.
    """
    used = tf.cast(gradient != 0, words.dtype)
    scale = tf.sqrt(tf.reduce_sum(used * words**2) / tf.maximum(tf.reduce_sum(used), 1))
    length = tf.sqrt(tf.reduce_sum(gradient**2, (1, 2), keepdims=True))
    return tf.stop_gradient(size * scale * gradient / (length + 1e-30))
