"""What is named to be judged becomes texts, and what cannot be read says why."""

import io
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textrnn.data.inputs import Item, check_same_columns, kind_of, read_items, text_item
from textrnn.data.tables import RowWriter
from textrnn.errors import ConfigError


def items(*paths: object, form=None, column="text", encoding="utf-8") -> list[Item]:
    return list(read_items(list(map(str, paths)), form=form, column=column, encoding=encoding))


def written(path: Path, data: str | bytes) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)


@given(texts=st.lists(TEXTS.filter(str.strip), min_size=1, max_size=5), form=st.sampled_from(
    ["csv", "tsv", "jsonl"]))  # fmt: skip
def test_every_text_of_a_table_comes_back_in_order_and_as_it_was(texts, form, tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / f"table.{form}"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = RowWriter(file, form, ["number", "text"])
        for number, text in enumerate(texts):
            writer.write({"number": str(number), "text": text})
    found = items(path)
    assert [item.text for item in found] == texts
    assert [item.row["number"] for item in found] == list(map(str, range(len(texts))))
    assert not any(item.reason for item in found)


def test_a_file_is_one_text_or_a_text_a_line(tmp_path):
    path = written(tmp_path / "a.txt", "\ufeffone\r\n\r\n  \ntwo words\n")
    (whole,) = items(path)
    assert whole == Item(str(path), "one\n\n  \ntwo words")
    assert [(item.line, item.text) for item in items(path, form="lines")] == [
        (1, "one"), (4, "two words"),
    ]  # fmt: skip
    assert items(path, form="lines")[1].place == f"{path} line 4"


def test_a_single_path_gives_what_a_list_of_it_alone_gives(tmp_path):
    path = str(written(tmp_path / "a.txt", "good"))
    how = {"form": None, "column": "text", "encoding": "utf-8"}
    assert list(read_items(path, **how)) == list(read_items([path], **how)) == [Item(path, "good")]


def test_a_folder_gives_its_text_files_in_the_order_of_their_names(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("c.txt", "b/d.txt", "a.txt", "other.csv"):
        written(tmp_path / name, f"text of {name}")
    assert [item.text for item in items(tmp_path)] == [
        "text of a.txt", "text of b/d.txt", "text of c.txt",
    ]  # fmt: skip


def test_standard_input_is_one_text_unless_its_form_is_given(monkeypatch):
    data = b"text,label\ngood,1\n"
    for form, expected in ((None, "text,label\ngood,1"), ("csv", "good"), ("lines", "text,label")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        first = items("-", form=form)[0]
        assert (first.source, first.text) == ("standard input", expected)


def test_the_suffix_tells_the_form_but_for_one_that_is_given():
    kinds = [kind_of(name, None) for name in ("a.CSV", "a.tsv", "a.jsonl", "a.txt", "a", "-")]
    assert kinds == ["csv", "tsv", "jsonl", "text", "text", "text"]
    assert kind_of("a.csv", "lines") == "lines"


NO_TEXT = [
    ("empty.txt", b"", "it is blank"),
    ("blank.txt", b" \n\t\n", "it is blank"),
    ("mark.txt", b"\xef\xbb\xbf", "it is blank"),
    ("nul.txt", b"go\0od", "holds a NUL character; if it is UTF-16, use --encoding utf-16"),
    ("half.txt", "good".encode("utf-16-le"), "use --encoding utf-16"),
    ("utf16.txt", "good".encode("utf-16"), "begins like UTF-16: use --encoding utf-16"),
    ("image.png", b"\x89PNG\r\n\x1a\n\0\0\xff", "is not utf-8 text at byte 0"),
    ("empty.csv", b"", "begins with a line that names its columns"),
    ("header.csv", b"text,label\n", "holds no text under the line that names its columns"),
    ("twice.csv", b"text,text\na,b\n", "names the column 'text' twice"),
    ("other.csv", b"review,label\ngood,1\n", "it has 'review', 'label': name the one"),
    ("other.jsonl", b'{"review": "good"}\n', "it has 'review': name the one"),
    ("blank.csv", b"text,label\n ,1\n", "blank.csv line 2: it is blank"),
    ("array.jsonl", b'{"text": ["good"]}\n', "its 'text' is no text"),
    ("all.json", b'[{"text": "good"}]', "write it as JSON lines"),
    ("none.txt", None, "no file"),
    ("", None, "the name of a FILE is empty"),
]


@pytest.mark.parametrize(("name", "data", "reason"), NO_TEXT, ids=lambda value: str(value)[:30])
def test_what_holds_no_text_is_an_item_with_a_reason(tmp_path, name, data, reason):
    path = written(tmp_path / name, data) if data is not None else (name and tmp_path / name)
    (item,) = items(path)
    assert not item.text.strip("\ufeff\0 \n\tgod")
    assert reason in item.problem()
    assert item.problem().count("\n") == 0


def test_a_folder_without_texts_says_how_to_name_other_files(tmp_path):
    (item,) = items(tmp_path)
    assert "holds no .txt file" in item.problem() and "*.csv" in item.problem()


def test_bad_rows_are_named_by_line_and_reading_goes_on(tmp_path):
    table = b'text,label\ngood,1\nbad\n"two\nlines",2\na,b,c\n,3\n"open,4\nlost,5\n'
    found = items(written(tmp_path / "t.csv", table))
    assert [item.text for item in found if not item.reason] == ["good", "two\nlines"]
    assert [item.line for item in found if item.reason] == [3, 6, 7, 8]
    blank = next(item for item in found if item.reason == "it is blank")
    assert blank.row == {"text": "", "label": "3"}


def test_bytes_that_are_no_text_end_a_file_but_not_the_reading(tmp_path):
    first = written(tmp_path / "a.csv", b"text\n" + b"good\n" * 3000 + b"\xff\n")
    second = written(tmp_path / "b.csv", b"text\nbad\n")
    found = items(first, second)
    (broken,) = (item for item in found if item.reason)
    assert "line 3,002" in broken.problem() and "nothing after that was read" in broken.problem()
    assert found[0].text == "good" and found[-1].text == "bad"


def test_a_number_is_a_text_and_half_a_character_is_none(tmp_path):
    assert items(written(tmp_path / "a.jsonl", '{"text": 5}'))[0].text == "5"
    assert "no characters" in text_item("--text", "go\udcff").reason


def test_tables_of_other_columns_are_found_out_before_anything_is_judged(tmp_path):
    one = written(tmp_path / "one.csv", "text,label\nbad\ngood,1\n")
    same = written(tmp_path / "same.csv", "label,text\n1,good\n")
    other = written(tmp_path / "other.csv", "text,stars\ngood,1\n")
    empty = written(tmp_path / "empty.csv", "")
    call = {"form": None, "encoding": "utf-8"}
    check_same_columns([str(one), str(same), str(empty), "-", "none.csv"], **call)
    with pytest.raises(ConfigError, match=r"other.csv has the columns text, stars, but .*one.csv"):
        check_same_columns([str(one), str(empty), str(other)], **call)


def test_a_text_in_place_of_a_name_is_told_of_the_option_for_texts():
    for text in ("what a\nfilm " * 40, "so " * 200 + "good.csv", "好" * 200):
        (item,) = items(text)
        assert item.problem().startswith(f"no file {text[:4]}")
        assert item.problem().endswith("use --text")
        assert len(item.problem()) < 200 and "\n" not in item.problem()
        check_same_columns([text], form=None, encoding="utf-8")
