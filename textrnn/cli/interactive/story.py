"""The text of an interactive session: a prime and turns, with undo, redo and takes.

A turn is the user's words, often none, and the model's continuation. Each change makes a new Text,
and the old ones are kept, so that everything can be undone.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

from textrnn.errors import ConfigError

CONTEXT = 80  # characters of the current line repeated before its continuation


class Take(NamedTuple):
    """One continuation, and the stop text that ended it, which is not yet part of the text."""

    written: str
    stop: str = ""


@dataclass(frozen=True)
class Turn:
    """The user's words, the continuations tried after them, and the index of the chosen one."""

    words: str
    takes: tuple[Take, ...]
    chosen: int = 0

    @property
    def take(self) -> Take:
        """The chosen continuation."""
        return self.takes[self.chosen]

    def with_take(self, take: Take) -> "Turn":
        """This turn with one more take, which is chosen."""
        return Turn(self.words, (*self.takes, take), len(self.takes))


@dataclass(frozen=True)
class Text:
    """A prime and the turns after it."""

    prime: str = ""
    turns: tuple[Turn, ...] = ()

    def __str__(self) -> str:
        return self.prime + "".join(turn.words + turn.take.written for turn in self.turns)

    @property
    def last(self) -> Turn:
        """The last turn; ConfigError without one."""
        if not self.turns:
            raise ConfigError("there is no continuation yet; press Enter for one")
        return self.turns[-1]

    def before_last(self) -> str:
        """The text before the last continuation."""
        return str(Text(self.prime, self.turns[:-1])) + self.last.words

    def with_last(self, turn: Turn) -> "Text":
        """The text with another last turn."""
        return replace(self, turns=(*self.turns[:-1], turn))

    def with_turn(self, words: str, take: Take) -> "Text":
        """The text with one more turn."""
        return replace(self, turns=(*self.turns, Turn(words, (take,))))


class Story:
    """The current text, what came before it and what was undone."""

    def __init__(self) -> None:
        self.now = Text()
        self._before: list[Text] = []
        self._undone: list[Text] = []

    def change(self, text: Text) -> None:
        """Make `text` the current one; it can be undone."""
        self._before.append(self.now)
        self._undone.clear()
        self.now = text

    def begin(self, text: Text) -> None:
        """Make `text` the first one: nothing comes before it."""
        self.now = text
        self._before.clear()
        self._undone.clear()

    def undo(self) -> None:
        """Go back to the text before the last change; ConfigError if there is none."""
        if not self._before:
            raise ConfigError("there is nothing to undo; press Enter to continue")
        self._undone.append(self.now)
        self.now = self._before.pop()

    def redo(self) -> None:
        """Take the last undo back; ConfigError if there is none."""
        if not self._undone:
            raise ConfigError("there is nothing to redo; press Enter to continue")
        self._before.append(self.now)
        self.now = self._undone.pop()


def last_line(text: str) -> str:
    """The end of the last line, which is shown again before its continuation."""
    return text.rpartition("\n")[2][-CONTEXT:]


def excerpt(text: str) -> str:
    """The beginning of a text on one line."""
    shown = " ".join(text.split())
    return shown if len(shown) <= 70 else f"{shown[:67]}..."
