"""Tokens of every kind become text as they come, and the text of a prime goes on in them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.generators import KINDS, LINES, token_model, tokenizer_of

from textrnn.tokenizers import CharTokenizer, SentencePieceTokenizer, WordTokenizer
from textrnn.tokenizers.detokenize import whole_words, writing_of
from textrnn.tokenizers.spacing import stand_in

few = settings(max_examples=40)
any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
near_text = st.lists(st.sampled_from([*LINES.split(" "), " ", "\n", "\t", "é", "😀"])).map("".join)


def written(kind: str, ids: list[int], before: str = "") -> str:
    return "".join(map(writing_of(tokenizer_of(kind)).writer(before), ids))


@few
@given(text=any_text | near_text)
def test_pieces_are_written_as_the_very_text_that_was_read(text):
    ids = writing_of(tokenizer_of("sentencepiece")).encode(text)
    assert written("sentencepiece", ids.tolist()) == text


def test_a_character_is_held_back_until_its_last_byte():
    writing = writing_of(tokenizer_of("sentencepiece"))
    write = writing.writer("")
    assert [write(id_) for id_ in writing.encode("é🚀").tolist()[-4:]] == ["", "", "", "🚀"]


@few
@given(ids=st.lists(st.integers(4, 259), max_size=20))
def test_bytes_that_make_no_character_are_dropped(ids):
    expected = bytes(id_ - 4 for id_ in ids)
    whole = written("sentencepiece", ids)
    assert "\ufffd" not in whole.replace("\ufffd" if b"\xef\xbf\xbd" in expected else "", "")
    assert expected.decode(errors="ignore").startswith(whole)


def test_words_are_written_as_the_text_that_was_read():
    ids = writing_of(tokenizer_of("word")).encode(LINES)
    assert written("word", ids.tolist()) == LINES.replace(" - ", "-")


@pytest.mark.parametrize(
    ("before", "text"),
    [("the", " mill"), ("the ", "mill"), ("the\n", "mill"), ("(", "the"), ("the", ","),
     ("well-", "known"), ('he asked, "', "the"), ('so late?"', " the"), ("我", "喜"), ("", "the")],
)  # fmt: skip
def test_words_begin_with_a_space_where_the_text_before_asks_for_one(before, text):
    ids = writing_of(tokenizer_of("word")).encode(text)
    assert written("word", ids.tolist(), before) == text


def test_a_text_of_words_may_hold_what_they_do_not_tell_apart():
    # Tabs, runs of spaces and spaces before a comma are lost, and nothing else is.
    ids = writing_of(tokenizer_of("word")).encode("the\tmiller  asked , late\n\n")
    assert written("word", ids.tolist()) == "the miller asked, late\n\n"


@few
@given(text=near_text)
def test_a_stand_in_takes_the_place_of_one_character(text):
    assert len(stand_in(text)) == len(text)
    assert "\n" not in stand_in(text)


@pytest.mark.parametrize("kind", KINDS)
def test_padding_and_unknown_words_are_banned_and_nothing_else(kind):
    writing = writing_of(tokenizer_of(kind))
    banned = np.flatnonzero(writing.banned).tolist()
    first = 1 + len(tokenizer_of("word").words_by_id)
    assert banned == ([0, 1] if kind == "sentencepiece" else [0, first, first + 1])


@pytest.mark.parametrize("kind", KINDS)
@few
@given(text=near_text)
def test_a_text_is_measured_up_to_the_end_of_each_token(kind, text):
    ids, ends = writing_of(tokenizer_of(kind)).measured([text])
    assert len(ids) == len(ends)
    assert all(one <= other for one, other in pairwise([0, *ends.tolist(), len(text)]))
    if kind == "sentencepiece" and text:
        assert ends[-1] == len(text)


@pytest.mark.parametrize("kind", KINDS)
@few
@given(text=near_text, cuts=st.lists(st.integers(0, 200), max_size=4))
def test_how_a_corpus_is_cut_into_pieces_does_not_matter(kind, text, cuts):
    writing = writing_of(tokenizer_of(kind))
    cuts = sorted({0, *(min(cut, len(text)) for cut in cuts), len(text)})
    pieces = [text[one:other] for one, other in pairwise(cuts)]
    assert "".join(whole_words(pieces)) == text
    for one, other in zip(writing.measured(pieces), writing.measured([text]), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(writing.encode_pieces(pieces), writing.measured([text])[0])


@pytest.mark.parametrize(
    ("kind", "prime", "begun", "longer"),
    [("word", "say the", "the", "then"), ("sentencepiece", "say s", " s", " sa"),
     ("sentencepiece", "say ", " ", " the")],
)  # fmt: skip
def test_the_last_token_of_a_prime_may_become_a_longer_one(kind, prime, begun, longer):
    writing = writing_of(tokenizer_of(kind))
    start = writing.start(prime, "error")
    assert start.begun == begun and len(start.ids) == len(writing.encode(prime)) - 1
    texts = {writing.texts[id_] for id_ in np.flatnonzero(start.only)}
    assert {begun, longer} <= texts and all(text.startswith(begun) for text in texts)
    assert writing.start("the\n", "error").only is None


def test_an_unknown_beginning_of_a_word_goes_on_as_one_that_is_known():
    writing = writing_of(tokenizer_of("word"))
    ids, only, begun = writing.start("lan", "error")
    assert begun == "lan" and [writing.texts[id_] for id_ in np.flatnonzero(only)] == ["lantern"]
    assert ids.tolist() == writing.encode("\n").tolist()  # as if nothing stood before
    assert writing.start("xyz", "error").only is None


def test_characters_write_themselves():
    tokenizer = CharTokenizer.fit(["ab\n"])
    writing = writing_of(tokenizer)
    ids = writing.start("ba", "error").ids.tolist()
    assert [writing.writer("x")(id_) for id_ in ids] == ["b", "a"]
    assert writing.banned is None and writing.unit == "characters"


def test_every_kind_of_tokenizer_says_what_it_is_spelt_with():
    for kind, cls in (("word", WordTokenizer), ("sentencepiece", SentencePieceTokenizer)):
        tokenizer = token_model(kind).tokenizer
        assert isinstance(tokenizer, cls)
        characters = writing_of(tokenizer).characters
        assert {"\n", "'", "我"} <= set(characters) and "\x7f" not in characters
