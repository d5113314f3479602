"""Turn a file of pretrained word vectors into rows for words.

Two text formats: GloVe's (a word and its values a line) and word2vec's (the same below a line
that counts words and values).
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from textrnn.errors import CorpusError


def read_vectors(
    path: str | Path, words: Sequence[str]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Vectors (words, values) in the order of `words`, and which of them the file has.

    A word that it lacks has a row of zeros; one that it has only in lower case gets that.
    CorpusError with the line when the file is no table of vectors, or has none of the words.
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
    """Values a word of a file of vectors, told by its first line; CorpusError as above."""
    for _, _, values in _lines(path):
        return len(values)
    raise CorpusError(f"{path} holds no vectors; a file of them has a word and its values a line")


def _lines(path: str | Path) -> Iterator[tuple[int, str, list[str]]]:
    """The number, the word and the values of each line."""
    size = 0
    try:
        with Path(path).open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                word, *values = line.rstrip().split(" ")
                if number == 1 and len(values) == 1:
                    continue  # word2vec's line of counts
                size = size or len(values)
                if len(values) > size and not _is_number(values[0]):
                    continue  # a "word" with spaces, as GloVe of 840B tokens has some
                if len(values) != size or not values:
                    raise CorpusError(
                        f"{path} line {number}: {len(values)} values where {size or 'some'} are "
                        f"expected; a file of vectors has a word and its values a line"
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
