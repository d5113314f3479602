"""An interactive session: what the typed lines do.

A stop text ends a turn and is not part of it. If the next turn has no words of the user, it starts
with the stop text, so that the text continues after it.
"""

import os
from collections.abc import Callable
from pathlib import Path

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.cli.escapes import unescape
from textrnn.cli.interactive.commands import COMMANDS, HELP
from textrnn.cli.interactive.draft import Draft
from textrnn.cli.interactive.settings import SHORT, Settings, assignment
from textrnn.cli.interactive.story import Story, Take, Text, excerpt, last_line
from textrnn.cli.options import write_file
from textrnn.cli.primes import readable
from textrnn.cli.signals import Terminated
from textrnn.engine import generation
from textrnn.engine.reading import Reading
from textrnn.errors import ConfigError, TextRNNError

AT_ONCE = "(the stop text came at once; Enter goes past it)\n"
_NO_SPACE_BEFORE = ".,;:!?…)]}'’”"


class Session:
    """The text, the settings and the draft; `write` shows text to the user."""

    def __init__(
        self,
        model: GeneratorArtifact,
        settings: Settings,
        draft: Draft,
        write: Callable[[str], None],
    ) -> None:
        self.model, self.settings = model, settings
        self.draft, self.write = draft, write
        self.story = Story()
        self.saved: Text | None = None
        self.file = ""  # the last one saved to
        self._explained = False
        self._reading = Reading(model)

    @property
    def text(self) -> str:
        """The whole text."""
        return str(self.story.now)

    @property
    def unsaved(self) -> bool:
        """Whether the text holds something that was generated and is in no file of the user."""
        return bool(self.story.now.turns) and self.story.now != self.saved

    def execute(self, line: str) -> bool:
        """Execute a line; False if it is to quit. TextRNNError if it is wrong: nothing changes."""
        if line.startswith("+"):
            self.write_on(unescape(line[1:].removeprefix(" ")))
            return True
        if setting := assignment(line, self.settings.names()):
            self.set(*setting)
            return True
        name, _, rest = line.lstrip().partition(" ")
        argument = rest.strip()
        if not argument:
            name = COMMANDS.get(name.lower(), name)
            name = name.lower() if len(name) == 1 and name != "I" else name
        elif name.lower() == "save" and _is_file_name(argument):
            name = "w"
        match name, argument:
            case "", "":
                self.write_on("")
            case "r", "":
                self.retry()
            case "k", _:
                self.choose(argument)
            case "u" | "y", "":
                (self.story.undo if name == "u" else self.story.redo)()
                self._changed(f"{last_line(self.text.rstrip())}\n")
            case (("t" | "n" | "set"), _):
                self.set(*((name, argument) if name in SHORT else _pair(argument)))
            case "p", "":
                self.write(f"{self.text}\n")
            case "s", _:
                self.start(unescape(rest) or self.story.now.prime)
            case (("w" | "w!"), _):
                self.save(argument, overwrite=name == "w!")
            case "h", "":
                self.write(HELP)
            case "q", "":
                return False
            case (("r" | "u" | "y" | "p" | "q" | "h"), _):
                raise ConfigError(
                    f"{name} is a command and takes nothing after it; to write {line.strip()!r}, "
                    f"type + before it"
                )
            case _:
                self.write_words(line)
        return True

    def begin(self, prime: str) -> None:
        """Begin with `prime`, which nothing comes before; TextRNNError as for `start`."""
        self.check(prime)
        self.story.begin(Text(prime))
        self.write(prime)
        self._continue(prime, lambda take: Text(prime).with_turn("", take))

    def start(self, prime: str) -> None:
        """Start a new text; TextRNNError if the prime is invalid, and nothing changes."""
        prime = self._readable(prime)
        self.check(prime)
        self.write(prime)
        self._continue(prime, lambda take: Text(prime).with_turn("", take))

    def check(self, prime: str) -> None:
        """TextRNNError if the prime or a setting is wrong."""
        s = self.settings
        generation.check_call(s.length, s.seed, s.stop, s.until, 1)
        self.model.tokenizer.codec.start(prime, "error")

    def write_words(self, line: str) -> None:
        """Write a line without a command on, with a space before it where one belongs."""
        words = unescape(line.strip())
        # A word that cannot be written is refused before anything is said.
        known, _ = readable(self.model, words, self.settings.unknown)
        self.model.tokenizer.codec.start(known, "error")
        if self.text and not self.text[-1].isspace() and words[0] not in _NO_SPACE_BEFORE:
            words = f" {words}"
        if words[-1].isalnum():
            words = f"{words} "  # else the model may go on within the last word
        if not self._explained:
            self._explained = True
            self.write("(your words are written on; u undoes that, h lists the commands)\n")
        self.write_on(words)

    def write_on(self, words: str) -> None:
        """Add `words` (if empty, the last turn's stop text) and a continuation."""
        words = self._readable(words)
        now = self.story.now
        if not words and now.turns:
            words = now.last.take.stop
        # Raises for unknown characters before anything changes.
        self.model.tokenizer.codec.start(words, "error")
        self.write(last_line(self.text) + words)
        self._continue(self.text + words, lambda take: now.with_turn(words, take))

    def retry(self) -> None:
        """Another continuation in the place of the last one, which stays as a take."""
        now = self.story.now
        if not now.turns:
            self.write_on("")
            return
        turn = now.last
        before = now.before_last()
        self.write(last_line(before))
        self._continue(before, lambda take: now.with_last(turn.with_take(take)))

    def choose(self, number: str) -> None:
        """List the takes of the last continuation, or choose one by its number."""
        turn = self.story.now.last
        if not number:
            for index, take in enumerate(turn.takes):
                mark = "*" if index == turn.chosen else " "
                self.write(f"{mark} {index + 1}  {excerpt(take.written)}\n")
            return
        if not number.isdecimal() or not 1 <= int(number) <= len(turn.takes):
            raise ConfigError(
                f"k takes the number of a take, from 1 to {len(turn.takes)}, got {number!r}; k "
                f"alone lists them"
            )
        chosen = type(turn)(turn.words, turn.takes, int(number) - 1)
        self.story.change(self.story.now.with_last(chosen))
        before = self.story.now.before_last()
        self._changed(f"{last_line(before)}{chosen.take.written}\n")

    def set(self, name: str, value: str) -> None:
        """Show all settings, or one, or change one."""
        if not name:
            for each in self.settings.names():
                self.write(f"  {self.settings.shown(each)}\n")
            return
        if value:
            self.settings.set(name, value)
        self.write(f"  {self.settings.shown(name)}\n")

    def save(self, file: str, *, overwrite: bool) -> None:
        """Save the text to a file; without a name to that of the last time."""
        again = not file and self.file
        if not (file or self.file):
            raise ConfigError("w needs a file name, such as w story.txt")
        path = Path(os.path.expanduser(file or self.file))
        if os.path.lexists(path) and not (overwrite or again or path.is_dir()):
            raise TextRNNError(f"{path} exists; w! {path} replaces it, or choose another name")
        write_file(path, self.text)
        self.file, self.saved = str(path), self.story.now
        self.draft.drop()
        self.write(f"saved to {path}\n")

    def _readable(self, words: str) -> str:
        text, notices = readable(self.model, words, self.settings.unknown)
        for notice in notices:
            self.write(f"({notice})\n")
        return text

    def _continue(self, before: str, changed: Callable[[Take], Text]) -> None:
        """Write a continuation of `before`; the text becomes what `changed` makes of it.

        Ctrl-C stops it and keeps what is written, and so does SIGTERM, which then ends the session.
        """
        s, stopped = self.settings, None
        samples: generation.Samples | None = None
        try:
            self._reading.read(before)
            samples = generation.Samples(
                self.model, self._reading, s.length, sampling=s.sampling, seed=s.seed, stop=s.stop,
                until=s.until,
            )  # fmt: skip
            s.seed += 1
            for characters in samples:
                self.write(characters)
        except KeyboardInterrupt as stop:
            stopped = stop
        if samples:
            (text,) = samples.texts
            self.write(text.finish("interrupted"))
            self.story.change(changed(Take(text.text, text.stopped_by)))
            nothing = text.stopped_by and not text.text
            self._changed(f"\n{AT_ONCE if nothing else ''}")
        if isinstance(stopped, Terminated):
            raise stopped

    def _changed(self, shown: str) -> None:
        self.write(shown)
        if self.unsaved:
            self.draft.keep(self.text)
        else:
            self.draft.drop()


def _pair(argument: str) -> tuple[str, str]:
    name, _, value = argument.partition(" ")
    return name, value.strip()


def _is_file_name(text: str) -> bool:
    return " " not in text and ("." in text or os.sep in text)
