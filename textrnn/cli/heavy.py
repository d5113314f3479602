"""The part of `train` and `finetune` that needs TensorFlow."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Drop what native code writes to stderr: an error that matters is raised as well."""
    saved = os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


# TensorFlow greets with the hardware it found, while it is imported and at the first operation,
# and XLA at the first compilation; that is no news to who wants a text.
with quiet_libraries():
    import tensorflow as tf

    from textrnn.layers import GRU

    GRU(1)(tf.zeros((1, 1, 1)))

from textrnn.artifact import Artifact
from textrnn.classifier_training import train_classifier
from textrnn.cli.display import TrainingDisplay
from textrnn.corpora import Corpus
from textrnn.data import read_data
from textrnn.training import train_generator


def train(
    corpus: Corpus,
    output: Path,
    settings: Mapping[str, Any],
    *,
    base: Artifact | None,
    resume: bool,
    quiet: bool,
    command: str,
) -> bool:
    """Train with a display; False when the run was stopped and can be resumed."""
    with TrainingDisplay(quiet=quiet) as display:
        model = train_generator(
            corpus,
            output,
            settings=settings,
            base=base,
            resume=resume,
            observer=display,
            command=command,
        )
    return model is not None


def train_judge(
    data: str,
    output: Path,
    settings: Mapping[str, Any],
    *,
    validation: str | None,
    options: Mapping[str, Any],
    resume: bool,
    quiet: bool,
    command: str,
) -> bool:
    """Train a classifier with a display; False when the run was stopped and can be resumed.

    `validation` is a share or names data; `options` say how data is read.
    """
    texts = read_data(data, "train", **options)
    held = None
    try:
        settings = {**settings, "validation": float(validation)} if validation else settings
    except ValueError:
        held = read_data(str(validation), "test", classes=texts.classes, **options)
    with TrainingDisplay(quiet=quiet) as display:
        model = train_classifier(
            texts,
            output,
            validation=held,
            settings=settings,
            resume=resume,
            observer=display,
            command=command,
        )
    return model is not None
