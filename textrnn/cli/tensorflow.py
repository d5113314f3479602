"""The part of the command line that needs TensorFlow. Importing this module does not import it.

`import_tensorflow` does, in silence; each function below calls it first.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from textrnn.errors import needs_extra

if TYPE_CHECKING:
    from textrnn.artifacts.classifier import ClassifierArtifact
    from textrnn.artifacts.generator import GeneratorArtifact
    from textrnn.artifacts.language_model import LanguageModelArtifact
    from textrnn.data.corpora import Corpus
    from textrnn.data.labelled import Labelled
    from textrnn.data.unlabelled import Unlabelled


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


def import_tensorflow(purpose: str) -> None:
    """Import TensorFlow without its greetings.

    MissingExtraError, which says what to install for `purpose`, where it is not installed.
    """
    with needs_extra(purpose):
        _start_tensorflow()


@cache
def _start_tensorflow() -> None:
    # What TensorFlow's native code logs later, in the middle of a run; whoever asks gets it.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow logs the hardware it found while it is imported and at the first operation, and
    # XLA at the first compilation; a reader of samples and losses has no use for that.
    with quiet_libraries():
        import tensorflow as tf

        from textrnn.models.layers.recurrent import GRU

        GRU(1)(tf.zeros((1, 1, 1)))


def prepare(model: "ClassifierArtifact") -> None:
    """Import TensorFlow for a model that reads whole texts through a TF-Hub module, else nothing.

    MissingExtraError where it is not installed.
    """
    if not model.tokenizer.has_ids:
        import_tensorflow(f"{model.name}, which reads texts through a TF-Hub module,")


def train(
    corpus: "Corpus",
    output: Path,
    settings: Mapping[str, Any],
    *,
    base: "GeneratorArtifact | None",
    resume: bool,
    quiet: bool,
    command: str,
) -> bool:
    """Train with a display; False when the run was stopped and can be resumed."""
    import_tensorflow("training")
    from textrnn.cli.display import TrainingDisplay
    from textrnn.training.tasks.generator import train_generator

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


def read_imdb(split: Literal["train", "test"], data_dir: str | None) -> "Labelled":
    """The reviews that tensorflow-datasets keeps in `data_dir`."""
    import_tensorflow("reading `imdb`")
    from textrnn.data.registry import read_data

    return read_data("imdb", split, data_dir=data_dir)


def read_unlabelled_imdb(data_dir: str | None) -> "Unlabelled":
    """The reviews without a label that tensorflow-datasets keeps in `data_dir`."""
    import_tensorflow("reading `imdb`")
    from textrnn.data.registry import read_unlabelled_data

    return read_unlabelled_data("imdb", data_dir=data_dir)


def train_judge(
    texts: "Labelled",
    output: Path,
    settings: Mapping[str, Any],
    *,
    held: "Labelled | None",
    base: "ClassifierArtifact | None",
    pretrain: "Unlabelled | LanguageModelArtifact | None",
    unlabelled: "Unlabelled | None",
    resume: bool,
    quiet: bool,
    command: str,
) -> "ClassifierArtifact | None":
    """Train a classifier with a display; None when the run was stopped and can be resumed.

    `held` are texts to validate on, where they are not a share of `texts`; `pretrain` texts to
    learn a language model of first, or one to start from; `unlabelled` texts for its teachers to
    judge.
    """
    import_tensorflow("training")
    from textrnn.cli.display import TrainingDisplay
    from textrnn.training.tasks.classifier import train_classifier

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
