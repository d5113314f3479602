"""Give the lines of a CSV file to a parser, and keep those of the current row.

A row over the limit ends with `TooLong` instead of filling memory. In a broken row the kept lines
show where the quote opens that is never closed.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache

BLOCK_LINES = 1024  # of a row: joined to one string, since short lines take more memory one by one
_LINE_END = re.compile("\r\n?|\n")


class TooLong(Exception):
    """The current row has more characters than the limit."""


class RowLines:
    """Counts lines, and keeps those of the current row; iteration raises `TooLong`."""

    def __init__(self, lines: Iterable[str], limit: int) -> None:
        self._lines, self.limit = iter(lines), limit
        self._count = 0
        self._blocks: list[str] = []  # of the row: joined lines, then single lines
        self._row: list[str] = []
        self.characters = 0  # of the row so far
        self.nul = False  # whether the row has a NUL

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        if self._count == 0:
            line = line.removeprefix("\ufeff")
        self._count += 1
        self._row.append(line)
        self.characters += len(line)
        if "\0" in line:
            self.nul = True
        if self.characters > self.limit:
            raise TooLong
        if len(self._row) == BLOCK_LINES:
            self._blocks.append("".join(self._row))
            self._row.clear()
        return line

    def quote_is_open(self, delimiter: str) -> bool:
        """Whether the row, as far as it was read, ends inside a quoted field."""
        text = self._text()
        return text.count('"', self._end_of_fields(text, delimiter)) % 2 == 1

    def _text(self) -> str:
        return "".join([*self._blocks, *self._row])

    def _end_of_fields(self, text: str, delimiter: str) -> int:
        whole = _whole_fields(delimiter).match(text)
        return whole.end() if whole else 0

    def begin(self) -> int:
        """Start a new row; return the number of its first line."""
        self._blocks.clear()
        self._row.clear()
        self.characters, self.nul = 0, False
        return self._count + 1

    def open_quote(self, delimiter: str) -> int:
        """The line of the unclosed quote, counted from 0 at the beginning of the row."""
        text = self._text()
        end = self._end_of_fields(text, delimiter)
        return sum(1 for _ in _LINE_END.finditer(text, 0, end))


@cache
def _whole_fields(delimiter: str) -> re.Pattern[str]:
    """All complete fields of a row, up to the field with an unclosed quote."""
    mark = re.escape(delimiter)
    return re.compile(rf'(?:(?:"(?:[^"]++|"")*+"|[^"{mark}\r\n][^{mark}\r\n]*+)?{mark})*+')
