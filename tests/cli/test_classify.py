"""`textrnn classify`: what a user types, and what they see.

The models are bags of words with weights set by hand: `good` is evidence for one class, `bad`
against it, and other words are neutral.
"""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from support.bags import bag_of_words
from support.models import tiny_model
from support.terminals import on_terminals

from textrnn.artifacts import registry
from textrnn.cli import main, predict
from textrnn.cli.output import MAX_PRINTED, Output
from textrnn.cli.prediction_text import columns, floor_percent, shorten
from textrnn.engine.classification import Predictor
from textrnn.errors import TextRNNError

MOODS = ("angry customer", "so-so", "happy 😀")
THREE = {"good": [0, 0, 1], "fine": [0, 1, 0], "bad": [1, 0, 0]}


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    made = {
        "binary": bag_of_words(),
        "three": bag_of_words(MOODS, THREE),
        "cut": bag_of_words(reading={"max_tokens": 4}),
        "tail": bag_of_words(reading={"max_tokens": 4, "truncation": "tail"}),
        "characters": bag_of_words(reading={"max_characters": 6}),
        "windows": bag_of_words(reading={"max_tokens": 4}, long_texts="windows"),
        "generator": tiny_model(),
    }
    for name, model in made.items():
        registry.save(model, folder / name)
    return {name: folder / name for name in made}


@pytest.fixture
def classify(models):
    def invoke(*arguments: object, model="binary", text: str | bytes | None = None):
        typed = ["classify", "-m", str(models[model]), *map(str, arguments)]
        return CliRunner().invoke(main, typed, input=text)

    return invoke


def written(path: Path, data: str | bytes) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


# ---- what is shown ------------------------------------------------------------------------------


def test_one_line_per_text_shows_the_class_the_percentage_and_the_source(classify, tmp_path):
    one = written(tmp_path / "one.txt", "the film is good")
    two = written(tmp_path / "two.txt", "bad")
    done = classify(one, two, "--text", "not good\nbut bad")
    assert done.exit_code == 0 and done.stderr == ""
    # sigmoid(4) is 0.98201 and sigmoid(1) is 0.73105: rounded down.
    assert done.stdout.splitlines() == [
        'negative   50.0 %  "not good but bad"',
        f"positive   73.1 %  {one}",
        f"negative   98.2 %  {two}",
    ]


def test_predictions_are_aligned_in_columns_for_any_class_names(classify):
    done = classify("--text", "bad", "--text", "good", "--text", "fine", model="three")
    lines = done.stdout.splitlines()
    assert [line.split("  ")[0].strip() for line in lines] == [
        "angry customer",
        "happy 😀",
        "so-so",
    ]
    assert {columns(line[: line.index(" %")]) for line in lines} == {21}
    assert all("96.4 %" in line for line in lines)


def test_a_line_of_a_file_is_shown_with_its_number_and_beginning(classify):
    done = classify("-", "--lines", text="good\n\nbad " + 30 * "the film " + "\n")
    first, second = done.stdout.splitlines()
    assert first == "positive   98.2 %  standard input line 1  good"
    assert "standard input line 3  bad the film the" in second and second.split("  (")[0][-1] == "…"


def test_unsure_is_predicted_only_below_the_abstain_probability(classify):
    typed = ("--text", "the film is good", "--abstain")
    assert classify(*typed, 0.73).stdout.startswith("positive")
    unsure = classify(*typed, 0.74).stdout
    assert unsure.startswith("unsure     73.1 %") and "(most likely: positive)" in unsure
    record = json.loads(classify(*typed, 0.74, "--format", "jsonl").stdout)
    assert (record["prediction"], record["probability"]) == ("unsure", 0.731059)


def test_a_threshold_moves_the_boundary_between_two_classes(classify):
    typed = ("--text", "the film is good", "--threshold")
    assert classify(*typed, 0.7).stdout.startswith("positive   73.1 %")
    assert classify(*typed, 0.8).stdout.startswith("negative   26.8 %")


@pytest.mark.parametrize(
    ("model", "note"),
    [
        ("cut", "used 4 of 6 words, its beginning and end"),
        ("tail", "used 4 of 6 words, its end"),
        ("windows", "used all 6 words in 2 windows"),
        ("characters", "used the first 6 characters"),
    ],
)
def test_the_part_of_a_long_text_that_was_used_is_shown(classify, model, note):
    text = "a film is good good good"
    assert f"({note})" in classify("--text", text, model=model).stdout
    record = json.loads(classify("--text", text, "--format", "jsonl", model=model).stdout)
    assert record["read"] == note.removeprefix("used ")
    table = classify("-", "--input-format", "csv", text=f"text\n{text}\ngood\n", model=model)
    assert f"1 text exceeds the model's limit: {note}." in table.stderr
    assert json.loads(classify("--text", "good", "--format", "jsonl").stdout)["read"] == "whole"


def test_a_text_of_unknown_words_is_classified_with_a_note(classify):
    done = classify("--text", "это очень хорошо, a film")
    assert done.exit_code == 0 and "(knows 2 of its 6 words)" in done.stdout
    assert "knows" not in classify("--text", "a good film").stdout
    table = classify("-", "--input-format", "csv", text="text\n这是好的\n좋아요\ngood\n")
    assert "2 texts consist mostly of out-of-vocabulary words" in table.stderr


def test_an_explanation_shows_the_effect_of_each_word(classify):
    done = classify("--text", "the good film is not bad but good", "--explain")
    headline, text, side, against = done.stdout.splitlines()
    assert headline.startswith("positive")
    assert text == "  the good film is not bad but good"
    assert side.startswith("  for positive      good +") and "bad −" in against
    record = json.loads(
        classify("--text", "good\u200b BAD", "--explain", "--format", "jsonl").stdout
    )
    words = record["explanation"]["words"]
    assert [(word["text"], word["start"], word["end"]) for word in words] == [
        ("good", 0, 4), ("BAD", 6, 9),
    ]  # fmt: skip
    assert words[0]["effect"] == -words[1]["effect"]
    assert abs(words[0]["effect"]) == pytest.approx(4, abs=1e-3)


def test_a_long_text_is_explained_by_its_most_important_sentences(classify):
    text = 45 * "The film is a film. " + "It is good! " + 15 * "Not a film. " + "Bad, bad."
    lines = classify("--text", text, "--explain").stdout.splitlines()
    assert lines[1] == "  most important of 62 sentences:"
    assert [line.split("  ")[2] for line in lines[2:4]] == ["It is good!", "Bad, bad."]
    assert len(lines) == 6


def test_an_explanation_leaves_out_text_that_the_model_did_not_use(classify):
    text = "good film " + 50 * "unread " + "is bad"
    shown = classify("--text", text, "--explain", model="cut").stdout.splitlines()[1]
    assert shown == "  good film … is bad"


def on_a_terminal(monkeypatch, models, model, *arguments: object, **given) -> tuple[str, str]:
    """The output on stdout and stderr of a terminal, with escape codes."""
    return on_terminals(monkeypatch, "classify", "-m", models[model], *arguments, **given)


def test_on_a_terminal_words_have_the_colour_of_the_class_they_support(monkeypatch, models):
    monkeypatch.delenv("NO_COLOR", raising=False)
    out, _ = on_a_terminal(monkeypatch, models, "binary", "--text", "good film, bad", "--explain")
    assert click.style("good", fg="green", bold=True) in out
    assert click.style("bad", fg="red", bold=True) in out
    assert click.style("film", fg="green") not in out
    out, _ = on_a_terminal(monkeypatch, models, "three", "--text", "good good bad", "--explain")
    assert click.style("bad", underline=True, bold=True) in out
    monkeypatch.setenv("NO_COLOR", "1")
    out, _ = on_a_terminal(monkeypatch, models, "binary", "--text", "good film, bad", "--explain")
    assert "\x1b" not in out


def test_output_fits_the_terminal_and_has_no_control_codes_from_the_text(monkeypatch, models):
    monkeypatch.setenv("NO_COLOR", "1")
    text = "good \x1b[31mfilm\x07 漢字漢字 " + 60 * "the film is bad "
    out, _ = on_a_terminal(monkeypatch, models, "binary", "--text", text, "--explain", width=60)
    _headline, *rest = out.splitlines()
    assert not {"\x1b", "\x07"} & set(out)
    assert all(columns(line) <= 60 for line in rest) and len(rest) > 10
    assert r"good \x1b[31mfilm\x07 漢字漢字 the" in out.replace("\n", "")


def test_progress_is_shown_on_a_terminal_only(monkeypatch, models, tmp_path, classify):
    table = written(tmp_path / "t.csv", "text\n" + "good\n" * 100)
    typed = ("binary", table, "--overwrite", "-o", tmp_path / "o.csv")
    _, err = on_a_terminal(monkeypatch, models, *typed)
    assert "\r64 classified, " in err and "\r100 classified, " in err
    assert err.endswith(f"100 classified (100 positive); written to {tmp_path / 'o.csv'}.\n")
    _, quiet = on_a_terminal(monkeypatch, models, *typed, "-q")
    assert quiet == ""
    _, to_screen = on_a_terminal(monkeypatch, models, "binary", table)
    assert to_screen == ""


def test_the_progress_inside_a_long_text_is_shown_and_cleared(monkeypatch, models, tmp_path):
    monkeypatch.setattr(predict, "LONG", 50)
    text = written(tmp_path / "long.txt", "good film. " * 200)
    out, err = on_a_terminal(monkeypatch, models, "windows", text, "--explain")
    assert "\rclassifying: " in err and "\rexplaining: 64 of 200 parts" in err
    assert err.endswith("\r\033[K") and "parts" not in out
    _, short = on_a_terminal(monkeypatch, models, "windows", "--text", "good", "--explain")
    assert short == ""


@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_an_explanation_says_how_much_of_the_text_it_is_of(classify, tmp_path, form):
    typed = (
        "--text", "good bad film", "--explain", "--format", form, "-o", tmp_path / "out",
        "--overwrite",
    )  # fmt: skip
    done = classify(*typed, "--explain-limit", 2)
    assert "1 text is explained by the first 2 words" in done.stderr
    found = (tmp_path / "out").read_text()
    if form == "text":
        assert "explained by the first 2 words:" in found
    else:
        assert json.loads(found)["explanation"]["excerpt"] == 2
    assert "explained" not in classify(*typed, "--explain-limit", 3).stderr
    assert "excerpt" not in (tmp_path / "out").read_text()


def test_shortened_text_fits_its_width_and_is_cut_only_if_needed():
    for text in ("short", "a  long\n\ttext of words", "漢字" * 9, "é" * 30, ""):
        for room in range(1, 25):
            line = shorten(text, room)
            assert columns(line) <= room and (line.endswith("…") or line == " ".join(text.split()))


def test_only_probability_1_is_shown_as_100_percent():
    assert [floor_percent(p) for p in (0.99999, 0.5009, 1.0, 0.0)] == [99.9, 50.0, 100.0, 0.0]


# ---- results for programs -----------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl"])
def test_a_table_keeps_its_columns_and_gains_the_prediction(classify, tmp_path, form):
    rows = [{"id": "1", "text": 'so good,\n"very" good'}, {"id": "2", "text": "bad"}]
    path = tmp_path / f"table.{form}"
    with path.open("w", encoding="utf-8", newline="") as file:
        if form == "jsonl":
            file.writelines(json.dumps(row) + "\n" for row in rows)
        else:
            writer = csv.DictWriter(file, ["id", "text"], delimiter="," if form == "csv" else "\t")
            writer.writeheader()
            writer.writerows(rows)
    done = classify(path, "-o", tmp_path / "out")
    assert done.exit_code == 0 and done.stdout == ""
    text = (tmp_path / "out").read_text(encoding="utf-8")
    found = (
        [json.loads(line) for line in text.splitlines()]
        if form == "jsonl"
        else list(csv.DictReader(io.StringIO(text), delimiter="," if form == "csv" else "\t"))
    )
    added = ["prediction", "probability", "p_negative", "p_positive"]
    assert [list(row) for row in found] == 2 * [["id", "text", *added]]
    assert [{name: row[name] for name in ("id", "text")} for row in found] == rows
    assert [row["prediction"] for row in found] == ["positive", "negative"]
    for row in found:
        chances = [float(row[name]) for name in added[1:]]
        assert sum(chances[1:]) == pytest.approx(1, abs=2e-6)
        assert chances[0] == max(chances[1:])


def test_the_form_of_the_result_follows_its_suffix_or_the_input(classify, tmp_path):
    table = written(tmp_path / "t.csv", "text\ngood\n")
    assert classify(table).stdout.startswith("text,prediction,")
    assert classify(table, "--format", "text").stdout.startswith("positive")
    for suffix, start in ((".json", "[\n {"), (".jsonl", '{"text"'), (".tsv", "text\tpred"),
                          (".txt", "positive"), (".out", "text,pred")):  # fmt: skip
        output = tmp_path / f"result{suffix}"
        assert classify(table, "-o", output).exit_code == 0
        assert output.read_text(encoding="utf-8").startswith(start)
    assert [entry["prediction"] for entry in json.loads((tmp_path / "result.json").read_text())]


def test_texts_become_rows_with_their_source_and_line(classify, tmp_path):
    one = written(tmp_path / "one.txt", "good")
    done = classify(one, "--format", "csv", "--text", "bad")
    assert done.stdout.splitlines()[:2] == [
        "source,line,prediction,probability,p_negative,p_positive",
        "--text,,negative,0.982014,0.982014,0.017986",
    ]
    records = json.loads(classify("-", "--lines", "--format", "json", text="good\nbad").stdout)
    assert [(record["source"], record["line"]) for record in records] == [
        ("standard input", 1), ("standard input", 2),
    ]  # fmt: skip


def test_output_is_utf8_wherever_it_goes(models, tmp_path):
    text = "good 漢字 😀 film"
    command = [sys.executable, "-m", "textrnn", "classify", "-m", str(models["three"])]
    done = subprocess.run(
        [*command, "--text", text, "--format", "json"],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"},
    )
    assert "p_happy 😀" in json.loads(done.stdout.decode("utf-8"))[0]
    assert "\\u" not in done.stdout.decode("utf-8")


def test_rows_that_cannot_be_classified_are_kept_where_possible_and_counted(classify, tmp_path):
    table = written(tmp_path / "t.csv", "text,label\ngood,1\n ,2\nragged\nbad,3\n\u200b,4\n")
    done = classify(table)
    assert done.exit_code == 1
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["label"], row["prediction"]) for row in rows] == [
        ("1", "positive"), ("2", ""), ("3", "negative"), ("4", ""),
    ]  # fmt: skip
    assert done.stderr.splitlines() == [
        f"Not classified: {table} line 3: it is blank",
        f"Not classified: {table} line 4: it has 1 field, but the header has 2 columns",
        f"Not classified: {table} line 6: it has no word that the model can read",
        "3 of 5 texts could not be classified.",
    ]


def test_many_problems_are_printed_in_part_and_counted_in_full(classify, tmp_path):
    table = written(tmp_path / "t.csv", "text,label\ngood,1\n" + "ragged\n" * 100)
    lines = classify(table).stderr.splitlines()
    assert len(lines) == MAX_PRINTED + 2
    assert lines[-1] == "100 of 101 texts could not be classified."


def test_memory_stays_flat_because_texts_are_classified_in_chunks(classify, monkeypatch):
    sizes = []
    original = Predictor.predict
    monkeypatch.setattr(
        Predictor,
        "predict",
        lambda self, texts, *_: sizes.append(len(texts)) or original(self, texts),
    )
    done = classify("-", "--lines", "--format", "jsonl", text="good\n" * 9000)
    assert done.stdout.count("\n") == sum(sizes) == 9000
    assert sizes[0] == predict.FEWEST and max(sizes) == predict.MOST


# ---- wrong input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "arguments", "message"),
    [
        ("a.txt", b"", [], "it is blank"),
        ("a.txt", b"\n \n", [], "it is blank"),
        ("a.txt", b"good\0", [], "contains a NUL character"),
        ("a.txt", "good".encode("utf-16"), [], "use --encoding utf-16"),
        ("a.txt", b"\xff\xd8\xff\xe0 jpeg", [], "is not utf-8 text at byte 0"),
        ("a.txt", "\u200b".encode(), [], "no word that the model can read"),
        ("a.txt", b"good", ["--encoding", "klingon"], "there is no encoding 'klingon'"),
        ("a.txt", b"good", ["--abstain", 2], "abstain must be a probability from 0 to 1"),
        ("a.txt", b"good", ["--threshold", 0], "threshold must be between 0 and 1"),
        ("a.txt", b"good", ["--lines", "--input-format", "csv"], "contradict each other"),
        ("a.txt", b"good", ["--text", "x", "b.csv"], "of several kinds (csv, text)"),
        ("a.csv", b"review,label\ngood,1\n", [], "it has 'review', 'label'"),
        ("a.csv", b"text,label\n", [], "contains no text below its header"),
        ("a.csv", b"", [], "is empty"),
        ("a.csv", b"text,prediction\ngood,1\n", [], "already has 'prediction'"),
        ("a.csv", b"text,p_positive\ngood,1\n", [], "already has 'p_positive'"),
        ("a.csv", b"text\ngood\n", ["--text", "x", "--format", "csv"], "of several kinds"),
        ("a.json", b"{}", [], "write it as JSON lines"),
        ("a.jsonl", b"good\n", [], "line 1: it is not JSON"),
        ("no.csv", None, [], "no file"),
    ],
)  # fmt: skip
def test_wrong_input_gets_one_sentence_and_leaves_nothing(
    classify, tmp_path, name, data, arguments, message
):
    path = tmp_path / name
    if data is not None:
        written(path, data)
    done = classify(path, *arguments, "-o", tmp_path / "result.out")
    assert done.exit_code == 1 and done.stdout == ""
    assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1
    assert message in done.stderr
    assert {entry.name for entry in tmp_path.iterdir()} <= {name}


@pytest.mark.parametrize("arguments", [[], ["-", "-"], ["--no-such-option"]])
def test_a_usage_error_exits_with_2(classify, arguments):
    assert classify(*arguments).exit_code == 2


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["classify", "--text", "x", "-m", "no-such"], "neither a folder nor a bundled model"),
        (["classify", "--text", "x", "-m", "FOLDER/generator"], "with: textrnn generate --model"),
        (["generate", "--model", "FOLDER/binary"], "classify with: textrnn classify --model"),
        (["classify", "--text", "x", "-m", "FILE"], "a model is a folder with config.json"),
        (["classify", "--text", "x", "-m", "FOLDER"], "has no config.json"),
        (["classify", "--text", "x", "-m", "FOLDER/three", "--threshold", "0.5"],
         "threshold is for two classes"),
    ],
)  # fmt: skip
def test_a_missing_model_or_one_of_another_kind_is_an_error(models, tmp_path, command, message):
    # A .keras file may hold pickles; it is never opened.
    keras = written(tmp_path / "model.keras", b"PK\x03\x04")
    places = {"FOLDER": str(models["binary"].parent), "FILE": str(keras)}
    for place, path in places.items():
        command = [part.replace(place, path) for part in command]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1
    assert message in done.stderr


def test_several_files_that_cannot_be_read_are_each_named(classify, tmp_path):
    done = classify("no.txt", "none.txt", "-o", tmp_path / "o.txt")
    assert done.exit_code == 1 and done.stdout == ""
    assert "no file no.txt" in done.stderr and "no file none.txt" in done.stderr
    assert done.stderr.splitlines()[-1] == "Error: none of the 2 texts could be classified"
    assert not list(tmp_path.iterdir())


def test_tables_of_different_columns_are_not_merged(classify, tmp_path):
    one = written(tmp_path / "one.csv", "text,label\ngood,1\n")
    other = written(tmp_path / "other.csv", "text,stars\nbad,1\n")
    done = classify(one, other, "-o", tmp_path / "o.csv")
    assert done.exit_code == 1 and "has the columns 'text', 'stars', but" in done.stderr
    assert not (tmp_path / "o.csv").exists()
    both = classify(one, other, "--format", "jsonl")
    assert [list(json.loads(line))[1] for line in both.stdout.splitlines()] == ["label", "stars"]


def test_a_json_line_with_a_new_column_is_no_row_of_a_csv_result(classify):
    lines = '{"text": "good"}\n' * 64 + '{"text": "bad", "new": 1}\n{"text": "bad"}\n'
    done = classify("-", "--input-format", "jsonl", "--format", "csv", text=lines)
    assert done.exit_code == 1 and done.stdout.count("\n") == 1 + 65
    assert "line 65: it has a column 'new' that earlier rows lack" in done.stderr
    lines = '{"text": "good"}\n' * 64 + '{"text": "bad", "prediction": 1}\n'
    done = classify("-", "--input-format", "jsonl", text=lines)
    assert "line 65: it already has a 'prediction'" in done.stderr
    assert done.stdout.count("\n") == 64


# ---- where it goes ------------------------------------------------------------------------------


def test_a_missing_folder_is_reported_before_anything_is_classified(
    classify, tmp_path, monkeypatch
):
    monkeypatch.setattr(Predictor, "predict", None)
    done = classify("--text", "good", "-o", tmp_path / "no" / "o.csv")
    assert done.exit_code == 1 and "there is no folder" in done.stderr


@pytest.mark.parametrize("form", ["text", "json", "jsonl", "csv"])
def test_a_full_disk_is_one_sentence_and_nothing_half_written(
    classify, tmp_path, monkeypatch, form
):
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    fdopen = os.fdopen

    def opened(descriptor, mode, **options):
        if mode == "rb":  # a file of the model
            return fdopen(descriptor, mode, **options)
        os.close(descriptor)
        return Full()

    monkeypatch.setattr(os, "fdopen", opened)
    done = classify("--text", "good", "--format", form, "-o", tmp_path / "o")
    assert done.exit_code == 1
    assert done.stderr.count("\n") == 1 and "No space left on device" in done.stderr
    assert not list(tmp_path.iterdir())


def test_the_result_may_replace_the_table_it_was_made_from_once_all_is_classified(
    classify, tmp_path, monkeypatch
):
    table = written(tmp_path / "t.csv", "text,label\ngood,1\nbad,2\n")
    before, original, seen = table.read_text(), Predictor.predict, []
    monkeypatch.setattr(
        Predictor, "predict",
        lambda self, texts, *_: seen.append(table.read_text()) or original(self, texts),
    )  # fmt: skip
    assert classify(table, "-o", table, "--overwrite").exit_code == 0
    assert seen == [before]
    assert [row["prediction"] for row in csv.DictReader(table.open())] == ["positive", "negative"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.csv"]


def test_a_result_that_lacks_rows_of_the_table_does_not_replace_it(classify, tmp_path):
    table = written(tmp_path / "t.csv", "text,label\ngood,1\nragged\n")
    before = table.read_text()
    done = classify(table, "-o", table, "--overwrite")
    assert done.exit_code == 1 and table.read_text() == before
    part = tmp_path / "t.csv.part"
    assert f"is unchanged; the result is in {part}" in done.stderr
    result = part.read_text()
    assert result.startswith("text,label,prediction")
    again = classify(table, "-o", table, "--overwrite")  # what was kept is not overwritten
    assert f"the result is in {tmp_path / 't.csv.part2'}" in again.stderr
    assert part.read_text() == result


def test_a_text_is_never_replaced_by_its_prediction(classify, tmp_path):
    text = written(tmp_path / "t.txt", "good")
    done = classify(text, "-o", text)
    assert done.exit_code == 1 and "choose another -o" in done.stderr
    assert text.read_text() == "good"


def test_a_device_or_a_link_is_written_to_and_not_replaced(classify, tmp_path):
    target = written(tmp_path / "target.csv", "old")
    link = tmp_path / "link.csv"
    link.symlink_to(target)
    assert classify("--text", "good", "-o", link, "--overwrite").exit_code == 0
    assert link.is_symlink() and target.read_text().startswith("source,line,prediction")
    assert classify("--text", "good", "-o", os.devnull).exit_code == 0
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("form", ["csv", "json", "text"])
def test_ctrl_c_keeps_the_predictions_so_far_and_says_where(classify, tmp_path, monkeypatch, form):
    calls, original = [], Predictor.predict

    def interrupted(self, texts, *_):
        calls.append(len(texts))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return original(self, texts)

    monkeypatch.setattr(predict, "FEWEST", 2)
    monkeypatch.setattr(predict, "MOST", 4)
    monkeypatch.setattr(Predictor, "predict", interrupted)
    output = tmp_path / "out"
    done = classify(
        "-", "--lines", "--format", form, "-o", output, text="".join(f"good {n}\n" for n in
        range(20)))  # fmt: skip
    part = tmp_path / "out.part"
    assert done.exit_code == 130 and not output.exists()
    assert done.stderr == f"\nStopped; the predictions so far are in {part}.\n"
    text = part.read_text(encoding="utf-8")
    found = len(json.loads(text)) if form == "json" else text.count("\n") - (form == "csv")
    assert found == 2 + 4


def test_ctrl_c_before_anything_is_classified_leaves_nothing(classify, tmp_path, monkeypatch):
    def interrupted(self, texts, *_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Predictor, "predict", interrupted)
    done = classify("--text", "good", "-o", tmp_path / "out")
    assert done.exit_code == 130 and done.stderr == "\nStopped.\n"
    assert not list(tmp_path.iterdir())


def test_a_stream_is_classified_as_it_arrives_and_ends_quietly_on_ctrl_c(models):
    command = [sys.executable, "-m", "textrnn", "classify", "-m", str(models["binary"])]
    process = subprocess.Popen(
        [*command, "-", "--lines", "--format", "jsonl"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    process.stdin.write("good\n" * predict.FEWEST)
    process.stdin.flush()
    lines = [process.stdout.readline() for _ in range(predict.FEWEST)]
    assert json.loads(lines[-1])["line"] == predict.FEWEST
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert (out, err) == ("", "\nStopped.\n")


def test_a_closed_pipe_ends_it_quietly(models, tmp_path):
    lines = written(tmp_path / "lines.txt", "good\n" * 30_000)
    command = f"{sys.executable} -m textrnn classify -m {models['binary']} --lines {lines}"
    done = subprocess.run(f"{command} | head -1", shell=True, capture_output=True)
    assert done.stdout.startswith(b"positive") and done.stderr == b""


def test_texts_typed_on_a_terminal_are_classified_line_by_line(classify, monkeypatch):
    sizes, original = [], Predictor.predict
    monkeypatch.setattr(
        Predictor,
        "predict",
        lambda self, texts, *_: sizes.append(len(texts)) or original(self, texts),
    )
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda stream: (
        stream.name == "<stdin>"), raising=False)  # fmt: skip
    done = classify("-", "--lines", text="good\nbad\n")
    assert sizes == [1, 1] and "Ctrl-D" in done.stderr
    assert "Ctrl-D" not in classify("-", "--lines", "-q", text="good\n").stderr


def test_classifying_loads_no_tensorflow_and_its_help_no_numpy(models):
    code = (
        "import sys\n"
        "from textrnn.cli import main\n"
        "try:\n"
        "    main(sys.argv[1:], standalone_mode=False)\n"
        "finally:\n"
        "    heavy = {'tensorflow', 'keras', 'rich'} | ({'numpy'} if '--help' in sys.argv else "
        "set())\n"
        "    assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()\n"
    )
    for arguments in (
        ["classify", "--help"],
        ["classify", "-m", str(models["binary"]), "--text", "good", "--explain"],
    ):
        subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)


def test_a_text_typed_as_a_name_is_one_sentence_that_names_the_option(classify):
    done = classify("what a good film " * 20)
    assert done.exit_code == 1 and done.stderr.startswith("Error: no file what a good film")
    assert done.stderr.endswith("use --text\n") and done.stderr.count("\n") == 1


# ---- other commands -----------------------------------------------------------------------------


def test_evaluating_a_classifier_scores_it_on_labelled_texts(models, tmp_path):
    table = written(tmp_path / "t.csv", "text,label\ngood,pos\nbad,0\nfine,neg\n")
    typed = ["evaluate", str(models["binary"]), str(table)]
    done = CliRunner().invoke(main, [*typed, "--format", "json", "--abstain", "0.9"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["scores"]["examples"] == 3
    assert report["scores"]["accuracy"] == pytest.approx(2 / 3)
    assert report["abstain"]["predicted"] == 2
    assert [mistake["text"] for mistake in report["worst"]] == ["fine"]
    assert "66.67 %" in CliRunner().invoke(main, typed).stdout
    assert "### classes" in CliRunner().invoke(main, [*typed, "--format", "markdown"]).stdout


def test_evaluating_on_the_training_texts_prints_a_warning(tmp_path):
    from textrnn.data.labelled import read_labelled

    table = written(tmp_path / "t.csv", "text,label\ngood,positive\nbad,negative\n")
    metadata = {"data": {"sha256": read_labelled(table).sha256}}
    registry.save(bag_of_words(metadata=metadata), tmp_path / "model")
    done = CliRunner().invoke(main, ["evaluate", str(tmp_path / "model"), str(table)])
    assert done.exit_code == 0 and "the model was trained on these texts" in done.stderr


@pytest.mark.parametrize(
    ("model", "arguments", "message"),
    [
        ("binary", ["--baseline", "x"], "binary is a classifier; leave out --baseline"),
        ("binary", ["--part", "validation"], "leave out --part"),
        ("generator", ["--worst", "3"], "generator is a generator; leave out --worst"),
        ("generator", ["--format", "markdown"], "use --format json or text"),
        ("binary", ["--column", "no"], "has no column 'no'"),
        ("three", [], "the label 'positive' is not one of the model's classes"),
        ("binary", ["t.csv"], "one CORPUS at a time"),
        ("binary", ["--abstain", "2"], "abstain must be"),
    ],
)
def test_evaluate_rejects_options_of_the_other_kind_and_labels_of_other_classes(
    models, tmp_path, model, arguments, message
):
    table = written(tmp_path / "t.csv", "text,label\ngood,positive\nbad,negative\n")
    done = CliRunner().invoke(main, ["evaluate", str(models[model]), str(table), *arguments])
    assert done.exit_code == 1 and done.stderr.startswith("Error: ")
    assert message in done.stderr and done.stderr.count("\n") == 1


def test_a_classifier_is_shown_with_its_text_settings_and_classes(models):
    shown = CliRunner().invoke(main, ["models", "show", str(models["three"])]).stdout
    assert "classes     angry customer, so-so, happy 😀" in shown
    assert "reads       words (pattern 'unicode')" in shown
    assert "network     embedding 3, pooling mean" in shown


def test_an_output_in_a_missing_folder_says_what_to_create(tmp_path):
    with pytest.raises(TextRNNError, match="there is no folder"):
        Output(tmp_path / "no" / "file")
