"""Turn a file of pretrained word vectors into rows for words.

Two text formats: GloVe's (a word and its values a line) and word2vec's (the same below a line
that counts words and values).
"""

from collections.abc import Mapping, Sequence
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
    try:
        with Path(path).open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                word, *values = line.rstrip().split(" ")
                if number == 1 and len(values) == 1:
                    continue  # word2vec's line of counts
                if not vectors.size:
                    vectors = np.zeros((len(words), len(values)), np.float32)
                if len(values) != vectors.shape[1] or not values:
                    raise CorpusError(
                        f"{path} line {number}: {len(values)} values where {vectors.shape[1]} are "
                        f"expected; a file of vectors has a word and its values a line"
                    )
                targets = [row for row in lowered.get(word, ()) if not exact[row]]
                if word in rows:
                    exact[rows[word]] = True
                    targets.append(rows[word])
                if targets:
                    vectors[targets] = np.array(values, np.float32)
                    found[targets] = True
    except (OSError, UnicodeError) as error:
        raise CorpusError(f"cannot read the vectors in {path}: {error}") from error
    except ValueError as error:
        raise CorpusError(f"{path} line {number}: {error}; values must be numbers") from error
    if not found.any():
        raise CorpusError(f"{path} has no vector for any word of the vocabulary; use another file")
    return vectors, found
