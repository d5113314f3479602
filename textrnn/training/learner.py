"""Turn batches into better weights: a Keras model, its optimizer and the weights' average.

Knows nothing of files or of where the batches come from. All that it will need to go on exactly
where it stands is in `arrays`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from textrnn.config.training import LearningConfig
from textrnn.models.generator import reset_states, state_variables

Loss = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # targets, logits -> one number
STEPS_PER_READING = 16  # of losses, on a GPU


class Learner:
    """One training step after another; `total_steps` shapes the learning rate's course.

    `loss` is what a step of `model` is made to lower.
    """

    def __init__(
        self, model: keras.Model, training: LearningConfig, total_steps: int, loss: Loss
    ) -> None:
        self.training, self.total_steps, self.steps_done = training, total_steps, 0
        self.model, self._loss = model, loss
        kind = {"adamw": keras.optimizers.AdamW, "rmsprop": keras.optimizers.RMSprop}
        self.optimizer = kind[training.optimizer](
            training.learning_rate, weight_decay=training.weight_decay
        )
        self.optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        self.optimizer.build(self.model.trainable_variables)
        # Epoch -> the factor that each variable's update is scaled by; none scales nothing.
        self.update_scales: Callable[[int], Sequence[float]] | None = None
        self._rates: list[tf.Variable] = []
        self._averages = [tf.Variable(variable) for variable in self.model.trainable_variables]
        # False from the first step on that is not finite: whoever reads the losses later finds the
        # weights as they were before it.
        self._healthy = tf.Variable(True, trainable=False)
        # Reading a loss waits for its step, which keeps a GPU idle; a CPU has computed it anyway.
        self.steps_per_reading = STEPS_PER_READING if tf.config.list_logical_devices("GPU") else 1
        # Traced once a number of rows, which the layers need to know, whatever the lengths.
        self._step = tf.function(self._one_step)
        self._traces: dict[tuple[int, ...], Callable[..., tf.Tensor]] = {}

    def start_from(self, weights: Mapping[str, npt.NDArray[Any]]) -> None:
        """Begin with these weights (all of the model's, by name) instead of random ones."""
        for variable in self.model.weights:
            variable.assign(weights[variable.path])
        for variable, average in zip(self.model.trainable_variables, self._averages, strict=True):
            average.assign(weights[variable.path])

    def start_epoch(self, epoch: int) -> None:
        """Take the update scales of `epoch`; to be called before its first step."""
        if self.update_scales:
            self.set_update_scales(self.update_scales(epoch))

    def set_update_scales(self, rates: Sequence[float]) -> None:
        """Scale each variable's update by a factor; 0 leaves the variable as it is.

        To be called before the first step; later calls change the factors.
        """
        if not self._rates:
            self._rates = [tf.Variable(1.0) for _ in rates]
        for variable, rate in zip(self._rates, rates, strict=True):
            variable.assign(rate)

    def step(self, inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Learn from one batch, (batch, window) ids and what they should give; its loss in nats.

        When the loss or a gradient is not finite nothing is learnt, then or later, and the result
        is nan.
        """
        inputs, targets = tf.convert_to_tensor(inputs), tf.convert_to_tensor(targets)
        self.optimizer.learning_rate.assign(self.learning_rate)
        # Early on the average must not be of the random weights it began with.
        momentum = min(self.training.ema, (1 + self.steps_done) / (10 + self.steps_done))
        loss = self._trace(inputs, targets)(inputs, targets, tf.constant(momentum))
        self.steps_done += 1
        return loss

    def _trace(self, inputs: tf.Tensor, targets: tf.Tensor) -> Callable[..., tf.Tensor]:
        key = (inputs.shape[0], targets.shape.rank)
        if key not in self._traces:
            specs = [
                tf.TensorSpec([x.shape[0], *[None] * (x.shape.rank - 1)], x.dtype)
                for x in (inputs, targets)
            ]
            self._traces[key] = self._step.get_concrete_function(
                *specs, tf.TensorSpec([], tf.float32)
            )
        return self._traces[key]

    @property
    def learning_rate(self) -> float:
        """Of the next step: a linear warm-up, then half a cosine down to a hundredth."""
        config, step = self.training, self.steps_done
        warmup = min(config.warmup_steps, self.total_steps // 10)
        if step < warmup:
            return config.learning_rate * (step + 1) / warmup
        if config.schedule == "constant":
            return config.learning_rate
        done = (step - warmup) / max(1, self.total_steps - warmup)
        return config.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1, done))))

    def reset_states(self) -> None:
        """Let every stream begin anew."""
        reset_states(self.model)

    def average_weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """Name -> the average of each weight over the last steps; one that stays is its own."""
        weights = {variable.path: variable.numpy() for variable in self.model.weights}
        for variable, average in zip(self.model.trainable_variables, self._averages, strict=True):
            weights[variable.path] = average.numpy()
        return weights

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Everything that going on needs, by name."""
        return {name: variable.numpy() for name, variable in self._variables().items()}

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]], steps_done: int) -> None:
        """Go back to where `arrays` was taken."""
        for name, variable in self._variables().items():
            variable.assign(arrays[name])
        self.steps_done = steps_done

    def _variables(self) -> dict[str, Any]:
        groups = {
            "model": self.model.variables,  # the states of the dropout generators among them
            "state": state_variables(self.model),
            "optimizer": self.optimizer.variables,
            "average": self._averages,
        }
        return {
            f"{group}/{index}": variable
            for group, variables in groups.items()
            for index, variable in enumerate(variables)
        }

    def _one_step(self, inputs: tf.Tensor, targets: tf.Tensor, momentum: tf.Tensor) -> tf.Tensor:
        variables = self.model.trainable_variables
        loss, gradients = self._slopes(inputs, targets)
        norm = tf.linalg.global_norm(gradients)
        healthy = self._healthy & tf.math.is_finite(norm) & tf.math.is_finite(loss)
        self._healthy.assign(healthy)
        if self.training.clip_norm:
            scale = tf.minimum(1.0, self.training.clip_norm / (norm + 1e-6))
            gradients = [gradient * scale for gradient in gradients]

        def learn() -> tf.Tensor:
            # An adaptive optimizer undoes a scaled gradient, so its step itself is scaled.
            before = [tf.identity(variable) for variable in variables] if self._rates else []
            self.optimizer.apply(gradients, variables)
            for variable, start, rate in zip(variables, before, self._rates, strict=False):
                variable.assign(start + rate * (variable - start))
            for variable, average in zip(variables, self._averages, strict=True):
                average.assign_add((variable - average) * (1 - momentum))
            return loss

        return tf.cond(healthy, learn, lambda: tf.constant(float("nan")))

    def _losses(self, inputs: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The loss of a batch, and the same with the penalties."""
        loss = self._loss(targets, self.model(inputs, training=True))
        return loss, loss + tf.add_n(self.model.losses) if self.model.losses else loss

    def _slopes(self, inputs: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """The loss of a batch, and the gradients of it and of the penalties, weight by weight."""
        with tf.GradientTape() as tape:
            loss, penalised = self._losses(inputs, targets)
        gradients = tape.gradient(penalised, self.model.trainable_variables)
        # Dense: the norm of an embedding's sparse gradient would miss that its rows add up.
        return loss, [tf.convert_to_tensor(gradient) for gradient in gradients]
