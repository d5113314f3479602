"""Of several encodings, each file is read in the first one that fits all of it."""

import io
import os
import sys
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textrnn.data import encodings
from textrnn.data.encodings import Encodings
from textrnn.data.text_files import open_text
from textrnn.errors import CorpusError

LISTS = ("utf-8,cp1252", "ascii,utf-8,latin-1", "utf-16,utf-8,latin-1", "utf-8,utf-7")
latin = st.text(st.characters(max_codepoint=255), max_size=30)
data_of_text = (
    st.text(st.characters(codec="utf-8"), max_size=30).map(str.encode)
    | latin.map(lambda text: text.encode("latin-1"))
    | st.binary(max_size=30)
)


def fits(data: bytes, encoding: str) -> bool:
    try:
        io.TextIOWrapper(io.BytesIO(data), encoding, newline="").read()
    except UnicodeError:
        return False
    return True


def text_of(source: object, encoding: str | Encodings) -> str | None:
    """The text that is read, or None if it is refused."""
    try:
        with open_text(source, encoding) as file:
            return file.read()
    except CorpusError:
        return None


@given(data=data_of_text, names=st.sampled_from(LISTS), block=st.integers(1, 9))
def test_a_file_and_a_stream_are_read_in_the_first_encoding_that_fits(
    tmp_path_factory, data, names, block
):
    path = tmp_path_factory.getbasetemp() / "some.txt"
    path.write_bytes(data)
    listed = names.split(",")
    first = next((name for name in listed if fits(data, name)), None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encodings, "_BLOCK", block)
        patch.setattr(encodings, "_IN_MEMORY", 10)
        patch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
        tried = Encodings(names)
        found = text_of(path, tried)
        assert found == text_of("-", names)
    assert found == (None if first is None else text_of(path, first))
    assert tried.later == ({} if first in (None, listed[0]) else {str(path): first})


@given(data=data_of_text, names=st.sampled_from(LISTS))
def test_the_error_names_the_first_bad_byte_of_each_encoding(tmp_path_factory, data, names):
    path = tmp_path_factory.getbasetemp() / "bad.txt"
    path.write_bytes(data)
    try:
        open_text(path, names).close()
    except CorpusError as error:
        for name in names.split(","):
            with pytest.raises(CorpusError) as single, open_text(path, name) as file:
                file.read()
            place = str(single.value).split(" at byte ")[1].split(" ")[0].split(";")[0]
            assert f"{name} text at byte {place}" in str(error)
        assert f"--encoding {names}," in str(error)


def test_one_encoding_is_taken_without_a_look_at_the_file():
    unreadable = object()
    assert Encodings(" latin-1 ,").choose(unreadable, "a") == (unreadable, "latin-1")


@pytest.mark.parametrize("text", ["", ",", "utf-8,klingon", "utf-8,hex", "hex", "utf\0"])
def test_a_name_that_is_no_encoding_is_refused(text):
    with pytest.raises(CorpusError, match="there is no encoding"):
        Encodings(text)


def test_a_notice_names_three_files_and_counts_the_others():
    tried = Encodings("utf-8,cp1252,latin-1")
    tried.later |= {f"{number}.txt": "cp1252" for number in range(5)} | {"z.txt": "latin-1"}
    assert tried.notices() == [
        "Not utf-8, so read as cp1252: 0.txt, 1.txt, 2.txt and 2 more",
        "Not utf-8, so read as latin-1: z.txt",
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes")
def test_a_pipe_is_copied_up_to_a_limit(tmp_path, monkeypatch):
    pipe: Path = tmp_path / "pipe"
    os.mkfifo(pipe)

    def read(data: bytes) -> str:
        writer = Thread(target=pipe.write_bytes, args=(data,))
        writer.start()
        try:
            with open_text(pipe, "utf-8,latin-1") as file:
                return file.read()
        finally:
            writer.join()

    assert read("é".encode("latin-1")) == "é"
    monkeypatch.setattr(encodings, "STREAM_LIMIT", 4)
    assert read(b"four") == "four"
    with pytest.raises(CorpusError, match=r"goes beyond 4 bytes, the limit of a stream"):
        read(b"fives")
