"""What the training functions of all tasks share: quiet libraries, checks before them, progress."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textrnn.config.recipe import Recipe

if TYPE_CHECKING:
    from textrnn.training.observer import Observer


def check(recipe: type[Recipe], settings: Mapping[str, Any]) -> None:
    """ConfigError when a setting is unknown, of the wrong type or outside its range."""
    recipe.from_settings(recipe.nest(settings))


def begin(observer: "Observer | None", progress: bool) -> "Observer | None":
    """Import TensorFlow without its log messages; the observer of the training.

    MissingExtraError without TensorFlow.
    """
    from textrnn.training.libraries import import_tensorflow

    import_tensorflow("training")
    if observer is not None or not progress:
        return observer
    from textrnn.training.printed import PrintedProgress

    return PrintedProgress()
