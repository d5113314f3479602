"""Standard streams that are terminals, in memory."""

import io
import sys

import pytest

from textrnn.cli import main


class Terminal(io.TextIOWrapper):
    """A terminal of some encoding."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="\n")

    def isatty(self) -> bool:
        return True

    @property
    def shown(self) -> str:
        """All that was written."""
        self.flush()
        return self.buffer.getvalue().decode(self.encoding)


def terminals(
    monkeypatch: pytest.MonkeyPatch, encoding: str = "utf-8"
) -> tuple[Terminal, Terminal]:
    """Terminals as standard output and standard error."""
    out, err = Terminal(encoding), Terminal(encoding)
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    return out, err


def on_terminals(
    monkeypatch: pytest.MonkeyPatch, *arguments: object, width: int = 60, encoding: str = "utf-8"
) -> tuple[str, str]:
    """What a command shows on the terminals that are its standard output and standard error."""
    out, err = terminals(monkeypatch, encoding)
    monkeypatch.setenv("COLUMNS", str(width))
    with pytest.raises(SystemExit):
        main([str(argument) for argument in arguments])
    return out.shown, err.shown
