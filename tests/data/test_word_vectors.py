"""Files of word vectors: both formats, lookup, errors."""

import numpy as np
import pytest

from textrnn.data.word_vectors import read_vectors, vector_size
from textrnn.errors import CorpusError

GLOVE = "good 1 2\nbad -1 -2\n. 0.5 1e-1\n"


def vectors_of(tmp_path, text, words):
    path = tmp_path / "vectors.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_vectors(path, words)


@pytest.mark.parametrize(
    "text",
    [
        GLOVE,
        "3 2\n" + GLOVE,  # word2vec, whose lines may end with a space
        "3 2\n" + GLOVE.replace("\n", " \n"),
        GLOVE.replace("\n", "\r\n"),
        GLOVE.rstrip(),
    ],
    ids=["glove", "word2vec", "trailing space", "windows", "no last line end"],
)
def test_both_formats_give_rows_in_the_order_of_the_vocabulary(tmp_path, text):
    vectors, found = vectors_of(tmp_path, text, [".", "unheard", "good"])
    np.testing.assert_array_equal(vectors, np.array([[0.5, 0.1], [0, 0], [1, 2]], np.float32))
    assert vectors.dtype == np.float32
    assert found.tolist() == [True, False, True]


@pytest.mark.parametrize("text", ["Good 1\ngood 2\n", "good 2\nGood 1\n"])
def test_an_exact_match_is_preferred_to_lower_case(tmp_path, text):
    text = "a 0 0\n" + text.replace("1", "1 1").replace("2", "2 2")
    vectors, found = vectors_of(tmp_path, text, ["good", "Good", "GOOD", "Bad"])
    assert vectors[:, 0].tolist() == [2, 1, 2, 0]
    assert found.tolist() == [True, True, True, False]


def test_a_lower_case_word_never_gets_the_vector_of_a_capitalised_one(tmp_path):
    _, found = vectors_of(tmp_path, "Bill 1 1\na 0 0\n", ["bill", "a"])
    assert found.tolist() == [False, True]


def test_words_with_spaces_or_other_scripts_are_harmless(tmp_path):
    text = "good 1 2\n. . . 3 4\nat name@domain.com 5 6\n\u00a0 7 8\nшум 9 10\n"
    vectors, found = vectors_of(tmp_path, text, ["good", "шум"])
    assert vectors.tolist() == [[1, 2], [9, 10]] and found.all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("good 1 2\nbad 1\n", "line 2: 1 values where 2 are expected"),
        ("good 1 2\nbad 1 2 3\n", "line 2: 3 values where 2 are expected"),
        ("2 2\ngood 1 2\nbad\n", "line 3: 0 values where 2 are expected"),
        ("good\n", "line 1: .*each line must have a word and its values"),
        ("\ngood 1 2\n", "line 1: .*each line must have a word and its values"),
        ("bad 1 2\ngood 1 x\n", "line 2: .*'x'.*must be numbers"),
        ("bad 1 2\ngood 1 nan\n", "line 2: .*must be numbers"),
        ("bad 1 2\ngood 1 1e99\n", "line 2: .*must be numbers"),
        ("bad 1 2\n", "no vector for any word"),
        ("", "no vector for any word"),
        (b"good 1 2\n\xff\xfe 1 2\n", "cannot read the vectors"),
    ],
)
def test_a_malformed_file_is_refused_with_its_line(tmp_path, text, message):
    with pytest.raises(CorpusError, match=message):
        vectors_of(tmp_path, text, ["good"])


@pytest.mark.parametrize("text", [GLOVE, "3 2\n" + GLOVE, "gut 1 x\nin 1\n"])
def test_the_vector_size_comes_from_the_first_line(tmp_path, text):
    path = tmp_path / "vectors.txt"
    path.write_text(text)
    assert vector_size(path) == 2
    path.write_text("")
    with pytest.raises(CorpusError, match="contains no vectors"):
        vector_size(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CorpusError, match=r"nothing\.txt"):
        read_vectors(tmp_path / "nothing.txt", ["good"])
