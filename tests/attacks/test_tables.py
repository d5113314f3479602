"""Texts, tables and settings of any size and content: one sentence, little memory."""

import io
import itertools
import json
import os
import sys
import threading
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from textrnn.cli import main, predict
from textrnn.config import limits
from textrnn.data import bounded, corpora, tables
from textrnn.data.corpora import read_corpus
from textrnn.data.inputs import Item, read_items
from textrnn.data.labelled import read_labelled
from textrnn.data.soft_labels import read_soft_labels
from textrnn.data.tables import BadRow, Row, read_rows
from textrnn.data.unlabelled import read_texts
from textrnn.data.word_vectors import read_vectors, words_of
from textrnn.errors import CorpusError, TextRNNError

FORMS = [None, "lines", "csv", "tsv", "jsonl"]
MIB = 2**20
LONGEST = 1000  # characters of a sentence
pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")


class Endless:
    """A binary file that begins with `start` and repeats `rest` for ever; counts what is read."""

    def __init__(self, start: bytes, rest: bytes, most: int) -> None:
        self.start, self.rest, self.most, self.taken = start, rest, most, 0

    def read1(self, size: int) -> bytes:
        assert self.taken <= self.most, "reading does not end"
        data, self.start = self.start, b""
        data += self.rest * (1 + size // len(self.rest))
        self.taken += len(data)
        return data[:size]

    read = read1


def items(path: object, form: str | None = None, **how: object) -> list[Item]:
    return list(read_items(str(path), form=form, column="text", encoding="utf-8", **how))


def the_sentence(items: list[Item]) -> str:
    (item,) = items
    assert not item.text and len(item.problem()) <= LONGEST and "\n" not in item.problem()
    return item.problem()


# ---- endless and huge ---------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("start", "rest"),
    [(b"", b"\0"), (b"", b"x"), (b"", b'"'), (b"", b"["), (b'text\n"', b"x"), (b"{", b" ")],
    ids=str,
)
def test_an_endless_line_ends_with_one_sentence_and_little_memory(monkeypatch, form, start, rest):
    monkeypatch.setattr(bounded, "SKIPPED_LIMIT", 3 * MIB)
    endless = Endless(start, rest, most=8 * MIB)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=endless))
    tracemalloc.start()
    try:
        *read, last = items("-", form, limit=MIB)
        assert tracemalloc.get_traced_memory()[1] < 24 * MIB
    finally:
        tracemalloc.stop()
    assert all(len(item.problem()) <= LONGEST and len(item.text) <= 4 for item in read)
    the_sentence([last])


@pytest.mark.parametrize("line", ["a\n", "a\r", "\n", "x" * 5000 + "\r\n", '""\n', "é,\n"])
def test_an_unclosed_quote_is_found_within_the_limit_and_little_memory(line):
    taken = itertools.count()
    # A string of its own per line, as from a file.
    lines = ((next(taken), line[:1] + line[1:])[1] for _ in range(2 * MIB // len(line)))
    tracemalloc.start()
    try:
        *rows, bad = read_rows(
            itertools.chain(["t,u\n", '1,"2\n'], lines), "csv", "t", limit=MIB // 4
        )
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert rows == [] and isinstance(bad, BadRow) and bad.line == 2
    assert "never closed within 262,144 characters" in bad.reason
    assert next(taken) * len(line) <= MIB // 4 + 2 * len(line)
    assert peak < 5 * MIB


def test_a_corpus_ends_at_its_limit(monkeypatch):
    monkeypatch.setattr(corpora, "CORPUS_LIMIT", 3 * MIB)
    endless = Endless(b"", b"To be or not to be\n", most=8 * MIB)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=endless))
    with pytest.raises(CorpusError, match=r"standard input goes beyond the 3,145,728 characters"):
        read_corpus("-")


def test_one_text_file_of_unlabelled_texts_may_be_as_long_as_a_corpus(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a " * (limits.TEXT_LIMIT // 2 + 1))
    assert len(read_texts(path).texts[0]) > limits.TEXT_LIMIT
    assert "--text-limit" in the_sentence(items(path))
    with pytest.raises(CorpusError, match="longer than 16,777,216 characters"):
        read_labelled(_folder(tmp_path, path))


def _folder(tmp_path: Path, text: Path) -> Path:
    for label in ("good", "bad"):
        (tmp_path / "texts" / label).mkdir(parents=True)
        (tmp_path / "texts" / label / "a.txt").symlink_to(text)
    return tmp_path / "texts"


WIDE = 200_000


def test_a_table_of_many_columns_is_read_and_named_in_short(tmp_path):
    names = ["text", *map(str, range(WIDE))]
    text = ",".join(names) + "\n" + ",".join(["good"] * len(names)) + "\n"
    (row,) = read_rows(io.StringIO(text), "csv", "wide")
    assert isinstance(row, Row) and list(row.values) == names and row.characters == 5 * len(names)
    path = tmp_path / "t.csv"
    path.write_text(text.replace("text", "review", 1))
    assert "and 199,981 more" in the_sentence(items(path))
    path.write_text(text.replace("text", str(WIDE - 1), 1))
    assert "'199999' twice" in the_sentence(items(path))
    path.write_text("x" * MIB + "," + "x" * MIB + "\n")
    assert "twice" in the_sentence(items(path))


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_wide_table_is_classified(tmp_path, form):
    path, output = tmp_path / "t.csv", tmp_path / f"o.{form}"
    names = ["text", *map(str, range(WIDE))]
    path.write_text(",".join(names) + "\n" + ",".join(["good"] * len(names)) + "\n")
    done = CliRunner().invoke(main, ["classify", "-m", "imdb-tiny", str(path), "-o", str(output)])
    assert done.exit_code == 0 and "1 classified" in done.stderr


def test_wide_rows_are_classified_few_at_a_time():
    row = dict.fromkeys(map(str, range(1000)), "x" * 500)
    rows = (Item("t", "good", row=row, size=500_000) for _ in range(100))
    assert max(map(len, predict._chunks(rows, most=4096))) <= predict.MOST_CHARACTERS // 500_000
    short = (Item("t", "good", row=row, size=0) for _ in range(10_000))
    assert max(map(len, predict._chunks(short, most=4096))) <= predict.MOST_CHARACTERS // 10_000


def test_a_line_of_very_many_values_is_a_bad_row(monkeypatch):
    monkeypatch.setattr(tables, "VALUES_LIMIT", 1000)
    most = json.dumps({"text": [0] * 999})
    lines = [most, json.dumps({"text": '[{,\\"' * 1000}), f"{most[:-2]}, 0]}}", "[{}," * 1000]
    first, text, *bad = read_rows((f"{line}\n" for line in lines), "jsonl", "t")
    assert isinstance(first, Row) and isinstance(text, Row)
    assert [row.reason for row in bad] == 2 * ["it has more than 1,000 values"]


# ---- any content --------------------------------------------------------------------------------

PARTS = [
    b'"', b",", b"\t", b"\n", b"\r", b"\r\n", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"{",
    b"}", b"[", b"]", b":", b'{"text": "good", "label": "1"}', b"text,label", b"text\tlabel",
    b"good,1", b"\\ud800", b"1e999", b"NaN", b"9" * 5000, b"[" * 2000, b"the 1 2", b"=", b" ",
]  # fmt: skip
contents = st.lists(st.sampled_from(PARTS) | st.binary(max_size=4), max_size=12).map(b"".join)


@given(content=contents, limit=st.sampled_from([1, 5, 40, limits.TEXT_LIMIT]), data=st.data())
def test_only_textrnn_errors_leave_the_readers(content, limit, data, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    encoding = data.draw(st.sampled_from(["utf-8", "utf-16", "utf-7", "latin-1", "idna"]))
    for form in FORMS:
        how = {"form": form, "column": "text", "encoding": encoding, "limit": limit}
        for item in read_items(str(path), **how):
            assert item.text or item.reason
            assert len(item.text) <= limit and "\n" not in item.problem()
    settings = path.with_suffix(".toml")
    settings.write_bytes(content)
    for read in (
        lambda: read_corpus(path, encoding=encoding),
        lambda: read_labelled(path, encoding=encoding),
        lambda: read_texts(path, form="jsonl", encoding=encoding),
        lambda: read_soft_labels(str(path), ["negative", "positive"]),
        lambda: read_vectors(path, ["the"]),
        lambda: words_of(path),
    ):
        try:
            read()
        except TextRNNError as error:
            assert len(str(error)) <= LONGEST + len(str(path))
    done = CliRunner().invoke(main, ["train", "generator", "none", "-o", "m", "--config", settings])
    assert isinstance(done.exception, SystemExit)


@given(
    lines=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), max_size=6),
    limit=st.integers(1, 12),
)
def test_a_limit_refuses_longer_lines_and_changes_no_other(lines, limit, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "lines.txt"
    path.write_bytes("".join(f"{line}\n" for line in ["good", *lines]).encode())
    found = {item.line: item.text for item in items(path, "lines", limit=limit)}
    for item in items(path, "lines"):
        assert found.pop(item.line) == (item.text if len(item.text) < limit else "")
    assert not any(found.values())  # the rest are blank lines over the limit


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("content", ["text\ngood\n", "text\rgood", '{"text": "good"}\n', "good"])
def test_a_byte_order_mark_takes_no_part_in_the_limit(tmp_path, form, content):
    path = tmp_path / "a"
    for limit in range(1, 25):
        read = []
        for mark in ("", "\ufeff"):
            path.write_bytes((mark + content).encode())
            read.append(items(path, form, limit=limit))
        assert read[0] == read[1]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_cut_between_cr_and_lf_counts_no_line_twice(mark):
    for limit in range(4, 12):
        file = io.StringIO(f"{mark}a\r\n{'x' * 7}\r\n\r\nb\r\n", newline="")
        rows = {row.line for row in read_rows(file, "csv", "t", limit=limit)}
        assert rows == {2, 4}


# ---- pipes and devices --------------------------------------------------------------------------


@pipes
def test_a_pipe_without_a_writer_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "WRITER_SECONDS", 0.1)
    pipe, threads = tmp_path / "pipe.csv", threading.active_count()
    os.mkfifo(pipe)
    for form in FORMS:
        assert "no program has opened it for writing" in the_sentence(items(pipe, form))
    with pytest.raises(CorpusError, match="no program"):
        read_corpus(pipe)
    with pytest.raises(CorpusError, match="regular file"):
        read_vectors(pipe, ["the"])
    assert threading.active_count() == threads


@pipes
@pytest.mark.parametrize("content", [b"good\n", b"good\n" * 100_000])
def test_a_pipe_is_read_as_its_writer_writes(tmp_path, content):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Timer(0.1, pipe.write_bytes, [content])
    writer.start()
    assert len(items(pipe, "lines")) == content.count(b"\n")
    writer.join()


@pipes
@pytest.mark.parametrize("write", [b"a film", b""])
def test_a_pipe_without_a_name_is_read_also_when_its_writer_has_ended(write):
    end, start = os.pipe()
    os.write(start, write)
    os.close(start)
    (item,) = items(f"/dev/fd/{end}")
    os.close(end)
    assert item.text.encode() == write


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs /dev/zero")
def test_a_device_is_one_sentence():
    for form in FORMS:
        assert "NUL" in the_sentence(items("/dev/zero", form))
    train = ["train", "generator", "-o", "m"]
    evaluate = ["evaluate", "imdb-tiny", "--input-format", "csv"]
    for typed in (["classify"], evaluate, train, [*train, "t.txt", "--config"]):
        done = CliRunner().invoke(main, [*typed, "/dev/zero"])
        assert done.exit_code == 1 and isinstance(done.exception, SystemExit)
        assert done.stderr.startswith("Error: /dev/zero") and done.stderr.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="needs links")
def test_a_folder_that_contains_itself_is_read_once(tmp_path):
    (tmp_path / "a.txt").write_text("a film")
    (tmp_path / "up").symlink_to("..")
    (tmp_path / "self.txt").symlink_to("self.txt")
    (tmp_path / "zero.txt").symlink_to("/dev/zero")
    assert [item.text for item in items(tmp_path)] == ["a film"]


# ---- word vectors and settings ------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "the " + "0.1 " * 5000 + "\n",
        "1 9999999999\nthe " + "1 " * 4097,
        "the 1 2\nx 1 " + "0" * MIB,
    ],
    ids=["values", "one more", "a line"],
)
def test_vectors_of_any_size_are_refused_with_their_line(tmp_path, text):
    (tmp_path / "v.txt").write_text(text)
    with pytest.raises(CorpusError, match=r"line \d") as caught:
        read_vectors(tmp_path / "v.txt", ["the"])
    assert len(str(caught.value)) < LONGEST


def test_a_file_of_settings_has_a_limit(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text("#" * (limits.SETTINGS_LIMIT + 1))
    done = CliRunner().invoke(main, ["train", "generator", "t", "-o", "m", "--config", str(path)])
    assert done.exit_code == 1 and "is over 1,048,576 bytes" in done.stderr
