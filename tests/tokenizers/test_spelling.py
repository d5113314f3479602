"""An unknown word is read as the most frequent known one that it resembles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textrnn.errors import ArtifactError
from textrnn.tokenizers import WordTokenizer
from textrnn.tokenizers.base import PAD_ID
from textrnn.tokenizers.spelling import LONGEST, SHORTEST, Speller, _neighbours

WORDS = ("the", "great", "love", "movie", "greet", "good", "so", "coffee")
PLAIN = WordTokenizer(WORDS, rule="unicode", lower=True, oov_buckets=7)
SPELLS = PLAIN.with_spelling(True)
letters = st.text("abcde", max_size=8)


def distance(one: str, other: str) -> int:
    """Damerau's distance, by the recursion over prefixes (optimal string alignment)."""
    table = {(i, -1): i + 1 for i in range(-1, len(one))} | {
        (-1, j): j + 1 for j in range(-1, len(other))
    }
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            table[i, j] = min(
                table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a != b)
            )
            if i and j and a == other[j - 1] and one[i - 1] == b:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(one) - 1, len(other) - 1]


@given(one=letters, other=letters)
def test_neighbours_are_the_words_at_distance_1(one, other):
    found = set(_neighbours(one)) - {one}
    assert (other in found) == (distance(one, other) == 1)


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("greatt", "great"), ("graet", "great"), ("gret", None), ("grrreat", "great"),
        ("loooove", "love"), ("gooood", "good"), ("sooo", "so"), ("moviee", "movie"),
        ("mvoie", "movie"), ("cofee", "coffee"), ("greit", None), ("teh", None), ("gre4t", None),
    ],
)  # fmt: skip
def test_a_word_is_read_as_the_known_one(typed, known):
    (id_,) = SPELLS.encode(typed).tolist()
    if known is None and typed != "greit":
        assert id_ == PLAIN.encode(typed)[0]  # its bucket
    else:
        assert id_ == SPELLS.vocabulary[known or "great"]  # of two, the more frequent


def test_a_known_word_stays_and_without_spelling_nothing_changes():
    text = "The greet was great, graet!"
    assert SPELLS.encode("the greet great").tolist() == PLAIN.encode("the greet great").tolist()
    assert PLAIN.encode(text).tolist() != SPELLS.encode(text).tolist()
    assert SPELLS.with_spelling(False) == PLAIN != SPELLS
    assert SPELLS.spans(text) == PLAIN.spans(text)


def test_the_setting_is_kept_in_the_file_and_by_new_words():
    assert WordTokenizer.from_json(SPELLS.to_json()) == SPELLS
    assert "spelling" not in PLAIN.to_json() and WordTokenizer.from_json(PLAIN.to_json()) == PLAIN
    assert SPELLS.extended(["parcel"]).spelling
    with pytest.raises(ArtifactError, match='"spelling" must be true or false'):
        WordTokenizer.from_json(SPELLS.to_json().replace('"spelling": true', '"spelling": 1'))
    fitted = WordTokenizer.fit(["great great film"], rule="unicode", spelling=True)
    assert fitted.encode("graet").tolist() == fitted.encode("great").tolist()


@given(word=st.text(max_size=2 * LONGEST))
def test_any_word_has_an_id_and_the_same_each_time(word):
    speller = Speller(SPELLS.vocabulary)
    assert speller(word) == speller(word) == Speller(SPELLS.vocabulary)(word)
    if len(word) < SHORTEST and len(set(word)) == len(word):
        assert speller(word) == PAD_ID or word in WORDS
