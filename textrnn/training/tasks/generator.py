"""Join a corpus and a configuration: learn, keep the best, go on where a run was stopped.

`output` is the model, the best so far by validation loss; `output/run` holds the checkpoint and
the history, and may be deleted once no one wants to go on.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from textrnn.artifacts import cards, registry
from textrnn.artifacts.generator import Artifact
from textrnn.config.generator import GeneratorConfig, TrainingConfig
from textrnn.config.sampling import SamplingConfig
from textrnn.data.corpora import Corpus
from textrnn.data.name_augmentation import Renamer
from textrnn.datasets import windows
from textrnn.engine import generation
from textrnn.engine.generator import Network
from textrnn.errors import ConfigError
from textrnn.evaluation import language_modelling
from textrnn.evaluation.language_modelling import Score
from textrnn.tokenizers import Ids
from textrnn.tokenizers.detokenize import writing_of
from textrnn.training import loop
from textrnn.training.corpus_ids import Split
from textrnn.training.learner import Learner
from textrnn.training.metrics import GeneratorMetrics, bits_note
from textrnn.training.observer import EpochEnd, Observer, OnProgress
from textrnn.training.runs import generator
from textrnn.training.runs.generator import Run
from textrnn.training.transfer import generator as transfer_generator

SAMPLE_TEMPERATURES = (0.2, 0.5, 1.0)


def train_generator(
    corpus: Corpus,
    output: str | Path,
    *,
    settings: Mapping[str, Any] | None = None,
    base: Artifact | None = None,
    resume: bool = False,
    observer: Observer | None = None,
    command: str | None = None,
) -> Artifact | None:
    """Learn to write like `corpus`, and leave the best model in the folder `output`.

    `settings` are fields of GeneratorConfig and TrainingConfig by name. `base` is a model to
    start from, whose shape is kept; an alphabet grows by what `corpus` has more. With
    `resume` the run in `output` goes on with its own settings, and those given must be the same.
    Gives the best model, or None when the observer stopped the run before its end.

    CorpusError, ConfigError, TrainingError (the output is taken, another training writes there,
    the loss is no longer a number)
    and ArtifactError (it cannot be saved) say what to do.
    """
    observer, output = observer or Observer(), Path(output)
    with loop.sole_writer(output, observer):
        if resume:
            begun = generator.go_on(corpus, output, settings or {}, observer)
        else:
            defaults = fine_tuned_training(base) if base else TrainingConfig()
            network, training = configured(settings or {}, defaults)
            begun = generator.begin(corpus, output, network, training, base, command, observer)
        return _learn(*begun, observer)


def _learn(run: Run, learner: Learner, split: Split, observer: Observer) -> Artifact | None:
    """Take the epochs that are left; the best model, or None when the observer stopped the run."""
    observer.notice(
        f"{_sizes(run, split)}; {run.steps} steps an epoch, at most {run.epochs} epochs"
    )
    texts = _Texts(run, split.learnt)
    done = loop.run_epochs(
        run,
        learner,
        observer,
        batches=lambda: _batches(run, texts.ids(run.epoch)),
        validate=lambda on_progress: _validate(run, learner, split, on_progress),
        rescue=lambda: _keep_if_best(run, learner, split),
        unit="chars",
        units_a_step=run.training.batch_size * run.training.window / split.tokens_a_character,
        note=bits_note,
    )
    return _finished(run) if done else None


def _sizes(run: Run, split: Split) -> str:
    if run.training.tokens == "char":
        return (
            f"{run.network.vocab_size} characters in the alphabet; learning from "
            f"{len(split.learnt):,}, validating on {len(split.held):,}"
        )
    unit = writing_of(run.tokenizer).unit
    return (
        f"{run.network.vocab_size:,} {unit} in the vocabulary; learning from "
        f"{len(split.learnt):,} ({split.characters:,} characters), validating on "
        f"{len(split.held):,}; losses are in nats a character"
    )


def fine_tuned_training(base: Artifact) -> TrainingConfig:
    """Defaults for going on from a trained model: gentler and shorter than from nothing."""
    return TrainingConfig(
        learning_rate=1e-3, epochs=10, patience=3, lower=base.tokenizer.lower,
        **transfer_generator.reading_of(base),
    )  # fmt: skip


class _Texts:
    """What each epoch learns from, as ids: the text itself, or the text with other names."""

    def __init__(self, run: Run, learnt: Ids) -> None:
        self._training, self._learnt, self._tokenizer = run.training, learnt, run.tokenizer
        self._renamer = Renamer(run.tokenizer.decode(learnt)) if self._training.rename else None

    def ids(self, epoch: int) -> Ids:
        if not self._renamer:
            return self._learnt
        rng = np.random.default_rng([self._training.seed, epoch, 1])
        ids = self._tokenizer.encode(self._renamer.renamed(self._training.rename, rng))
        return np.resize(ids, len(self._learnt))  # so that every epoch has as many steps


def _batches(run: Run, ids: Ids) -> Any:
    config = run.training
    if config.stateful:
        offset = windows.epoch_offset(len(ids), seed=config.seed, epoch=run.epoch)
        return windows.stateful_streams(
            ids,
            batch_size=config.batch_size,
            window=config.window,
            offset=offset,
            first_step=run.step,
        )
    return windows.stateless_windows(
        ids,
        batch_size=config.batch_size,
        window=config.window,
        shift=config.shift or config.window,
        seed=config.seed,
        epoch=run.epoch,
        first_step=run.step,
    )


def _keep_if_best(
    run: Run, learner: Learner, split: Split, on_progress: OnProgress | None = None
) -> tuple[Artifact, Score, bool]:
    """Score the averaged weights, and save them as the model if none was better."""
    weights = learner.average_weights()
    network = Network(run.network, weights)
    score = language_modelling.cold(network, split.held, ends=split.ends, on_progress=on_progress)
    model = _model(run, weights, {"validation (cold)": score.to_dict()})
    best = score.loss < run.best_loss  # false for nan
    if best:
        run.best_loss, run.best_epoch = score.loss, run.epoch + 1
        registry.save(model, run.output)
    return model, score, best


def _validate(run: Run, learner: Learner, split: Split, on_progress: OnProgress) -> EpochEnd:
    model, score, best = _keep_if_best(run, learner, split, on_progress)
    metrics = GeneratorMetrics(
        loss=run.mean_loss, validation_loss=score.loss, validation_accuracy=score.accuracy
    )
    samples = _samples(model, run.training)
    return loop.epoch_end(run, learner, metrics, is_best=best, samples=samples)


def _samples(model: Artifact, training: TrainingConfig) -> dict[float, str]:
    if not training.sample_length:
        return {}
    return {
        temperature: generation.generate(
            model,
            length=training.sample_length,
            sampling=SamplingConfig(temperature=temperature),
            seed=training.seed,
        )[0]
        for temperature in SAMPLE_TEMPERATURES
    }


def _model(run: Run, weights: Mapping[str, Any], scores: Mapping[str, Any]) -> Artifact:
    metadata = {
        "versions": cards.versions(),
        "corpus": run.corpus,
        "training": run.training.to_dict(),
        **run.extra,
        "scores": scores,
        "history": run.history,
    }
    model = Artifact(run.network, run.tokenizer, weights, metadata, name=str(run.output))
    return replace(model, card=cards.model_card(model, title=run.output.name))


def _finished(run: Run) -> Artifact:
    best = registry.load(run.output.absolute())
    metadata = {**best.metadata, "history": run.history}
    best = replace(best, metadata=metadata, name=str(run.output))
    registry.save(best, run.output)
    return best


def configured(
    settings: Mapping[str, Any], defaults: TrainingConfig
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
    return network, TrainingConfig.from_dict({**defaults.to_dict(), **values})
