"""Arguments of the wrong type: one sentence in place of a TypeError deep inside."""

import numbers
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from textrnn.api.settings import Sampling
from textrnn.config.sampling import SamplingConfig, Until
from textrnn.errors import ConfigError, CorpusError

LONGEST_NAME = 255  # of a file or a folder, in characters
_BYTES = "; decode bytes first, as with .decode('utf-8')"


def check_text(value: Any, name: str) -> str:
    """`value` if it is a string; ConfigError otherwise."""
    if not isinstance(value, str):
        raise ConfigError(f"{name} must be a string, got {_shown(value)}{_advice(value)}")
    return value


def check_whole(value: Any, name: str, *, optional: bool = False) -> int:
    """`value` if it is a whole number (or None, if `optional`); ConfigError otherwise."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole and not (optional and value is None):
        raise ConfigError(f"{name} must be a whole number, got {_shown(value)}")
    return value


def check_texts(values: Any, name: str) -> list[str]:
    """The strings of an iterable, or a single one; ConfigError for anything else."""
    if isinstance(values, str):
        return [values]
    if isinstance(values, bytes) or not isinstance(values, Iterable):
        raise ConfigError(
            f"{name} must be a string or several, got {_shown(values)}{_advice(values)}"
        )
    found = list(values)
    for index, value in enumerate(found):
        check_text(value, f"{name}[{index}]")
    return found


def check_path(value: str | Path, what: str) -> None:
    """CorpusError if a text was given where a file is meant; `what` says how to give texts."""
    name = str(value)
    longest = max(map(len, Path(name).parts), default=0)
    if isinstance(value, str) and ("\n" in name or longest > LONGEST_NAME):
        raise CorpusError(f"a string names a file, and {name[:30]!r}... is a text; {what}")


def check_call(
    length: Any, seed: Any, stop: Any, until: Until, sampling: Sampling
) -> dict[str, Any]:
    """The arguments that `stream`, `generate` and `samples` share, as the engine takes them."""
    return {
        "length": check_whole(length, "length"),
        "seed": check_whole(seed, "seed", optional=True),
        "stop": check_texts(stop, "stop"),
        "until": until,
        "sampling": SamplingConfig.from_dict(sampling),
    }


def check_name(value: Any, name: str) -> None:
    """ConfigError unless `value` names a file or a folder."""
    if not isinstance(value, str | Path):
        raise ConfigError(f"{name} must be a path or a name, got {_shown(value)}")


def _shown(value: Any) -> str:
    text = repr(value)
    shown = text if len(text) <= 60 else f"{text[:57]}..."
    return f"{shown} ({type(value).__name__})"


def _advice(value: Any) -> str:
    return _BYTES if isinstance(value, bytes | bytearray) else ""
