"""Tables are read row by row, with any content, and written tables are read back unchanged."""

import io
import itertools
import json
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textrnn.data.table_writer import RowWriter
from textrnn.data.tables import BadRow, Row, form_of, read_rows
from textrnn.data.text_files import open_text
from textrnn.errors import CorpusError

characters = st.characters(codec="utf-8", exclude_characters="\0")
texts = st.text(characters | st.sampled_from("\",\t\r\n'\\ \N{ROCKET}\u2028\x85"))
names = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def rows_of(text: str, form: str = "csv", **how: int) -> list[Row | BadRow]:
    return list(read_rows(io.StringIO(text, newline=""), form, "table", **how))


def written(form: str, columns: list[str], rows: list[dict]) -> str:
    stream = io.StringIO(newline="")
    writer = RowWriter(stream, form, columns)
    for row in rows:
        writer.write(row)
    return stream.getvalue()


# ---- laws ---------------------------------------------------------------------------------------


@given(
    form=st.sampled_from(["csv", "tsv"]),
    columns=st.lists(names, min_size=1, max_size=4, unique=True),
    data=st.data(),
)
def test_a_written_table_is_read_back_unchanged(form, columns, data):
    row = st.fixed_dictionaries(dict.fromkeys(columns, texts))
    rows = data.draw(st.lists(row, max_size=4))
    assert [found.values for found in rows_of(written(form, columns, rows), form)] == rows


@given(rows=st.lists(st.dictionaries(texts, values, max_size=3), min_size=1, max_size=4))
def test_written_json_lines_are_read_back_unchanged(rows):
    text = written("jsonl", [], rows)
    assert [found.values for found in rows_of(text, "jsonl")] == rows
    assert text.count("\n") == len(rows)


@given(rows=st.lists(st.lists(texts, min_size=2, max_size=2), max_size=4), data=st.data())
def test_a_row_has_the_number_of_its_first_line(rows, data):
    text, lines = "a,b\r\n", []
    for row in rows:
        text += data.draw(st.sampled_from(["", "\n", "  \r\n", "\r"]))
        lines.append(len(io.StringIO(text, newline=None).readlines()) + 1)
        text += ",".join(f'"{value.replace(chr(34), 2 * chr(34))}"' for value in row) + "\n"
    found = rows_of(text)
    assert [row.line for row in found] == lines
    assert [list(row.values.values()) for row in found] == rows


def test_rows_are_yielded_before_the_file_ends():
    lines = itertools.chain(["text,label\n"], itertools.repeat("good,1\n"))
    found = list(itertools.islice(read_rows(lines, "csv", "endless"), 1000))
    assert found[-1] == Row(1001, {"text": "good", "label": "1"})
    found = list(itertools.islice(read_rows(itertools.repeat("{}\n"), "jsonl", "endless"), 3))
    assert found == [Row(1, {}), Row(2, {}), Row(3, {})]


# ---- CSV and TSV --------------------------------------------------------------------------------


def test_the_writer_quotes_only_if_necessary_and_ends_lines_with_lf():
    rows = [{"text": 'say "hi", \N{ROCKET}', "score": 0.5, "sure": True, "more": 1}, {}]
    assert written("csv", ["text", "score", "sure"], rows) == (
        'text,score,sure\n"say ""hi"", \N{ROCKET}",0.5,true\n,,\n'
    )
    assert written("tsv", ["a", "b"], [{"a": "x,y", "b": "\t"}]) == 'a\tb\nx,y\t"\t"\n'


def test_a_byte_order_mark_is_not_part_of_the_first_column():
    assert rows_of('\ufeff"text"\ngood\n') == [Row(2, {"text": "good"})]
    assert rows_of('\ufeff{"text": 1}\n', "jsonl") == [Row(1, {"text": 1})]


def test_column_names_are_stripped_and_fields_are_not():
    assert rows_of("text , label\n good , bad \n") == [Row(2, {"text": " good ", "label": " bad "})]


def test_a_nameless_column_is_kept():
    assert rows_of(",text\n0,good\n") == [Row(2, {"": "0", "text": "good"})]


def test_empty_lines_are_skipped():
    text = "\n  \ntext,label\n\n   \r\na,1\n\r\n\n"
    assert rows_of(text) == [Row(6, {"text": "a", "label": "1"})]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a", "1 field, but the header has 2 columns"),
        ("a,b,c", "3 fields, but the header has 2 columns"),
        ('"a"b,1', "text follows a closing quote"),
        ('"say \\"hi\\"",1', "double a quote"),
        ("a\0b,1", "NUL"),
    ],
)
def test_a_bad_row_has_a_reason_and_the_next_row_is_read(row, reason):
    first, bad, last = rows_of(f"text,label\ngood,1\n{row}\nfine,0\n")
    assert (first.line, last) == (2, Row(4, {"text": "fine", "label": "0"}))
    assert isinstance(bad, BadRow) and bad.line == 3
    assert reason in bad.reason


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a,b\n1,2\n3,"4\n5,6\n7,8\n', 3),
        ('a,b\n"1\n1",2\n"3\n3 ""quoted""\n","4\n5,6\n7,8', 6),
        ('a,b\n1,2\n3,"', 3),
        ('a,b\n1,"' + "2\n" * 3000 + '"\n"1\n1","' + "2\n" * 3000, 3004),
        ('a,b\n1 "x" y,"\r\n\r\n', 2),
    ],
)
def test_an_unclosed_quote_is_one_bad_row_at_the_line_of_the_quote(text, line):
    bad = [row for row in rows_of(text) if isinstance(row, BadRow)]
    assert [row.line for row in bad] == [line]
    assert "never closed" in bad[0].reason
    assert isinstance(rows_of(text.replace(",", "\t"), "tsv")[-1], BadRow)


def test_an_unclosed_quote_longer_than_a_text_ends_reading():
    *rows, bad = rows_of('a,b\n1,2\n\n3,"' + "4,5\n" * 50, limit=100)
    assert rows == [Row(2, {"a": "1", "b": "2"})]
    assert bad == BadRow(
        4,
        "the quote that opens here is never closed within 100 characters; nothing after it was "
        "read",
    )


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl"])
def test_a_row_over_the_limit_is_a_bad_row_and_the_next_row_is_read(form):
    header, row = ("", '{"a": "y"}') if form == "jsonl" else ("a\n", "y")
    bad, good = rows_of(f"{header}{'x' * 101}\r\n{row}\n", form, limit=100)
    first = 1 + bool(header)
    assert bad == BadRow(first, "it is longer than 100 characters, the limit of one text")
    assert good == Row(first + 1, {"a": "y"})


def test_a_field_of_megabytes_is_read():
    assert len(rows_of("text\n" + "x" * 3_000_000 + "\n")[0].values["text"]) == 3_000_000


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "table is empty"),
        ("\n \n,,\n", "table is empty"),
        ("\ntext,label,text\n", "'text' twice in the header on line 2"),
        ("a\0,b\n1,2\n", r"line 1.*NUL.*--encoding utf-16"),
        ('"text,label\ngood,1\n', r"line 1 .*never closed"),
    ],
)
def test_a_table_without_a_header_cannot_be_read(text, reason):
    with pytest.raises(CorpusError, match=reason):
        rows_of(text)


def test_a_table_with_only_a_header_has_no_rows():
    assert rows_of("text,label\n") == []


# ---- JSON lines ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"text": "good"', "not JSON: .* at character 16"),
        ("good", "not JSON"),
        ('["good", 1]', "an array, not an object"),
        ('"good"', "a single value, not an object"),
        ("null", "a single value, not an object"),
        ('{"text": NaN}', "JSON has no NaN"),
        ('{"text": ' + "1" * 5000 + "}", "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"text": "a\0"}', "NUL"),
        ('{"text": ["a", {"b": "\\u0000"}]}', "NUL"),
        ('{"\\ud83d": "half"}', "surrogate"),
    ],
)
def test_a_json_line_that_is_not_an_object_is_a_bad_row_and_the_next_line_is_read(line, reason):
    first, bad, last = rows_of(f'{{"a": 1}}\n\n{line}\n{{"b": 2}}', "jsonl")
    assert (first, last) == (Row(1, {"a": 1}), Row(4, {"b": 2}))
    assert isinstance(bad, BadRow) and bad.line == 3
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(bad.reason)


def test_a_surrogate_pair_of_escapes_is_one_character():
    assert rows_of('{"a": "\\ud83d\\ude80"}', "jsonl") == [Row(1, {"a": "\N{ROCKET}"})]


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
def test_an_empty_json_lines_file_cannot_be_read(text):
    with pytest.raises(CorpusError, match="table is empty"):
        rows_of(text, "jsonl")


def test_json_lines_show_the_characters_themselves():
    text = written("jsonl", [], [{"text": "né \N{ROCKET}", "label": None}])
    assert text == '{"text": "né \N{ROCKET}", "label": null}\n'
    assert json.loads(text)["label"] is None


# ---- files --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.csv", "csv"), ("a.b.CSV", "csv"), ("a.tsv", "tsv"), ("a.tab", "tsv"),
        ("a.jsonl", "jsonl"), ("a.ndjson", "jsonl"), ("a.json", None), ("csv", None), ("-", None),
    ],
)  # fmt: skip
def test_the_suffix_decides_the_form(name, form):
    assert form_of(name) == form


def test_a_file_is_opened_with_its_line_ends(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes('text\r\n"é\r\n\n\r"\r\n'.encode())
    with open_text(path) as file:
        assert list(read_rows(file, "csv", "a")) == [Row(2, {"text": "é\r\n\n\r"})]
    with open_text(path, "latin-1") as file:
        assert file.read().startswith('text\r\n"Ã©')


@given(before=st.text(characters, max_size=50), size=st.sampled_from([0, 9_000]))
def test_undecodable_bytes_are_named_with_byte_and_line(tmp_path_factory, before, size):
    path = tmp_path_factory.getbasetemp() / "bad.csv"
    data = ("x" * size + before).encode()
    line = data.count(b"\n") + 1
    path.write_bytes(data + b"\xff and on\nand on\n")
    for read in (lambda file: file.read(), list):
        with open_text(path) as file, pytest.raises(CorpusError) as caught:
            read(file)
        assert str(caught.value) == (
            f"{path} is not utf-8 text at byte {len(data):,} (line {line:,}); "
            f"name its encoding with --encoding, for example --encoding latin-1; if other files "
            f"are in another one, list both: --encoding utf-8,latin-1"
        )


def test_utf_16_is_detected_and_can_be_read(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("text\ngrün\n".encode("utf-16"))
    with open_text(path) as file, pytest.raises(CorpusError, match="--encoding utf-16"):
        file.read()
    with open_text(path, "utf-16") as file:
        assert list(read_rows(file, "csv", "a")) == [Row(2, {"text": "grün"})]
    path.write_bytes("text\n".encode("utf-16-le"))
    with open_text(path, "utf-16") as file, pytest.raises(CorpusError, match="at byte 0;"):
        file.read()


@pytest.mark.parametrize("name", ["absent.csv", "absent/a.csv", "x" * 5000, "a\0b", "."])
def test_a_file_that_cannot_be_opened_is_named(tmp_path, name):
    with pytest.raises(CorpusError, match=r"no file|cannot read"):
        open_text(tmp_path / name)


@pytest.mark.parametrize("encoding", ["no such", "hex", "utf-8\0", ""])
def test_an_encoding_that_is_not_of_text_is_refused(encoding):
    with pytest.raises(CorpusError, match=r"encoding .*utf-8"):
        open_text("-", encoding)


def test_a_dash_is_standard_input_and_stays_open(monkeypatch):
    stdin = io.BytesIO(b"text\r\ngood\r\n\xff")
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=stdin))
    with open_text("-") as file, pytest.raises(CorpusError, match=r"standard input .* byte 12 "):
        list(file)
    assert not stdin.closed
