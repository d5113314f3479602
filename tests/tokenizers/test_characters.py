"""Encoding to character ids and decoding lose nothing."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textrnn.errors import ArtifactError, CorpusError, TokenizerError
from textrnn.tokenizers import CharTokenizer

texts = st.text(min_size=1)  # of all planes, including those beyond U+FFFF
ROCKET = "\N{ROCKET}"


@given(text=texts)
def test_decode_reverses_encode(text):
    tokenizer = CharTokenizer.fit([text])
    assert tokenizer.decode(tokenizer.encode(text)) == text


@given(alphabet=texts, data=st.data())
def test_decode_reverses_encode_for_any_text_over_the_alphabet(alphabet, data):
    text = data.draw(st.text(alphabet))
    tokenizer = CharTokenizer.fit([alphabet])
    ids = tokenizer.encode(text)
    assert ids.shape == (len(text),)
    assert tokenizer.decode(ids) == text


@given(chunks=st.lists(texts, min_size=1))
def test_encoding_in_chunks_equals_encoding_the_whole(chunks):
    tokenizer = CharTokenizer.fit(chunks)
    in_chunks = tokenizer.encode_pieces(chunks)
    assert in_chunks.dtype == tokenizer.dtype
    assert in_chunks.tolist() == tokenizer.encode("".join(chunks)).tolist()


def test_no_chunks_and_no_text_give_no_ids():
    tokenizer = CharTokenizer.fit(["a"])
    assert tokenizer.encode_pieces([]).tolist() == tokenizer.encode("").tolist() == []
    assert tokenizer.decode([]) == ""


@given(text=texts)
def test_ids_count_from_0_in_the_order_of_code_points(text):
    tokenizer = CharTokenizer.fit([text])
    assert tokenizer.characters == tuple(sorted(set(text)))
    assert tokenizer.encode("".join(tokenizer.characters)).tolist() == [*range(len(set(text)))]
    assert tokenizer.vocab_size == len(set(text))


@given(chunks=st.lists(texts, min_size=1), data=st.data())
def test_ids_do_not_depend_on_the_order_of_the_texts(chunks, data):
    shuffled = data.draw(st.permutations(chunks))
    assert CharTokenizer.fit(chunks).characters == CharTokenizer.fit(shuffled).characters


@pytest.mark.parametrize(
    ("vocab_size", "dtype"),
    [
        (1, np.uint8), (256, np.uint8), (257, np.uint16), (65_536, np.uint16), (65_537, np.int32),
    ],
)  # fmt: skip
def test_ids_have_the_smallest_sufficient_type(vocab_size, dtype):
    tokenizer = CharTokenizer(map(chr, range(0x10000, 0x10000 + vocab_size)))
    ids = tokenizer.encode("".join(tokenizer.characters[-2:]))
    assert ids.dtype == tokenizer.dtype == dtype
    assert ids[-1] == vocab_size - 1


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.int64])
def test_ids_of_any_integer_type_decode(dtype):
    assert CharTokenizer.fit(["abc"]).decode(np.array([2, 0, 1], dtype)) == "cab"


@given(text=texts, lower=st.booleans())
def test_from_json_inverts_to_json(text, lower):
    tokenizer = CharTokenizer.fit([text], lower=lower)
    again = CharTokenizer.from_json(tokenizer.to_json())
    assert (again.characters, again.lower) == (tokenizer.characters, tokenizer.lower)
    assert again.to_json() == tokenizer.to_json()


@given(text=texts)
def test_json_shows_the_characters_themselves(text):
    written = CharTokenizer.fit([text]).to_json()
    # JSON writes quotes, backslashes and control characters as escapes.
    assert {c for c in text if c not in '"\\' and c >= " "} <= set(written)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "characters",
        "[]",
        "null",
        "{}",
        '{"type": "word", "lower": false, "characters": ["a"]}',
        '{"type": "char", "lower": false}',
        '{"type": "char", "lower": false, "characters": "abc"}',
        '{"type": "char", "lower": false, "characters": ["a", "bc"]}',
        '{"type": "char", "lower": false, "characters": ["a", ""]}',
        '{"type": "char", "lower": false, "characters": ["a", 1]}',
        '{"type": "char", "lower": false, "characters": ["a", ["b"]]}',
        '{"type": "char", "lower": false, "characters": ["a", "a"]}',
        '{"type": "char", "characters": ["a"]}',
        '{"type": "char", "lower": 0, "characters": ["a"]}',
        '{"type": "char", "lower": null, "characters": ["a"]}',
    ],
)
def test_json_of_anything_else_is_refused(text):
    with pytest.raises(ArtifactError, match=r"tokenizer\.json"):
        CharTokenizer.from_json(text)


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(CorpusError, match="surrogate"):
        CharTokenizer.fit(["a\ud83d"])


def test_json_with_half_a_surrogate_pair_is_refused():
    written = json.dumps({"type": "char", "lower": False, "characters": ["a", "\ud83d"]})
    with pytest.raises(ArtifactError, match=r"tokenizer\.json"):
        CharTokenizer.from_json(written)


@pytest.mark.parametrize("chunks", [[], [""], ["", ""]])
def test_an_alphabet_needs_a_character(chunks):
    with pytest.raises(CorpusError, match="empty"):
        CharTokenizer.fit(chunks)


def test_an_alphabet_contains_no_character_twice():
    with pytest.raises(TokenizerError, match="twice"):
        CharTokenizer("aba")


@pytest.mark.parametrize(
    ("character", "shown"),
    [
        ("é", "character 'é' (U+00E9 LATIN SMALL LETTER E WITH ACUTE)"),
        (ROCKET, f"character '{ROCKET}' (U+1F680 ROCKET)"),
        ("\t", "character (U+0009)"),
        ("\u200b", "character (U+200B ZERO WIDTH SPACE)"),
    ],
)
def test_an_unknown_character_is_named_with_its_code_point_and_position(character, shown):
    with pytest.raises(TokenizerError) as caught:
        CharTokenizer.fit(["abc"]).encode(f"cab{character}b{character}")
    assert shown in str(caught.value)
    assert "at position 3 " in str(caught.value)
    assert "3 characters" in str(caught.value)
    assert "--unknown skip" in str(caught.value)


@given(alphabet=texts, text=texts)
def test_skip_drops_the_unknown_and_keeps_the_rest(alphabet, text):
    tokenizer = CharTokenizer.fit([alphabet])
    ids = tokenizer.encode(text, unknown="skip")
    assert ids.dtype == tokenizer.dtype
    assert tokenizer.decode(ids) == "".join(c for c in text if c in alphabet)


@given(alphabet=texts, text=texts)
def test_unknown_characters_are_listed_once_in_order(alphabet, text):
    unknown = CharTokenizer.fit([alphabet]).unknown_characters(text)
    assert unknown == "".join(sorted(set(text) - set(alphabet)))


@given(text=texts)
def test_lower_encodes_the_lower_cased_text(text):
    tokenizer = CharTokenizer.fit([text], lower=True)
    assert tokenizer.decode(tokenizer.encode(text)) == text.lower()
    assert tokenizer.unknown_characters(text) == ""


def test_lower_maps_both_cases_to_one_id():
    tokenizer = CharTokenizer.fit(["Romeo"], lower=True)
    assert tokenizer.characters == ("e", "m", "o", "r")
    assert tokenizer.encode("ROMEO").tolist() == tokenizer.encode("romeo").tolist()
    with pytest.raises(TokenizerError, match=r"'x'.* at position 1 "):
        tokenizer.encode("RXM")


@given(first=texts, second=texts)
def test_extended_keeps_old_ids_and_appends_new_ones(first, second):
    old, other = CharTokenizer.fit([first]), CharTokenizer.fit([second])
    both = old.extended(other)
    assert both.characters[: old.vocab_size] == old.characters
    assert both.characters[old.vocab_size :] == tuple(sorted(set(second) - set(first)))
    assert both.decode(both.encode(first + second)) == first + second


def test_extended_lower_cases_as_before():
    assert CharTokenizer("ab", lower=True).extended(CharTokenizer("c")).lower
