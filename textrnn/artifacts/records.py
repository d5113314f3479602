"""Records of a trained model: versions, fingerprints, and files without their folders."""

import platform
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from textrnn import __version__
from textrnn.config.base import Config
from textrnn.config.parts import bare_name, names_in
from textrnn.data.corpora import Corpus
from textrnn.errors import ConfigError

# Entries of metadata that name files, or several files separated by commas.
FILES = (
    ("training", "validation"), ("training", "teacher"), ("training", "vectors"),
    ("training", "hub"), ("base", "name"), ("hub", "handle"),
)  # fmt: skip
# The end of README.md: the files beside it.
CHECKSUMS = re.compile(r"\r?\n## Files\r?\n\r?\n(?:- `[\w.]+`: SHA-256 `[0-9a-f]{64}`\r?\n)+")


def section(metadata: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The section `name`; empty if it is missing or no object, since a model works without it."""
    found = metadata.get(name)
    return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True, kw_only=True)
class CorpusRecord(Config):
    """The fingerprint of unlabelled texts in metadata."""

    names: list  # type: ignore[type-arg] # of strings
    sha256: str
    texts: int

    def __post_init__(self) -> None:
        if not all(isinstance(name, str) for name in self.names):
            raise ConfigError(f"names must list names, got {self.names!r}")


def without_folders(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """`metadata` with file names only, so that a published model reveals no paths."""
    result = dict(metadata)
    for part, name in FILES:
        section = result.get(part)
        if isinstance(section, Mapping) and isinstance(value := section.get(name), str):
            names = ",".join(bare_name(each) for each in names_in(value))
            result[part] = {**section, name: names}
    return result


def versions() -> dict[str, str]:
    """Versions of Python, of textrnn and of the installed packages that train a model."""
    found = {"python": platform.python_version(), "textrnn": __version__}
    for name in ("tensorflow", "keras", "numpy"):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def corpus_record(corpus: Corpus) -> dict[str, Any]:
    """The fingerprint of a corpus for metadata; the sources without their folders."""
    names = sorted(set(map(bare_name, corpus.sources)))
    return {"names": names, "sha256": corpus.sha256, "characters": corpus.length}


def origin_lines(metadata: Mapping[str, Any], function: str) -> list[str]:
    """The lines of a card about the command, or the Python `function`, and the licence."""
    return [
        f"- **Made by**: `{metadata.get('command', function)}`",
        f"- **Licence**: {metadata.get('licence', 'as its owner decides')}.",
    ]


def with_checksums(card: str, checksums: Mapping[str, str]) -> str:
    """README.md: a card, and the SHA-256 of the files beside it by name; "" without a card."""
    lines = [f"- `{name}`: SHA-256 `{checksum}`\n" for name, checksum in checksums.items()]
    return f"{card}\n## Files\n\n{''.join(lines)}" if card else ""


def without_checksums(text: str) -> str:
    """The card in the README.md `text`: what `with_checksums` adds is of files, not of a model."""
    return CHECKSUMS.sub("", text)
