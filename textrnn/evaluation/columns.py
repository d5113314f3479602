"""Text for a terminal: harmless, on one line, and its width in columns."""

import re
import unicodedata

# What moves the cursor, changes the order of what is shown, or carries text that nobody sees: C0
# but tab and line feed, DEL and C1; marks, embeddings and isolates of direction; line and paragraph
# separators; invisible operators; byte order mark; surrogates; annotations; controls of shorthand
# and music; tags. Not here, for words and emoji need them: soft hyphen, zero width space, joiner
# and non-joiner, variation selectors; and the format characters that are drawn, such as U+06DD.
_STEERING = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e007f]"
)
_LINE_ENDS = "[\t-\r\x1c-\x1f\x85\u2028\u2029]"


def harmless(text: str) -> str:
    r"""Replace each character that steers a terminal by its escape, such as \x1b or \u202e.

    Tabs, line feeds and all other characters stay. Each character is replaced by itself, so a text
    may be cut anywhere: harmless(a + b) == harmless(a) + harmless(b).
    """
    if text.isprintable():  # true of no character in _STEERING, and fast
        return text
    return re.sub(_STEERING, lambda found: repr(found[0])[1:-1], text)


def sentence(text: str) -> str:
    r"""The same with line feeds as \n, so that a name in a message cannot begin a line."""
    return harmless(text).replace("\n", r"\n")


def plain(text: str) -> str:
    """The same with a space for each tab and line end, so that it fits on one line."""
    return harmless(re.sub(_LINE_ENDS, " ", text))


def one_line(text: str) -> str:
    """The same with one space for each run of white space."""
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
