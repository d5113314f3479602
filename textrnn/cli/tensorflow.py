"""The commands' calls that need TensorFlow. Importing this module does not import TensorFlow.

Each function calls `import_tensorflow` first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import click

if TYPE_CHECKING:
    from textrnn.artifacts.classifier import ClassifierArtifact
    from textrnn.cli.display import TrainingDisplay
    from textrnn.data.labelled import LabelledTexts
    from textrnn.data.unlabelled import UnlabelledTexts


def import_tensorflow(purpose: str) -> None:
    """Import TensorFlow without its log messages.

    MissingExtraError if it is not installed: says what to install for `purpose`.
    """
    from textrnn.training import libraries

    libraries.import_tensorflow(purpose)


def prepare(model: "ClassifierArtifact", *, quiet: bool = False) -> None:
    """Import TensorFlow and fetch the TF-Hub module if the model takes whole texts through one.

    ArtifactError if the user does not trust the module or it cannot be fetched, MissingExtraError
    if TensorFlow is not installed.
    """
    if model.tokenizer.has_ids:
        return
    from textrnn.artifacts.hub import check_trusted

    check_trusted(model.hub, model.name, model.trust_hub)
    import_tensorflow(f"{model.name}, which reads texts through a TF-Hub module,")
    from textrnn.models.hub.network import fetch_module

    fetch_module(model.hub, model.name, lambda text: None if quiet else click.echo(text, err=True))


@contextmanager
def training(
    task: str, *, quiet: bool, samples_every: int = 0
) -> Iterator[tuple[Any, "TrainingDisplay"]]:
    """Import TensorFlow and the module of `task`, then show the progress of its training.

    Yields the module and the display, which shows samples every `samples_every` epochs. From then
    on, Ctrl-C, SIGTERM and SIGHUP save the run.
    """
    import_tensorflow("training")
    from textrnn.cli.display import TrainingDisplay

    module = import_module(f"textrnn.training.tasks.{task}")
    with TrainingDisplay(quiet=quiet, samples_every=samples_every) as display:
        yield module, display


def read_imdb(split: Literal["train", "test"], data_dir: str | None) -> "LabelledTexts":
    """Read the labelled IMDB reviews of tensorflow-datasets from `data_dir`."""
    import_tensorflow("reading `imdb`")
    from textrnn.data.registry import read_data

    return read_data("imdb", split, data_dir=data_dir)


def read_unlabelled_imdb(data_dir: str | None) -> "UnlabelledTexts":
    """Read the unlabelled IMDB reviews of tensorflow-datasets from `data_dir`."""
    import_tensorflow("reading `imdb`")
    from textrnn.data.registry import read_unlabelled_data

    return read_unlabelled_data("imdb", data_dir=data_dir)
