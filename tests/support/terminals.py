"""Standard streams that are terminals, in memory."""

import io
import sys

import pytest

from textrnn.cli import main


class Terminal(io.TextIOWrapper):
    """A UTF-8 terminal."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", newline="\n")

    def isatty(self) -> bool:
        return True

    @property
    def shown(self) -> str:
        """All that was written."""
        self.flush()
        return self.buffer.getvalue().decode()


def terminals(monkeypatch: pytest.MonkeyPatch) -> tuple[Terminal, Terminal]:
    """Terminals as standard output and standard error."""
    out, err = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    return out, err


def on_terminals(
    monkeypatch: pytest.MonkeyPatch, *arguments: object, width: int = 60
) -> tuple[str, str]:
    """What a command shows on the terminals that are its standard output and standard error."""
    out, err = terminals(monkeypatch)
    monkeypatch.setenv("COLUMNS", str(width))
    with pytest.raises(SystemExit):
        main([str(argument) for argument in arguments])
    return out.shown, err.shown
