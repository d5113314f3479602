"""The part of `train`, `finetune` and of reading `imdb` that needs TensorFlow."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal


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


# What TensorFlow's native code logs later, in the middle of a run; whoever asks for it gets it.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# TensorFlow greets with the hardware it found, while it is imported and at the first operation,
# and XLA at the first compilation; that is no news to who wants a text.
with quiet_libraries():
    import tensorflow as tf

    from textrnn.models.layers.recurrent import GRU

    GRU(1)(tf.zeros((1, 1, 1)))

from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.artifacts.language_model import LanguageModelArtifact
from textrnn.cli.display import TrainingDisplay
from textrnn.data.corpora import Corpus
from textrnn.data.labelled import Labelled
from textrnn.data.registry import read_data, read_unlabelled_data
from textrnn.data.unlabelled import Unlabelled
from textrnn.training.tasks.classifier import train_classifier
from textrnn.training.tasks.generator import train_generator


def train(
    corpus: Corpus,
    output: Path,
    settings: Mapping[str, Any],
    *,
    base: GeneratorArtifact | None,
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


def read_imdb(split: Literal["train", "test"], data_dir: str | None) -> Labelled:
    """The reviews that tensorflow-datasets keeps in `data_dir`."""
    return read_data("imdb", split, data_dir=data_dir)


def read_unlabelled_imdb(data_dir: str | None) -> Unlabelled:
    """The reviews without a label that tensorflow-datasets keeps in `data_dir`."""
    return read_unlabelled_data("imdb", data_dir=data_dir)


def train_judge(
    texts: Labelled,
    output: Path,
    settings: Mapping[str, Any],
    *,
    held: Labelled | None,
    base: ClassifierArtifact | None,
    pretrain: Unlabelled | LanguageModelArtifact | None,
    unlabelled: Unlabelled | None,
    resume: bool,
    quiet: bool,
    command: str,
) -> ClassifierArtifact | None:
    """Train a classifier with a display; None when the run was stopped and can be resumed.

    `held` are texts to validate on, where they are not a share of `texts`; `pretrain` texts to
    learn a language model of first, or one to start from; `unlabelled` texts for its teachers to
    judge.
    """
    with TrainingDisplay(quiet=quiet) as display:
        return train_classifier(
            texts,
            output,
            validation=held,
            settings=settings,
            base=base,
            pretrain=pretrain,
            unlabelled=unlabelled,
            resume=resume,
            observer=display,
            command=command,
        )
