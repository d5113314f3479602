"""Replace the typographic marks of word processors that a model does not know by plain ones.

A text that is pasted from a word processor has curly quotes, dashes and ligatures; an alphabet of
plain text has not. Each mark has the plain ones of the Unicode character database, or those that a
typewriter has for it.
"""

import unicodedata

from textrnn.tokenizers.codec import Codec

# Mark -> what may stand for it, best first; "" leaves it out.
PLAIN: dict[str, tuple[str, ...]] = {
    **dict.fromkeys("‘’‚‛′`´", ("'",)),
    **dict.fromkeys("“”„‟«»″", ('"', "''", "'")),
    **dict.fromkeys("‹›", ("'",)),
    **dict.fromkeys("–‒−‐‑", ("-",)),
    **dict.fromkeys("—―", ("—", "--", "-")),
    "…": ("...", "."),
    **dict.fromkeys("\u00a0\u2007\u2009\u200a\u2002\u2003\u202f\u3000", (" ",)),
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", ("",)),
    **dict.fromkeys("\u2028\u2029", ("\n",)),
    **{mark: (unicodedata.normalize("NFKC", mark),) for mark in "ﬀﬁﬂﬃﬄﬅﬆ"},
}  # fmt: skip


def folded(text: str, codec: Codec) -> tuple[str, dict[str, str]]:
    """`text` with plain marks for the typographic ones that the model lacks, and those replaced.

    The second value is mark -> replacement, in the order of the text. A mark that the model knows
    stays, and so does one whose replacements it does not know either.
    """
    known = set(codec.characters)
    replaced: dict[str, str] = {}
    for mark in dict.fromkeys(text):
        if mark in PLAIN and mark not in known:
            fitting = (plain for plain in PLAIN[mark] if known.issuperset(plain))
            if (plain := next(fitting, None)) is not None:
                replaced[mark] = plain
    return text.translate({ord(mark): plain for mark, plain in replaced.items()}), replaced
