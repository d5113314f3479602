"""The errors that a user can cause, as a tree.

    TextRNNError
    ├── ConfigError         a setting outside its range
    ├── CorpusError         text that cannot be read, or is too small for the request
    ├── TokenizerError      text outside a model's alphabet
    ├── ArtifactError       a model folder that is missing, damaged or not from textrnn
    ├── TrainingError       a run that cannot start, continue or be resumed
    └── DownloadError       a corpus that could not be downloaded

A message says what is wrong, what would be right and what to type. The command line prints it
as one line and exits with 1. Any other exception is a bug and keeps its traceback.
"""


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
    """A corpus that could not be downloaded."""
