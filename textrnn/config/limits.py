"""Limits of what is read from files of unknown origin, and of the work on one text.

Reading stops at a limit instead of running out of memory, on an endless device as well.
"""

from textrnn.errors import ConfigError

TEXT_LIMIT = 2**24  # characters of one text: a file, a line, a table's row; line ends included
EXPLAIN_LIMIT = 3000  # words; of a longer text only the first are explained
CORPUS_LIMIT = 2**32  # characters of a corpus, all its files together
STREAM_LIMIT = 2**30  # bytes of a stream that is copied, to be read with several encodings
SKIPPED_LIMIT = 2**30  # characters that are skipped to find the end of a line over the limit
VALUES_LIMIT = 2**20  # values in one line of JSON lines
VECTOR_LIMIT = 4096  # values of a word vector
SETTINGS_LIMIT = 2**20  # bytes of a file of settings
WRITER_SECONDS = 60  # that a pipe is given to find a program that writes to it
_LARGEST = 2**31 - 1  # what a limit may be raised to


def check_limit(name: str, limit: int) -> None:
    """ConfigError unless `limit` is a size that can be read."""
    if not 1 <= limit <= _LARGEST:
        raise ConfigError(f"{name} must be from 1 to {_LARGEST:,}, got {limit}")
