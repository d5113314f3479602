"""JSON values that somebody has made up, and the places to put them."""

from typing import Any

from hypothesis import strategies as st

HOSTILE = st.sampled_from([
    None, True, False, -1, 0, 1, 2, 7, 2**31, 2**63, 10**29, -0.5, 0.5, 1e308, -1e308, 1e-320, "",
    "x", "\x1b[31m", "\u202e", "../../etc/passwd", "a" * 10_000, [], [[]], [1], ["a", "a"], {},
    {"a": 1}, {"kind": []},
])  # fmt: skip


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """The paths of all values inside a JSON value; of a long list only the first and the last."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inside in value.items():
            found += places(inside, (*path, key))
    elif isinstance(value, list):
        for index in {0, len(value) - 1} if value else ():
            found += places(value[index], (*path, index))
    return found


def replaced(value: Any, path: tuple, new: Any) -> Any:
    """A JSON value with the value at `path` replaced; deleted for "delete"."""
    first, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    if rest:
        copy[first] = replaced(value[first], tuple(rest), new)
    elif new == "delete":
        del copy[first]
    else:
        copy[first] = new
    return copy
