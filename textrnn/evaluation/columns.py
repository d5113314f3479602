"""Text for a terminal: on one line, and its width in columns."""

import re
import unicodedata

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def plain(text: str) -> str:
    """Replace each control character and line end of `text` by a space."""
    return _CONTROLS.sub(" ", text)


def one_line(text: str) -> str:
    """`text` on one line: each run of white space and control characters becomes one space."""
    return " ".join(plain(text).split())


def columns(text: str) -> int:
    """The width of `text` in terminal columns: two for a Chinese character or an emoji."""
    if text.isascii():
        return len(text)
    return sum(
        1 + (unicodedata.east_asian_width(character) in "WF")
        for character in text
        # Accents, joiners and variation selectors have no width.
        if unicodedata.category(character) not in ("Mn", "Me", "Cf")
    )
