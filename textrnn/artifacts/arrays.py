"""Arrays by name in a .npz file, written and read with every size known before it is allocated.

A .npz file is a zip archive with one .npy file per array. A reader is told the shapes: it reads no
more bytes than they need, whatever the archive says, and never unpickles.
"""

import io
import math
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from textrnn.data.npy import read_header
from textrnn.errors import ArtifactError

DTYPES = (np.dtype("<f2"), np.dtype("<f4"))
LARGEST = 1e9  # absolute value of a weight: training that goes further has diverged
ENCRYPTED = 0x1  # a flag of an archive's member
CHUNK = 2**18  # bytes read at a time

# What zipfile and the parser of .npy headers raise for archives that are damaged or made up.
BROKEN = (
    ValueError, TypeError, SyntaxError, EOFError, OSError, OverflowError, RuntimeError, MemoryError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip

Shapes = Mapping[str, tuple[int, ...]]


def write_weights(weights: Mapping[str, npt.NDArray[Any]], dtype: npt.DTypeLike) -> bytes:
    """The bytes of an .npz file with arrays by name, converted to `dtype`."""
    buffer = io.BytesIO()
    np.savez(buffer, **{name: np.asarray(array).astype(dtype) for name, array in weights.items()})  # type: ignore[arg-type]
    return buffer.getvalue()


def read_weights(path: Path, data: bytes, shapes: Shapes) -> dict[str, npt.NDArray[Any]]:
    """The arrays in `data` as float32; ArtifactError unless they match `shapes`.

    `path` is for messages. The arrays take at most twice the bytes of `data`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = _members(path, archive, shapes, len(data))
            return {
                name: _read(path, archive, members[name], name, shape)
                for name, shape in shapes.items()
            }
    except BROKEN as error:
        raise ArtifactError(
            f"{path} is not an archive of plain arrays: {reason_of(error)}"
        ) from error


def read_arrays(file: IO[bytes], size: int) -> dict[str, npt.NDArray[Any]]:
    """All arrays in an .npz `file` of `size` bytes; together they take no more bytes.

    One of the errors in BROKEN if there is anything else in it.
    """
    with zipfile.ZipFile(file) as archive:
        _check_sizes(archive, size)
        return {
            info.filename.removesuffix(".npy"): _array(archive, info) for info in archive.infolist()
        }


def _check_sizes(archive: zipfile.ZipFile, size: int) -> None:
    """ValueError if the members of an archive of `size` bytes overlap, or lie outside it."""
    if sum(info.compress_size for info in archive.infolist()) > size:
        raise ValueError("its arrays are said to be longer than the file")


def reason_of(error: Exception) -> str:
    """The first line of an error in BROKEN."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def _members(
    path: Path, archive: zipfile.ZipFile, shapes: Shapes, size: int
) -> dict[str, zipfile.ZipInfo]:
    """Name of each array -> its member of an archive of `size` bytes; those of `shapes`, once."""
    members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    if len(members) != len(archive.infolist()):
        raise ArtifactError(f"{path} contains an array twice")
    if missing := shapes.keys() - members.keys():
        raise ArtifactError(f"{path} lacks the weights {', '.join(sorted(missing))}")
    if extra := members.keys() - shapes.keys():
        raise ArtifactError(f"{path} has unknown weights {', '.join(sorted(extra))}")
    _check_sizes(archive, size)
    return members


def _read(
    path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, shape: tuple[int, ...]
) -> npt.NDArray[np.float32]:
    def check(found: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        if found != shape or dtype not in DTYPES:
            raise ArtifactError(
                f"{path}: {name} must be float16 or float32 of shape {shape}, got {dtype} of "
                f"{found}"
            )

    array = _array(archive, info, check).astype(np.float32, order="C")
    if array.size and not (array.min() >= -LARGEST and array.max() <= LARGEST):  # so nan fails too
        raise ArtifactError(
            f"{path}: {name} contains values that are not finite or beyond {LARGEST:g}"
        )
    return array


def _array(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, check: Callable[..., None] | None = None
) -> npt.NDArray[Any]:
    """The array in a member; `check` is given its shape and dtype before its values are read."""
    name = info.filename.removesuffix(".npy")
    if info.flag_bits & ENCRYPTED or info.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is compressed or encrypted; arrays are stored")
    with archive.open(info) as member:
        shape, by_column, dtype = read_header(member)
        if dtype.hasobject:
            raise ValueError("an array of objects cannot be loaded")
        if check:
            check(shape, dtype)
        size = math.prod(shape) * dtype.itemsize
        # Not more than the file holds, so that a false length allocates nothing.
        content = np.empty(size if size <= info.compress_size else 0, np.uint8)
        if _fill(content, member) != size or member.read(1):
            raise ValueError(f"{name} has another length than its shape {shape} says")
    return content.view(dtype).reshape(shape, order="F" if by_column else "C")


def _fill(content: npt.NDArray[np.uint8], member: IO[bytes]) -> int:
    """Read bytes into `content`, as many as there are; returns their number."""
    filled = 0
    while filled < len(content):
        read = member.read(min(CHUNK, len(content) - filled))
        if not read:
            break
        content[filled : filled + len(read)] = np.frombuffer(read, np.uint8)
        filled += len(read)
    return filled
