"""Turn keras.datasets.imdb's files, imdb.npz and imdb_word_index.json, back into words.

The reviews lie in the .npz as a pickle, and loading a pickle can run anything. Ours builds
nothing but lists and numbers: every name it asks for gets a stand-in, or the file is refused.

The file holds ranks, 1 the most frequent word. `keras.datasets.imdb.load_data` gives ids: ranks
moved up by 3, behind <pad>, <sos> and <unk>.
"""

import io
import json
import pickle
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
import numpy.typing as npt

from textrnn.errors import CorpusError

PAD_ID, SOS_ID, UNK_ID = 0, 1, 2
FIRST_RANK = 3  # an id is a rank and this


def read_keras_ids(
    npz: Path, index: Path, split: Literal["train", "test"]
) -> tuple[list[str], npt.NDArray[np.int32]]:
    """The reviews of one split as words with spaces between, and their labels, 0 or 1.

    CorpusError when a file is missing, damaged, or asks for more than lists of numbers.
    """
    words = read_word_index(index)
    try:
        with zipfile.ZipFile(npz) as archive:
            ranks = _read_member(archive, f"x_{split}", npz)
            labels = _read_member(archive, f"y_{split}", npz)
    except FileNotFoundError:
        raise CorpusError(f"no file {npz}; check the name and the folder you are in") from None
    # RuntimeError: what is encrypted, or compressed in a way that zipfile does not know.
    except (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise CorpusError(f"{npz} cannot be read as an .npz file: {error}") from error
    if len(ranks) != len(labels):
        raise CorpusError(
            f"{npz} holds {len(ranks):,} reviews in x_{split} but {len(labels):,} labels in "
            f"y_{split}; fetch it again"
        )
    for number, review in enumerate(ranks, 1):
        if not isinstance(review, list) or not all(type(rank) is int for rank in review):
            raise CorpusError(f"{npz}: review {number:,} of x_{split} is no list of whole numbers")
    if any(type(label) is not int or label not in (0, 1) for label in labels):
        raise CorpusError(f"{npz}: the labels in y_{split} must be 0 or 1")
    texts = [to_text([rank + FIRST_RANK for rank in review], words) for review in ranks]
    return texts, np.array(labels, dtype=np.int32)


def read_word_index(path: Path) -> dict[int, str]:
    """The file imdb_word_index.json the other way round: rank -> word."""
    try:
        ranks = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CorpusError(
            f"no file {path}, which says what words the numbers of imdb.npz stand for; it is "
            f"keras.datasets.imdb's, put it beside imdb.npz"
        ) from None
    except (OSError, ValueError) as error:
        raise CorpusError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(ranks, dict) or not all(type(rank) is int for rank in ranks.values()):
        raise CorpusError(f'{path} must be one JSON object of words and ranks, {{"the": 1, ...}}')
    return {rank: word for word, rank in ranks.items()}


def to_ids(ranks: Sequence[int], num_words: int | None = None) -> list[int]:
    """The ids load_data gives for the ranks of a review: <sos>, then each rank moved up by 3.

    Ids of `num_words` and above become <unk>; None keeps all of them, where load_data takes the
    largest id that occurs for `num_words` and so loses the rarest word.
    """
    ids = [SOS_ID, *(rank + FIRST_RANK for rank in ranks)]
    return ids if num_words is None else [id_ if id_ < num_words else UNK_ID for id_ in ids]


def to_text(ids: Sequence[int], index: Mapping[int, str]) -> str:
    """The words of `ids`, as `to_ids` gives them, with spaces between; `index` is rank -> word.

    <pad> and <sos> are left out; <unk>, and any id without a word, is written <unk>.
    """
    return " ".join(
        index.get(id_ - FIRST_RANK, "<unk>") for id_ in ids if id_ not in (PAD_ID, SOS_ID)
    )


def _read_member(archive: zipfile.ZipFile, name: str, npz: Path) -> list[Any]:
    """The array `name` of the file as a list; object arrays through `_Unpickler` alone."""
    try:
        file = io.BytesIO(archive.read(f"{name}.npy"))
    except KeyError:
        raise CorpusError(
            f"{npz} holds no {name}; keras.datasets.imdb's imdb.npz has x_train, y_train, x_test "
            f"and y_test"
        ) from None
    try:
        if _read_header(file).hasobject:
            return _unpickle(file, npz)
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False).tolist()
    except (ValueError, EOFError) as error:
        raise CorpusError(f"{npz}: {name} is no array of NumPy's: {error}") from error


def _read_header(file: IO[bytes]) -> np.dtype[Any]:
    """Read up to where the values of a .npy file begin."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0
    return (read if version == (1, 0) else np.lib.format.read_array_header_2_0)(file)[2]


class _Array:
    """Stands in for numpy.ndarray: keeps the values it is restored from, whatever they are."""

    values: Any = None

    def __init__(self, *_: object) -> None: ...

    def __setstate__(self, state: Any) -> None:
        self.values = state[-1]  # version, shape, dtype, order, values


class _Type:
    """Stands in for numpy.dtype, of which nothing is needed."""

    def __init__(self, *_: object) -> None: ...

    def __setstate__(self, _: object) -> None: ...


_STAND_INS: Mapping[tuple[str, str], type] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Type,
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,  # since NumPy 2
}


class _Unpickler(pickle.Unpickler):
    """Knows what an object array of lists of numbers is made of, and nothing else."""

    def find_class(self, module: str, name: str, /) -> type:
        if (module, name) not in _STAND_INS:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return _STAND_INS[module, name]


def _unpickle(file: IO[bytes], npz: Path) -> list[Any]:
    try:
        array = _Unpickler(file).load()
    # What a broken pickle can raise, after the pickle module's own list.
    except (
        pickle.UnpicklingError, ArithmeticError, AttributeError, EOFError, ImportError, LookupError,
        MemoryError, RecursionError, TypeError, ValueError,
    ) as error:  # fmt: skip
        raise CorpusError(
            f"{npz} is not keras.datasets.imdb's file, or damaged, and was not loaded: {error}"
        ) from error
    if not isinstance(array, _Array) or not isinstance(array.values, list):
        raise CorpusError(f"{npz} is not keras.datasets.imdb's file: it holds no array of lists")
    return array.values
