"""Limits of what is read from files of unknown origin, by name, and how messages quote such files.

Reading stops at a limit instead of running out of memory, for an endless device as well.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Protocol

from textrnn.errors import ConfigError, CorpusError

TEXT_LIMIT = 2**24  # characters of one text: a file, a line, a table's row; line ends included
CORPUS_LIMIT = 2**32  # characters of a corpus: all its files together
SKIPPED_LIMIT = 2**30  # characters that are skipped to find the end of a line over the limit
VALUES_LIMIT = 2**20  # values in one line of JSON lines
SETTINGS_LIMIT = 2**20  # bytes of a file of settings
VECTOR_LIMIT = 4096  # values of a word vector
WRITER_SECONDS = 60  # that a pipe is given to find a program that writes to it
LARGEST_LIMIT = 2**31 - 1  # what a limit may be raised to
NUL = "it contains a NUL character; if the file is UTF-16, use --encoding utf-16"
_BLOCK = 2**20
_NAMES, _NAME = 20, 60  # names in a message, and characters of each


class Readable(Protocol):
    """What lines can be read from, piece by piece."""

    def readline(self, size: int = -1, /) -> str:
        """The next line, or the next `size` characters of a longer one; "" at the end."""


def check_limit(limit: int) -> None:
    """ConfigError if `limit` cannot be the limit of a text's characters."""
    if not 1 <= limit <= LARGEST_LIMIT:
        raise ConfigError(f"text_limit must be from 1 to {LARGEST_LIMIT:,}, got {limit}")


def over(limit: int) -> str:
    """The reason why a text of more than `limit` characters is refused, as a clause."""
    return f"it is longer than {limit:,} characters, the limit of one text"


def lines_of(file: Readable, limit: int, name: str) -> Iterator[str]:
    """The lines of `file`; of a line over `limit` characters only the first `limit` + 1.

    CorpusError if such a line has a NUL, or does not end within another SKIPPED_LIMIT characters.
    """
    readline, size = file.readline, limit + 1
    number = 0
    while line := readline(size):
        number += 1
        if len(line) == size:
            _skip_line(file, line, f"{name} line {number:,}")
        yield line


def _skip_line(file: Readable, line: str, where: str) -> None:
    """Read to the end of the line that begins with `line`."""
    if "\0" in line:
        raise CorpusError(f"{where} is not text: {NUL}")
    skipped = 0
    while line and not line.endswith(("\n", "\r")):
        if skipped > SKIPPED_LIMIT:
            raise CorpusError(
                f"{where} does not end within {SKIPPED_LIMIT:,} characters; name a file of texts"
            )
        line = file.readline(_BLOCK)
        skipped += len(line)


def quoted(name: object) -> str:
    """`name` in quotes, for a message; only the beginning of a long one."""
    text = str(name)
    return repr(text) if len(text) <= _NAME else f"{text[:_NAME]!r}..."


def listed(names: Iterable[object]) -> str:
    """`names` in quotes, for a message; only the first of many."""
    names = iter(names)
    shown = ", ".join(map(quoted, islice(names, _NAMES)))
    more = sum(1 for _ in names)
    return f"{shown} and {more:,} more" if more else shown
