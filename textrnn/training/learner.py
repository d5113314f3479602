"""One training step: a Keras model, its optimizer and the moving average of its weights.

A learner knows nothing about files or about the source of the batches. `arrays` has everything that
it needs to resume exactly.
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
STEPS_PER_READING = 16  # on a GPU, losses are read once in so many steps


class Learner:
    """Takes training steps that minimise `loss`; the schedule of rates ends at `total_steps`."""

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
        # Epoch -> the factor that scales each variable's update; None scales nothing.
        self.update_scales: Callable[[int], Sequence[float]] | None = None
        self._rates: list[tf.Variable] = []
        self._averages = [tf.Variable(variable) for variable in self.model.trainable_variables]
        # False from the first step that is not finite: losses are read later, and the weights must
        # stay as they were before that step.
        self._healthy = tf.Variable(True, trainable=False)
        # Reading a loss waits for its step, which leaves a GPU idle; a CPU has computed it anyway.
        self.steps_per_reading = STEPS_PER_READING if tf.config.list_logical_devices("GPU") else 1
        # Traced once per number of rows, which the layers must know; lengths may vary.
        self._step = tf.function(self._one_step)
        self._traces: dict[tuple[int, ...], Callable[..., tf.Tensor]] = {}

    def start_from(self, weights: Mapping[str, npt.NDArray[Any]]) -> None:
        """Replace the random weights by these (all of the model's, by name)."""
        for variable in self.model.weights:
            variable.assign(weights[variable.path])
        for variable, average in zip(self.model.trainable_variables, self._averages, strict=True):
            average.assign(weights[variable.path])

    def start_epoch(self, epoch: int) -> None:
        """Apply the update scales of `epoch`; call it before the epoch's first step."""
        if self.update_scales:
            self.set_update_scales(self.update_scales(epoch))

    def set_update_scales(self, rates: Sequence[float]) -> None:
        """Scale each variable's update by a factor; 0 leaves the variable as it is.

        Call it before the first step; later calls change the factors.
        """
        if not self._rates:
            self._rates = [tf.Variable(1.0) for _ in rates]
        for variable, rate in zip(self._rates, rates, strict=True):
            variable.assign(rate)

    def step(self, inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Train on one batch of inputs and targets; returns its loss.

        If the loss or a gradient is not finite, this step and all later ones change no weights
        and return nan.
        """
        inputs, targets = tf.convert_to_tensor(inputs), tf.convert_to_tensor(targets)
        self.optimizer.learning_rate.assign(self.learning_rate)
        # Early on, the average must not keep the random initial weights.
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
        """The rate of the next step: linear warm-up, then cosine decay to a hundredth."""
        config, step = self.training, self.steps_done
        warmup = min(config.warmup_steps, self.total_steps // 10)
        if step < warmup:
            return config.learning_rate * (step + 1) / warmup
        if config.schedule == "constant":
            return config.learning_rate
        done = (step - warmup) / max(1, self.total_steps - warmup)
        return config.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1, done))))

    def reset_states(self) -> None:
        """Reset the recurrent states of all rows to zero."""
        reset_states(self.model)

    def average_weights(self) -> dict[str, npt.NDArray[np.float32]]:
        """Name -> exponential moving average of each weight; fixed weights as they are."""
        weights = {variable.path: variable.numpy() for variable in self.model.weights}
        for variable, average in zip(self.model.trainable_variables, self._averages, strict=True):
            weights[variable.path] = average.numpy()
        return weights

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Everything that resuming needs, by name."""
        return {name: variable.numpy() for name, variable in self._variables().items()}

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]], steps_done: int) -> None:
        """Restore the state that `arrays` saved after `steps_done` steps.

        KeyError or ValueError unless `arrays` are those of such a learner; then nothing changes.
        """
        variables = self._variables()
        for name, variable in variables.items():
            if (found := arrays[name]).shape != tuple(variable.shape):
                raise ValueError(f"{name} has the shape {found.shape}, not {tuple(variable.shape)}")
        for name, variable in variables.items():
            variable.assign(arrays[name])
        self.steps_done = steps_done

    def _variables(self) -> dict[str, Any]:
        groups = {
            "model": self.model.variables,  # includes the states of the dropout generators
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
        loss, gradients = self._gradients(inputs, targets)
        norm = tf.linalg.global_norm(gradients)
        healthy = self._healthy & tf.math.is_finite(norm) & tf.math.is_finite(loss)
        self._healthy.assign(healthy)
        if self.training.clip_norm:
            scale = tf.minimum(1.0, self.training.clip_norm / (norm + 1e-6))
            gradients = [gradient * scale for gradient in gradients]

        def update() -> tf.Tensor:
            # An adaptive optimizer undoes a scaled gradient, so its update itself is scaled.
            before = [tf.identity(variable) for variable in variables] if self._rates else []
            self.optimizer.apply(gradients, variables)
            for variable, start, rate in zip(variables, before, self._rates, strict=False):
                variable.assign(start + rate * (variable - start))
            for variable, average in zip(variables, self._averages, strict=True):
                average.assign_add((variable - average) * (1 - momentum))
            return loss

        return tf.cond(healthy, update, lambda: tf.constant(float("nan")))

    def _losses(self, inputs: tf.Tensor, targets: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The loss of a batch, without and with the weight penalties."""
        loss = self._loss(targets, self.model(inputs, training=True))
        return loss, loss + tf.add_n(self.model.losses) if self.model.losses else loss

    def _gradients(
        self, inputs: tf.Tensor, targets: tf.Tensor
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """The loss of a batch, and the gradients (with penalties) per weight."""
        with tf.GradientTape() as tape:
            loss, penalised = self._losses(inputs, targets)
        gradients = tape.gradient(penalised, self.model.trainable_variables)
        # Dense: the norm of a sparse embedding gradient would not add up repeated rows.
        return loss, [tf.convert_to_tensor(gradient) for gradient in gradients]
