"""Join a corpus and a configuration: learn, keep the best, go on where a run was stopped.

`output` is the model, the best so far by validation loss; `output/run` holds the checkpoint and
the history, and may be deleted once no one wants to go on.
"""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn import artifact, checkpoints, corpora, datasets, evaluation, generation, records
from textrnn.artifact import Artifact
from textrnn.checkpoints import Checkpoint
from textrnn.config import GeneratorConfig, SamplingConfig, TrainingConfig, is_file, parse_part
from textrnn.corpora import Corpus
from textrnn.errors import ConfigError, TrainingError
from textrnn.evaluation import Score
from textrnn.forward import Network
from textrnn.learner import Learner
from textrnn.tokenizers import CharTokenizer, Ids

SAMPLE_TEMPERATURES = (0.2, 0.5, 1.0)


@dataclass(frozen=True)
class Progress:
    """Where a run stands inside an epoch; `loss` is the epoch's mean so far, in nats."""

    epoch: int  # from 1
    epochs: int
    step: int
    steps: int  # of this epoch
    loss: float
    characters_per_second: float
    seconds_left: float


class Observer:
    """What a run tells whoever watches; every method may be left as it is."""

    def notice(self, text: str) -> None:
        """Something worth saying once."""

    def step(self, progress: Progress) -> None:
        """A step was taken."""

    def epoch(self, row: Mapping[str, Any], best: bool, samples: Mapping[float, str]) -> None:
        """An epoch ended: its line of history, whether it is the best, a sample a temperature."""

    def should_stop(self) -> bool:
        """Asked after every step; True saves and ends the run early."""
        return False


@dataclass
class _Run:
    """All of a run that is not weights; `position` and what follows change as it goes."""

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
        return self.output / "run"


def train_generator(
    corpus: Corpus,
    output: str | Path,
    *,
    network: Mapping[str, Any] | None = None,
    training: TrainingConfig | None = None,
    base: Artifact | None = None,
    resume: bool = False,
    observer: Observer | None = None,
    command: str | None = None,
) -> Artifact | None:
    """Learn to write like `corpus`, and leave the best model in the folder `output`.

    `network` overrides fields of GeneratorConfig; `base` is a model to start from instead, whose
    shape is kept and whose alphabet grows by what `corpus` has more. With `resume` the run in
    `output` goes on with its own settings. Gives the best model, or None when the observer
    stopped the run before its end.

    CorpusError, ConfigError, TrainingError (the output is taken, the loss is no longer a number)
    and ArtifactError (it cannot be saved) say what to do.
    """
    observer, output = observer or Observer(), Path(output)
    for notice in artifact.recover(output):
        observer.notice(notice)
    if resume:
        run, learner, splits = _resumed(corpus, output, observer)
    else:
        run, learner, splits = _begun(
            corpus, output, network or {}, training or TrainingConfig(), base, command, observer
        )
    train_ids, validation_ids = splits
    observer.notice(
        f"{run.network.vocab_size} characters in the alphabet; learning from {len(train_ids):,}, "
        f"validating on {len(validation_ids):,}; {run.steps} steps an epoch, at most "
        f"{run.epochs} epochs"
    )
    saver = _Saver(run, learner)
    while run.epoch < run.epochs and not _waited_enough(run):
        try:
            if not _one_epoch(run, learner, train_ids, observer, saver):
                saver.save()
                return None
        except _Diverged:
            _keep_if_best(run, learner, validation_ids)  # the step that failed changed nothing
            kept = f"the best weights from before it are in {output}" if run.best_epoch else (
                "the weights from before it are no use either"
            )  # fmt: skip
            raise TrainingError(
                f"the loss is no longer a finite number at epoch {run.epoch + 1}, step "
                f"{run.step + 1}; {kept}. Start again, with another -o and a lower "
                f"--learning-rate than {run.training.learning_rate:g}"
            ) from None
        _close_epoch(run, learner, validation_ids, observer)
        saver.save()
    return _finished(run, observer)


def fine_tuned_training(base: Artifact) -> TrainingConfig:
    """Defaults for going on from a trained model: gentler, shorter, and streams of its window."""
    return TrainingConfig(
        learning_rate=1e-3, epochs=10, patience=3, lower=base.tokenizer.lower, batch_size=16
    )


def _begun(
    corpus: Corpus,
    output: Path,
    network: Mapping[str, Any],
    training: TrainingConfig,
    base: Artifact | None,
    command: str | None,
    observer: Observer,
) -> tuple[_Run, Learner, tuple[Ids, Ids]]:
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
        config = replace(base.config, vocab_size=tokenizer.vocab_size)
        config = GeneratorConfig.from_dict({**config.to_dict(), **network})
        extra["base"] = {"name": base.name, "new_characters": new}
    else:
        config = GeneratorConfig.from_dict({**network, "vocab_size": tokenizer.vocab_size})
    train_ids, validation_ids = _split(corpus, tokenizer, training, validation)
    steps = _steps(training, len(train_ids))
    epochs = training.epochs or default_epochs(steps)
    run = _Run(
        output, config, training, tokenizer, records.corpus_record(corpus), epochs, steps, extra
    )
    learner = Learner(config, training, epochs * steps)
    if base:
        learner.start_from(transferred(base, tokenizer, learner.average_weights()))
    _Saver(run, learner).save()  # so that a run killed at once can be resumed too
    return run, learner, (train_ids, validation_ids)


def _resumed(
    corpus: Corpus, output: Path, observer: Observer
) -> tuple[_Run, Learner, tuple[Ids, Ids]]:
    checkpoint = checkpoints.load(output / "run")
    record = dict(checkpoint.record)
    if corpus.sha256 != record["corpus"]["sha256"]:
        raise TrainingError(
            f"the run in {output} learns from another text: "
            f"{', '.join(record['corpus']['names'])}, {record['corpus']['characters']:,} "
            f"characters; name that one to go on"
        )
    record["network"] = GeneratorConfig.from_dict(record["network"])
    record["training"] = training = TrainingConfig.from_dict(record["training"])
    record["tokenizer"] = tokenizer = CharTokenizer.from_json(record["tokenizer"])
    steps_done = record.pop("steps_done")
    run = _Run(output, **record)
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


def _batches(run: _Run, ids: Ids) -> Any:
    config = run.training
    if config.stateful:
        offset = datasets.epoch_offset(len(ids), seed=config.seed, epoch=run.epoch)
        return datasets.stateful_streams(
            ids,
            batch_size=config.batch_size,
            window=config.window,
            offset=offset,
            first_step=run.step,
        )
    return datasets.stateless_windows(
        ids,
        batch_size=config.batch_size,
        window=config.window,
        shift=config.shift or config.window,
        seed=config.seed,
        epoch=run.epoch,
        first_step=run.step,
    )


def _one_epoch(run: _Run, learner: Learner, ids: Ids, observer: Observer, saver: "_Saver") -> bool:
    """Take what is left of the epoch's steps; False when the observer stopped it."""
    if run.step == 0:
        learner.reset_states()
    started, first_step = time.monotonic(), run.step
    for inputs, targets in _batches(run, ids):
        loss = learner.step(inputs, targets)
        if not math.isfinite(loss):
            raise _Diverged
        run.step += 1
        run.loss_sum += loss
        seconds = (time.monotonic() - started) / (run.step - first_step)
        observer.step(
            Progress(
                run.epoch + 1,
                run.epochs,
                run.step,
                run.steps,
                run.loss_sum / run.step,
                run.training.batch_size * run.training.window / seconds,
                seconds * ((run.epochs - run.epoch) * run.steps - run.step),
            )
        )
        if observer.should_stop():
            return False
        saver.save_when_due()
    return True


class _Diverged(Exception):
    """A step's loss or gradient was not finite."""


def _keep_if_best(run: _Run, learner: Learner, validation_ids: Ids) -> tuple[Artifact, Score, bool]:
    """Score the averaged weights, and save them as the model if none was better."""
    weights = learner.average_weights()
    score = evaluation.cold(Network(run.network, weights), validation_ids)
    model = _model(run, weights, {"validation (cold)": score.to_dict()})
    best = score.loss < run.best_loss  # false for nan
    if best:
        run.best_loss, run.best_epoch = score.loss, run.epoch + 1
        artifact.save(model, run.output)
    return model, score, best


def _close_epoch(run: _Run, learner: Learner, validation_ids: Ids, observer: Observer) -> None:
    model, score, best = _keep_if_best(run, learner, validation_ids)
    row = {
        "epoch": run.epoch + 1,
        "steps": learner.steps_done,
        "loss": run.loss_sum / run.steps,
        "validation_loss": score.loss,
        "validation_bits_per_character": score.loss / math.log(2),
        "validation_accuracy": score.accuracy,
        "learning_rate": learner.learning_rate,
    }
    run.history = [*run.history, row]
    checkpoints.write_history(run.folder, run.history)
    run.epoch, run.step, run.loss_sum = run.epoch + 1, 0, 0.0
    observer.epoch(row, best, _samples(model, run.training))


def _samples(model: Artifact, training: TrainingConfig) -> dict[float, str]:
    if not training.sample_length:
        return {}
    prime = "\n" if "\n" in model.tokenizer.characters else model.tokenizer.characters[0]
    return {
        temperature: generation.generate(
            model,
            prime,
            training.sample_length,
            sampling=SamplingConfig(temperature=temperature),
            seed=training.seed,
        )[0]
        for temperature in SAMPLE_TEMPERATURES
    }


def _waited_enough(run: _Run) -> bool:
    patience = run.training.patience
    return bool(patience) and run.epoch - run.best_epoch >= patience


def _model(run: _Run, weights: Mapping[str, Any], scores: Mapping[str, Any]) -> Artifact:
    metadata = {
        "versions": records.versions(),
        "corpus": run.corpus,
        "training": run.training.to_dict(),
        **run.extra,
        "scores": scores,
        "history": run.history,
    }
    model = Artifact(run.network, run.tokenizer, weights, metadata, name=str(run.output))
    return replace(model, card=records.model_card(model, title=run.output.name))


def _finished(run: _Run, observer: Observer) -> Artifact:
    if not run.best_epoch:
        raise TrainingError(
            "no epoch gave a finite validation loss, so there is no model to keep; start again "
            "with a lower --learning-rate"
        )
    if run.epoch < run.epochs:
        observer.notice(
            f"stopped early: {run.training.patience} epochs without a better validation loss"
        )
    best = artifact.load(run.output)
    best = replace(best, metadata={**best.metadata, "history": run.history})
    artifact.save(best, run.output)
    return best


class _Saver:
    """Writes a run's checkpoint, whenever asked and when the last one is old enough."""

    def __init__(self, run: _Run, learner: Learner) -> None:
        self.run, self.learner, self.saved_at = run, learner, time.monotonic()

    def save_when_due(self) -> None:
        if time.monotonic() - self.saved_at >= self.run.training.checkpoint_seconds:
            self.save()

    def save(self) -> None:
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


def configured(
    settings: Mapping[str, Any], defaults: TrainingConfig | None = None
) -> tuple[dict[str, Any], TrainingConfig]:
    """Sort settings of both kinds, by name, into network overrides and a TrainingConfig."""
    shape = GeneratorConfig.field_types().keys() - {"vocab_size"}
    known = TrainingConfig.field_types()
    if unknown := settings.keys() - shape - known.keys():
        raise ConfigError(
            f"unknown setting {', '.join(sorted(unknown))}; known are "
            f"{', '.join(sorted({*shape, *known}))}"
        )
    network = {name: value for name, value in settings.items() if name in shape}
    values = {name: value for name, value in settings.items() if name in known}
    base = (defaults or TrainingConfig()).to_dict()
    return network, TrainingConfig.from_dict({**base, **values})
