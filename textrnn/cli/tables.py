"""Facts and lists as text that fits the terminal; no word is broken."""

import shutil
import textwrap
from collections.abc import Iterable

from textrnn.evaluation.columns import plain

WIDEST = 100  # columns of running text, which longer lines make hard to read
NO_BREAK = "\xa0"  # a space where a line must not end


def wrapped(text: str, first: str = "", rest: str | None = None) -> str:
    """`text` on lines of the terminal's width that begin with `first`, then with `rest`."""
    width = min(shutil.get_terminal_size().columns, WIDEST)
    lines = textwrap.wrap(
        plain(text),
        width=max(width, len(first) + 20),
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace(NO_BREAK, " ") or first


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Names and values in two columns."""
    rows = list(rows)
    indent = 2 + max(len(name) for name, _ in rows)
    return "\n".join(wrapped(text, name.ljust(indent), " " * indent) for name, text in rows)
