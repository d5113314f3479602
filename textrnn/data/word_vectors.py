"""Read pretrained word vectors for the words of a vocabulary.

Two text formats: GloVe (per line a word and its values) and word2vec (the same after a line with
the numbers of words and values).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from textrnn.config.limits import VECTOR_LIMIT
from textrnn.data.bounded import lines_of
from textrnn.errors import CorpusError

_LINE = 64 * VECTOR_LIMIT  # characters of a line: a word, and up to VECTOR_LIMIT values


def read_vectors(
    path: str | Path, words: Sequence[str]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Vectors (words, values) in the order of `words`, and a mask (words,) of those in the file.

    A missing word has a row of zeros; a word that the file has only in lower case uses that
    vector. CorpusError with the line when the file is malformed, or has none of the words.
    """
    rows: Mapping[str, int] = {word: row for row, word in enumerate(words)}
    lowered: dict[str, list[int]] = {}
    for row, word in enumerate(words):
        if word.lower() != word:
            lowered.setdefault(word.lower(), []).append(row)
    vectors, exact = np.empty((0, 0), np.float32), np.zeros(len(words), bool)
    found = np.zeros(len(words), bool)
    for number, word, values in _lines(path):
        if not vectors.size:
            vectors = np.zeros((len(words), len(values)), np.float32)
        targets = [row for row in lowered.get(word, ()) if not exact[row]]
        if word in rows:
            exact[rows[word]] = True
            targets.append(rows[word])
        if targets:
            vectors[targets] = _numbers(values, f"{path} line {number}")
            found[targets] = True
    if not found.any():
        raise CorpusError(f"{path} has no vector for any word of the vocabulary; use another file")
    return vectors, found


def vector_size(path: str | Path) -> int:
    """Values per word in a file of vectors, from its first line; CorpusError if malformed."""
    for _, _, values in _lines(path):
        return len(values)
    raise CorpusError(f"{path} contains no vectors; each line must have a word and its values")


def words_of(path: str | Path) -> list[str]:
    """The words of a file of vectors, in order, once each; CorpusError if it is malformed."""
    return list(dict.fromkeys(word for _, word, _ in _lines(path)))


def _lines(path: str | Path) -> Iterator[tuple[int, str, list[str]]]:
    """(line number, word, values) of each line."""
    size = 0
    try:
        if Path(path).is_fifo() or Path(path).is_char_device():  # it is read more than once
            raise CorpusError(f"{path} is not a regular file; write the word vectors to one")
        with Path(path).open(encoding="utf-8") as file:
            for number, line in enumerate(lines_of(file, _LINE, str(path)), 1):
                if len(line) > _LINE:
                    raise CorpusError(f"{path} line {number} has over {_LINE:,} characters")
                word, *values = line.rstrip().split(" ")
                if number == 1 and len(values) == 1:
                    continue  # the line of counts of word2vec
                size = size or len(values)
                if size > VECTOR_LIMIT:
                    raise CorpusError(
                        f"{path} line {number}: {size:,} values, more than the {VECTOR_LIMIT:,} "
                        f"that a word vector may have; use another file"
                    )
                if len(values) > size and not _is_number(values[0]):
                    continue  # a "word" with spaces, as in GloVe 840B
                if len(values) != size or not values:
                    raise CorpusError(
                        f"{path} line {number}: {len(values)} values where {size or 'some'} are "
                        f"expected; each line must have a word and its values"
                    )
                yield number, word, values
    except (OSError, UnicodeError) as error:
        raise CorpusError(f"cannot read the vectors in {path}: {error}") from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(values: Sequence[str], where: str) -> npt.NDArray[np.float32]:
    try:
        with np.errstate(over="ignore"):
            numbers = np.array(values, np.float32)
    except ValueError as error:
        raise CorpusError(f"{where}: {error}; values must be numbers") from error
    if not np.isfinite(numbers).all():
        raise CorpusError(f"{where}: a value is not finite; values must be numbers")
    return numbers
