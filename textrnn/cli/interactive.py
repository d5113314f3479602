"""`textrnn generate --interactive`: the user and the model write one text in turns.

A turn is the user's words, often none, and the model's continuation. The text is the prime and all
turns. A stop text ends a turn and is not part of it. If the next turn has no words of the user, it
starts with the stop text, so that the text continues after it.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.cli.options import write_file
from textrnn.cli.signals import Terminated
from textrnn.config.base import parse_setting
from textrnn.config.sampling import SamplingConfig
from textrnn.engine import generation
from textrnn.engine.stopping import stop_texts, until
from textrnn.errors import ConfigError, TextRNNError

HELP = """\
  Enter     continue (after the stop text, if one was reached)
  r         retry: replace the last continuation by another
  u         undo the last continuation and your words before it
  + WORDS   add your own words, then continue; \\n is a line end
  t 0.5     set the temperature
  n 200     set the length of a continuation, in characters
  p         print the whole text
  s PRIME   start again, with a new prime or the same
  w FILE    save the text
  q         quit (or Ctrl-D); Ctrl-C stops a continuation
"""
CONTEXT = 80  # characters of the current line repeated before its continuation


class Turn(NamedTuple):
    """The user's words and the model's continuation."""

    words: str
    written: str
    stop: str = ""  # the stop text that ended the turn, not yet part of the text


def write_interactively(
    model: GeneratorArtifact,
    *,
    prime: str,
    length: int,
    sampling: SamplingConfig,
    seed: int,
    stop: str | Iterable[str],
    read: Callable[[str], str],
    write: Callable[[str], None],
) -> str:
    """Write a text in turns with the user until they quit, and return the whole text.

    `read` shows a prompt and returns a line, or raises EOFError to quit; `write` shows text. The
    same seed and lines give the same text; the first continuation equals `stream` with `seed`.
    TextRNNError if the initial settings are wrong; a wrong line only prints its error.
    """
    session = _Session(model, length, sampling, seed, stop_texts(stop), write)
    try:
        session.start(prime)
        write("(Enter continues, h lists the commands, q quits)\n")
        going = True
        while going:
            line = read("> ")
            try:
                going = session.execute(line)
            except TextRNNError as error:
                write(f"{error}\n")
    except EOFError:
        write("\n")
    return session.text


@dataclass
class _Session:
    model: GeneratorArtifact
    length: int
    sampling: SamplingConfig
    next_seed: int
    stop: tuple[str, ...]
    write: Callable[[str], None]
    prime: str = ""
    turns: list[Turn] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.prime + "".join(turn.words + turn.written for turn in self.turns)

    def execute(self, line: str) -> bool:
        """Execute a command line; False if it is to quit."""
        if line.startswith("+"):
            self.write_on(_unescape(line[1:].removeprefix(" ")))
            return True
        name, _, argument = line.lstrip().partition(" ")
        match name, argument.strip():
            case "", "":
                self.write_on("")
            case "r", "":
                self.write_on(self.turns.pop().words if self.turns else "")
            case "u", "":
                self.undo()
            case "t", value:
                temperature = parse_setting(SamplingConfig, "temperature", value)
                self.sampling = replace(self.sampling, temperature=temperature)
            case "n", value:
                self.length = _length(value)
            case "p", "":
                self.write(f"{self.text}\n")
            case "s", _:
                self.start(_unescape(argument) or self.prime)
            case "w", file:
                self.save(file)
            case "q", "":
                return False
            case _:
                self.write(HELP)
        return True

    def start(self, prime: str) -> None:
        """Start a new text; TextRNNError if the prime is invalid, and nothing changes."""
        generation.check_call(
            self.model, prime, self.length, self.next_seed, self.stop, unknown="error"
        )
        self.prime, self.turns = prime, []
        self.write(prime)
        self._continue("")

    def write_on(self, words: str) -> None:
        """Add `words` (if empty, the last turn's stop text) and a continuation."""
        if not words and self.turns:
            words = self.turns[-1].stop
        # Raises for unknown characters before anything changes.
        self.model.tokenizer.codec.start(words, "error")
        self.write(_last_line(self.text) + words)
        self._continue(words)

    def _continue(self, words: str) -> None:
        characters = generation.stream(
            self.model, self.text + words, self.length,
            sampling=self.sampling, seed=self.next_seed,
        )  # fmt: skip
        self.next_seed += 1
        written = stop = ""

        def shown() -> Iterator[str]:
            nonlocal stop
            stop = yield from until(characters, self.stop)

        try:
            for character in shown():
                written += character
                self.write(character)
        except Terminated:
            raise
        except KeyboardInterrupt:
            pass  # stops this continuation; what was written is kept
        self.turns.append(Turn(words, written, stop))
        self.write("\n")

    def undo(self) -> None:
        """Undo the last turn."""
        if not self.turns:
            raise ConfigError("there is nothing to undo; press Enter to continue")
        self.turns.pop()
        self.write(f"{_last_line(self.text)}\n")

    def save(self, file: str) -> None:
        """Save the text to a new file; never overwrites."""
        if not file:
            raise ConfigError("w needs a file name, such as w story.txt")
        path = Path(os.path.expanduser(file))
        if os.path.lexists(path):
            raise TextRNNError(f"{path} already exists and is not overwritten; choose another file")
        write_file(path, self.text)
        self.write(f"saved to {path}\n")


def _length(text: str) -> int:
    try:
        length = int(text)
    except ValueError:
        length = 0
    if length < 1:
        raise ConfigError(
            f"length must be a whole number of at least 1, such as n 200, got {text!r}"
        )
    return length


def _unescape(text: str) -> str:
    return text.replace("\\n", "\n")


def _last_line(text: str) -> str:
    return text.rpartition("\n")[2][-CONTEXT:]
