"""The text that `generate` continues: as typed or from a file, in characters the model knows."""

import os
import stat
import sys
from typing import TYPE_CHECKING

import click

from textrnn.cli.escapes import unescape
from textrnn.errors import ConfigError, CorpusError

if TYPE_CHECKING:
    from textrnn.artifacts.generator import GeneratorArtifact
    from textrnn.data.encodings import Encodings


def given(prime: str | None, prime_file: str | None, encoding: "Encodings") -> str:
    """The prime of the options; "" without one.

    ConfigError if both are given, CorpusError if the file cannot be read.
    """
    if prime_file is None:
        return unescape(prime or "")
    if prime is not None:
        raise ConfigError("give --prime or --prime-file, not both")
    if prime_file != "-" and os.path.isdir(prime_file):
        raise CorpusError(f"{prime_file} is a folder; name a file after --prime-file")
    from textrnn.data.corpora import read_corpus

    return read_corpus([prime_file], encoding=encoding).text


def readable(model: "GeneratorArtifact", text: str, unknown: str) -> tuple[str, list[str]]:
    """`text` in characters that the model knows, and notices about what was changed.

    Typographic marks become plain ones; with `unknown="skip"` other unknown characters go.
    """
    from textrnn.engine.typography import folded

    codec, notices = model.tokenizer.codec, []
    text, replaced = folded(text, codec)
    if replaced:
        pairs = ", ".join(f"{_shown(mark)} as {_shown(plain)}" for mark, plain in replaced.items())
        notices.append(f"read as plain marks, which the model knows: {pairs}")
    if unknown == "skip" and codec.unknown_characters(text):
        skipped = "".join(sorted(each for each in set(text) if codec.unknown_characters(each)))
        notices.append(f"characters skipped, not in the model's vocabulary: {skipped!r}")
        text = text.translate(dict.fromkeys(map(ord, skipped)))
    return text, notices


def _shown(mark: str) -> str:
    if not mark:
        return "nothing"
    return mark if mark.isprintable() and not mark.isspace() else ascii(mark)


def notice_long_prime(model: "GeneratorArtifact", prime: str) -> None:
    """Say on stderr that only the end of a long prime is read."""
    from textrnn.engine.reading import LONGEST_PRIME

    limit, codec = LONGEST_PRIME, model.tokenizer.codec
    possible = len(prime) * codec.ids_per_character
    if possible > limit and len(codec.start(prime, "skip").ids) > limit:
        click.echo(f"the prime is cut to its last {limit:,} {model.tokenizer.unit}", err=True)


def notice_unread_input() -> None:
    """Say on stderr that text waits on standard input and is not read; never waits itself."""
    if _waiting():
        click.echo("standard input is not read; add --prime-file - to continue its text", err=True)


def _waiting() -> bool:
    try:
        import fcntl
        import termios

        number = sys.stdin.fileno()
        found = os.fstat(number)
        if stat.S_ISREG(found.st_mode):
            return found.st_size > 0
        if not (stat.S_ISFIFO(found.st_mode) or stat.S_ISSOCK(found.st_mode)):
            return False
        count = fcntl.ioctl(number, termios.FIONREAD, bytes(4))
        return int.from_bytes(count, sys.byteorder) > 0
    except (ImportError, OSError, ValueError):  # Windows; no stream of the system
        return False
