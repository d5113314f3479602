"""The inputs of a classifier become texts, and an unreadable input has a reason."""

import io
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textrnn.data.inputs import Item, check_same_columns, kind_of, read_items, text_item
from textrnn.data.table_writer import RowWriter
from textrnn.errors import ConfigError


def items(*paths: object, form=None, column="text", encoding="utf-8") -> list[Item]:
    return list(read_items(list(map(str, paths)), form=form, column=column, encoding=encoding))


def written(path: Path, data: str | bytes) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@given(texts=st.lists(TEXTS.filter(str.strip), min_size=1, max_size=5), form=st.sampled_from(
    ["csv", "tsv", "jsonl"]))  # fmt: skip
def test_the_texts_of_a_table_are_unchanged_and_in_order(texts, form, tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / f"table.{form}"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = RowWriter(file, form, ["number", "text"])
        for number, text in enumerate(texts):
            writer.write({"number": str(number), "text": text})
    found = items(path)
    assert [item.text for item in found] == texts
    assert [item.row["number"] for item in found] == list(map(str, range(len(texts))))
    assert not any(item.reason for item in found)


def test_a_file_is_one_text_or_one_text_per_line(tmp_path):
    path = written(tmp_path / "a.txt", "\ufeffone\r\n\r\n  \ntwo words\n")
    (whole,) = items(path)
    assert whole == Item(str(path), "one\n\n  \ntwo words")
    assert [(item.line, item.text) for item in items(path, form="lines")] == [
        (1, "one"), (4, "two words"),
    ]  # fmt: skip
    assert items(path, form="lines")[1].place == f"{path} line 4"


def test_a_single_path_means_a_list_of_one(tmp_path):
    path = str(written(tmp_path / "a.txt", "good"))
    how = {"form": None, "column": "text", "encoding": "utf-8"}
    assert list(read_items(path, **how)) == list(read_items([path], **how)) == [Item(path, "good")]


def test_the_text_files_of_a_folder_are_sorted_by_name(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("c.txt", "b/d.txt", "a.txt", "other.csv"):
        written(tmp_path / name, f"text of {name}")
    assert [item.text for item in items(tmp_path)] == [
        "text of a.txt", "text of b/d.txt", "text of c.txt",
    ]  # fmt: skip


def test_standard_input_is_one_text_unless_a_form_is_given(monkeypatch):
    data = b"text,label\ngood,1\n"
    for form, expected in ((None, "text,label\ngood,1"), ("csv", "good"), ("lines", "text,label")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        first = items("-", form=form)[0]
        assert (first.source, first.text) == ("standard input", expected)


def test_the_suffix_decides_the_form_unless_one_is_given():
    kinds = [kind_of(name, None) for name in ("a.CSV", "a.tsv", "a.jsonl", "a.txt", "a", "-")]
    assert kinds == ["csv", "tsv", "jsonl", "text", "text", "text"]
    assert kind_of("a.csv", "lines") == "lines"


NO_TEXT = [
    ("empty.txt", b"", "it is blank"),
    ("blank.txt", b" \n\t\n", "it is blank"),
    ("mark.txt", b"\xef\xbb\xbf", "it is blank"),
    (
        "nul.txt",
        b"go\0od",
        "contains a NUL character; if the file is UTF-16, use --encoding utf-16",
    ),
    ("half.txt", "good".encode("utf-16-le"), "use --encoding utf-16"),
    ("utf16.txt", "good".encode("utf-16"), "begins like UTF-16: use --encoding utf-16"),
    ("image.png", b"\x89PNG\r\n\x1a\n\0\0\xff", "is not utf-8 text at byte 0"),
    ("empty.csv", b"", "begins with a header line of column names"),
    ("header.csv", b"text,label\n", "contains no text below its header"),
    ("twice.csv", b"text,text\na,b\n", "has the column 'text' twice"),
    ("other.csv", b"review,label\ngood,1\n", "it has 'review', 'label': name the one"),
    ("other.jsonl", b'{"review": "good"}\n', "it has 'review': name the one"),
    ("blank.csv", b"text,label\n ,1\n", "blank.csv line 2: it is blank"),
    ("array.jsonl", b'{"text": ["good"]}\n', "its 'text' is not text"),
    ("all.json", b'[{"text": "good"}]', "write it as JSON lines"),
    ("none.txt", None, "no file"),
    ("", None, "a FILE has an empty name"),
]


@pytest.mark.parametrize(("name", "data", "reason"), NO_TEXT, ids=lambda value: str(value)[:30])
def test_an_input_without_text_is_an_item_with_a_reason(tmp_path, name, data, reason):
    path = written(tmp_path / name, data) if data is not None else (name and tmp_path / name)
    (item,) = items(path)
    assert not item.text.strip("\ufeff\0 \n\tgod")
    assert reason in item.problem()
    assert item.problem().count("\n") == 0


def test_a_folder_without_texts_says_how_to_name_other_files(tmp_path):
    (item,) = items(tmp_path)
    assert "contains no .txt file" in item.problem() and "*.csv" in item.problem()


def test_a_bad_row_is_named_by_line_and_does_not_end_reading(tmp_path):
    table = b'text,label\ngood,1\nbad\n"two\nlines",2\na,b,c\n,3\n"open,4\nlost,5\n'
    found = items(written(tmp_path / "t.csv", table))
    assert [item.text for item in found if not item.reason] == ["good", "two\nlines"]
    assert [item.line for item in found if item.reason] == [3, 6, 7, 8]
    blank = next(item for item in found if item.reason == "it is blank")
    assert blank.row == {"text": "", "label": "3"}


def test_undecodable_bytes_end_a_file_but_not_the_other_files(tmp_path):
    first = written(tmp_path / "a.csv", b"text\n" + b"good\n" * 3000 + b"\xff\n")
    second = written(tmp_path / "b.csv", b"text\nbad\n")
    found = items(first, second)
    (broken,) = (item for item in found if item.reason)
    assert "line 3,002" in broken.problem() and "the rest was not read" in broken.problem()
    assert found[0].text == "good" and found[-1].text == "bad"


def test_a_number_is_text_and_half_a_surrogate_pair_is_not(tmp_path):
    assert items(written(tmp_path / "a.jsonl", '{"text": 5}'))[0].text == "5"
    assert "not characters" in text_item("--text", "go\udcff").reason


def test_tables_with_different_columns_are_refused_before_predicting(tmp_path):
    one = written(tmp_path / "one.csv", "text,label\nbad\ngood,1\n")
    same = written(tmp_path / "same.csv", "label,text\n1,good\n")
    other = written(tmp_path / "other.csv", "text,stars\ngood,1\n")
    empty = written(tmp_path / "empty.csv", "")
    call = {"form": None, "encoding": "utf-8"}
    check_same_columns([str(one), str(same), str(empty), "-", "none.csv"], **call)
    with pytest.raises(
        ConfigError, match=r"other.csv has the columns 'text', 'stars', but .*one.csv"
    ):
        check_same_columns([str(one), str(empty), str(other)], **call)


def test_a_text_in_place_of_a_file_name_gets_a_hint_at_the_text_option():
    for text in ("what a\nfilm " * 40, "so " * 200 + "good.csv", "好" * 200):
        (item,) = items(text)
        assert item.problem().startswith(f"no file {text[:4]}")
        assert item.problem().endswith("use --text")
        assert len(item.problem()) < 200 and "\n" not in item.problem()
        check_same_columns([text], form=None, encoding="utf-8")
