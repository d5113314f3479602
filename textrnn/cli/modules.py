"""TensorFlow for commands that need it only now and then, without its greetings."""

from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textrnn.artifacts.classifier import ClassifierArtifact


def load_tensorflow() -> None:
    """Import it; ImportError where there is none."""
    from textrnn.cli import tensorflow  # noqa: F401


def prepare(model: "ClassifierArtifact") -> None:
    """Import TensorFlow for a model that reads whole texts through a TF-Hub module."""
    if not model.tokenizer.has_ids:
        with suppress(ImportError):  # the model itself will say so, in a sentence
            load_tensorflow()
