"""Damage a file that somebody could send: bytes, values of JSON, members of an archive."""

import io
import json
import random
import warnings
import zipfile
from typing import Any

MOST_BYTES = 2**16  # of a mutated file, so that most inputs take milliseconds
VALUES: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2, 7, 2**31, 2**63, 10**29, -0.5, 0.5, 1e308, -1e308, "", "x",
    "\x1b[31m", "\u202e", "../../etc/passwd", "a" * 5000, [], [[]], [1], ["a", "a"], {}, {"a": 1},
)  # fmt: skip
TOKENS = (
    b'"', b'""', b",", b"\n", b"\r", b"\0", b"\t", b"[" * 60, b"{" * 60, b"9" * 5000, b"1e999",
    b"NaN", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"-", b"..",
    b"\x1b[31m", b"PK\x03\x04", b"\x93NUMPY", b"text", b"label",
)  # fmt: skip


def mutate(data: bytes, rng: random.Random, structure: str) -> bytes:
    """`data` with some damage; `structure` is "json", "zip" or "bytes"."""
    if structure == "json" and rng.random() < 0.6:
        return json.dumps(_other_value(json.loads(data), rng)).encode()
    if structure == "zip" and rng.random() < 0.7:
        return _other_member(data, rng)
    return damaged(data, rng)


def damaged(data: bytes, rng: random.Random) -> bytes:
    """`data` with 1 to 8 bytes or pieces changed, deleted, repeated, moved or inserted."""
    content = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        start = rng.randrange(len(content) + 1)
        end = min(len(content), start + rng.choice((1, 2, 8, 64)))
        piece, way = bytes(content[start:end]), rng.randrange(6)
        if way == 0:
            content[start:end] = rng.randbytes(end - start)
        elif way == 1:
            del content[start:end]
        elif way == 2:
            content[start:start] = piece * rng.choice((2, 3, 500))
        elif way == 3:
            content[start:start] = rng.choice(TOKENS)
        elif way == 4:
            content[start:end] = rng.choice(TOKENS)
        else:
            del content[start:]
            content += piece
    return bytes(content[:MOST_BYTES])


def _other_value(value: Any, rng: random.Random) -> Any:
    """A JSON value with one of the values in it replaced or deleted."""
    if isinstance(value, dict | list) and value and rng.random() < 0.8:
        copy: Any = dict(value) if isinstance(value, dict) else list(value)
        place = rng.choice(list(copy) if isinstance(copy, dict) else range(len(copy)))
        if rng.random() < 0.15:
            del copy[place]
        else:
            copy[place] = _other_value(copy[place], rng)
        return copy
    return rng.choice(VALUES)


def _other_member(data: bytes, rng: random.Random) -> bytes:
    """An archive with one of its members damaged, doubled, renamed, missing or compressed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    index, way, kind = rng.randrange(len(members)), rng.randrange(5), zipfile.ZIP_STORED
    name, content = members[index]
    if way == 0:
        members.append((name, content))
    elif way == 1:
        members[index] = (name[1:], content)
    elif way == 2:
        del members[index]
    elif way == 3:
        kind = zipfile.ZIP_DEFLATED
        members[index] = (name, content + bytes(2**20))
    else:
        members[index] = (name, damaged(content[:200], rng) + content[200:])
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", kind) as archive:
        warnings.simplefilter("ignore")  # about a member that is there twice
        for each, content in members:
            archive.writestr(zipfile.ZipInfo(each), content, compress_type=kind)
    return buffer.getvalue()
