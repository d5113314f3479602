"""Check the files of a TF-Hub module and compute their checksum; nothing of it is run.

    saved_model.pb    the program
    variables/        its weights
    assets/           its files, such as the list of its words

TensorFlow reads nothing else in the folder, so nothing else is part of the checksum.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from textrnn.errors import ConfigError

PROGRAM = "saved_model.pb"
# Names in a module. A checksum is 32 bytes, hardly ever of these: no two modules look the same.
PLAIN = re.compile(r"[\w .+=@-]{1,255}", re.ASCII)
PARTS = (PROGRAM, "variables", "assets")


def check(folder: Path, called: str) -> None:
    """ConfigError, which calls it `called`, unless `folder` is a module for TensorFlow 2.

    A link that leads out of the folder is refused: what it leads to is not part of the module. So
    is a link to a folder, and a name that could stand for several files in the checksum.
    """
    if os.path.isfile(folder):
        raise ConfigError(f"{called} is a file; unpack it and give the folder that holds {PROGRAM}")
    if os.path.exists(folder / "tfhub_module.pb"):
        raise ConfigError(
            f"{called} is a TensorFlow 1 module, which TensorFlow 2 cannot train; use its version "
            f"for TensorFlow 2"
        )
    if not os.path.exists(folder / PROGRAM):
        raise ConfigError(
            f"{called} is not a TF-Hub module: it has no {PROGRAM}; give the folder that holds one"
        )
    root = Path(os.path.realpath(folder))
    for path in _members(folder):
        if not PLAIN.fullmatch(path.name):
            raise ConfigError(
                f"{called} is unsafe: a name in it has other characters than letters, digits, "
                f"spaces and ._+=@-; get the module from its author again"
            )
        if not Path(os.path.realpath(path)).is_relative_to(root):
            raise ConfigError(
                f"{called} is unsafe: its {path.relative_to(folder)} is a link that leads out of "
                f"the folder; replace it by a copy of the file, if you trust that"
            )
        if path.is_symlink() and path.is_dir():
            raise ConfigError(
                f"{called} is unsafe: its {path.relative_to(folder)} is a link to a folder; "
                f"replace it by a copy of the folder, if you trust that"
            )
        if not (path.is_file() or path.is_dir()):
            raise ConfigError(
                f"{called} is damaged: its {path.relative_to(folder)} is neither a file nor a "
                f"folder; get the module again"
            )


def fingerprint(folder: Path) -> str:
    """SHA-256 of all files of a module; ConfigError if one cannot be read."""
    digest = hashlib.sha256()
    try:
        for path in sorted(path for path in _members(folder) if path.is_file()):
            digest.update(path.relative_to(folder).as_posix().encode(errors="surrogateescape"))
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    except OSError as error:
        raise ConfigError(
            f"the TF-Hub module in {folder} cannot be read: {error.strerror or error}; check its "
            f"permissions"
        ) from error
    return digest.hexdigest()


def _members(folder: Path) -> Iterator[Path]:
    for name in PARTS:
        yield from (path for path in [folder / name] if os.path.lexists(path))
        yield from (folder / name).rglob("*")
