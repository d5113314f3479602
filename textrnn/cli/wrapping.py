"""Fit lines into the width of a terminal: wrap at spaces, leave out what matters least."""

import re

from textrnn.evaluation.columns import columns


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """The lines of `text`, each of at most `width` columns and begun with `indent`.

    Lines break at spaces only: a longer word stays whole on a line of its own. The spaces at which
    a line breaks are left out.
    """
    room = max(1, width - columns(indent))
    lines = [part for line in text.split("\n") for part in _parts(line.expandtabs(4), room)]
    return [f"{indent}{line}" for line in lines]


def _parts(line: str, room: int) -> list[str]:
    parts, current = [], ""
    for spaces, word in re.findall("( *)([^ ]+)", line):
        if current.strip() and columns(current + spaces + word) > room:
            parts.append(current)
            current = word
        else:
            current += spaces + word
    return [*parts, current]


def first_that_fits(lines: list[str], width: int) -> str:
    """The first of `lines` that has at most `width` columns, or the last one."""
    return next((line for line in lines if columns(line) <= width), lines[-1])
