"""Hostile archives of weights: one sentence each, no code, and no memory for what is not there."""

import io
import os
import struct
import tracemalloc
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textrnn.artifacts.arrays import read_arrays, read_weights, write_weights
from textrnn.errors import ArtifactError

PATH = Path("model") / "weights.npz"
SHAPES = {"a": (3, 2), "b": (2,)}
ARRAYS = {"a": np.arange(6, dtype=np.float32).reshape(3, 2), "b": np.ones(2, np.float32)}
HUGE = (2**40, 2)
MOST_MEMORY = 20_000_000  # bytes


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def header(text: str, version: bytes = b"\x01\x00") -> bytes:
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text.encode()


def archive(
    members: dict[str, bytes] | list[tuple[str, bytes]], method: int = zipfile.ZIP_STORED
) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of a name that stands there twice
        for name, data in members.items() if isinstance(members, dict) else members:
            made.writestr(f"{name}.npy", data)
    return file.getvalue()


def with_a(data: bytes) -> bytes:
    return archive({"a": data, "b": npy(ARRAYS["b"])})


class Payload:
    """Creates a file when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("pwned",)


def pickled() -> bytes:
    array = np.empty((3, 2), dtype=object)
    array[0, 0] = Payload()
    return npy(array)


def patched(data: bytes, offset: int, value: int) -> bytes:
    """The archive with a 16-bit field of every local and central header replaced."""
    changed = bytearray(data)
    for mark, shift in ((b"PK\x03\x04", 0), (b"PK\x01\x02", 2)):
        start = changed.find(mark)
        while start >= 0:
            changed[start + offset + shift : start + offset + shift + 2] = struct.pack("<H", value)
            start = changed.find(mark, start + 4)
    return bytes(changed)


def nested() -> bytes:
    """An archive whose array `b` lies inside the values of its array `a`."""
    inner = archive({"b": npy(np.ones(2000, np.float32))})
    inner = inner[: inner.find(b"PK\x01\x02")]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("a.npy", npy(np.frombuffer(inner + bytes(-len(inner) % 4), np.float32)))
        other = zipfile.ZipInfo("b.npy")
        other.header_offset = file.getvalue().find(b"PK\x03\x04", 4)
        other.CRC, other.file_size = struct.unpack("<L4xL", inner[14:26])
        other.compress_size = other.file_size
        made.filelist.append(other)
        made.NameToInfo["b.npy"] = other
    return file.getvalue()


GOOD = archive({name: npy(array) for name, array in ARRAYS.items()})
DESCRIBED = "{'descr': '<f4', 'fortran_order': False, 'shape': "
ATTACKS = {
    "a shape of terabytes": with_a(header(f"{DESCRIBED}{HUGE}, }}\n")),
    "no data behind the header": with_a(header(f"{DESCRIBED}(3, 2), }}\n")),
    "too much data": with_a(npy(ARRAYS["a"]) + b"more"),
    "a pickle": with_a(pickled()),
    "a number of 5,000 digits": with_a(header(f"{DESCRIBED}({'9' * 5000},), }}\n")),
    "a header that is nested deeply": with_a(header(f"{DESCRIBED}{'(' * 2000}{')' * 2000}, }}\n")),
    "a header that is no dictionary": with_a(header("__import__('os').mkdir('pwned')\n")),
    "an unknown version": with_a(header(f"{DESCRIBED}(3, 2), }}\n", b"\x09\x00")),
    "a structured type": with_a(npy(np.zeros((3, 2), [("x", "<f4")]))),
    "integers": with_a(npy(np.zeros((3, 2), np.int64))),
    "another byte order": with_a(npy(np.zeros((3, 2), ">f4"))),
    "values that are not finite": with_a(npy(np.full((3, 2), np.inf, np.float32))),
    "an array twice": archive([("a", npy(ARRAYS["a"])), ("a", npy(ARRAYS["a"])), ("b", b"")]),
    "no .npy inside": with_a(b"text"),
    "an unknown array": archive({**{n: npy(v) for n, v in ARRAYS.items()}, "c": b""}),
    "a missing array": archive({"a": npy(ARRAYS["a"])}),
    "a bare .npy": npy(ARRAYS["a"]),
    "nothing": b"",
    "a bomb": archive({"a": b"\0" * 30_000_000, "b": b""}, zipfile.ZIP_DEFLATED),
    "bzip2": archive({n: npy(v) for n, v in ARRAYS.items()}, zipfile.ZIP_BZIP2),
    "an unknown method": patched(GOOD, 8, 77),
    "encryption": patched(GOOD, 6, 1),
    "arrays inside each other": nested(),
    "a type of nothing": with_a(header("{'descr': (), 'fortran_order': False, 'shape': (3, 2), }")),
    "half of it": GOOD[: len(GOOD) // 2],
}


def test_weights_are_read_as_they_were_written():
    for dtype in (np.float32, np.float16):
        found = read_weights(PATH, write_weights(ARRAYS, dtype), SHAPES)
        assert found.keys() == ARRAYS.keys()
        for name, array in ARRAYS.items():
            np.testing.assert_array_equal(found[name], array)
            assert found[name].dtype == np.float32 and found[name].flags.writeable
    by_column = archive({"a": npy(np.asfortranarray(ARRAYS["a"])), "b": npy(ARRAYS["b"])})
    np.testing.assert_array_equal(read_weights(PATH, by_column, SHAPES)["a"], ARRAYS["a"])


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_leaves_one_sentence(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tracemalloc.start()
    try:
        with pytest.raises(ArtifactError) as error:
            read_weights(PATH, ATTACKS[name], SHAPES)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()
    assert str(PATH) in str(error.value) and "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_shape_that_the_file_cannot_hold_allocates_nothing():
    huge = archive({"a": header(f"{DESCRIBED}{HUGE}, }}\n"), "b": npy(ARRAYS["b"])})
    with pytest.raises(ArtifactError, match="another length than its shape"):
        read_weights(PATH, huge, {**SHAPES, "a": HUGE})


@given(st.data())
def test_a_changed_byte_gives_the_weights_or_one_error(data):
    changed = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(GOOD) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_weights(PATH, bytes(changed), SHAPES)
    except ArtifactError as error:
        assert str(PATH) in str(error)
    else:
        assert {name: array.shape for name, array in found.items()} == SHAPES


@given(st.binary(max_size=300))
def test_any_bytes_are_no_weights(data):
    with pytest.raises(ArtifactError, match="not an archive of plain arrays"):
        read_weights(PATH, data, SHAPES)


def test_a_checksum_of_the_archive_is_checked():
    data = GOOD.replace(npy(ARRAYS["b"])[-4:], b"\0\0\0\1", 1)
    assert zlib.crc32(data) != zlib.crc32(GOOD)
    with pytest.raises(ArtifactError, match="CRC"):
        read_weights(PATH, data, SHAPES)


def test_arrays_inside_each_other_take_no_memory_of_their_own():
    data = nested()
    for read in (
        lambda: read_weights(PATH, data, {"a": (2040,), "b": (2000,)}),
        lambda: read_arrays(io.BytesIO(data), len(data)),
    ):
        with pytest.raises((ArtifactError, ValueError), match="longer than the file"):
            read()
