"""Unlabelled texts are read unchanged, without those that are also labelled."""

import pytest

from textrnn.data.unlabelled import UnlabelledTexts, bare, read_texts, without
from textrnn.errors import CorpusError


def test_a_text_file_is_one_text_and_a_folder_one_text_per_file(tmp_path):
    for name, text in {"b": "second\n\npart\n", "a": "first"}.items():
        (tmp_path / f"{name}.txt").write_text(text)
    assert list(read_texts(tmp_path / "b.txt").texts) == ["second\n\npart"]
    assert list(read_texts(tmp_path).texts) == ["first", "second\n\npart"]


def test_a_table_gives_one_column_with_or_without_labels(tmp_path):
    (tmp_path / "some.csv").write_text("text,review\nno,one\nno,two\n")
    found = read_texts(tmp_path / "some.csv", text_column="review")
    assert list(found.texts) == ["one", "two"]
    assert found.record() == {"names": ["some.csv"], "sha256": found.sha256, "texts": 2}


@pytest.mark.parametrize("name", ["none.txt", "none.csv", "."])
def test_a_source_without_texts_is_refused(tmp_path, name):
    with pytest.raises(CorpusError, match=r"check the name|has no texts"):
        read_texts(tmp_path / name)


def test_the_checksum_covers_the_texts_and_their_boundaries():
    checksums = {UnlabelledTexts.of(texts).sha256 for texts in (["ab", "c"], ["a", "bc"], ["abc"])}
    assert len(checksums) == 3
    assert UnlabelledTexts.of(["ab", "c"], ("x",)).sha256 in checksums


def test_case_spaces_and_punctuation_do_not_distinguish_texts():
    texts = ["A film.", "a  FILM!", "a film too", "?!", "été"]
    assert without(texts, ["a<film>", "... ?"]) == ["a film too", "?!", "été"]
    assert bare("?!") == "?!" and bare("L'été_9") == "lété9"
