"""Tokens of every kind decode one at a time, and continue the text of a prime."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.generators import KINDS, LINES, token_model, tokenizer_of

from textrnn.tokenizers import CharTokenizer
from textrnn.tokenizers.codec import whole_words
from textrnn.tokenizers.spacing import STAND_INS, stand_in

few = settings(max_examples=40)
any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
near_text = st.lists(st.sampled_from([*LINES.split(" "), " ", "\n", "\t", "é", "😀"])).map("".join)


def written(kind: str, ids: list[int], before: str = "") -> str:
    return "".join(map(tokenizer_of(kind).codec.stream_decoder(before), ids))


@few
@given(text=any_text | near_text)
def test_subwords_decode_to_the_exact_text(text):
    ids = tokenizer_of("sentencepiece").codec.encode(text)
    assert written("sentencepiece", ids.tolist()) == text


def test_a_character_is_held_back_until_its_last_byte():
    codec = tokenizer_of("sentencepiece").codec
    write = codec.stream_decoder("")
    assert [write(id_) for id_ in codec.encode("é🚀").tolist()[-4:]] == ["", "", "", "🚀"]


@few
@given(ids=st.lists(st.integers(4, 259), max_size=20))
def test_bytes_that_make_no_character_are_dropped(ids):
    expected = bytes(id_ - 4 for id_ in ids)
    whole = written("sentencepiece", ids)
    assert "\ufffd" not in whole.replace("\ufffd" if b"\xef\xbf\xbd" in expected else "", "")
    assert expected.decode(errors="ignore").startswith(whole)


def test_words_decode_to_the_text():
    ids = tokenizer_of("word").codec.encode(LINES)
    assert written("word", ids.tolist()) == LINES.replace(" - ", "-")


@pytest.mark.parametrize(
    ("before", "text"),
    [("the", " mill"), ("the ", "mill"), ("the\n", "mill"), ("(", "the"), ("the", ","),
     ("well-", "known"), ('he asked, "', "the"), ('so late?"', " the"), ("我", "喜"), ("", "the")],
)  # fmt: skip
def test_a_space_before_a_word_depends_on_the_text_before_it(before, text):
    ids = tokenizer_of("word").codec.encode(text)
    assert written("word", ids.tolist(), before) == text


def test_a_text_of_words_may_contain_stand_ins():
    # Tabs, runs of spaces and spaces before a comma are lost, but nothing else.
    ids = tokenizer_of("word").codec.encode("the\tmiller  asked , late\n\n")
    assert written("word", ids.tolist()) == "the miller asked, late\n\n"


@few
@given(text=near_text)
def test_a_stand_in_replaces_one_character(text):
    assert len(stand_in(text)) == len(text)
    assert "\n" not in stand_in(text)


@pytest.mark.parametrize("kind", KINDS)
def test_only_padding_and_unknown_words_are_banned(kind):
    codec = tokenizer_of(kind).codec
    banned = np.flatnonzero(codec.banned).tolist()
    first = 1 + len(tokenizer_of("word").words_by_id)
    assert banned == ([0, 1] if kind == "sentencepiece" else [0, first, first + 1])


@pytest.mark.parametrize("kind", KINDS)
@few
@given(text=near_text)
def test_ends_are_the_end_positions_of_the_tokens(kind, text):
    ids, ends = tokenizer_of(kind).codec.encode_with_ends([text])
    assert len(ids) == len(ends)
    assert all(one <= other for one, other in pairwise([0, *ends.tolist(), len(text)]))
    if kind == "sentencepiece" and text:
        assert ends[-1] == len(text)


@pytest.mark.parametrize("kind", KINDS)
@few
@given(text=near_text, cuts=st.lists(st.integers(0, 200), max_size=4))
def test_the_chunks_of_a_corpus_do_not_matter(kind, text, cuts):
    codec = tokenizer_of(kind).codec
    cuts = sorted({0, *(min(cut, len(text)) for cut in cuts), len(text)})
    chunks = [text[start:end] for start, end in pairwise(cuts)]
    assert "".join(whole_words(chunks)) == text
    ids, ends = codec.encode_with_ends([text])
    for one, other in zip(codec.encode_with_ends(chunks), (ids, ends), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(codec.encode_pieces(chunks), ids)


@pytest.mark.parametrize(
    ("kind", "prime", "begun", "longer"),
    [("word", "say the", "the", "then"), ("sentencepiece", "say s", " s", " sa"),
     ("sentencepiece", "say ", " ", " the")],
)  # fmt: skip
def test_the_last_token_of_a_prime_may_become_a_longer_one(kind, prime, begun, longer):
    codec = tokenizer_of(kind).codec
    start = codec.start(prime, "error")
    assert start.begun == begun and len(start.ids) == len(codec.encode(prime)) - 1
    texts = {codec.texts[id_] for id_ in np.flatnonzero(start.only)}
    assert {begun, longer} <= texts and all(text.startswith(begun) for text in texts)
    assert codec.start("the\n", "error").only is None


def test_an_unknown_beginning_of_a_word_continues_to_a_known_word():
    codec = tokenizer_of("word").codec
    ids, only, begun = codec.start("lan", "error")
    assert begun == "lan" and [codec.texts[id_] for id_ in np.flatnonzero(only)] == ["lantern"]
    assert ids.tolist() == codec.encode("\n").tolist()  # as without a prime
    assert codec.start("xyz", "error").only is None


def test_character_ids_decode_to_their_characters():
    tokenizer = CharTokenizer.fit(["ab\n"])
    codec = tokenizer.codec
    ids = codec.start("ba", "error").ids.tolist()
    assert [codec.stream_decoder("x")(id_) for id_ in ids] == ["b", "a"]
    assert codec.banned is None and tokenizer.unit == "characters"


CODECS = {kind: tokenizer_of(kind) for kind in KINDS} | {
    "char": CharTokenizer.fit([LINES, "\té😀"])
}
every_kind = pytest.mark.parametrize("tokenizer", CODECS.values(), ids=CODECS)


@every_kind
@few
@given(text=near_text)
def test_decoding_id_by_id_equals_decoding_all(tokenizer, text):
    ids = tokenizer.codec.encode(text)
    ids = ids[~tokenizer.unknown(ids)]
    decode = tokenizer.codec.stream_decoder()
    text = "".join(decode(id_) for id_ in ids.tolist())
    assert tokenizer.codec.decode(ids) == text
    whole = tokenizer.decode(ids).translate({ord(key): value for key, value in STAND_INS.items()})
    if tokenizer.unit == "words":  # the tokenizer by itself does not know their spaces
        text, whole = "".join(text.split()), "".join(whole.split())
    assert text == whole


@every_kind
def test_decoding_can_resume_after_any_token(tokenizer):
    ids = tokenizer.codec.encode(LINES)
    whole = tokenizer.codec.decode(ids)
    for stop in range(len(ids)):
        before = tokenizer.codec.decode(ids[:stop])
        if len(tokenizer.codec.encode(before)) == stop:  # not inside a character
            assert before + tokenizer.codec.decode(ids[stop:], before) == whole


def test_every_kind_of_tokenizer_has_its_alphabet():
    for kind in KINDS:
        characters = token_model(kind).tokenizer.codec.characters
        assert {"\n", "'", "我"} <= set(characters) and "\x7f" not in characters
