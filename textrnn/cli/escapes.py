"""Escapes in typed text: a line end and a tab can be typed on one line."""

import re

_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\"}


def unescape(text: str) -> str:
    r"""`text` with \n as a line end, \t as a tab and \\ as a backslash; all else stays as typed."""
    return re.sub(r"\\([nt\\])", lambda match: _ESCAPES[match[1]], text)
