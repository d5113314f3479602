"""Join labelled texts, and others, and a configuration: learn to judge, keep the best.

`output` is the model, the best so far by calibrated validation loss; `output/run` holds the
checkpoint and the history, and may be deleted once no one wants to go on.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from textrnn.artifacts.language_model import LanguageModel
from textrnn.artifacts.registry import ClassifierArtifact
from textrnn.data.labelled import Labelled
from textrnn.data.unlabelled import Unlabelled
from textrnn.datasets.padded import WordBatches
from textrnn.errors import ConfigError
from textrnn.training import encoding, loop, selection, teachers
from textrnn.training.encoding import Split
from textrnn.training.learner import Learner
from textrnn.training.observer import EpochEnd, Observer, OnProgress
from textrnn.training.runs import classifier
from textrnn.training.runs.classifier import ClassifierRun
from textrnn.training.tasks import language_model
from textrnn.training.teachers import teachers_of
from textrnn.training.transfer import classifier as transfer_classifier


def train_classifier(
    data: Labelled,
    output: str | Path,
    *,
    validation: Labelled | None = None,
    settings: Mapping[str, Any] | None = None,
    base: ClassifierArtifact | None = None,
    pretrain: Unlabelled | LanguageModel | None = None,
    unlabelled: Unlabelled | None = None,
    resume: bool = False,
    observer: Observer | None = None,
    command: str | None = None,
) -> ClassifierArtifact | None:
    """Learn to judge like `data` does, and leave the best model in the folder `output`.

    `validation` is what to choose and to calibrate on, or a share of `data` is kept back for it.
    `settings` are fields of ReadingConfig, ClassifierConfig, ClassifierTrainingConfig and
    PretrainingConfig by name.
    `base` is a model to start from: its shape is kept, its words grow by what `data` has more,
    and other classes than its own get a new head.
    `pretrain` are texts without labels: the layers below the head learn to foretell their words
    first, in `output`/pretrain. Or it is a language model that was left there by another run.
    `unlabelled` are texts to learn from whose targets are the guesses of the setting `teacher`.
    With `resume` the run in `output` goes on with its own settings, and those given must be the
    same. Gives the best model, or None when the observer stopped the run before its end.

    CorpusError, ConfigError, TrainingError (the output is taken, another training writes there,
    the loss is no longer a number)
    and ArtifactError (it cannot be saved) say what to do.
    """
    observer, output = observer or Observer(), Path(output)
    if base and pretrain:
        raise ConfigError(f"{base.name} is trained already; leave out `pretrain`")
    with loop.sole_writer(output, observer):
        begun = _begun(
            data, validation, output, settings or {}, command, observer, base, pretrain,
            unlabelled, resume,
        )  # fmt: skip
        return None if begun is None else _learn(*begun, observer)


def _learn(
    run: ClassifierRun, learner: Learner, split: Split, observer: Observer
) -> ClassifierArtifact | None:
    """Take the epochs that are left; the best model, or None when the observer stopped the run."""
    batches, held = _learnt(run, split, observer), split.validation
    if batches is None:
        return None
    ids = "no" if run.reading.tokens == "text" else f"{run.tokenizer.vocab_size:,}"
    observer.notice(
        f"{len(run.classes)} classes, {ids} ids; learning from "
        f"{len(batches):,} texts, validating on {len(held):,}; "
        f"{run.steps} steps an epoch, at most {run.epochs} epochs; "
        f"{batches.padding():.0%} of the batches is padding"
    )
    done = loop.run_epochs(
        run,
        learner,
        observer,
        batches=lambda: _batches(run, learner, batches),
        validate=lambda on_progress: _validate(run, learner, held, on_progress),
        rescue=lambda: selection.keep_if_best(run, learner, held),
        unit="texts",
        units_a_step=run.training.batch_size,
    )
    return selection.finished(run, held, observer) if done else None


def _begun(
    data: Labelled,
    validation: Labelled | None,
    output: Path,
    settings: Mapping[str, Any],
    command: str | None,
    observer: Observer,
    base: ClassifierArtifact | None,
    pretrain: Unlabelled | LanguageModel | None,
    unlabelled: Unlabelled | None,
    resume: bool,
) -> tuple[ClassifierRun, Learner, Split] | None:
    """A run, new or resumed, its learner and its data; None when its pretraining was stopped."""
    start = base or pretrain
    if resume and (classifier.has_begun(output) or not isinstance(start, Unlabelled)):
        return classifier.go_on(
            data, validation, output, settings, observer, base, pretrain, unlabelled
        )
    if not isinstance(start, Unlabelled):
        loop.check_free(output)
        return classifier.begin(
            data, validation, output, settings, command, observer, start, unlabelled
        )
    if not resume:  # what is wrong with a teacher is said before hours of pretraining
        teachers_of(settings.get("teacher", ""), data.classes, unlabelled)
    pretrained = language_model.pretrain(
        start, data, validation, output, settings,
        resume=resume, observer=observer, command=command,
    )  # fmt: skip
    if pretrained is None:
        return None
    model, settings = pretrained
    return classifier.begin(
        data, validation, output, settings, command, observer, model, unlabelled
    )


def _learnt(run: ClassifierRun, split: Split, observer: Observer) -> WordBatches | None:
    """The texts to learn from with their targets; None when the teachers' reading was stopped."""
    targets: npt.NDArray[Any] | None = split.labels
    if run.training.teachers:
        targets = teachers.targets(
            split.texts, split.labels, run.classes, run.training, run.extra["taught"], run.folder,
            observer,
        )  # fmt: skip
    if targets is None:
        return None
    return encoding.batches(split, targets, run.tokenizer, run.training)


def _batches(run: ClassifierRun, learner: Learner, batches: WordBatches) -> Any:
    """What is left of the epoch, with the layers that take part in it unfrozen."""
    training = run.training
    if training.layer_decay < 1 or training.unfreeze_epochs:
        names = [variable.path for variable in learner.model.trainable_variables]
        learner.slow_down(transfer_classifier.rates(names, run.network, training, run.epoch))
    return batches.dataset(seed=training.seed, epoch=run.epoch, first_step=run.step)


def _validate(
    run: ClassifierRun, learner: Learner, held: Labelled, on_progress: OnProgress
) -> EpochEnd:
    metrics, best = selection.keep_if_best(run, learner, held, on_progress)
    return loop.epoch_end(run, learner, metrics, is_best=best)
