"""Turn files into a corpus: one text in pieces of a megabyte.

Pieces, because a Python string costs up to four bytes a character as soon as it holds one emoji;
a piece costs that only for itself, and a corpus of any size is read, numbered and hashed piece
by piece.
"""

import codecs
import glob
import hashlib
import io
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt

from textrnn.config import parse_part, parse_validation
from textrnn.errors import CorpusError

Newlines = Literal["normalise", "keep"]
PIECE_BYTES = 2**20


@dataclass(frozen=True)
class Corpus:
    """A text in pieces, where it came from, and the sha256 of its UTF-8 bytes."""

    pieces: tuple[str, ...]
    sources: tuple[str, ...]
    sha256: str

    @property
    def length(self) -> int:
        """Characters in all."""
        return sum(map(len, self.pieces))

    @property
    def text(self) -> str:
        """The whole as one string."""
        return "".join(self.pieces)

    def cut(self, part: str) -> Iterator[str]:
        """The characters of the part START:END, piece by piece."""
        start, end = bounds(*parse_part(part), self.length)
        for piece in self.pieces:
            yield piece[max(0, start) : max(0, end)]
            start, end = start - len(piece), end - len(piece)

    @classmethod
    def from_text(cls, text: str, source: str = "text") -> "Corpus":
        """A corpus of a string at hand."""
        pieces = tuple(text[i : i + PIECE_BYTES] for i in range(0, len(text), PIECE_BYTES))
        return cls(pieces, (source,), _sha256(pieces))


def read_corpus(
    paths: Sequence[str | Path],
    *,
    encoding: str = "utf-8",
    newlines: Newlines = "normalise",
) -> Corpus:
    """Read files, folders (their .txt files, sorted, subfolders included), globs and "-" (stdin).

    They follow one another in the order given; a file that does not end its last line is given
    a line end when another follows. A byte order mark is dropped. `newlines="normalise"` turns
    CR LF and lone CR into LF.

    CorpusError names the file, and the byte where the text stops being text.
    """
    try:
        "".encode(encoding)  # unlike codecs.lookup, refuses codecs of bytes such as hex
    except (LookupError, ValueError):
        raise CorpusError(
            f"no encoding is called {encoding!r}; try utf-8, utf-16, latin-1 or cp1252"
        ) from None
    if not paths:
        raise CorpusError("no corpus was named; give files, folders, globs or - for standard input")
    pieces: list[str] = []
    sources = [source for path in paths for source in _expand(str(path))]
    for source in sources:
        if pieces and not pieces[-1].endswith(("\n", "\r")):
            pieces.append("\n")
        try:
            if source == "-":
                pieces.extend(_decode(sys.stdin.buffer, "standard input", encoding, newlines))
            else:
                with Path(source).open("rb") as file:
                    pieces.extend(_decode(file, source, encoding, newlines))
        except OSError as error:
            raise CorpusError(f"cannot read {source}: {error.strerror or error}") from error
    if not pieces:
        raise CorpusError(f"{', '.join(sources)} holds no text; name a file that does")
    return Corpus(tuple(pieces), tuple(sources), _sha256(pieces))


def _expand(path: str) -> list[str]:
    """The files that a path, a folder or a glob stands for."""
    try:
        if path == "-" or Path(path).is_file():
            return [path]
        if Path(path).is_dir():
            found = sorted(str(file) for file in Path(path).rglob("*.txt") if file.is_file())
            if not found:
                raise CorpusError(
                    f"folder {path} holds no .txt file; name the files, such as '{path}/*.md'"
                )
            return found
        if Path(path).exists():
            return [path]  # a pipe, a device
        found = sorted(match for match in glob.glob(path, recursive=True) if Path(match).is_file())
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {error.strerror or error}") from error
    if not found:
        if glob.has_magic(path):
            raise CorpusError(f"no file matches {path}")
        raise CorpusError(f"no file {path}; check the name and the folder you are in")
    return found


def _decode(file: BinaryIO, name: str, encoding: str, newlines: Newlines) -> Iterator[str]:
    decoder: Any = codecs.getincrementaldecoder(encoding)()
    if newlines == "normalise":
        decoder = io.IncrementalNewlineDecoder(decoder, translate=True)
    offset, first = 0, True
    while True:
        data = file.read(PIECE_BYTES)
        offset += len(data)
        try:
            piece = decoder.decode(data, final=not data)
        except UnicodeError as error:
            raise _not_text(error, offset, name, encoding) from error
        if "\0" in piece:
            raise CorpusError(
                f"{name} is not text: it holds a NUL character near byte "
                f"{max(0, offset - len(data)) + data.find(0):,}; if it is UTF-16, use "
                f"--encoding utf-16"
            )
        if first and piece:
            piece, first = piece.removeprefix("\ufeff"), False
        if piece:
            yield piece
        if not data:
            return


def _not_text(error: UnicodeError, offset: int, name: str, encoding: str) -> CorpusError:
    advice = "name its encoding with --encoding, for example --encoding latin-1"
    position = 0  # an encoding that misses its mark at the beginning
    if isinstance(error, UnicodeDecodeError):
        # error.object is what the decoder held: bytes kept from the piece before, then this one.
        position = offset - len(error.object) + error.start
        if position == 0 and error.object[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            advice = "it begins like UTF-16: use --encoding utf-16"
    return CorpusError(f"{name} is not {encoding} text at byte {position:,}; {advice}")


def _sha256(pieces: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def bounds(start: float, end: float, length: int) -> tuple[int, int]:
    """A part as character positions in a text of `length`: up to 1 shares, above 1 positions."""
    positions = [math.floor(x * length + 1e-6) if x <= 1 else int(x) for x in (start, end)]
    return min(positions[0], length), min(positions[1], length)


def split(
    ids: npt.NDArray[np.integer[Any]], part: str, validation: str
) -> tuple[npt.NDArray[np.integer[Any]], npt.NDArray[np.integer[Any]]]:
    """Cut `ids`, shape (n,), into what is learnt from and the validation slice.

    `part` (START:END of the whole) is what is used at all; `validation` is a share from its end
    or a slice START:END of it. A slice from the middle leaves the two sides joined up.
    """
    start, end = bounds(*parse_part(part), len(ids))
    ids = ids[start:end]
    start, end = bounds(*parse_validation(validation), len(ids))
    if start == 0:
        return ids[end:], ids[:end]
    if end == len(ids):
        return ids[:start], ids[start:]
    return np.concatenate([ids[:start], ids[end:]]), ids[start:end]
