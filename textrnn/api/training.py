"""What the training functions of all tasks share: quiet libraries, checks before them, progress."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textrnn.config.recipe import Recipe

if TYPE_CHECKING:
    from textrnn.training.observer import Observer


def begin(
    recipe: type[Recipe], settings: Mapping[str, Any], observer: "Observer | None", progress: bool
) -> "Observer | None":
    """Check the settings, then import TensorFlow; the observer of the training.

    ConfigError when a setting is unknown, of the wrong type or outside its range.
    MissingExtraError without TensorFlow.
    """
    recipe.from_settings(recipe.nest(settings))
    from textrnn.training.libraries import import_tensorflow

    import_tensorflow("training")
    if observer is not None or not progress:
        return observer
    from textrnn.training.printed import PrintedProgress

    return PrintedProgress()
