"""Turn files into a corpus: one text in chunks of a million characters.

A Python string takes four bytes per character if it contains a single emoji; with chunks, only
one chunk pays for it. A corpus of any size is read, encoded and hashed chunk by chunk.
"""

import glob
import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.config.limits import CORPUS_LIMIT
from textrnn.config.parts import parse_part, parse_validation
from textrnn.data.encodings import Encoding, Encodings
from textrnn.data.text_files import Newlines, called, open_text, text_files
from textrnn.errors import ConfigError, CorpusError

CHUNK_CHARACTERS = 2**20


@dataclass(frozen=True)
class Corpus:
    """A text in chunks, its sources, and the SHA-256 of its UTF-8 bytes.

    `encoding` and `newlines` say how it was read, for `read_alike`.
    """

    pieces: tuple[str, ...]
    sources: tuple[str, ...]
    sha256: str
    encoding: Encoding = field(default="utf-8", compare=False, repr=False)
    newlines: Newlines = field(default="normalise", compare=False, repr=False)

    @property
    def length(self) -> int:
        """Number of characters."""
        return sum(map(len, self.pieces))

    @property
    def text(self) -> str:
        """The whole text as one string."""
        return "".join(self.pieces)

    def cut(self, part: str) -> Iterator[str]:
        """The text of the slice START:END, chunk by chunk."""
        start, end = bounds(*parse_part(part), self.length)
        for chunk in self.pieces:
            yield chunk[max(0, start) : max(0, end)]
            start, end = start - len(chunk), end - len(chunk)

    def read_alike(self, path: str | Path) -> "Corpus":
        """Another corpus, read in the same way; CorpusError as for `read_corpus`."""
        return read_corpus(path, encoding=self.encoding, newlines=self.newlines)

    @classmethod
    def from_text(cls, text: str, source: str = "text") -> "Corpus":
        """The corpus of a string in memory; CorpusError for anything else."""
        if not isinstance(text, str):
            raise CorpusError(f"the text must be a string, got {type(text).__name__}")
        starts = range(0, len(text), CHUNK_CHARACTERS)
        chunks = tuple(text[start : start + CHUNK_CHARACTERS] for start in starts)
        return cls(chunks, (source,), _sha256(chunks))


def read_corpus(
    paths: str | Path | Sequence[str | Path],
    *,
    encoding: Encoding = "utf-8",
    newlines: Newlines = "normalise",
) -> Corpus:
    """Read files, folders (their .txt files, sorted, subfolders included), globs and "-" (stdin).

    A single path means a list of one. The files are concatenated in the given order, with a line
    end between two files where the first has none. A byte order mark is dropped. Of several
    encodings, such as "utf-8,cp1252", each file is read in the first that fits the whole file.
    `newlines="normalise"` turns CR LF and lone CR into LF.

    CorpusError names the file, and the position of the first byte that is not text; it also ends
    the reading of an endless file, after CORPUS_LIMIT characters.
    """
    paths = [paths] if isinstance(paths, str | Path) else paths
    encodings = Encodings.of(encoding)
    if not paths:
        raise CorpusError("no corpus given; name files, folders, globs or - for standard input")
    chunks: list[str] = []
    length = 0
    sources = [source for path in paths for source in _expand(str(path))]
    for source in sources:
        if chunks and not chunks[-1].endswith(("\n", "\r")):
            chunks.append("\n")
        for chunk in _read_chunks(source, encodings, newlines):
            chunks.append(chunk)
            length += len(chunk)
            if length > CORPUS_LIMIT:
                raise CorpusError(
                    f"{called(source)} goes beyond the {CORPUS_LIMIT:,} characters that a corpus "
                    f"may have; train on a part of it"
                )
    if not chunks:
        raise CorpusError(f"{', '.join(sources)} contains no text; name a file that does")
    return Corpus(tuple(chunks), tuple(sources), _sha256(chunks), encodings, newlines)


def _expand(path: str) -> list[str]:
    """The files that a path, folder or glob stands for."""
    try:
        if path == "-" or Path(path).is_file():
            return [path]
        if Path(path).is_dir():
            found = text_files(path)
            if not found:
                raise CorpusError(
                    f"folder {path} contains no .txt file; name the files, such as '{path}/*.md'"
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


def _read_chunks(source: str, encoding: Encoding, newlines: Newlines) -> Iterator[str]:
    """The text of a file, or of standard input, chunk by chunk."""
    size = 0  # bytes before the chunk
    # Chunks do not end at lines, so errors cannot name a line.
    with open_text(source, encoding, newlines=newlines, name_lines=False) as file:
        while chunk := file.read(CHUNK_CHARACTERS):
            if "\0" in chunk:
                size += _bytes(chunk[: chunk.index("\0")], file.encoding)
                raise CorpusError(
                    f"{called(source)} is not text: it contains a NUL character near byte "
                    f"{size:,}; if it is UTF-16, use --encoding utf-16"
                )
            size += _bytes(chunk, file.encoding)
            yield chunk


def _bytes(text: str, encoding: str) -> int:
    try:
        return len(text.encode(encoding, "replace"))
    except UnicodeError:  # some encodings, such as idna, replace nothing
        return len(text)


def _sha256(chunks: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def bounds(start: float, end: float, length: int) -> tuple[int, int]:
    """A slice as character positions in a text of `length`; values up to 1 are fractions."""
    positions = [math.floor(x * length + 1e-6) if x <= 1 else int(x) for x in (start, end)]
    return min(positions[0], length), min(positions[1], length)


def check_slice(name: str, text: str, length: int) -> None:
    """ConfigError if a slice START:END of a text of `length` has no characters.

    `name` is the setting whose value is `text`.
    """
    start, end = bounds(*parse_part(text), length)
    if start < end:
        return
    if start == length and parse_part(text)[0] > 1:
        raise ConfigError(
            f"{name} {text} begins beyond the text, which has {length:,} characters; begin below "
            f"that, or write fractions, such as 0.9:1"
        )
    raise ConfigError(
        f"{name} {text} is empty: values up to 1 are fractions and larger ones characters, so it "
        f"goes from character {start:,} to character {end:,} of {length:,}; write fractions, such "
        f"as 0.9:1, or characters, such as 0:1000"
    )


def split(
    ids: npt.NDArray[np.integer[Any]], part: str, validation: str
) -> tuple[npt.NDArray[np.integer[Any]], npt.NDArray[np.integer[Any]]]:
    """Split `ids`, shape (n,), into a training and a validation part.

    `part` (START:END of the whole) is the slice to use; `validation` is a fraction at its end, or
    a slice START:END of it. The text on both sides of a slice in the middle is concatenated.
    """
    start, end = bounds(*parse_part(part), len(ids))
    ids = ids[start:end]
    start, end = bounds(*parse_validation(validation), len(ids))
    if start == 0:
        return ids[end:], ids[:end]
    if end == len(ids):
        return ids[:start], ids[start:]
    return np.concatenate([ids[:start], ids[end:]]), ids[start:end]
