"""Open text files so that decoding errors name the place.

All readers of text use this module: corpora, tables, single texts. A byte order mark at the
beginning is dropped.
"""

import io
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Literal, TextIO

from textrnn.data.encodings import Encoding, Encodings
from textrnn.data.pipes import open_pipe
from textrnn.errors import CorpusError

Newlines = Literal["normalise", "keep"]
_BLOCK = 2**20  # most bytes per read: a large read allocates all of its size first


def open_text(
    path: str | Path,
    encoding: Encoding = "utf-8",
    *,
    newlines: Newlines = "keep",
    name_lines: bool = True,
) -> TextIO:
    """Open a file, or standard input if `path` is "-".

    Line ends are kept, as `read_rows` needs; `newlines="normalise"` turns CR LF and lone CR into
    LF. Of several encodings, the first that fits the whole file is taken. CorpusError when there is
    no such file or encoding, or none of several fits. On reading, CorpusError when the bytes cannot
    be decoded; it names the byte and, with `name_lines`, the line.
    """
    encodings, title = Encodings.of(encoding), called(path)
    file, keep_open = open_bytes(path), str(path) == "-"
    with ExitStack() as unused:
        if not keep_open:
            unused.callback(file.close)
        try:
            chosen, name = encodings.choose(file, title)
        except OSError as error:
            raise CorpusError(f"cannot read {title}: {error.strerror or error}") from error
        if chosen is file:
            unused.pop_all()
    source = _CountedBytes(chosen, keep_open=keep_open and chosen is file)
    return _Text(source, title, name, newlines, name_lines)


def open_bytes(path: str | Path) -> BinaryIO:
    """A file, a pipe or a device as bytes, or standard input if `path` is "-".

    CorpusError if it cannot be opened.
    """
    if str(path) == "-":
        return sys.stdin.buffer
    try:
        return open_pipe(Path(path)) if Path(path).is_fifo() else Path(path).open("rb")
    except FileNotFoundError:
        raise CorpusError(f"no file {path}; check the name and the folder you are in") from None
    except (OSError, ValueError) as error:
        raise CorpusError(
            f"cannot read {path}: {getattr(error, 'strerror', None) or error}"
        ) from error


def called(path: str | Path) -> str:
    """The name of `path` for messages."""
    return "standard input" if str(path) == "-" else str(path)


def text_files(folder: str | Path) -> list[str]:
    """The .txt files in a folder and its subfolders, sorted by path."""
    return sorted(str(file) for file in Path(folder).rglob("*.txt") if file.is_file())


_read, _read_line = io.TextIOWrapper.read, io.TextIOWrapper.readline


class _CountedBytes(io.BufferedIOBase):
    """A binary file that counts the bytes and line ends read from it."""

    def __init__(self, file: BinaryIO, *, keep_open: bool = False) -> None:
        self._file, self._keep_open = file, keep_open
        self.bytes = self.line_ends = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        return self._count(self._file.read(-1 if size is None else size))

    def read1(self, size: int = -1, /) -> bytes:
        return self._count(self._file.read1(min(size, _BLOCK) if size >= 0 else _BLOCK))  # type: ignore[attr-defined]

    def _count(self, data: bytes) -> bytes:
        self.bytes += len(data)
        self.line_ends += data.count(b"\n")
        return data

    def close(self) -> None:
        if not self._keep_open:
            self._file.close()
        super().close()


class _Text(io.TextIOWrapper):
    """A text stream without a byte order mark; read errors become CorpusErrors."""

    def __init__(
        self, source: _CountedBytes, title: str, encoding: str, newlines: Newlines, lines: bool
    ) -> None:
        newline = None if newlines == "normalise" else ""
        super().__init__(source, encoding=encoding, newline=newline)  # type: ignore[arg-type] # needs no name
        self._source, self._title, self._name_lines, self._begun = source, title, lines, False

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override] # iteration calls it
        try:  # called once per line: no function more than necessary
            text = _read_line(self, size)
            return text if self._begun else self._first(text, _read_line, size)
        except (OSError, UnicodeError) as error:
            raise self._corpus_error(error) from error

    def read(self, size: int | None = -1, /) -> str:
        try:
            text = _read(self, size)
            return text if self._begun else self._first(text, _read, size)
        except (OSError, UnicodeError) as error:
            raise self._corpus_error(error) from error

    def _first(self, text: str, read: Callable[..., str], size: int | None) -> str:
        """The first `text` that was read, without its byte order mark."""
        if not text:
            return text
        self._begun = True
        rest = text.removeprefix("\ufeff")
        if not rest:
            return read(self, size)
        # The mark counts for nothing: a read that it has filled gets one more character.
        filled = len(rest) < len(text) == size
        if filled and not (read is _read_line and rest.endswith(("\n", "\r"))):
            rest += read(self, 1)
        return rest

    def _corpus_error(self, error: OSError | UnicodeError) -> CorpusError:
        if isinstance(error, OSError):
            return CorpusError(f"cannot read {self._title}: {error.strerror or error}")
        advice = (
            "name its encoding with --encoding, for example --encoding latin-1; if other files are "
            f"in another one, list both: --encoding {self.encoding},latin-1"
        )
        position, line = 0, ""  # of an encoding whose byte order mark is missing
        if isinstance(error, UnicodeDecodeError):
            # error.object ends with the last byte that was read.
            position = self._source.bytes - len(error.object) + error.start
            if self._name_lines and "\n".encode(self.encoding) == b"\n":
                ends = self._source.line_ends - error.object.count(b"\n", error.start)
                line = f" (line {ends + 1:,})"
            if position == 0 and error.object[:2] in (b"\xff\xfe", b"\xfe\xff"):
                advice, line = "it begins like UTF-16: use --encoding utf-16", ""
        return CorpusError(
            f"{self._title} is not {self.encoding} text at byte {position:,}{line}; {advice}"
        )
