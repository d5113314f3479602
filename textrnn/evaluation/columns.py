"""Text as a terminal shows it: in one line, and how many columns it takes."""

import re
import unicodedata

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def plain(text: str) -> str:
    """Any text with a space for each control character and line end."""
    return _CONTROLS.sub(" ", text)


def one_line(text: str) -> str:
    """Any text as one line, a single space for white space and control characters."""
    return " ".join(plain(text).split())


def columns(text: str) -> int:
    """Columns of a terminal that `text` takes: two for a Chinese character or an emoji."""
    if text.isascii():
        return len(text)
    return sum(
        1 + (unicodedata.east_asian_width(character) in "WF")
        for character in text
        # Accents, joiners and variation selectors take none.
        if unicodedata.category(character) not in ("Mn", "Me", "Cf")
    )
