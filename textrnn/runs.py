"""A training run, begun or resumed: its settings, its data, where it stands, and its checkpoint."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn import checkpoints, corpora, datasets, records
from textrnn.artifact import Artifact
from textrnn.checkpoints import Checkpoint
from textrnn.config import GeneratorConfig, TrainingConfig, is_file, parse_part
from textrnn.corpora import Corpus
from textrnn.errors import ConfigError, TrainingError
from textrnn.learner import Learner
from textrnn.observer import Observer
from textrnn.tokenizers import CharTokenizer, Ids


@dataclass
class Run:
    """All of a run that is not weights; from `epoch` on it changes as the run goes."""

    output: Path
    network: GeneratorConfig
    training: TrainingConfig
    tokenizer: CharTokenizer
    corpus: Mapping[str, Any]
    epochs: int
    steps: int  # an epoch
    extra: Mapping[str, Any]  # base and command, for the record
    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    best_loss: float = math.inf
    best_epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Where the checkpoint and the history lie."""
        return self.output / "run"


class Saver:
    """Writes a run's checkpoint, whenever asked and when the last one is old enough."""

    def __init__(self, run: Run, learner: Learner) -> None:
        self.run, self.learner, self.saved_at = run, learner, time.monotonic()

    def save_when_due(self) -> None:
        """Save if the last checkpoint is as old as the settings allow."""
        if time.monotonic() - self.saved_at >= self.run.training.checkpoint_seconds:
            self.save()

    def save(self) -> None:
        """Replace the checkpoint by where the run stands now."""
        run = self.run
        record = {
            name: getattr(run, name)
            for name in (
                "corpus", "epochs", "steps", "extra", "epoch", "step", "loss_sum", "best_loss",
                "best_epoch", "history",
            )
        }  # fmt: skip
        record |= {
            "network": run.network.to_dict(),
            "training": run.training.to_dict(),
            "tokenizer": run.tokenizer.to_json(),
            "steps_done": self.learner.steps_done,
        }
        checkpoints.save(run.folder, Checkpoint(record, self.learner.arrays()))
        self.saved_at = time.monotonic()


def begin(
    corpus: Corpus,
    output: Path,
    network: Mapping[str, Any],
    training: TrainingConfig,
    base: Artifact | None,
    command: str | None,
    observer: Observer,
) -> tuple[Run, Learner, tuple[Ids, Ids]]:
    """A new run, its learner, and the ids to learn from and to validate on."""
    _check_free(output)
    validation = _validation_file(training)
    pieces = (*corpus.pieces, *(validation.pieces if validation else ()))
    tokenizer = CharTokenizer.fit(pieces, lower=training.lower)
    extra: dict[str, Any] = {"command": command} if command else {}
    if base:
        new = base.tokenizer.unknown_characters("".join(tokenizer.characters))
        tokenizer = base.tokenizer.extended(tokenizer)
        observer.notice(
            f"{len(new)} characters are new to {base.name}: {new!r}"
            if new
            else f"every character is known to {base.name}"
        )
        if changed := {
            name
            for name in ("cell", "layers", "units", "embedding_dim", "residual")
            if network.get(name, getattr(base.config, name)) != getattr(base.config, name)
        }:
            raise ConfigError(
                f"fine-tuning keeps the shape of {base.name}; leave out "
                f"{', '.join(sorted(changed))}, or train a new model"
            )
        if training.lower != base.tokenizer.lower:
            raise ConfigError(
                f"{base.name} reads its text "
                f"{'in lower case' if base.tokenizer.lower else 'as it is'}, and so does what is "
                f"fine-tuned from it; leave out --{'no-' if base.tokenizer.lower else ''}lower"
            )
        config = replace(base.config, vocab_size=tokenizer.vocab_size)
        config = GeneratorConfig.from_dict({**config.to_dict(), **network})
        extra["base"] = {"name": base.name, "new_characters": new}
    else:
        config = GeneratorConfig.from_dict({**network, "vocab_size": tokenizer.vocab_size})
    train_ids, validation_ids = _split(corpus, tokenizer, training, validation)
    steps = _steps(training, len(train_ids))
    epochs = training.epochs or default_epochs(steps)
    run = Run(
        output, config, training, tokenizer, records.corpus_record(corpus), epochs, steps, extra
    )
    learner = Learner(config, training, epochs * steps)
    if base:
        learner.start_from(transferred(base, tokenizer, learner.average_weights()))
    Saver(run, learner).save()  # so that a run killed at once can be resumed too
    return run, learner, (train_ids, validation_ids)


def go_on(
    corpus: Corpus, output: Path, settings: Mapping[str, Any], observer: Observer
) -> tuple[Run, Learner, tuple[Ids, Ids]]:
    """The run whose checkpoint is in `output`, as `begin` gives a new one."""
    checkpoint = checkpoints.load(output / "run")
    record = dict(checkpoint.record)
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
    record["tokenizer"] = tokenizer = CharTokenizer.from_json(record["tokenizer"])
    steps_done = record.pop("steps_done")
    run = Run(output, **record)
    learner = Learner(run.network, training, run.epochs * run.steps)
    learner.restore(checkpoint.arrays, steps_done)
    observer.notice(f"going on at epoch {run.epoch + 1}, step {run.step + 1}")
    return run, learner, _split(corpus, tokenizer, training, _validation_file(training))


def transferred(
    base: Artifact, tokenizer: CharTokenizer, fresh: Mapping[str, npt.NDArray[Any]]
) -> dict[str, npt.NDArray[Any]]:
    """The weights of `base` for a larger alphabet, row by character and never by position.

    What belongs to a new character is taken from `fresh`, but for its output: that starts out
    as unlikely as the least likely character of `base`.
    """
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


def _check_free(output: Path) -> None:
    if not output.exists():
        return
    if not output.is_dir():
        raise TrainingError(f"{output} is a file; -o names the folder to make")
    names = {entry.name for entry in output.iterdir()}
    if "config.json" in names or checkpoints.path(output / "run").exists():
        raise TrainingError(
            f"{output} already holds a model or a run; add --resume to go on with it, or choose "
            f"another -o"
        )
    if names - {"run"}:
        raise TrainingError(f"{output} holds other files; choose a new folder with -o")


def _validation_file(training: TrainingConfig) -> Corpus | None:
    name = training.validation
    return corpora.read_corpus([name]) if is_file(name) else None


def _split(
    corpus: Corpus, tokenizer: CharTokenizer, training: TrainingConfig, validation: Corpus | None
) -> tuple[Ids, Ids]:
    ids = tokenizer.encode_pieces(corpus.pieces)
    if validation:
        start, end = corpora.bounds(*parse_part(training.part), len(ids))
        return ids[start:end], tokenizer.encode_pieces(validation.pieces)
    return corpora.split(ids, training.part, training.validation)


def _steps(training: TrainingConfig, length: int) -> int:
    if training.stateful:
        return datasets.stream_steps(length, training.batch_size, training.window)
    windows = datasets.window_count(length, training.window, training.shift or training.window)
    return math.ceil(windows / training.batch_size)


def default_epochs(steps: int) -> int:
    """Epochs of so many steps for a user who names none: about 5,000 steps in all."""
    return max(4, min(100, math.ceil(5000 / steps)))
