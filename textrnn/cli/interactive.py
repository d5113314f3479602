"""`textrnn generate --interactive`: a person and a model write one text in turns.

A turn is the person's words, often none, and what the model wrote on from them. The text is the
prime and all turns. A stop text ends a turn and is no part of it; writing on without words of one's
own begins the next turn with it, so that the text goes on after it.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.cli.options import write_file
from textrnn.config.base import parse_setting
from textrnn.config.sampling import SamplingConfig
from textrnn.engine import generation
from textrnn.engine.stopping import stop_texts, until
from textrnn.errors import ConfigError, TextRNNError

HELP = """\
  Enter     write on, past the stop text if one came
  r         retry: throw the last continuation away and write another
  u         undo the last continuation, and your words before it
  + WORDS   add words of your own, then write on; \\n is a line end
  t 0.5     set the temperature
  n 200     set the length of a continuation
  p         print the whole text
  s PRIME   start over, with a new prime or the same
  w FILE    save the text
  q         quit (or Ctrl-D); Ctrl-C stops a continuation
"""
SHOWN = 80  # characters of the line so far that are shown again before it goes on


class Turn(NamedTuple):
    """What was added to the text, and what the model wrote on from there."""

    words: str
    written: str
    stop: str = ""  # the stop text that ended it, not part of the text yet


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
    """Write with a person until they quit, and return the whole text.

    `read` shows a prompt and gives a line, or raises EOFError to quit; `write` shows text. The
    same seed and the same lines give the same text; the first continuation is the one that
    `stream` gives for `seed`. A TextRNNError when the settings to begin with are wrong; a wrong
    line is answered with its sentence and changes nothing.
    """
    session = _Session(model, length, sampling, seed, stop_texts(stop), write)
    try:
        session.start(prime)
        write("(Enter writes on, h lists the commands, q quits)\n")
        going = True
        while going:
            line = read("> ")
            try:
                going = session.obey(line)
            except TextRNNError as error:
                write(f"{error}\n")
    except (EOFError, KeyboardInterrupt):
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

    def obey(self, line: str) -> bool:
        """Do what `line` asks for; False when that is to quit."""
        if line.startswith("+"):
            self.write_on(_typed(line[1:].removeprefix(" ")))
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
                self.start(_typed(argument) or self.prime)
            case "w", file:
                self.save(file)
            case "q", "":
                return False
            case _:
                self.write(HELP)
        return True

    def start(self, prime: str) -> None:
        """Begin a text; TextRNNError, and nothing is changed, when no text can begin so."""
        generation.check_call(
            self.model, prime, self.length, self.next_seed, self.stop, unknown="error"
        )
        self.prime, self.turns = prime, []
        self.write(prime)
        self._continue("")

    def write_on(self, words: str) -> None:
        """Add `words`, or with none the stop text that ended the last turn, and a continuation."""
        if not words and self.turns:
            words = self.turns[-1].stop
        # Refuses unknown characters before anything changes.
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
        except KeyboardInterrupt:
            pass  # stops this continuation; what is written stays
        self.turns.append(Turn(words, written, stop))
        self.write("\n")

    def undo(self) -> None:
        """Take the last turn back."""
        if not self.turns:
            raise ConfigError("there is nothing to undo; Enter writes on")
        self.turns.pop()
        self.write(f"{_last_line(self.text)}\n")

    def save(self, file: str) -> None:
        """Write the text to a new file."""
        if not file:
            raise ConfigError("w needs the name of a file, such as w story.txt")
        path = Path(os.path.expanduser(file))
        if os.path.lexists(path):
            raise TextRNNError(f"{path} exists, and is not overwritten; name another file")
        write_file(path, self.text)
        self.write(f"saved as {path}\n")


def _length(text: str) -> int:
    try:
        length = int(text)
    except ValueError:
        length = 0
    if length < 1:
        raise ConfigError(f"length must be a whole number from 1, such as n 200, got {text!r}")
    return length


def _typed(text: str) -> str:
    return text.replace("\\n", "\n")


def _last_line(text: str) -> str:
    return text.rpartition("\n")[2][-SHOWN:]
