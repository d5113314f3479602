"""A report is JSON, and its text and Markdown forms are correct for any text."""

import json
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textrnn.errors import ConfigError, CorpusError
from textrnn.evaluation.columns import one_line
from textrnn.evaluation.metrics import score
from textrnn.evaluation.report import report, shorten
from textrnn.evaluation.report_text import as_markdown, as_text

CLASSES = ("negative", "positive")
# Predictions 0, 1, 0, 1; the third and the fourth are wrong, the fourth has the higher loss.
FOUR = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]])
LABELS = np.array([0, 1, 1, 0])
TEXTS = ("dull", "grand", "not bad at all", "so good it hurts to say it was not")


def report_of(**settings):
    given = {
        "model_name": "imdb", "classes": CLASSES, "probabilities": FOUR, "labels": LABELS,
        "lengths": [1, 60, 4, 9], "texts": TEXTS,
    }  # fmt: skip
    return report(**{**given, **settings})


def tables(markdown):
    """All tables of a GitHub Markdown text, as rows of escaped cells."""
    found, current = [], []
    for line in [*markdown.split("\n"), ""]:
        if line.startswith("|"):
            assert line.endswith(" |")
            current.append(re.split(r"(?<!\\)\|", line)[1:-1])
        elif current:
            found.append([[cell.strip(" ") for cell in row] for row in current])
            current = []
    return found


def test_a_report_has_the_scores_of_all_examples_and_of_subsets():
    first = np.array([True, True, False, False])
    found = report_of(subsets={"first": first, "none": np.zeros(4, bool)})
    assert found["scores"] == score(FOUR, LABELS, CLASSES).to_dict()
    assert found["subsets"]["first"] == score(FOUR[:2], LABELS[:2], CLASSES).to_dict()
    assert found["subsets"]["none"] is None
    assert [row["count"] for row in found["by_length"]] == [3, 1, 0, 0, 0, 0]
    assert sum(row["count"] for row in found["reliability"]) == 4


def test_a_report_survives_a_json_round_trip():
    subset = {"one class": LABELS == 1, "none": LABELS > 1}
    found = report_of(subsets=subset, abstain=0.75, notes=["by hand"])
    again = json.loads(json.dumps(found, allow_nan=False))
    assert again == found
    assert as_text(again) == as_text(found)
    assert as_markdown(again) == as_markdown(found)


def test_worst_lists_only_mistakes_by_falling_loss():
    found = report_of()["worst"]
    assert [mistake["index"] for mistake in found] == [3, 2]
    assert found[0] == {
        "index": 3,
        "truth": "negative",
        "prediction": "positive",
        "probability": 0.7,
        "text": TEXTS[3],
    }
    assert len(report_of(worst=1)["worst"]) == 1
    assert report_of(worst=0)["worst"] == []


def test_an_unsure_but_correct_prediction_is_no_mistake():
    # The first is correct at .4, with a higher loss than the mistake at .45.
    probabilities = [[0.4, 0.3, 0.3], [0.45, 0.55, 0.0]]
    found = report_of(
        classes="abc", probabilities=probabilities, labels=[0, 0], lengths=[1, 1], texts="xy"
    )
    assert [mistake["index"] for mistake in found["worst"]] == [1]


def test_only_the_texts_of_the_worst_are_read():
    class Texts(list):
        read = 0

        def __getitem__(self, index):
            self.read += 1
            return super().__getitem__(index)

    texts = Texts(TEXTS)
    report_of(texts=texts, worst=1)
    assert texts.read == 1


@given(st.text(max_size=40), st.integers(0, 40))
def test_a_long_text_shows_its_beginning_and_its_end(part, times):
    text = part * times
    short = shorten(text)
    if len(text) <= 300:
        assert short == text
    else:
        assert short == text[:200] + " … " + text[-100:]


def test_abstention_scores_only_the_confident_predictions():
    found = report_of(abstain=0.7)["abstain"]
    assert (found["predicted"], found["share"], found["accuracy"]) == (3, 0.75, 2 / 3)
    assert report_of()["abstain"] is None
    everything = report_of(abstain=0)["abstain"]
    assert (everything["share"], everything["accuracy"]) == (1, 0.5)
    nothing = report_of(abstain=1)["abstain"]
    assert (nothing["predicted"], nothing["accuracy"], nothing["interval"]) == (0, None, None)
    assert as_text(report_of(abstain=1)).count("accuracy among those -") == 1


def test_accuracies_have_their_interval():
    labels = np.zeros(25_000, int)
    probabilities = np.eye(2)[(np.arange(25_000) >= 22_530).astype(int)]
    shown = as_text(
        report_of(probabilities=probabilities, labels=labels, lengths=labels, texts=[""] * 25_000)
    )
    assert "imdb, 25,000 examples" in shown
    assert "90.12 % (89.74-90.48)" in shown


def test_the_text_shows_all_parts_in_aligned_columns():
    shown = as_text(
        report_of(subsets={"without copies": LABELS == 0}, notes=["by hand"], abstain=0.7)
    )
    for part in ("note: by hand", "without copies", "up to 50", "801 and more", "66.7-73.3 %"):
        assert part in shown
    assert "  3: truth negative, predicted positive at 70.00 %\n    so good it" in shown
    for block in shown.split("\n\n")[1:6]:
        rows = block.split("\n")[1:]
        assert len({len(row) for row in rows}) == 1, block
    assert "nan" not in shown
    assert not re.search(r" $", shown, re.MULTILINE)


def test_wide_and_accented_names_stay_aligned():
    names = ("\N{CJK UNIFIED IDEOGRAPH-597D}" * 2, "cafe\N{COMBINING ACUTE ACCENT}")
    rows = as_text(report_of(classes=names)).split("\n\n")[2].split("\n")
    columns = [
        len(row.replace("\N{COMBINING ACUTE ACCENT}", "")) + row.count(names[0][0]) for row in rows
    ]
    assert len(set(columns[1:])) == 1


def test_undefined_scores_are_shown_as_a_dash():
    found = report_of(probabilities=np.eye(3)[[0, 0, 0, 0]], labels=[0] * 4, classes="abc")
    assert found["scores"]["auc"] is None
    for shown in (as_text(found), as_markdown(found)):
        assert re.search(r"^\W*b(\W+-){3}\W+0\W*$", shown, re.MULTILINE)
        assert "nan" not in shown
        assert "None" not in shown
    assert "worst" not in as_text(found)
    assert "worst" not in as_markdown(found)


def test_every_table_of_the_markdown_is_rectangular():
    found = tables(as_markdown(report_of(abstain=0.7, subsets={"a|b": LABELS == 0})))
    assert len(found) == 6
    for header, marks, *rows in found:
        assert rows
        assert all(re.fullmatch(r":--|--:", mark) for mark in marks)
        assert {len(row) for row in (header, marks, *rows)} == {len(header)}
    assert found[2][0] == ["truth", *CLASSES]
    assert found[2][2:] == [["negative", "1", "1"], ["positive", "1", "1"]]


AWKWARD = st.one_of(
    st.text(max_size=60),
    st.text("|\\`*_[]()<>&;$~#!-\r\n\t\v\x85\u2028\x1b\x00 ab\N{ROCKET}\N{ZERO WIDTH JOINER}"),
)


@settings(max_examples=80)
@given(text=AWKWARD, name=AWKWARD)
def test_any_text_stays_in_its_cell_and_is_rendered_unchanged(text, name):
    parser = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable("table")
    classes = ("negative", f"{name}+")
    texts = ("", "", "", text)
    markdown = as_markdown(report_of(classes=classes, texts=texts))
    assert {len(row) for row in tables(markdown)[-1]} == {5}

    cells, tokens = [], parser.parse(markdown)
    for before, token in pairwise(tokens):
        if before.type in ("td_open", "th_open"):
            assert {child.type for child in token.children} <= {"text"}
            cells.append("".join(child.content for child in token.children))
    last = cells[-10:]  # two mistakes of five cells
    assert last[:3] == ["3", "negative", one_line(f"{name}+")]
    assert last[4] == one_line(text)
    assert sum(token.type == "table_open" for token in tokens) == 6


@settings(max_examples=40)
@given(text=AWKWARD)
def test_no_text_breaks_out_of_its_line_in_a_terminal(text):
    shown = as_text(report_of(texts=("", "", "", text), worst=1))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028]", shown)
    below = shown.split("predicted positive at 70.00 %")[1].split("\n")[1:]
    assert all(line.startswith("    ") for line in below)
    assert "".join("".join(below).split()) == "".join(one_line(text).split())


@pytest.mark.parametrize("abstain", [-0.1, 1.1, float("nan")])
def test_abstain_must_be_a_probability(abstain):
    with pytest.raises(ConfigError, match="abstain"):
        report_of(abstain=abstain)


def test_invalid_arguments_are_refused():
    with pytest.raises(ConfigError, match="worst"):
        report_of(worst=-1)
    with pytest.raises(CorpusError, match="no labelled example"):
        report_of(probabilities=np.empty((0, 2)), labels=[], lengths=[], texts=[])
    with pytest.raises(ValueError, match="3 texts"):
        report_of(texts=TEXTS[:3])
    with pytest.raises(ValueError, match="lengths"):
        report_of(lengths=[1])
    with pytest.raises(ValueError, match="a bool for each"):
        report_of(subsets={"indices": np.array([0, 1, 0, 1])})
