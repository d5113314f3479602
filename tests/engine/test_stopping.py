"""A continuation ends at its length, at a stop text, or at the end of a word, sentence or line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.stops import first_stop

from textrnn.engine.stopping import BEYOND, MOST_BEYOND, Continuation, at_end
from textrnn.tokenizers import CharTokenizer
from textrnn.tokenizers.codec import Start

letters = st.text("ab", max_size=30)
stops = st.lists(st.text("abc", min_size=1, max_size=5), min_size=1, max_size=4)


def growing(text, stop=(), length=None, until="length", prime=""):
    """A continuation, and what each character of `text` adds to it."""
    tokenizer = CharTokenizer.fit([prime + text + "-"])
    ids = tokenizer.encode(text)
    found = Continuation(
        tokenizer.codec, prime, Start(ids[:0]), len(text) if length is None else length, stop, until
    )
    return found, [found.add([id_]) for id_ in ids.tolist()]


def written(text, stop=(), length=None, until="length", prime=""):
    found, added = growing(text, stop, length, until, prime)
    assert "".join([*added, found.finish()]) == found.text
    return found.text


# ---- stop texts ---------------------------------------------------------------------------------


@given(text=letters, stop=st.text("ab", min_size=1, max_size=5))
def test_one_stop_text_ends_the_text_where_find_finds_it(text, stop):
    at = text.find(stop)
    assert written(text, [stop]) == (text if at < 0 else text[:at])
    assert written(text, stop) == written(text, [stop])


@given(text=letters, stop=stops)
def test_the_first_complete_stop_text_ends_the_text(text, stop):
    assert written(text, stop) == first_stop(text, stop)


@given(text=letters, stop=stops)
def test_the_stop_text_that_ended_the_text_is_told(text, stop):
    found, _ = growing(text, stop)
    assert text.startswith(found.text + found.stopped_by)
    assert found.stopped_by in ("", *stop)
    assert bool(found.stopped_by) == any(each in text for each in stop) == (found.end == "stop")


@given(text=letters, stop=stops)
def test_only_a_possible_start_of_a_stop_text_is_held_back(text, stop):
    _, added = growing(text + "-", stop, length=len(text) + 1)
    for count in range(1, len(text) + 1):
        if first_stop(text[:count], stop) == text[:count]:
            held = text[len("".join(added[:count])) : count]
            assert any(each.startswith(held) for each in stop)


def test_of_two_stop_texts_that_end_together_the_longer_counts():
    for stop in (["b", "ab"], ["ab", "b"]):
        assert written("aab", stop) == "a"


# ---- ends ---------------------------------------------------------------------------------------

ENDS = [  # the text so far | what follows it | the goal and what the text becomes
    ("The ki", "ng is here. He", {"word": "The king", "sentence": "The king is here."}),
    ("The king", " is here", {"word": "The king"}),
    ("do", "n't, he", {"word": "don't"}),
    ("a well-k", "nown one", {"word": "a well-known"}),
    ("He said: \u201cG", "o!\u201d\nThen", {"sentence": "He said: \u201cGo!\u201d"}),
    ("Wait", "... (no.) Yes", {"sentence": "Wait..."}),
    ("pi is 3", ".14, I say. So", {"sentence": "pi is 3.14, I say."}),
    ("an e", "nd\nof line", {"line": "an end", "word": "an end"}),
    ("no stop", "\n\nNew", {"sentence": "no stop"}),
    ("verse", " one\nverse two. x", {"sentence": "verse one\nverse two."}),
    ("\u4f60", "\u597d\u3002\u518d\u89c1", {"sentence": "\u4f60\u597d\u3002"}),
    ("Done. ", "More. x", dict.fromkeys(["word", "sentence"], "Done. ")),
    ("Done.\n", "More. x", {"line": "Done.\n", "sentence": "Done.\n"}),
]  # fmt: skip


@pytest.mark.parametrize(("begun", "rest", "ends"), ENDS, ids=repr)
def test_a_text_goes_on_to_the_end_that_was_asked_for(begun, rest, ends):
    for until, expected in ends.items():
        assert written(begun + rest, length=len(begun), until=until) == expected
        # The prime counts as what was written before.
        assert begun + written(rest, length=0, until=until, prime=begun) == expected


def test_without_an_end_the_text_ends_with_a_word():
    words = "word " * 300
    for until in ("sentence", "line"):
        text = written(words, length=2, until=until)
        assert text.endswith("word") and 2 + BEYOND <= len(text) <= 2 + BEYOND + 5
    found, _ = growing("x" * 2000, length=2, until="sentence")
    assert (len(found.text), found.end) == (2 + MOST_BEYOND, "length")


@given(text=st.text('ab. \n"', max_size=60), length=st.integers(0, 30), stop=stops)
def test_a_stop_text_ends_a_text_that_goes_on(text, length, stop):
    for until in ("word", "sentence", "line"):
        whole = written(text, length=length, until=until)
        assert written(text, stop, length, until) == first_stop(whole, stop)


@given(text=st.text('ab. \n"', max_size=60), length=st.integers(0, 30))
def test_a_text_that_goes_on_has_its_length_and_no_space_behind_it(text, length):
    for until in ("word", "sentence", "line"):
        found = written(text, length=length, until=until)
        assert text.startswith(found) and len(found) >= min(length, len(text.rstrip()))
        assert found[length:] == found[length:].rstrip() or length > len(found.rstrip())


def test_the_end_of_a_word_is_not_inside_it():
    assert not at_end("word", "wor", "d") and at_end("word", "word", ",")
    assert at_end("sentence", "Go.", " ") and not at_end("sentence", "Go.", "x")
