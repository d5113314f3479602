"""Laws of reading JSON that anybody may have written: the value, or one reason in one line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textrnn.config.strict_json import DEEPEST, loads

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=4),
    max_leaves=20,
)  # fmt: skip
ATTACKS = {
    "lists inside each other": "[" * 100_000 + "]" * 100_000,
    "objects inside each other": '{"a":' * 5_000 + "1" + "}" * 5_000,
    "a little too deep": "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1),
    "a whole number of 5,000 digits": "9" * 5_000,
    "a number beyond all": "1e400",
    "the same below zero": "-1e999999",
    "not a number": "NaN",
    "infinity": '{"a": -Infinity}',
    "half of it": '{"a": [1, 2',
    "nothing": "",
    "more behind it": "{} {}",
}


@given(VALUES)
def test_what_json_writes_is_read(value):
    assert loads(json.dumps(value)) == value


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_gives_one_reason_in_one_line(name):
    with pytest.raises(ValueError) as error:
        loads(ATTACKS[name])
    assert str(error.value) and "\n" not in str(error.value)


@given(st.text())
def test_any_text_gives_a_value_or_a_reason(text):
    try:
        loads(text)
    except ValueError as error:
        assert "\n" not in str(error)


def test_the_deepest_value_is_read():
    text = "[" * DEEPEST + "]" * DEEPEST
    assert json.dumps(loads(text)) == text


def test_nan_becomes_what_the_caller_wants():
    assert loads("[NaN, 1]", nan=lambda _: None) == [None, 1]
    assert loads("-Infinity", nan=float) == float("-inf")
