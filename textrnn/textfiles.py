"""Turn a file's bytes into a stream of text, line ends kept, whose errors name the place."""

import io
import sys
from pathlib import Path
from typing import BinaryIO, TextIO

from textrnn.errors import CorpusError


def open_text(path: str | Path, encoding: str = "utf-8") -> TextIO:
    """Open a file, or standard input when `path` is "-", as `read_rows` wants it.

    Line ends are kept. CorpusError when there is no such file or encoding and, on reading, when
    the bytes are no text in it.
    """
    try:
        "".encode(encoding)  # unlike codecs.lookup, refuses codecs of bytes such as hex
    except (LookupError, ValueError):
        raise CorpusError(
            f"no encoding is called {encoding!r}; try utf-8, utf-16, latin-1 or cp1252"
        ) from None
    if str(path) == "-":
        return _Text(_CountedBytes(sys.stdin.buffer, keep_open=True), "standard input", encoding)
    try:
        return _Text(_CountedBytes(Path(path).open("rb")), str(path), encoding)
    except FileNotFoundError:
        raise CorpusError(f"no file {path}; check the name and the folder you are in") from None
    except (OSError, ValueError) as error:
        raise CorpusError(
            f"cannot read {path}: {getattr(error, 'strerror', None) or error}"
        ) from error


class _CountedBytes(io.BufferedIOBase):
    """A binary file that knows how many bytes and line ends have been read from it."""

    def __init__(self, file: BinaryIO, *, keep_open: bool = False) -> None:
        self._file, self._keep_open = file, keep_open
        self.bytes = self.line_ends = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        return self._count(self._file.read(-1 if size is None else size))

    def read1(self, size: int = -1, /) -> bytes:
        return self._count(self._file.read1(size))  # type: ignore[attr-defined]

    def _count(self, data: bytes) -> bytes:
        self.bytes += len(data)
        self.line_ends += data.count(b"\n")
        return data

    def close(self) -> None:
        if not self._keep_open:
            self._file.close()
        super().close()


class _Text(io.TextIOWrapper):
    """Text whose reading fails with a CorpusError that names the place."""

    def __init__(self, source: _CountedBytes, title: str, encoding: str) -> None:
        super().__init__(source, encoding=encoding, newline="")  # type: ignore[arg-type] # needs no name
        self._source, self._title = source, title

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override] # iteration calls it
        try:
            return super().readline(size)
        except (OSError, UnicodeError) as error:
            raise self._explained(error) from error

    def read(self, size: int | None = -1, /) -> str:
        try:
            return super().read(size)
        except (OSError, UnicodeError) as error:
            raise self._explained(error) from error

    def _explained(self, error: OSError | UnicodeError) -> CorpusError:
        if isinstance(error, OSError):
            return CorpusError(f"cannot read {self._title}: {error.strerror or error}")
        advice = "name its encoding with --encoding, for example --encoding latin-1"
        position, line = 0, ""  # an encoding that misses its mark at the beginning
        if isinstance(error, UnicodeDecodeError):
            # error.object ends with the last byte read.
            position = self._source.bytes - len(error.object) + error.start
            if "\n".encode(self.encoding) == b"\n":
                ends = self._source.line_ends - error.object.count(b"\n", error.start)
                line = f" (line {ends + 1:,})"
            if position == 0 and error.object[:2] in (b"\xff\xfe", b"\xfe\xff"):
                advice, line = "it begins like UTF-16: use --encoding utf-16", ""
        return CorpusError(
            f"{self._title} is not {self.encoding} text at byte {position:,}{line}; {advice}"
        )
