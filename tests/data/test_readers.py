"""Training, evaluation and prediction read a text alike."""

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textrnn.api.classifier import as_labelled
from textrnn.data.inputs import read_items, text_item
from textrnn.data.labelled import read_labelled, read_unlabelled
from textrnn.data.readers import read_file
from textrnn.data.table_writer import RowWriter
from textrnn.data.unlabelled import read_texts
from textrnn.errors import CorpusError

# Many of these contain everything that a reader might treat differently.
contents = st.lists(
    st.sampled_from(["\r\n", *'\r\n\ufeff\0 ab\x85\u2028",']) | st.characters(codec="utf-8"),
    max_size=12,
).map("".join)
unusual = pytest.mark.parametrize(
    "content",
    ["bad film", "bad film\n", "bad film\r\n", "bad film\r", "a\r\nb\rc\nd\n\n", "\ufeffbad film\n",
     "\ufeff\ufeffbad", "bad\0film", "\n", "", " \r\n", "\ufeff", "\n\nbad", " bad\x85\u2028film "],
)  # fmt: skip


@pytest.fixture(scope="module")
def scratch(tmp_path_factory) -> Path:
    """A folder to overwrite."""
    return tmp_path_factory.mktemp("scratch")


def predicted(path: object, form=None, encoding: str = "utf-8") -> list[str | None]:
    """The texts that prediction reads; None for each refused text."""
    items = read_items([str(path)], form=form, column="text", encoding=encoding)
    return [None if item.reason else item.text for item in items]


def trained(read, path: Path, **how: object) -> list[str] | list[None]:
    """The texts from `read`; [None] if it refuses."""
    try:
        found = read(path, **how)
    except CorpusError:
        return [None]
    return list(getattr(found, "texts", found))


def from_stdin(data: bytes, form=None) -> list[str | None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))
        return predicted("-", form)


def check_file(folder: Path, data: bytes, encoding: str = "utf-8") -> None:
    """All readers read one .txt file alike."""
    for split in ("train", "test"):
        for label in ("bad", "good"):
            (folder / split / label).mkdir(parents=True, exist_ok=True)
            (folder / split / label / "a.txt").write_bytes(data)
    path, how = folder / "train" / "bad" / "a.txt", {"encoding": encoding}
    expected = predicted(path, **how)
    assert len(expected) == 1
    assert predicted(folder, **how) == expected * 4
    for read in (read_texts, read_unlabelled):
        assert trained(read, path.parent, **how) == expected
    assert trained(read_texts, path, **how) == expected  # for pretraining
    for split in ("train", "test"):
        texts = trained(read_labelled, folder, split=split, **how)
        assert texts == ([None] if expected == [None] else expected * 2)
    if encoding == "utf-8":
        assert from_stdin(data) == expected
        evaluated = trained(as_labelled, folder, split="test", classes=("bad", "good"))
        assert evaluated == trained(read_labelled, folder)


@unusual
def test_a_text_file_is_read_alike_with_any_line_ends(scratch, content):
    check_file(scratch, content.encode())


@given(content=contents)
def test_any_text_file_is_read_alike_for_training_evaluation_and_prediction(scratch, content):
    check_file(scratch, content.encode())


@given(content=contents, encoding=st.sampled_from(["utf-16", "utf-16-le", "utf-8-sig", "utf-7"]))
def test_in_any_encoding_a_text_file_is_read_alike(scratch, content, encoding):
    check_file(scratch, content.encode(encoding), encoding)


@given(data=st.binary(max_size=12) | contents.map(str.encode))
def test_of_several_encodings_all_readers_take_the_same(scratch, data):
    check_file(scratch, data, "ascii,utf-8,cp1252")


@given(data=st.binary(max_size=12))
def test_bytes_that_are_not_text_are_refused_alike(scratch, data):
    check_file(scratch, data)


@given(contents=st.lists(contents, min_size=1, max_size=4), form=st.sampled_from(
    ["csv", "tsv", "jsonl"]))  # fmt: skip
def test_any_cell_is_read_alike_for_training_evaluation_and_prediction(scratch, contents, form):
    path = scratch / f"table.{form}"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = RowWriter(file, form, ["text", "label"])
        for number, content in enumerate([*contents, "one", "two"]):
            writer.write({"text": content, "label": str(number % 2)})
    found = predicted(path)
    assert from_stdin(path.read_bytes(), form) == found
    expected = [None] if None in found else found  # training refuses the whole table
    for read in (read_texts, read_unlabelled, read_labelled):
        assert trained(read, path) == expected
    assert trained(as_labelled, path, split="test", classes=("0", "1")) == expected
    usable = [text for text in contents if "\0" not in text and text.strip()]
    assert [text for text in found if text is not None] == [*usable, "one", "two"]


@pytest.mark.parametrize(
    "value", ["5", "0.5", "1e400", "true", "null", '["a"]', '{"a": "b"}', '""']
)
def test_a_json_value_is_text_for_all_tasks_or_for_none(scratch, value):
    path = scratch / "values.jsonl"
    path.write_text(f'{{"text": {value}, "label": "a"}}\n{{"text": "b", "label": "b"}}\n')
    found = predicted(path)
    assert len(found) == 2
    for read in (read_texts, read_labelled):
        assert trained(read, path) == ([None] if None in found else found)


@given(lines=st.lists(contents.map(lambda text: text.replace("\r", "").replace("\n", ""))),
       end=st.sampled_from(["\n", "\r\n", "\r"]), last=st.booleans())  # fmt: skip
def test_a_line_is_read_like_a_file_of_that_line(scratch, lines, end, last):
    data = (end.join(lines) + end * last).encode()
    (scratch / "lines.txt").write_bytes(data)
    expected = []
    for number, line in enumerate(lines):
        # A byte order mark counts only at the beginning of a file.
        (scratch / "line.txt").write_bytes(b"" if number == 0 else b"\xef\xbb\xbf")
        with (scratch / "line.txt").open("ab") as file:
            file.write((line + end).encode())
        if line.removeprefix("\ufeff" * (number == 0)).strip():
            expected += predicted(scratch / "line.txt")
    for found in (predicted(scratch / "lines.txt", "lines"), from_stdin(data, "lines")):
        assert found == (expected or [None])


@given(content=contents)
def test_a_file_loses_only_its_byte_order_mark_carriage_returns_and_last_line_end(scratch, content):
    (scratch / "a.txt").write_bytes(content.encode())
    text = content.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    assert read_file(scratch / "a.txt", "utf-8").text == text.removesuffix("\n")


@given(content=contents)
def test_a_string_in_memory_is_used_unchanged(content):
    item = text_item("--text", content)
    assert item.text == content
    assert bool(item.reason) == ("\0" in content or not content.strip())
    data = as_labelled(([content, "b"], ["x", "y"]))
    assert data.texts == [content, "b"]
