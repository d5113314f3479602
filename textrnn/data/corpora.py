"""Turn files into a corpus: one text in pieces of a million characters.

Pieces, because a Python string costs up to four bytes a character as soon as it holds one emoji;
a piece costs that only for itself, and a corpus of any size is read, numbered and hashed piece
by piece.
"""

import glob
import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.config.parts import parse_part, parse_validation
from textrnn.data.text_files import Newlines, called, open_text, text_files
from textrnn.errors import CorpusError

PIECE_CHARACTERS = 2**20


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
        starts = range(0, len(text), PIECE_CHARACTERS)
        pieces = tuple(text[start : start + PIECE_CHARACTERS] for start in starts)
        return cls(pieces, (source,), _sha256(pieces))


def read_corpus(
    paths: str | Path | Sequence[str | Path],
    *,
    encoding: str = "utf-8",
    newlines: Newlines = "normalise",
) -> Corpus:
    """Read files, folders (their .txt files, sorted, subfolders included), globs and "-" (stdin).

    A single path means a list of one. They follow one another in the order given; a file that
    does not end its last line is given a line end when another follows. A byte order mark is
    dropped. `newlines="normalise"` turns CR LF and lone CR into LF.

    CorpusError names the file, and the byte where the text stops being text.
    """
    paths = [paths] if isinstance(paths, str | Path) else paths
    if not paths:
        raise CorpusError("no corpus was named; give files, folders, globs or - for standard input")
    pieces: list[str] = []
    sources = [source for path in paths for source in _expand(str(path))]
    for source in sources:
        if pieces and not pieces[-1].endswith(("\n", "\r")):
            pieces.append("\n")
        pieces.extend(_pieces(source, encoding, newlines))
    if not pieces:
        raise CorpusError(f"{', '.join(sources)} holds no text; name a file that does")
    return Corpus(tuple(pieces), tuple(sources), _sha256(pieces))


def _expand(path: str) -> list[str]:
    """The files that a path, a folder or a glob stands for."""
    try:
        if path == "-" or Path(path).is_file():
            return [path]
        if Path(path).is_dir():
            found = text_files(path)
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


def _pieces(source: str, encoding: str, newlines: Newlines) -> Iterator[str]:
    """The text of a file, or of standard input, piece by piece."""
    size = 0  # bytes before the piece
    # A corpus is cut by characters, not by lines, and its errors name no line.
    with open_text(source, encoding, newlines=newlines, name_lines=False) as file:
        while piece := file.read(PIECE_CHARACTERS):
            if "\0" in piece:
                size += len(piece[: piece.index("\0")].encode(encoding, "replace"))
                raise CorpusError(
                    f"{called(source)} is not text: it holds a NUL character near byte {size:,}; "
                    f"if it is UTF-16, use --encoding utf-16"
                )
            size += len(piece.encode(encoding, "replace"))
            yield piece


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
