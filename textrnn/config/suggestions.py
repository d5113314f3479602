"""Suggest the known name that a mistyped one resembles."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from textrnn.errors import ConfigError

T = TypeVar("T")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question in brackets with the most similar of the `known` names; "" if none is similar.

    Upper case counts as lower.
    """
    from difflib import get_close_matches  # needed only for an error

    names = {each.lower(): each for each in known}
    found = get_close_matches(name.lower(), names, n=1)
    return f" (did you mean {names[found[0]]}?)" if found else ""


def named(table: Mapping[str, T], name: str, noun: str) -> T:
    """The entry `name` of a table; ConfigError names a similar entry and lists all."""
    if name not in table:
        raise ConfigError(
            f"no {noun} {name!r}{did_you_mean(name, table)}; the {noun}s are {', '.join(table)}"
        )
    return table[name]
