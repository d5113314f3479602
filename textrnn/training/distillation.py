"""Turn what is to be foretold into what trained models think of it: softer targets for a learner.

A network learns from another's guesses as well as from the text (Hinton, Vinyals and Dean 2015):
they say which other characters might have stood there, so a small network learns more from each
and a large one overfits less.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from textrnn.artifacts import registry
from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.generator import TrainingConfig
from textrnn.config.parts import names_in
from textrnn.errors import ConfigError
from textrnn.models.generator import build_generator, reset_states, state_variables
from textrnn.tokenizers import Tokenizer


class Teachers:
    """Trained generators that read what the learner reads, their guesses averaged.

    `share` of a target is theirs, the rest is the text's own character. They read on from batch
    to batch as the learner does, and are not taught.
    """

    def __init__(self, models: Sequence[GeneratorArtifact], training: TrainingConfig) -> None:
        self.share = training.teacher_share
        self._models = [_network(model, training) for model in models]
        self._guess = tf.function(self._guesses, reduce_retracing=True)

    @property
    def states(self) -> list[Any]:
        """The variables that hold what they have read."""
        return [state for model in self._models for state in state_variables(model)]

    def reset(self) -> None:
        """Let them begin anew."""
        for model in self._models:
            reset_states(model)

    def targets(self, inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Ids (batch, window) and those that follow -> probabilities (..., vocab_size)."""
        return self._guess(inputs, targets)

    def _guesses(self, inputs: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        guesses = [tf.nn.softmax(model(inputs, training=False)) for model in self._models]
        theirs = tf.add_n(guesses) / len(guesses)
        return self.share * theirs + (1 - self.share) * tf.one_hot(targets, theirs.shape[-1])


def teachers_of(training: TrainingConfig, tokenizer: Tokenizer) -> Teachers | None:
    """The teachers that `training` names, if it does; they must write what `tokenizer` does.

    ArtifactError where one cannot be read, ConfigError where its alphabet is another.
    """
    models = [registry.load_generator(name) for name in names_in(training.teacher)]
    for model in models:
        if model.tokenizer != tokenizer:
            raise ConfigError(
                f"the teacher {model.name} writes another alphabet or vocabulary than this corpus "
                f"has; use a model that learnt from the same files"
            )
    return Teachers(models, training) if models else None


def _network(model: GeneratorArtifact, training: TrainingConfig) -> Any:
    network = build_generator(
        model.config,
        stateful=training.stateful,
        batch_size=training.batch_size if training.stateful else None,
    )
    weights: Mapping[str, npt.NDArray[Any]] = model.weights
    for variable in network.weights:
        variable.assign(weights[variable.path].astype(np.float32))
    return network
