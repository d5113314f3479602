"""A generator's run, begun or resumed: its settings, its data, its learner."""

import base64
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from textrnn import tokenizers
from textrnn.artifacts import cards
from textrnn.artifacts.generator import Artifact
from textrnn.config.generator import GeneratorConfig, TrainingConfig
from textrnn.config.parts import is_file
from textrnn.config.training import LearningConfig
from textrnn.data import corpora
from textrnn.data.corpora import Corpus
from textrnn.datasets import windows as datasets_windows
from textrnn.errors import TrainingError
from textrnn.models.generator import build_generator, state_variables
from textrnn.tokenizers import Tokenizer
from textrnn.training import checkpoints, corpus_ids
from textrnn.training.corpus_ids import Split
from textrnn.training.distillation import Teachers, teachers_of
from textrnn.training.learner import Learner
from textrnn.training.loop import Saver, Standing, check_free, check_same_settings
from textrnn.training.observer import Observer
from textrnn.training.transfer import generator


@dataclass(kw_only=True)
class Run(Standing):
    """A generator's run: what it learns, from what, and where it stands."""

    network: GeneratorConfig
    training: TrainingConfig
    tokenizer: Tokenizer
    corpus: Mapping[str, Any]
    extra: Mapping[str, Any]  # base and command, for the record

    @property
    def learning(self) -> LearningConfig:
        """The settings that the loop goes by."""
        return self.training

    def record(self) -> dict[str, Any]:
        """Everything but the weights, as JSON holds it; `go_on` starts from here."""
        pieces = getattr(self.tokenizer, "model", None)
        return {
            **self.progress_record(),
            "corpus": self.corpus,
            "extra": self.extra,
            "network": self.network.to_dict(),
            "training": self.training.to_dict(),
            "tokenizer": self.tokenizer.to_json(),
            "pieces": base64.b64encode(pieces).decode() if pieces else None,
        }


def begin(
    corpus: Corpus,
    output: Path,
    network: Mapping[str, Any],
    training: TrainingConfig,
    base: Artifact | None,
    command: str | None,
    observer: Observer,
) -> tuple[Run, Learner, Split]:
    """A new run, its learner, and the ids to learn from and to validate on."""
    check_free(output)
    validation = _validation_file(training)
    extra: dict[str, Any] = {"command": command} if command else {}
    if base:
        generator.check_same(base, network, training)
        tokenizer, new = generator.grown(base, corpus, validation, training, observer)
        config = replace(base.config, vocab_size=tokenizer.vocab_size)
        config = GeneratorConfig.from_dict({**config.to_dict(), **network})
        extra["base"] = {"name": base.name, "new_characters": new}
    else:
        tokenizer = corpus_ids.fit(corpus, validation, training)
        config = GeneratorConfig.from_dict({**network, "vocab_size": tokenizer.vocab_size})
    split = corpus_ids.split(corpus, validation, tokenizer, training)
    steps = _steps(training, len(split.learnt))
    epochs = training.epochs or default_epochs(steps)
    run = Run(
        output=output,
        network=config,
        training=training,
        tokenizer=tokenizer,
        corpus=cards.corpus_record(corpus),
        epochs=epochs,
        steps=steps,
        extra=extra,
    )
    learner = _learner(run, split)
    if base:
        fresh = learner.average_weights()
        learner.start_from(generator.transferred(base, tokenizer, fresh))
    Saver(run, learner).save()  # so that a run killed at once can be resumed too
    return run, learner, split


def go_on(
    corpus: Corpus, output: Path, settings: Mapping[str, Any], observer: Observer
) -> tuple[Run, Learner, Split]:
    """The run whose checkpoint is in `output`, as `begin` gives a new one."""
    checkpoint = checkpoints.load(output / "run")
    record = dict(checkpoint.record)
    if "corpus" not in record:
        raise TrainingError(f"the run in {output} is a classifier's; go on with `train classifier`")
    if corpus.sha256 != record["corpus"]["sha256"]:
        raise TrainingError(
            f"the run in {output} learns from another text: "
            f"{', '.join(record['corpus']['names'])}, {record['corpus']['characters']:,} "
            f"characters; name that one to go on"
        )
    own = {**record["training"], **record["network"]}
    check_same_settings(own, settings, output)
    record["network"] = GeneratorConfig.from_dict(record["network"])
    record["training"] = training = TrainingConfig.from_dict(record["training"])
    pieces = record.pop("pieces", None)
    record["tokenizer"] = tokenizers.read(
        record["tokenizer"], base64.b64decode(pieces) if pieces else None
    )
    steps_done = record.pop("steps_done")
    run = Run(output=output, **record)
    split = corpus_ids.split(corpus, _validation_file(training), run.tokenizer, training)
    learner = _learner(run, split)
    learner.restore(checkpoint.arrays, steps_done)
    observer.notice(f"going on at epoch {run.epoch + 1}, step {run.step + 1}")
    return run, learner, split


class GeneratorLearner(Learner):
    """A learner of tokens, of which so many write a character; its losses are nats a character."""

    training: TrainingConfig

    def __init__(
        self, *args: Any, tokens_a_character: float = 1.0, teachers: Teachers | None = None
    ) -> None:
        super().__init__(*args)
        self.tokens_a_character, self.teachers = tokens_a_character, teachers

    def step(self, inputs: tf.Tensor, targets: tf.Tensor) -> float:
        """Learn from one batch; its loss in nats a character."""
        if self.training.state_reset and self.training.stateful:
            self._reset_some()
        if self.teachers:
            targets = self.teachers.targets(inputs, targets)
        return super().step(inputs, targets) * self.tokens_a_character

    def reset_states(self) -> None:
        """Let every stream begin anew."""
        super().reset_states()
        if self.teachers:
            self.teachers.reset()

    def _reset_some(self) -> None:
        """Let some streams start from nothing, as a text to write or to score does."""
        rng = np.random.default_rng([self.training.seed, self.steps_done])
        kept = rng.random((self.training.batch_size, 1)) >= self.training.state_reset
        for state in state_variables(self.model):
            state.assign(state * kept.astype(np.float32))

    def _variables(self) -> dict[str, Any]:
        states = self.teachers.states if self.teachers else []
        return super()._variables() | {f"teacher/{i}": state for i, state in enumerate(states)}


def _learner(run: Run, split: Split) -> Learner:
    return generator_learner(
        run.network,
        run.training,
        run.epochs * run.steps,
        split.tokens_a_character,
        teachers_of(run.training, run.tokenizer),
    )


def generator_learner(
    network: GeneratorConfig,
    training: TrainingConfig,
    total_steps: int,
    tokens_a_character: float = 1.0,
    teachers: Teachers | None = None,
) -> Learner:
    """What learns to foretell the next token, with fresh weights."""
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
        _loss,
        tokens_a_character=tokens_a_character,
        teachers=teachers,
    )


def _loss(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Mean nats a token, of ids (batch, window) or of probabilities (batch, window, vocab_size)."""
    if targets.shape.rank == 3:
        return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
    return tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
    )


def _validation_file(training: TrainingConfig) -> Corpus | None:
    name = training.validation
    return corpora.read_corpus([name]) if is_file(name) else None


def _steps(training: TrainingConfig, length: int) -> int:
    if training.stateful:
        return datasets_windows.stream_steps(length, training.batch_size, training.window)
    windows = datasets_windows.window_count(
        length, training.window, training.shift or training.window
    )
    return math.ceil(windows / training.batch_size)


def default_epochs(steps: int) -> int:
    """Epochs of so many steps for a user who names none: about 5,000 steps in all."""
    return max(4, min(100, math.ceil(5000 / steps)))
