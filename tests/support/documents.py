"""README and docs as blocks of code, and a folder in which their examples run."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from support.paths import CORPORA, ROOT

FENCE = re.compile(r"```(.*)")
# Examples of a training are there to be run, not to reach a loss: one epoch each.
PROGRAM = """\
#!/bin/sh
case "$1 $2" in
    "train settings" | "train --help") ;;
    "train "* | "finetune "*) set -- "$@" --epochs 1 ;;
esac
exec "{python}" -m textrnn "$@"
"""


@dataclass(frozen=True)
class Block:
    """A block of code in a document; `words` are what its fence says beside the language."""

    line: int  # of the fence, or of the first indented line; from 1
    language: str
    words: frozenset[str]
    text: str

    @property
    def is_code(self) -> bool:
        """Whether it is something to run."""
        return self.language in ("sh", "python")

    def runs(self, *, slow: bool) -> bool:
        """Whether the tests run it, those of trainings or the others."""
        wanted = "no-run" not in self.words and (slow or "slow" not in self.words)
        return wanted and (self.is_code or "session" in self.words)


def blocks(document: Path) -> list[Block]:
    """The fenced and the indented blocks of a document; indented ones are shell."""
    return list(_blocks(document.read_text(encoding="utf-8").splitlines()))


def _blocks(lines: list[str]) -> Iterator[Block]:
    row = 0
    while row < len(lines):
        start = row
        if fence := FENCE.match(lines[row]):
            while not lines[row := row + 1].startswith("```"):
                pass
            language, *words = fence[1].split() or [""]
            yield Block(start + 1, language, frozenset(words), _text(lines[start + 1 : row]))
        elif lines[row].startswith("    ") and not (row and lines[row - 1]):
            while row + 1 < len(lines) and lines[row + 1].startswith("    "):
                row += 1
            text = _text(line[4:] for line in lines[start : row + 1])
            yield Block(start + 1, "sh", frozenset(["indented"]), text)
        row += 1


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


class Sandbox:
    """A folder with the sample corpora and a `textrnn` that is this checkout's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "here"
        shutil.copytree(CORPORA, self.folder / "corpora")
        program = folder / "bin" / "textrnn"
        program.parent.mkdir()
        program.write_text(PROGRAM.format(python=sys.executable), encoding="utf-8")
        program.chmod(0o755)
        path = os.pathsep.join([str(program.parent), os.environ["PATH"]])
        self._environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}

    def run(self, block: Block, typed: str = "") -> str:
        """What a block prints on stdout; AssertionError with stderr unless it exits with 0."""
        python = [sys.executable, "-c", block.text]
        done = subprocess.run(
            python if block.language == "python" else ["sh", "-euc", block.text],
            cwd=self.folder, env=self._environment, input=typed, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, f"line {block.line}: {block.text}\n{done.stderr}"
        return done.stdout

    def replay(self, block: Block) -> tuple[str, str]:
        """What the session `block` shows, its typed lines left out, and what is printed now."""
        command, *shown = block.text.splitlines()
        typed = [line[2:] for line in shown if line.startswith(">")]
        started = Block(block.line, "sh", block.words, command.removeprefix("$ "))
        printed = self.run(started, "".join(f"{line}\n" for line in typed))
        return re.sub(r"^>.*\n", "> ", _text(shown), flags=re.MULTILINE), printed


def stripped(text: str) -> list[str]:
    """The lines of `text` without spaces and empty lines at the end."""
    return [line.rstrip() for line in text.rstrip().splitlines()]
