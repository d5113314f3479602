"""What may change when a run is resumed, and what a finished run says."""

from pathlib import Path
from typing import Any

from textrnn.config.recipe import Recipe, Settings, different, merged
from textrnn.config.training import LearningConfig
from textrnn.errors import ConfigError
from textrnn.training.observer import Observer
from textrnn.training.state import TrainingState
from textrnn.training.task import Batches

NO_BATCHES: Batches | None = lambda epoch, step: ()  # noqa: E731  of a finished run


def changes(recipe: type[Recipe], own: Settings, given: Settings, output: Path) -> Settings:
    """The `given` settings that differ from a run's `own`, by section.

    ConfigError if one of them cannot change without another run.
    """
    own_section, free = next(
        (section, config.resumable)
        for section, config in recipe.sections().items()
        if issubclass(config, LearningConfig)
    )
    found: dict[str, Any] = {}
    for name, value, asked in different(own, given):
        section, _, short = name.partition(".")
        if section != own_section or short not in free:
            raise ConfigError(
                f"the run in {output} has {name if section in recipe.prefixed else short}={value!r}"
                f", not {asked!r}, and resumes with its own settings; leave that out "
                f"({', '.join(free[:-1])} and {free[-1]} may change)"
            )
        found[short] = asked
    return {own_section: found} if found else {}


def take(
    run: TrainingState, settings: Settings, changed: Settings, epochs: int
) -> tuple[str, Settings]:
    """A notice of the `changed` settings or "", and all `settings` with them.

    The run takes its `epochs` from them. ConfigError if it has done more.
    """
    names = {name: value for values in changed.values() for name, value in values.items()}
    if "epochs" in names:
        if epochs < run.epoch:
            raise ConfigError(
                f"the run in {run.output} has done {run.epoch} epochs; --epochs must be at least "
                f"that, got {epochs}"
            )
        run.epochs = epochs
    listed = ", ".join(f"{name}={value}" for name, value in names.items())
    schedule = (
        f"; the learning rate now falls over all {epochs} epochs"
        if "epochs" in names and run.learning.schedule == "cosine"
        else ""
    )
    notice = f"changed from here on: {listed}{schedule}" if names else ""
    return notice, merged(settings, changed)


def tell(run: TrainingState, notice: str, observer: Observer) -> None:
    """Tell what has changed, and where the run goes on or that it is finished."""
    for text in filter(None, (notice, _beginning(run))):
        observer.notice(text)


def _beginning(run: TrainingState) -> str:
    if run.has_epochs_left():
        return f"resuming at epoch {run.epoch + 1}, step {run.step + 1}"
    if run.epoch >= run.epochs:
        longer = f"--epochs with more than {run.epochs}"
    else:
        longer = f"--patience with more than {run.epoch - run.best_epoch}"
    return (
        f"the run is finished after {run.epoch} of {run.epochs} epochs, the best {run.best_epoch}; "
        f"{longer} makes it longer"
    )
