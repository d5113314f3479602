"""Read JSON that anybody may have written: bounded depth and numbers, one reason.

Python's reader raises four kinds of errors for text that is made up, one of them only at a depth
that depends on the stack.
"""

import json
from collections.abc import Callable
from typing import Any, NoReturn

DEEPEST = 50  # objects and lists inside each other
MOST_DIGITS = 30  # of a whole number


def loads(text: str, *, nan: Callable[[str], Any] | None = None) -> Any:
    """The value of a JSON text.

    NaN and Infinity are no JSON; `nan` says what they become, by default an error. ValueError, with
    a reason of one line, for anything that is not JSON, is nested too deeply or has a number that
    no setting or record has.
    """
    try:
        value = json.loads(
            text, parse_int=_whole, parse_float=_number, parse_constant=nan or _no_constant
        )
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, character {error.colno}"
        raise ValueError(f"it is not JSON: {error.msg} at {where}") from error
    except RecursionError:
        raise ValueError("its values are nested too deeply") from None
    if text.count("[") + text.count("{") > DEEPEST:  # else it cannot be too deep
        _check_depth(value)
    return value


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"it has a number of {len(digits):,} digits")
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"it has the number {digits[:20]}, which is too large")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}")


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inside
            for each in level
            if isinstance(each, dict | list)
            for inside in (each.values() if isinstance(each, dict) else each)
            if isinstance(inside, dict | list)
        ]
        if not level:
            return
    raise ValueError("its values are nested too deeply")
