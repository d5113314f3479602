"""Parts of a corpus and lists of names, as they are typed in a setting."""

import math
import re
from pathlib import Path

from textrnn.errors import ConfigError


def names_in(text: str) -> tuple[str, ...]:
    """The names in a list with commas between."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def bare_name(name: str) -> str:
    """A file's name without the folders of one machine; an address on the web stays whole."""
    if re.match("(https?|gs)://", name):
        return name
    return re.split(r"[\\/]", name.rstrip("\\/"))[-1] or name


def is_file(name: str) -> bool:
    """Whether `name` is that of a file there is; a name no file could have is not."""
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def parse_part(text: str) -> tuple[float, float]:
    """START:END as two numbers: up to 1 shares of the whole, above 1 character positions.

    Either may be left out (":0.9", "0.9:"). ConfigError when it is no such pair.
    """
    start_text, colon, end_text = text.partition(":")
    try:
        start, end = float(start_text or 0), float(end_text or 1)
    except ValueError:
        colon = ""
    if not colon or not 0 <= start < end < math.inf:
        raise ConfigError(
            f"part must be START:END with START below END, such as 0:0.9 (shares) or "
            f"0:50000 (characters), got {text!r}"
        )
    return start, end


def parse_validation(text: str) -> tuple[float, float]:
    """The slice of the corpus that a validation setting names: "0.1" is "0.9:1"."""
    try:
        share = float(text)
    except ValueError:
        if ":" not in text:
            raise ConfigError(
                f"validation must be a share such as 0.1, a slice START:END or a file that "
                f"exists, got {text!r}"
            ) from None
        return parse_part(text)
    if not 0 < share < 1:
        raise ConfigError(f"validation must be a share between 0 and 1, got {text}")
    return 1 - share, 1.0
