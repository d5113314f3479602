"""Turn words back into the text that they are from: where the spaces between them go.

So that words alone tell it, line ends and quotes that open are read as words of their own.
"""

import re

from textrnn.tokenizers import patterns

# What a WordTokenizer is to read as a word of its own though it is none, or not told apart from
# another, stands in its texts as a character that hardly occurs; each takes the place of one.
LINE_END = "\u2424"
STAND_INS = {LINE_END: "\n", "\u301d": '"', "\u201b": "'"}
_OPENING_QUOTE = re.compile(r"""(?<![^\s"'(\[{\u2013\u2014-])["'](?=[\w"'(\[])""")
# The spaces between words, by what stands on either side.
_CLOSES = frozenset(".,;:!?)]}\"'\u2019\u201d\u00bb\u2026%")
_OPENS = frozenset("([{\u201c\u2018\u00ab\u00bf\u00a1\u301d\u201b")
_JOINS = re.compile(
    rf"[-\u2013\u2014/\u3001\u3002\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f\u300c-\u300f"
    rf"{patterns._UNSPACED}]"
)


def stand_in(text: str, *, more: bool = False) -> str:
    """`text` as a WordTokenizer is to read it: STAND_INS for line ends and opening quotes.

    `more` says that a word will follow.
    """
    text = f"{text}a" if more else text
    text = _OPENING_QUOTE.sub(lambda quote: "\u301d" if quote[0] == '"' else "\u201b", text)
    text = text.replace("\n", LINE_END)
    return text[:-1] if more else text


def spaced(left: str, right: str) -> bool:
    """Whether a space goes between two words, by the last character and the first."""
    if left.isspace() or LINE_END in (left, right) or left in _OPENS or right in _CLOSES:
        return False
    return not (_JOINS.match(left) or _JOINS.match(right))
