"""Read lines of bounded length, and quote names of any length in messages."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Protocol

from textrnn.config.limits import SKIPPED_LIMIT
from textrnn.errors import CorpusError

NUL = "it contains a NUL character; if the file is UTF-16, use --encoding utf-16"
_BLOCK = 2**20
_NAMES, _NAME = 20, 60  # names in a message, and characters of each


class Readable(Protocol):
    """What lines can be read from, piece by piece."""

    def readline(self, size: int = -1, /) -> str:
        """The next line, or the next `size` characters of a longer one; "" at the end."""


def over(limit: int) -> str:
    """The reason why a text of more than `limit` characters is refused, as a clause."""
    return f"it is longer than {limit:,} characters, the limit of one text"


def lines_of(file: Readable, limit: int, name: str) -> Iterator[str]:
    """The lines of `file`; of a line over `limit` characters only the first `limit` + 1.

    CorpusError if such a line has a NUL, or does not end within another SKIPPED_LIMIT characters.
    """
    readline, size = file.readline, limit + 1
    number, before = 0, ""
    while line := readline(size):
        if line == "\n" and before.endswith("\r"):  # the rest of a CR LF that the limit has cut
            continue
        number, before = number + 1, line
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
