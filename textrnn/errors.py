"""Every error a user can cause, drawn as a tree.

    TextRNNError
    ├── ConfigError         a setting outside its range
    ├── CorpusError         text that cannot be read, or is too small for what was asked
    ├── TokenizerError      text outside a model's alphabet
    ├── ArtifactError       a model folder that is missing, damaged or not ours
    ├── TrainingError       a run that cannot start, go on or be resumed
    └── DownloadError       a corpus that could not be fetched

A message says what is wrong, what would be right and what to type; the command line prints it
as one line and exits with 1. Anything else that is raised is a bug and keeps its traceback.
"""


class TextRNNError(Exception):
    """Base of all errors that a user can cause."""


class ConfigError(TextRNNError):
    """A setting outside its range."""


class CorpusError(TextRNNError):
    """Text that cannot be read, or is too small for what was asked."""


class TokenizerError(TextRNNError):
    """Text outside a model's alphabet."""


class ArtifactError(TextRNNError):
    """A model folder that is missing, damaged or not ours."""


class TrainingError(TextRNNError):
    """A training run that cannot start, go on or be resumed."""


class DownloadError(TextRNNError):
    """A corpus that could not be fetched."""
