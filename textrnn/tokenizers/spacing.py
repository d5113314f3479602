"""The spaces between words, to turn words back into text.

To make this possible, line ends and opening quotes are encoded as separate words.
"""

import re

from textrnn.tokenizers import patterns

# Rare characters that replace line ends and opening quotes in the texts of a WordTokenizer, one for
# one: it drops line ends, and cannot tell an opening from a closing quote.
LINE_END = "\u2424"
STAND_INS = {LINE_END: "\n", "\u301d": '"', "\u201b": "'"}
_OPENING_QUOTE = re.compile(r"""(?<![^\s"'(\[{\u2013\u2014-])["'](?=[\w"'(\[])""")
# Characters without a space before them, after them, or on both sides.
_CLOSES = frozenset(".,;:!?)]}\"'\u2019\u201d\u00bb\u2026%")
_OPENS = frozenset("([{\u201c\u2018\u00ab\u00bf\u00a1\u301d\u201b")
_JOINS = re.compile(
    rf"[-\u2013\u2014/\u3001\u3002\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f\u300c-\u300f"
    rf"{patterns.UNSPACED}]"
)


def stand_in(text: str, *, more: bool = False) -> str:
    """`text` for a WordTokenizer, with STAND_INS for line ends and opening quotes.

    `more` means that a word will follow, so that a quote at the end opens.
    """
    text = f"{text}a" if more else text
    text = _OPENING_QUOTE.sub(lambda quote: "\u301d" if quote[0] == '"' else "\u201b", text)
    text = text.replace("\n", LINE_END)
    return text[:-1] if more else text


def spaced(left: str, right: str) -> bool:
    """Whether there is a space between two words, which end with `left` and begin with `right`."""
    if left.isspace() or LINE_END in (left, right) or left in _OPENS or right in _CLOSES:
        return False
    return not (_JOINS.match(left) or _JOINS.match(right))
