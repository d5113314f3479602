"""Parse the values of settings that name slices of a corpus, files or lists of names."""

import math
import re
from pathlib import Path

from textrnn.errors import ConfigError


def names_in(text: str) -> tuple[str, ...]:
    """The names in a comma-separated list, without empty ones."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def bare_name(name: str) -> str:
    """The last component of a path; a URL stays whole."""
    if re.match("(https?|gs)://", name):
        return name
    return re.split(r"[\\/]", name.rstrip("\\/"))[-1] or name


def is_file(name: str) -> bool:
    """Whether `name` is an existing file; False for a name that the system rejects."""
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def is_zero(text: str) -> bool:
    """Whether `text` is the number 0."""
    try:
        return float(text) == 0
    except ValueError:
        return False


def parse_part(text: str) -> tuple[float, float]:
    """START:END as two numbers: fractions of the corpus up to 1, character positions above 1.

    Either may be left out (":0.9", "0.9:", "500:"). ConfigError for anything else, and if START is
    not below END. Whether a fraction is below a position depends on the corpus.
    """
    start_text, colon, end_text = text.partition(":")
    try:
        start, end = float(start_text or 0), float(end_text or 1)
    except ValueError:
        start = end = math.nan
    below = start < end or start > 1 >= end > 0
    if not colon or not (below and 0 <= start < math.inf and end < math.inf):
        raise ConfigError(
            f"part must be START:END with START below END, such as 0:0.9 (fractions) or "
            f"0:50000 (characters), got {text!r}"
        )
    return start, end


def parse_validation(text: str) -> tuple[float, float]:
    """The slice of the corpus in a validation setting: "0.1" means "0.9:1"."""
    try:
        fraction = float(text)
    except ValueError:
        try:
            return parse_part(text)
        except ConfigError:
            raise ConfigError(
                f"validation must be a fraction such as 0.1, a slice START:END with START below "
                f"END, or an existing file, got {text!r}"
            ) from None
    if not 0 < fraction < 1:
        raise ConfigError(f"validation must be a fraction between 0 and 1, got {text}")
    return 1 - fraction, 1.0
