"""Join texts without labels and a configuration: learn to foretell their words, keep the best.

`output`/pretrain is the language model, the best so far by validation loss; its run/ holds the
checkpoint and the history. What it learnt of words is what a classifier starts from (Dai and Le
2015; ULMFiT: Howard and Ruder 2018).
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from textrnn.artifacts import cards, folders, language_model
from textrnn.artifacts.language_model import LanguageModel
from textrnn.config.language_model import parted
from textrnn.data.labelled import Labelled
from textrnn.data.unlabelled import Unlabelled
from textrnn.engine.language_model import score as score_of
from textrnn.errors import TrainingError
from textrnn.training import loop
from textrnn.training.learner import Learner
from textrnn.training.metrics import LanguageModelMetrics
from textrnn.training.observer import EpochEnd, Observer, OnProgress
from textrnn.training.runs import language_model as runs_language_model
from textrnn.training.runs.language_model import PretrainingRun
from textrnn.training.streams import Streams


def pretrain(
    corpus: Unlabelled,
    data: Labelled,
    validation: Labelled | None,
    output: Path,
    settings: Mapping[str, Any],
    *,
    resume: bool = False,
    observer: Observer | None = None,
    command: str | None = None,
) -> tuple[LanguageModel, dict[str, Any]] | None:
    """Learn a language model of `corpus` and of the texts to learn to judge from.

    `data`, `validation` and `settings` are those of the classifier that will start from it. Gives
    the best model and what `settings` have for the classifier (a resumed run has its own), or
    None when the observer stopped the run before its end.

    CorpusError, ConfigError, TrainingError and ArtifactError as `train_classifier`.
    """
    observer = observer or Observer()
    with loop.sole_writer(output, observer):
        for notice in folders.recover(output / runs_language_model.FOLDER):
            observer.notice(notice)
        take = runs_language_model.go_on if resume else runs_language_model.begin
        begun = take(corpus, data, validation, output, settings, observer)
        return _learn(*begun, observer, command)


def _learn(
    run: PretrainingRun, learner: Learner, split: Streams, observer: Observer, command: str | None
) -> tuple[LanguageModel, dict[str, Any]] | None:
    """Take the epochs that are left; what `pretrain` gives."""
    config = run.pretraining
    observer.notice(
        f"pretraining: {run.network.vocab_size:,} ids; learning from {len(split.learnt):,}, "
        f"validating on {len(split.held):,}; {run.steps} steps an epoch, at most {run.epochs} "
        f"epochs"
    )
    done = loop.run_epochs(
        run,
        learner,
        observer,
        batches=lambda: split.batches(
            run.learning, config.pretrain_window, epoch=run.epoch, first_step=run.step
        ),
        validate=lambda on_progress: _validate(run, learner, split, on_progress, command),
        rescue=lambda: _diverged(run),
        unit="words" if run.reading.tokens == "word" else "pieces",
        units_a_step=config.pretrain_batch_size * config.pretrain_window,
    )
    if not done:
        return None
    model = language_model.load(run.output)
    model = replace(model, metadata={**model.metadata, "history": run.history})
    language_model.save(model, run.output)
    return model, parted(run.settings)[1]


def _validate(
    run: PretrainingRun,
    learner: Learner,
    split: Streams,
    on_progress: OnProgress,
    command: str | None,
) -> EpochEnd:
    """Score the averaged weights, and save them if none were better."""
    model = LanguageModel(run.network, run.reading, run.tokenizer, learner.average_weights())
    score = score_of(model, split.held, on_progress)
    best = score["loss"] < run.best_loss  # false for nan
    metrics = LanguageModelMetrics(
        loss=run.mean_loss,
        validation_loss=score["loss"],
        validation_perplexity=score["perplexity"],
        validation_accuracy=score["accuracy"],
    )
    end = loop.epoch_end(run, learner, metrics, is_best=best)
    if best:
        run.best_loss, run.best_epoch = score["loss"], run.epoch + 1
        metadata = {
            "versions": cards.versions(),
            "corpus": run.corpus,
            "data": run.data,
            "pretraining": run.pretraining.to_dict(),
            "seed": run.training.seed,
            **({"command": command} if command else {}),
            "tokens": len(split.learnt),
            "perplexity": score["perplexity"],
            "history": [*run.history, end.to_dict()],
        }
        language_model.save(replace(model, metadata=metadata), run.output)
    return end


def _diverged(run: PretrainingRun) -> None:
    raise TrainingError(
        f"the loss of pretraining is no longer a finite number at epoch {run.epoch + 1}, step "
        f"{run.step + 1}; start again, with another -o and {run.lower_rate}"
    ) from None
