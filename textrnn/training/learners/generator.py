"""The learner of generators: losses per character, random resets of the state, teachers."""

from typing import Any

import numpy as np
import tensorflow as tf

from textrnn.config.generator import GeneratorConfig, GeneratorTrainingConfig
from textrnn.models.generator import build_generator, state_variables
from textrnn.training.distillation import Teachers
from textrnn.training.learner import Learner
from textrnn.training.losses import next_token_loss


class GeneratorLearner(Learner):
    """A learner whose losses are in nats per character; it may reset states and use teachers."""

    training: GeneratorTrainingConfig

    def __init__(
        self, *args: Any, tokens_per_character: float = 1.0, teachers: Teachers | None = None
    ) -> None:
        super().__init__(*args)
        self.tokens_per_character, self.teachers = tokens_per_character, teachers

    def step(self, inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Train on one batch; returns its loss in nats per character."""
        if self.training.reset_probability and self.training.stateful:
            self._reset_some()
        if self.teachers:
            targets = self.teachers.targets(inputs, targets)
        return super().step(inputs, targets) * self.tokens_per_character

    def reset_states(self) -> None:
        """Reset the recurrent states of the learner and its teachers."""
        super().reset_states()
        if self.teachers:
            self.teachers.reset()

    def _reset_some(self) -> None:
        """Reset the state of random rows, so that the model also learns to start from zero."""
        rng = np.random.default_rng([self.training.seed, self.steps_done])
        kept = rng.random((self.training.batch_size, 1)) >= self.training.reset_probability
        for state in state_variables(self.model):
            state.assign(state * kept.astype(np.float32))

    def _variables(self) -> dict[str, Any]:
        states = self.teachers.states if self.teachers else []
        return super()._variables() | {f"teacher/{i}": state for i, state in enumerate(states)}


def generator_learner(
    network: GeneratorConfig,
    training: GeneratorTrainingConfig,
    total_steps: int,
    tokens_per_character: float = 1.0,
    teachers: Teachers | None = None,
) -> Learner:
    """A learner of the next token, with random initial weights."""
    model = build_generator(
        network,
        stateful=training.stateful,
        batch_size=training.batch_size if training.stateful else None,
        seed=training.seed,
    )
    return GeneratorLearner(
        model,
        training,
        total_steps,
        next_token_loss,
        tokens_per_character=tokens_per_character,
        teachers=teachers,
    )
