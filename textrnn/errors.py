"""The errors that a user can cause, as a tree.

    TextRNNError
    ├── ConfigError         a setting outside its range
    ├── CorpusError         text that cannot be read, or is too small for the request
    ├── TokenizerError      text outside a model's alphabet
    ├── ArtifactError       a model folder that is missing, damaged or not from textrnn
    ├── TrainingError       a run that cannot start, continue or be resumed
    ├── DownloadError       a corpus or module that could not be downloaded
    └── MissingExtraError   a part of textrnn that is not installed

A message says what is wrong, what would be right and what to type. The command line prints it
as one line and exits with 1. Any other exception is a bug and keeps its traceback.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class TextRNNError(Exception):
    """Base of all errors that a user can cause."""


class ConfigError(TextRNNError):
    """A setting outside its range."""


class CorpusError(TextRNNError):
    """Text that cannot be read, or is too small for the request."""


class TokenizerError(TextRNNError):
    """Text outside a model's alphabet."""


class ArtifactError(TextRNNError):
    """A model folder that is missing, damaged or not from textrnn."""


class TrainingError(TextRNNError):
    """A training run that cannot start, continue or be resumed."""


class DownloadError(TextRNNError):
    """A corpus or a TF-Hub module that could not be downloaded."""


class MissingExtraError(TextRNNError):
    """A part of textrnn that is not installed."""


_FULL = (errno.ENOSPC, errno.EDQUOT)


def cannot_write(path: str | Path, error: BaseException) -> str:
    """The message about a file or folder that cannot be written: the reason, and what to do."""
    number = getattr(error, "errno", None)
    reason = getattr(error, "strerror", None) or str(error)
    if number == errno.ENOENT and Path(path).parent.is_dir():
        reason = f"{Path(path).parent} takes no new files"
    todo = "free some space there" if number in _FULL else "choose another folder"
    return f"cannot write {path}: {reason}; {todo}"


# Modules by the names under which people know them.
DISTRIBUTIONS = {
    "tensorflow": "TensorFlow", "keras": "Keras", "tensorflow_datasets": "tensorflow-datasets",
    "tensorflow_hub": "tensorflow-hub",
}  # fmt: skip


@contextmanager
def needs_extra(purpose: str, extra: str = "train") -> Iterator[None]:
    """For imports of what only `pip install 'textrnn[EXTRA]'` installs.

    An ImportError becomes a MissingExtraError that says what `purpose` needs and how to install
    it. A module of textrnn itself that is missing is a bug and stays one.
    """
    try:
        yield
    except ImportError as error:
        module = (error.name or "").split(".")[0]
        if module == "textrnn":
            raise
        name = DISTRIBUTIONS.get(module, module) or "a package"
        # A module that is there but cannot be imported has a reason of its own.
        why = "" if isinstance(error, ModuleNotFoundError) else f" (the import failed: {error})"
        raise MissingExtraError(
            f"{purpose} needs {name}{why}; pip install 'textrnn[{extra}]'"
        ) from error
