"""Files of any encoding, line ends and size become one text."""

import hashlib
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from textrnn.config.parts import parse_part
from textrnn.data import corpora
from textrnn.data.corpora import Corpus, bounds, read_corpus, split
from textrnn.errors import CorpusError

texts = st.text(
    st.characters(codec="utf-8", exclude_characters="\0") | st.sampled_from("\r\n\ufeff")
)
chunk_size = st.integers(1, 9)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory) -> Path:
    """A file to overwrite."""
    return tmp_path_factory.mktemp("scratch") / "text.txt"


def read(path: Path, data: bytes, chunk_size: int = 5, **settings: str) -> Corpus:
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpora, "CHUNK_CHARACTERS", chunk_size)
        return read_corpus([path], **settings)


def normalised(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(text=texts.filter(lambda text: text.removeprefix("\ufeff")), chunk_size=chunk_size)
def test_chunks_of_any_size_give_the_same_text(scratch, text, chunk_size):
    corpus = read(scratch, text.encode(), chunk_size)
    expected = normalised(text.removeprefix("\ufeff"))
    assert corpus.text == expected
    assert corpus.length == len(expected)
    assert corpus.sources == (str(scratch),)


@given(text=texts.filter(lambda text: text.removeprefix("\ufeff")), chunk_size=chunk_size)
def test_newlines_keep_leaves_line_ends_unchanged(scratch, text, chunk_size):
    corpus = read(scratch, text.encode(), chunk_size, newlines="keep")
    assert corpus.text == text.removeprefix("\ufeff")


@pytest.mark.parametrize("size", range(1, 8))
def test_cr_lf_is_one_line_end_even_across_chunks(tmp_path, size):
    data = b"a\r\nbc\r\r\nd\n\re\r"
    assert read(tmp_path / "a.txt", data, size).text == "a\nbc\n\nd\n\ne\n"
    assert read(tmp_path / "a.txt", data, size, newlines="keep").text == data.decode()


@pytest.mark.parametrize("size", range(1, 8))
def test_only_the_first_byte_order_mark_is_dropped(tmp_path, size):
    assert read(tmp_path / "a.txt", "\ufeffa\ufeffé\N{ROCKET}".encode(), size).text == (
        "a\ufeffé\N{ROCKET}"
    )


@given(text=texts.filter(bool), chunk_size=chunk_size)
def test_the_sha256_is_that_of_the_utf_8_bytes(scratch, text, chunk_size):
    corpus = read(scratch, ("a" + text).encode(), chunk_size)
    assert corpus.sha256 == hashlib.sha256(corpus.text.encode()).hexdigest()
    assert corpus.sha256 == Corpus.from_text(corpus.text).sha256


@given(text=texts)
def test_a_corpus_of_a_string_is_that_string(text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpora, "CHUNK_CHARACTERS", 3)
        corpus = Corpus.from_text(text, "here")
    assert (corpus.text, corpus.length, corpus.sources) == (text, len(text), ("here",))


@given(prefix=texts, chunk_size=chunk_size)
def test_undecodable_bytes_are_named_with_file_and_position(scratch, prefix, chunk_size):
    data = prefix.encode()
    with pytest.raises(CorpusError) as caught:
        read(scratch, data + b"\xff and on", chunk_size)
    assert str(caught.value).startswith(f"{scratch} is not utf-8 text at byte {len(data):,};")
    assert "--encoding latin-1" in str(caught.value)


@given(prefix=texts, chunk_size=chunk_size)
def test_a_truncated_character_is_named_by_its_first_byte(scratch, prefix, chunk_size):
    data = prefix.encode()
    with pytest.raises(CorpusError, match=f"at byte {len(data):,};"):
        read(scratch, data + "\N{ROCKET}".encode()[:3], chunk_size)


def test_positions_have_thousands_separators(tmp_path):
    with pytest.raises(CorpusError, match="at byte 12,345;"):
        read(tmp_path / "a.txt", b"a" * 12_345 + b"\xff", 1000)


@pytest.mark.parametrize("byte_order", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_detected_and_can_be_read(tmp_path, byte_order):
    text = "zwölf\r\nBoxkämpfer \N{ROCKET}"
    data = text.encode(byte_order)
    if byte_order != "utf-16":
        data = "\ufeff".encode(byte_order) + data
    with pytest.raises(CorpusError, match="--encoding utf-16"):
        read(tmp_path / "a.txt", data)
    for size in range(1, 8):
        corpus = read(tmp_path / "a.txt", data, size, encoding="utf-16")
        assert corpus.text == normalised(text)


def test_utf_16_without_a_byte_order_mark_is_refused_at_its_first_byte(tmp_path):
    data = "twelve".encode("utf-16-le")
    with pytest.raises(CorpusError, match="at byte 0;"):
        read(tmp_path / "a.txt", data, encoding="utf-16")
    with pytest.raises(CorpusError, match=r"NUL.*--encoding utf-16"):
        read(tmp_path / "a.txt", data)
    assert read(tmp_path / "a.txt", data, encoding="utf-16-le").text == "twelve"


def test_latin_1_can_be_read(tmp_path):
    corpus = read(tmp_path / "a.txt", "Gänsefüßchen".encode("latin-1"), encoding="latin-1")
    assert corpus.text == "Gänsefüßchen"
    assert corpus.sha256 == hashlib.sha256("Gänsefüßchen".encode()).hexdigest()


def test_a_nul_is_refused_with_its_position(tmp_path):
    with pytest.raises(CorpusError, match=r"a\.txt is not text: .*NUL.* byte 1,234;"):
        read(tmp_path / "a.txt", b"a" * 1234 + b"\0b", 100)


@pytest.mark.parametrize(
    "encoding",
    ["no such", "utf-99", "", "hex", "base64", "rot13", "zlib", "undefined", "utf-8\0"],
)
def test_an_encoding_that_is_not_of_text_is_refused(tmp_path, encoding):
    with pytest.raises(CorpusError, match=r"encoding .*utf-8"):
        read(tmp_path / "a.txt", b"61 62", encoding=encoding)


@pytest.mark.parametrize("data", [b"", "\ufeff".encode()])
def test_an_empty_file_is_refused(tmp_path, data):
    with pytest.raises(CorpusError, match=r"a\.txt contains no text"):
        read(tmp_path / "a.txt", data)


@pytest.mark.parametrize("name", ["absent.txt", "absent/a.txt", "x" * 5000, "a\0b"])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(CorpusError, match=r"no file|cannot read"):
        read_corpus([tmp_path / name])


def test_an_empty_list_of_files_is_refused():
    with pytest.raises(CorpusError, match="no corpus given"):
        read_corpus([])


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three text files and another file."""
    (tmp_path / "b" / "deep").mkdir(parents=True)
    (tmp_path / "b" / "deep" / "two.txt").write_text("two\n")
    (tmp_path / "c.txt").write_text("three")
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "a.md").write_text("no")
    (tmp_path / "folder.txt").mkdir()
    return tmp_path


def test_a_folder_means_its_sorted_txt_files_including_subfolders(folder):
    corpus = read_corpus([folder])
    assert corpus.text == "one\ntwo\nthree"
    assert corpus.sources == tuple(
        str(folder / name) for name in ("a.txt", "b/deep/two.txt", "c.txt")
    )


def test_a_folder_without_a_txt_file_is_refused(folder):
    with pytest.raises(CorpusError, match=r"contains no \.txt file"):
        read_corpus([folder / "folder.txt"])


def test_a_glob_means_the_sorted_files_it_matches_and_no_folders(folder):
    assert read_corpus([f"{folder}/*.txt"]).text == "one\nthree"
    assert read_corpus([f"{folder}/**/t*.txt"]).text == "two\n"
    with pytest.raises(CorpusError, match="no file matches"):
        read_corpus([f"{folder}/*.doc"])
    with pytest.raises(CorpusError, match="no file matches"):
        read_corpus([f"{folder}/fold*"])


def test_a_file_may_have_a_name_that_looks_like_a_glob(tmp_path):
    (tmp_path / "[a].txt").write_text("brackets")
    (tmp_path / "a.txt").write_text("none")
    assert read_corpus([tmp_path / "[a].txt"]).text == "brackets"


def test_files_are_concatenated_in_the_given_order_each_on_a_new_line(tmp_path):
    contents = {"z": b"1", "y": b"2\n", "x": b"\xef\xbb\xbf3\r\n", "w": b"4\r", "v": b"5"}
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    paths = [tmp_path / name for name in contents]
    assert read_corpus(paths).text == "1\n2\n3\n4\n5"
    assert read_corpus(paths, newlines="keep").text == "1\n2\n3\r\n4\r5"
    assert read_corpus(paths).sources == tuple(map(str, paths))


def test_an_empty_file_among_others_adds_nothing(tmp_path):
    for name, data in {"a": b"1", "empty": b"", "b": b"2"}.items():
        (tmp_path / name).write_bytes(data)
    a, empty, b = (tmp_path / name for name in ("a", "empty", "b"))
    assert read_corpus([empty, a, empty, b]).text == "1\n2"


def test_a_dash_is_standard_input(monkeypatch, tmp_path):
    (tmp_path / "a").write_text("then a file")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO("é\r\n".encode())))
    corpus = read_corpus(["-", tmp_path / "a"])
    assert corpus.text == "é\nthen a file"
    assert corpus.sources == ("-", str(tmp_path / "a"))


def test_an_error_in_standard_input_names_it(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"ab\xff")))
    with pytest.raises(CorpusError, match="standard input is not utf-8 text at byte 2;"):
        read_corpus(["-"])


def test_an_unreadable_file_is_named(monkeypatch, tmp_path):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a.txt").write_text("secret")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(CorpusError, match=r"cannot read .*a\.txt: Permission denied"):
        read_corpus([tmp_path / "a.txt"])


def test_an_inaccessible_folder_is_named(monkeypatch, tmp_path):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(CorpusError, match=r"a\.txt"):
        read_corpus([tmp_path / "a.txt"])


# ---- split --------------------------------------------------------------------------------------


def test_the_last_tenth_is_for_validation():
    train, validation = split(np.arange(100), "0:1", "0.1")
    assert train.tolist() == [*range(90)]
    assert validation.tolist() == [*range(90, 100)]


def test_the_sides_of_a_slice_in_the_middle_are_concatenated():
    train, validation = split(np.arange(10), "0:1", "0.4:0.6")
    assert train.tolist() == [0, 1, 2, 3, 6, 7, 8, 9]
    assert validation.tolist() == [4, 5]


def test_numbers_above_1_are_characters():
    train, validation = split(np.arange(100), "10:30", "5:8")
    assert validation.tolist() == [15, 16, 17]
    assert train.tolist() == [*range(10, 15), *range(18, 30)]
    train, validation = split(np.arange(100), "0:50", "0:0.2")
    assert validation.tolist() == [*range(10)]
    assert train.tolist() == [*range(10, 50)]


@given(
    length=st.integers(0, 300),
    part=st.sampled_from(["0:1", "0.25:0.75", ":0.9", "0.9:", "20:50", "100:200", "0:2"]),
    validation=st.sampled_from(["0.1", "0.999", "0:0.3", "0.33:0.67", "7:19", "0.5:400"]),
)
def test_every_character_of_the_part_is_in_exactly_one_side(length, part, validation):
    ids = np.arange(length, dtype=np.uint16)
    train, held_out = split(ids, part, validation)
    assert train.dtype == held_out.dtype == ids.dtype
    used = np.sort(np.concatenate([train, held_out]))
    assert (np.diff(used.astype(int)) == 1).all()
    assert (np.diff(train.astype(int)) >= 1).all() and (np.diff(held_out.astype(int)) == 1).all()
    start, end = bounds(*parse_part(part), length)
    assert len(used) == end - start


@pytest.mark.parametrize("length", [0, 1, 99, 100, 1000, 123_456_700, 10**9])
def test_fractions_are_exact_where_the_product_is_a_whole_number(length):
    # 0.29 * 100 is 28.999999999999996 in floating point, but means 29 characters.
    for percent in range(101):
        assert bounds(0, percent / 100, length) == (0, percent * length // 100)
