"""A generator's run, begun or resumed: its settings, its data, its learner."""

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from textrnn import checkpoints, corpora, corpus_ids, datasets, records, tokenizers
from textrnn.artifact import Artifact
from textrnn.config import GeneratorConfig, LearningConfig, TrainingConfig, is_file
from textrnn.corpora import Corpus
from textrnn.corpus_ids import Split
from textrnn.errors import ConfigError, TrainingError
from textrnn.learner import Learner
from textrnn.loop import Saver, Standing, check_free
from textrnn.models.generator import build_generator
from textrnn.observer import Observer
from textrnn.tokenizers import CharTokenizer, Tokenizer

# What says how a text is told apart into tokens, which stays as it is in fine-tuning.
READING = ("tokens", "words", "model_type")


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
        check_same(base, network, training)
        tokenizer, new = _grown(base, corpus, validation, training, observer)
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
        corpus=records.corpus_record(corpus),
        epochs=epochs,
        steps=steps,
        extra=extra,
    )
    learner = _learner(run, split)
    if base:
        learner.start_from(transferred(base, tokenizer, learner.average_weights()))
    Saver(run, learner).save()  # so that a run killed at once can be resumed too
    return run, learner, split


def check_same(base: Artifact, network: Mapping[str, Any], training: TrainingConfig) -> None:
    """ConfigError where fine-tuning is to change what of `base` must stay."""
    changed = {
        name
        for name in ("cell", "layers", "units", "embedding_dim", "residual")
        if network.get(name, getattr(base.config, name)) != getattr(base.config, name)
    }
    known = reading_of(base)
    changed |= {name for name in READING if getattr(training, name) != known[name]}
    if changed:
        raise ConfigError(
            f"fine-tuning keeps the shape of {base.name} and its tokens; leave out "
            f"{', '.join(sorted(changed))}, or train a new model"
        )
    if training.lower != base.tokenizer.lower:
        raise ConfigError(
            f"{base.name} reads its text "
            f"{'in lower case' if base.tokenizer.lower else 'as it is'}, and so does what is "
            f"fine-tuned from it; leave out --{'no-' if base.tokenizer.lower else ''}lower"
        )


def reading_of(model: Artifact) -> dict[str, Any]:
    """Of the settings that a model learnt with, those that say what its tokens are."""
    recorded = model.metadata.get("training", {})
    known = {name: recorded.get(name, getattr(TrainingConfig, name)) for name in READING}
    kind = json.loads(model.tokenizer.to_json())["type"]
    return {**known, "tokens": kind}


def _grown(
    base: Artifact,
    corpus: Corpus,
    validation: Corpus | None,
    training: TrainingConfig,
    observer: Observer,
) -> tuple[Tokenizer, str]:
    """The tokenizer of `base`, with the characters that a corpus has more, and those.

    One of words or pieces stays as it is: it reads every text.
    """
    if not isinstance(base.tokenizer, CharTokenizer):
        observer.notice(f"{base.name} keeps its tokens, {base.tokenizer.vocab_size:,} in all")
        return base.tokenizer, ""
    tokenizer = corpus_ids.fit(corpus, validation, training)
    assert isinstance(tokenizer, CharTokenizer)
    new = base.tokenizer.unknown_characters("".join(tokenizer.characters))
    observer.notice(
        f"{len(new)} characters are new to {base.name}: {new!r}"
        if new
        else f"every character is known to {base.name}"
    )
    return base.tokenizer.extended(tokenizer), new


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
    for name, value in settings.items():
        if own.get(name) != value:
            raise ConfigError(
                f"the run in {output} has {name}={own.get(name)!r}, not {value!r}, and goes on "
                f"with its own settings; leave that out"
            )
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


class TokenLearner(Learner):
    """A learner of tokens that are no characters, whose losses are told in nats a character."""

    def __init__(self, *args: Any, tokens_a_character: float) -> None:
        super().__init__(*args)
        self.tokens_a_character = tokens_a_character

    def step(self, inputs: tf.Tensor, targets: tf.Tensor) -> float:
        """Learn from one batch; its loss in nats a character."""
        return super().step(inputs, targets) * self.tokens_a_character


def _learner(run: Run, split: Split) -> Learner:
    return generator_learner(
        run.network, run.training, run.epochs * run.steps, split.tokens_a_character
    )


def generator_learner(
    network: GeneratorConfig,
    training: TrainingConfig,
    total_steps: int,
    tokens_a_character: float = 1.0,
) -> Learner:
    """What learns to foretell the next token, with fresh weights."""
    model = build_generator(
        network,
        stateful=training.stateful,
        batch_size=training.batch_size if training.stateful else None,
        seed=training.seed,
    )
    if tokens_a_character == 1:
        return Learner(model, training, total_steps, _loss)
    return TokenLearner(model, training, total_steps, _loss, tokens_a_character=tokens_a_character)


def _loss(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Mean nats a token."""
    return tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
    )


def transferred(
    base: Artifact, tokenizer: Tokenizer, fresh: Mapping[str, npt.NDArray[Any]]
) -> dict[str, npt.NDArray[Any]]:
    """The weights of `base` for a larger alphabet, row by character and never by position.

    What belongs to a new character is taken from `fresh`, but for its output: that starts out
    as unlikely as the least likely character of `base`. Tokens of other kinds are the same.
    """
    if not isinstance(tokenizer, CharTokenizer):
        return {name: np.array(array) for name, array in base.weights.items()}
    known = {character: index for index, character in enumerate(base.tokenizer.characters)}
    sources = np.array([known.get(character, -1) for character in tokenizer.characters])
    new = sources < 0
    weights = {name: np.array(array) for name, array in base.weights.items()}
    first = "embedding/embeddings" if base.config.embedding_dim else next(iter(weights))
    rows = weights[first][sources]
    rows[new] = fresh[first][new]
    kernel = weights["output/kernel"][:, sources]
    kernel[:, new] = 0
    bias = weights["output/bias"][sources]
    bias[new] = weights["output/bias"].min()
    return {**weights, first: rows, "output/kernel": kernel, "output/bias": bias}


def _validation_file(training: TrainingConfig) -> Corpus | None:
    name = training.validation
    return corpora.read_corpus([name]) if is_file(name) else None


def _steps(training: TrainingConfig, length: int) -> int:
    if training.stateful:
        return datasets.stream_steps(length, training.batch_size, training.window)
    windows = datasets.window_count(length, training.window, training.shift or training.window)
    return math.ceil(windows / training.batch_size)


def default_epochs(steps: int) -> int:
    """Epochs of so many steps for a user who names none: about 5,000 steps in all."""
    return max(4, min(100, math.ceil(5000 / steps)))
