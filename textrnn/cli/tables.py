"""Facts and lists as text that fits the terminal; no word is broken."""

import shutil
import textwrap
from collections.abc import Collection, Iterable

from textrnn.evaluation.columns import plain

WIDEST = 100  # columns of running text, which longer lines make hard to read
NAMES_WIDTH = 28  # columns of the names in a table


def _width() -> int:
    return min(shutil.get_terminal_size().columns, WIDEST)


def wrapped(text: str, first: str = "", rest: str | None = None) -> str:
    """`text` on lines of the terminal's width that begin with `first`, then with `rest`.

    A word that is longer than a line, such as an address, makes its line longer.
    """
    lines = textwrap.wrap(
        plain(text),
        width=max(_width(), len(first) + 20),
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return "\n".join(lines) or first


def facts(
    rows: Iterable[tuple[str, str]], *, indent: str = "", anywhere: Collection[str] = ()
) -> str:
    """Names and values in two columns; the values of the names `anywhere` are no words.

    A name of more than NAMES_WIDTH columns has a line of its own.
    """
    rows, lines = list(rows), []
    rest = indent + " " * (2 + min(NAMES_WIDTH, max(len(name) for name, _ in rows)))
    for name, text in rows:
        first = f"{indent}{name}".ljust(len(rest))
        if len(name) > NAMES_WIDTH:
            lines.append(first)
            first = rest
        lines.append((_cut if name in anywhere else wrapped)(text, first, rest))
    return "\n".join(lines)


def _cut(text: str, first: str, rest: str) -> str:
    """The same as `wrapped`, with lines that end anywhere and keep every space."""
    text, width = plain(text), max(_width() - len(first), 20)
    parts = [text[start : start + width] for start in range(0, len(text), width)] or [""]
    return first + f"\n{rest}".join(parts)
