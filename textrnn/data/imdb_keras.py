"""Turn the files of keras.datasets.imdb, imdb.npz and imdb_word_index.json, back into words.

The .npz stores the reviews as a pickle, and loading a pickle can run arbitrary code. The unpickler
here builds only lists and numbers: it replaces the few names that such a file needs by stand-ins,
and refuses any other.

The file contains ranks; rank 1 is the most frequent word. `keras.datasets.imdb.load_data` returns
ids: ranks plus 3, after <pad>, <sos> and <unk>.
"""

import io
import pickle
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
import numpy.typing as npt

from textrnn.config import strict_json
from textrnn.data.npy import read_header
from textrnn.errors import CorpusError

PAD_ID, SOS_ID, UNK_ID = 0, 1, 2
FIRST_RANK = 3  # id = rank + FIRST_RANK


def read_keras_ids(
    npz: Path, index: Path, split: Literal["train", "test"]
) -> tuple[list[str], npt.NDArray[np.int32]]:
    """The reviews of one split as space-separated words, and their labels (n,), 0 or 1.

    CorpusError when a file is missing or damaged, or its pickle needs more than lists of numbers.
    """
    words = read_word_index(index)
    try:
        with zipfile.ZipFile(npz) as archive:
            ranks = _read_member(archive, f"x_{split}", npz)
            labels = _read_member(archive, f"y_{split}", npz)
    except FileNotFoundError:
        raise CorpusError(f"no file {npz}; check the name and the folder you are in") from None
    # RuntimeError: an encrypted member, or a compression that zipfile does not support.
    except (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise CorpusError(f"{npz} cannot be read as an .npz file: {error}") from error
    if len(ranks) != len(labels):
        raise CorpusError(
            f"{npz} has {len(ranks):,} reviews in x_{split} but {len(labels):,} labels in "
            f"y_{split}; download it again"
        )
    for number, review in enumerate(ranks, 1):
        if not isinstance(review, list) or not all(type(rank) is int for rank in review):
            raise CorpusError(
                f"{npz}: review {number:,} of x_{split} must be a list of whole numbers"
            )
    if any(type(label) is not int or label not in (0, 1) for label in labels):
        raise CorpusError(f"{npz}: the labels in y_{split} must be 0 or 1")
    texts = [to_text([rank + FIRST_RANK for rank in review], words) for review in ranks]
    return texts, np.array(labels, dtype=np.int32)


def read_word_index(path: Path) -> dict[int, str]:
    """imdb_word_index.json inverted: rank -> word."""
    try:
        ranks = strict_json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CorpusError(
            f"no file {path}, which maps the numbers in imdb.npz to words; it belongs to "
            f"keras.datasets.imdb, put it beside imdb.npz"
        ) from None
    except (OSError, ValueError) as error:
        raise CorpusError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(ranks, dict) or not all(type(rank) is int for rank in ranks.values()):
        raise CorpusError(f'{path} must be a JSON object of words and ranks, {{"the": 1, ...}}')
    return {rank: word for word, rank in ranks.items()}


def to_ids(ranks: Sequence[int], num_words: int | None = None) -> list[int]:
    """The ids of load_data for the ranks of a review: <sos>, then each rank plus 3.

    Ids of `num_words` and above become <unk>; None keeps all ids. (load_data then uses the largest
    id as `num_words`, and so loses the rarest word.)
    """
    ids = [SOS_ID, *(rank + FIRST_RANK for rank in ranks)]
    return ids if num_words is None else [id_ if id_ < num_words else UNK_ID for id_ in ids]


def to_text(ids: Sequence[int], index: Mapping[int, str]) -> str:
    """The space-separated words of `ids`, as from `to_ids`; `index` is rank -> word.

    <pad> and <sos> are left out; an id without a word becomes <unk>.
    """
    return " ".join(
        index.get(id_ - FIRST_RANK, "<unk>") for id_ in ids if id_ not in (PAD_ID, SOS_ID)
    )


def _read_member(archive: zipfile.ZipFile, name: str, npz: Path) -> list[Any]:
    """The array `name` of the archive as a list; object arrays are loaded by `_Unpickler` only."""
    try:
        file = io.BytesIO(archive.read(f"{name}.npy"))
    except KeyError:
        raise CorpusError(
            f"{npz} contains no {name}; the imdb.npz of keras.datasets.imdb has x_train, y_train, "
            f"x_test and y_test"
        ) from None
    try:
        if read_header(file)[2].hasobject:
            return _unpickle(file, npz)
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False).tolist()
    except (ValueError, EOFError) as error:
        raise CorpusError(f"{npz}: {name} is not a NumPy array: {error}") from error


class _Array:
    """Replaces numpy.ndarray; keeps the values of its pickled state."""

    values: Any = None

    def __init__(self, *_: object) -> None: ...

    def __setstate__(self, state: Any) -> None:
        self.values = state[-1]  # version, shape, dtype, order, values


class _Type:
    """Replaces numpy.dtype; ignores its state."""

    def __init__(self, *_: object) -> None: ...

    def __setstate__(self, _: object) -> None: ...


_STAND_INS: Mapping[tuple[str, str], type] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Type,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,  # since NumPy 2
}


class _Unpickler(pickle.Unpickler):
    """Unpickles an object array of lists of numbers, and nothing else."""

    def find_class(self, module: str, name: str, /) -> type:
        if (module, name) not in _STAND_INS:
            raise pickle.UnpicklingError(f"it needs {module}.{name}")
        return _STAND_INS[module, name]


def _unpickle(file: IO[bytes], npz: Path) -> list[Any]:
    try:
        array = _Unpickler(file).load()
    # What a damaged pickle can raise, besides UnpicklingError.
    except (
        pickle.UnpicklingError, ArithmeticError, AttributeError, EOFError, ImportError, LookupError,
        MemoryError, RecursionError, TypeError, ValueError,
    ) as error:  # fmt: skip
        raise CorpusError(
            f"{npz} is not the file of keras.datasets.imdb, or is damaged, and was not loaded: "
            f"{error}"
        ) from error
    if not isinstance(array, _Array) or not isinstance(array.values, list):
        raise CorpusError(f"{npz} is not the file of keras.datasets.imdb: it has no array of lists")
    return array.values
