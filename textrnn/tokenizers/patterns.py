"""Find the words in a text, by one of two word patterns (regular expressions).

    textbook    runs of ASCII letters and apostrophes; all else separates words
    unicode     runs of letters, marks and digits of any script, with apostrophes inside; every
                other visible character is a word: punctuation, emoji, ideographs, kana

In both, a `<br />` counts as a space.
"""

import functools
import re
import unicodedata
from itertools import islice
from typing import get_args

import numpy as np

from textrnn.config.text import Rule
from textrnn.errors import ConfigError

_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TEXTBOOK = re.compile("[A-Za-z']+")
_ASCII = re.compile("[A-Za-z0-9]+(?:'[A-Za-z0-9]+)*|[!-~]")
# Scripts written without spaces: ideographs, hiragana, katakana.
UNSPACED = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
# Variation selectors choose between text and emoji glyphs and have no meaning of their own.
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
# Characters allowed between the letters of a word: apostrophes, the soft hyphen, and the joiners
# of Persian and the Indic scripts.
_INNER = "'\u2019\u00ad\u200c\u200d"
_PLAIN: dict[int, str | None] = {0x2019: "'", 0xAD: None}
_PLAIN |= dict.fromkeys([*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])


def check_rule(rule: str) -> None:
    """ConfigError when `rule` does not name a word pattern."""
    if rule not in get_args(Rule):
        raise ConfigError(f"rule must be one of {', '.join(get_args(Rule))}, got {rule!r}")


def find_spans(text: str, rule: Rule, count: int | None = None) -> list[tuple[int, int]]:
    """(start, end) of each word in `text`, in characters, in order; of the first `count`."""
    pattern = pattern_of(rule, ascii_only=text.isascii())
    return [found.span() for found in islice(pattern.finditer(without_breaks(text)), count)]


def find_words(text: str, rule: Rule, *, lower: bool) -> list[str]:
    """The normalised words of `text`, one per span."""
    ascii_only, text = text.isascii(), without_breaks(text)
    find = pattern_of(rule, ascii_only=ascii_only).findall
    if ascii_only:
        return find(text.lower() if lower else text)
    words = map(_plain, find(text))
    return [word.lower() for word in words] if lower else list(words)


def pattern_of(rule: Rule, *, ascii_only: bool) -> re.Pattern[str]:
    """The pattern of words in a text `without_breaks`; `ascii_only` selects a faster equivalent."""
    if rule == "textbook":
        return _TEXTBOOK
    return _ASCII if ascii_only else _unicode_words()


def without_breaks(text: str) -> str:
    """`text` with each `<br />` tag replaced by spaces of the same length."""
    return _BREAK.sub(lambda tag: " " * len(tag.group()), text) if "<" in text else text


def _plain(word: str) -> str:
    """Normalise a word: plain apostrophes, no soft hyphens, no variation selectors."""
    return word if word.isascii() else word.translate(_PLAIN)


@functools.cache
def _unicode_words() -> re.Pattern[str]:
    """The word pattern "unicode"."""
    marks, hidden = (_ranges(categories) for categories in (("Mn", "Mc", "Me"), ("Cc", "Cf", "Cs")))
    letter = rf"[^\W_{UNSPACED}]"  # digits too
    run = rf"{letter}+(?:[{marks}]+{letter}*)*"
    visible = rf"[^\s{hidden}{_SELECTORS}]"
    return re.compile(rf"{run}(?:[{_INNER}]{run})*|{visible}[{marks}]*")


def _ranges(categories: tuple[str, ...]) -> str:
    """All characters of the Unicode `categories`, as the inside of a regex character class."""
    # The other planes have none of these categories; scanning them would take ten times as long.
    points = np.array(
        [
            point
            for plane in (range(0x20000), range(0xE0000, 0xE0200))
            for point in plane
            if unicodedata.category(chr(point)) in categories
        ]
    )
    runs = np.split(points, np.flatnonzero(np.diff(points) > 1) + 1)
    return "".join(rf"\U{run[0]:08x}-\U{run[-1]:08x}" for run in runs)
