"""Train a task: start or resume a run, take its epochs, keep the best model, finish it.

output/        the model: the best so far by the task's selection loss
output/run/    the checkpoint and the history, needed to resume; may be deleted afterwards
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic

from textrnn import tokenizers
from textrnn.artifacts import records, registry
from textrnn.artifacts.kinds import KINDS
from textrnn.config.recipe import Settings
from textrnn.config.training import LearningConfig
from textrnn.errors import TrainingError
from textrnn.training import checkpoints, initialization, loop, resuming
from textrnn.training.initialization import Fresh, Initialization, Resumed
from textrnn.training.learner import Learner
from textrnn.training.observer import EpochEnd, Observer, OnProgress, ValidationProgress
from textrnn.training.output import check_free, sole_writer
from textrnn.training.pace import Pace
from textrnn.training.state import RunRecord, Saver, TrainingState
from textrnn.training.task import FinishReport, P, Task, Validated

FORMAT = 2  # of a checkpoint's record


@dataclass(kw_only=True)
class Run(TrainingState, Generic[P]):
    """A run: its task, its settings and its progress."""

    task: Task[P]
    prepared: P
    settings: Settings  # as given by the caller, by section
    start: Mapping[str, Any]  # fingerprint of its initialization
    data: Mapping[str, Any]  # fingerprint of its data
    command: str | None = None
    epochs: int = field(init=False)
    steps: int = field(init=False)

    def __post_init__(self) -> None:
        self.epochs, self.steps = self.prepared.epochs, self.prepared.steps

    @property
    def learning(self) -> LearningConfig:
        """The settings that the loop uses."""
        return self.prepared.learning

    @property
    def lower_rate(self) -> str:
        """What to start again with after training diverged, for the end of a sentence."""
        option, rate = self.task.rate_option, self.learning.learning_rate
        example = "" if option.startswith("--") else f", as with --set {option}={rate / 4:g}"
        return f"a lower {option} than {rate:g}{example}"

    def record(self) -> dict[str, Any]:
        """Everything but the weights, as JSON; `_resume` starts from here."""
        return {
            "format": FORMAT,
            "kind": self.task.kind,
            **self.progress_record(),
            "recipe": self.prepared.recipe.to_dict(),
            "settings": {section: dict(values) for section, values in self.settings.items()},
            **tokenizers.to_record(self.prepared.tokenizer),
            "records": dict(self.prepared.records),
            "start": dict(self.start),
            "data": dict(self.data),
            "command": self.command,
        }

    def metadata(self, found: Validated, history: Any) -> dict[str, Any]:
        """The metadata of a validated model; files are named without their folders."""
        recipe = self.prepared.recipe.to_dict()
        del recipe["network"]  # config.json has it
        return records.without_folders(
            {
                "versions": records.versions(),
                **recipe,
                **({"command": self.command} if self.command else {}),
                **self.prepared.records,
                **found.records,
                "scores": found.scores,
                **self.history_record(history),
            }
        )


def train(
    task: Task[P],
    output: Path,
    settings: Mapping[str, Any],
    *,
    start: Initialization | None = None,
    beside: Collection[str] = (),
    resume: bool = False,
    observer: Observer | None = None,
    command: str | None = None,
) -> Any:
    """Train `task`, save the best model in the folder `output` and return it.

    `settings` are those of the task's recipe, by short or full name or by section. `start` gives
    the initial weights; `beside` names what a new `output` may already contain. With `resume`, the
    run in `output` continues with its own settings: those given must be the same or `resumable`.
    Returns None if the observer stopped the run.

    Raises CorpusError, ConfigError, TrainingError (the output exists, another training writes
    there, the loss is not finite) or ArtifactError (the model cannot be saved).
    """
    observer, given = observer or Observer(), task.recipe_type.nest(settings)
    with sole_writer(output, observer):
        return _train(task, output, given, start or Fresh(), beside, resume, observer, command)


def _train(
    task: Task[P],
    output: Path,
    given: Settings,
    start: Initialization,
    beside: Collection[str],
    resume: bool,
    observer: Observer,
    command: str | None,
) -> Any:
    if resume:
        run, learner = _resume(task, output, given, start, observer)
    else:
        check_free(output, beside)
        run, learner = _start(task, output, given, start, observer, command)
    prepared, batches = run.prepared, resuming.NO_BATCHES
    if run.has_epochs_left():
        observer.notice(f"{prepared.summary}; {run.plan()}")
        batches = task.batches(prepared, run.folder, observer)
    if batches is None:
        return None
    done = loop.run_epochs(
        run,
        learner,
        observer,
        batches=lambda: batches(run.epoch, run.step),
        validate=lambda on_progress: _validate(run, learner, on_progress),
        save_on_divergence=lambda: _keep_diverged(run, learner),
        unit=prepared.unit,
        units_per_step=prepared.units_per_step,
        note=task.note,
    )
    return _finish(run, observer) if done else None


def _start(
    task: Task[P],
    output: Path,
    given: Settings,
    start: Initialization,
    observer: Observer,
    command: str | None,
) -> tuple[Run[P], Learner]:
    """Start a new run; its first checkpoint lets it resume even if it is killed at once."""
    recipe = task.recipe_type.from_settings(start.defaults(given), given)
    prepared = task.prepare(recipe, start, None, observer.notice)
    run = Run(
        output=output, task=task, prepared=prepared, settings=given, start=start.fingerprint(),
        data=task.fingerprint(), command=command,
    )  # fmt: skip
    learner = task.learner(prepared)
    fresh = learner.average_weights()
    first = start.weights(fresh, prepared, observer.notice)
    if first is not fresh:
        learner.start_from(first)
    Saver(run, learner).save()
    return run, learner


def _resume(
    task: Task[P], output: Path, given: Settings, start: Initialization, observer: Observer
) -> tuple[Run[P], Learner]:
    """Restore the run whose checkpoint is in `output`."""
    checkpoint = checkpoints.load(folder := output / "run")
    record = checkpoint.record
    if record.get("format") != FORMAT:
        raise TrainingError(
            f"the run in {output} was started by another version of textrnn; resume it with that "
            f"version, or start again with another -o"
        )
    with checkpoints.damage(folder):
        RunRecord.from_dict(record)
    if (kind := record["kind"]) != task.kind:
        raise TrainingError(
            f"the run in {output} trains a {kind}; resume it with `textrnn train {kind}`"
        )
    with checkpoints.damage(folder):
        task.check_same(record["data"], output)
        initialization.check_same(start, record["start"], output)
        task.recipe_type.from_settings(record["recipe"])
        own = Resumed(tokenizers.from_record(record))
    changed = resuming.changes(task.recipe_type, record["recipe"], given, output)
    recipe = task.recipe_type.from_settings(record["recipe"], changed)
    prepared = task.prepare(recipe, own, record["records"], lambda text: None)
    kept = {name: record[name] for name in ("start", "data", "command")}
    run = Run(output=output, task=task, prepared=prepared, settings=record["settings"], **kept)
    run.take_progress(record)
    notice, run.settings = resuming.take(run, run.settings, changed, prepared.epochs)
    learner = task.learner(prepared)
    with checkpoints.damage(folder):
        learner.restore(checkpoint.arrays, record["steps_done"])
    resuming.tell(run, notice, observer)
    return run, learner


def _validate(run: Run[P], learner: Learner, on_progress: OnProgress | None) -> EpochEnd:
    """Score the averaged weights, and save them as the model if they are the best so far."""
    found = run.task.validate(run.prepared, learner.average_weights(), run.mean_loss, on_progress)
    loss = found.metrics.selection_loss
    # Without validation the last epoch is the best; a loss of nan is never the best.
    is_best = loss < run.best_loss or not found.metrics.validated
    end = loop.epoch_end(run, learner, found.metrics, is_best=is_best, samples=found.samples)
    if end.is_best:
        run.best_epoch = run.epoch + 1
        run.best_loss = loss if found.metrics.validated else run.mean_loss
        history = [*run.history, end.to_dict()]
        _save(run, replace(found.model, metadata=run.metadata(found, history)))
    return end


def _keep_diverged(run: Run[P], learner: Learner) -> None:
    """Save the weights of a run that diverges, unless it keeps those of its last epoch."""
    if not run.history or "validation_loss" in run.history[-1]:
        _validate(run, learner, None)


def _finish(run: Run[P], observer: Observer) -> Any:
    """Finish the best model, and save it with the whole history."""
    # By its full path: a bundled model may have the same name.
    best, pace = registry.load(run.output.absolute(), kind=run.task.kind), Pace()

    def on_progress(fraction: float) -> None:
        pace.validate(fraction)
        progress = run.epoch, run.epochs, fraction, pace.seconds_left(0, 1)
        observer.validation(ValidationProgress(*progress))

    best = run.task.finish(best, run.prepared, FinishReport(observer.notice, on_progress))
    return _save(run, replace(best, metadata=best.metadata | run.final_record()))


def _save(run: Run[P], model: Any) -> Any:
    model = replace(model, name=str(run.output))
    model = replace(model, card=KINDS[run.task.kind].card(model, title=run.output.name))
    registry.save(model, run.output)
    return model
