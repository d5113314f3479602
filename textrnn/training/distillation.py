"""Replace hard targets by teacher predictions (knowledge distillation) for a generator.

A network learns from a teacher's predictions as well as from the text (Hinton, Vinyals and Dean
2015). They say which other tokens were likely, so a small network learns more from each target and
a large one overfits less.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from textrnn.artifacts import registry
from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.generator import GeneratorTrainingConfig
from textrnn.config.parts import names_in
from textrnn.errors import ConfigError
from textrnn.models.generator import build_generator, reset_states, state_variables
from textrnn.tokenizers import Tokenizer


class Teachers:
    """Trained generators that read the learner's inputs; their predictions are averaged.

    A target is their mean by `weight`, and the text's next token by the rest. Their recurrent
    states carry over from batch to batch like the learner's; their weights stay fixed.
    """

    def __init__(
        self, models: Sequence[GeneratorArtifact], training: GeneratorTrainingConfig
    ) -> None:
        self.weight = training.teacher_weight
        self._models = [_network(model, training) for model in models]
        self._soften = tf.function(self._soft_targets, reduce_retracing=True)

    @property
    def states(self) -> list[Any]:
        """The recurrent states of all teachers."""
        return [state for model in self._models for state in state_variables(model)]

    def reset(self) -> None:
        """Reset the recurrent states to zero."""
        for model in self._models:
            reset_states(model)

    def targets(self, inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Ids (batch, window) and the next ids -> probabilities (batch, window, vocab_size)."""
        return self._soften(inputs, targets)

    def _soft_targets(self, inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        predictions = [tf.nn.softmax(model(inputs, training=False)) for model in self._models]
        mean = tf.add_n(predictions) / len(predictions)
        return self.weight * mean + (1 - self.weight) * tf.one_hot(targets, mean.shape[-1])


def teachers_of(training: GeneratorTrainingConfig, tokenizer: Tokenizer) -> Teachers | None:
    """The teachers that `training` names, or None; their tokenizers must equal `tokenizer`.

    ArtifactError if one cannot be read, ConfigError if its tokenizer differs.
    """
    models = [registry.load_as(GeneratorArtifact, name) for name in names_in(training.teacher)]
    for model in models:
        if model.tokenizer != tokenizer:
            raise ConfigError(
                f"the teacher {model.name} has another alphabet or vocabulary than this corpus; "
                f"use a model trained on the same files"
            )
    return Teachers(models, training) if models else None


def _network(model: GeneratorArtifact, training: GeneratorTrainingConfig) -> Any:
    network = build_generator(
        model.config,
        stateful=training.stateful,
        batch_size=training.batch_size if training.stateful else None,
    )
    weights: Mapping[str, npt.NDArray[Any]] = model.weights
    for variable in network.weights:
        variable.assign(weights[variable.path].astype(np.float32))
    return network
