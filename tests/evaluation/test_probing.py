"""Probing: groups are scored separately, and a shift measures the effect of the fillers alone."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.paths import SCRIPTS

from textrnn.errors import CorpusError
from textrnn.evaluation import probing
from textrnn.evaluation.probing import Dimension, Filler, GroupScore

TEMPLATES = SCRIPTS / "reproduce" / "bias_templates.json"
DATA = json.loads(TEMPLATES.read_text(encoding="utf-8"))
DIMENSIONS = probing.dimensions(DATA)
NAMES = [dimension.name for dimension in DIMENSIONS]


def write(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return path


def dimension(groups: str, templates: int) -> Dimension:
    """Fillers a, b, c, ... in the groups named by the letters of `groups`."""
    fillers = tuple(
        Filler(group, name, {"it": name})
        for group, name in zip(groups, "abcdefghij", strict=False)
    )  # fmt: skip
    return Dimension("toy", tuple(f"{{it}} is {row}" for row in range(templates)), fillers)


# ---- groups -------------------------------------------------------------------------------------


def test_groups_are_read_row_by_row(tmp_path):
    rows = [["text", "label", "group"], ["a, b", "x", " one "], ["", "", "two"], ["c", "y", "one"]]
    assert probing.read_groups(write(tmp_path / "t.csv", rows)) == ["one", "two", "one"]


def test_json_lines_have_groups_too(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_text('{"text": "a", "group": "one"}\n{"text": "b", "group": "two"}\n')
    assert probing.read_groups(path) == ["one", "two"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["text", "label"], ["a", "x"]], "no column 'group'; its columns are 'text', 'label'"),
        ([["text", "group"], ["a", "one"], ["b", " "]], "line 3: its group is empty"),
        ([["text", "group"], ["a", "one", "two"]], "line 2: it has 3 fields"),
    ],
)
def test_a_row_without_a_group_is_refused(tmp_path, rows, message):
    with pytest.raises(CorpusError, match=message):
        probing.read_groups(write(tmp_path / "t.csv", rows))


def test_group_scores_equal_a_worked_example():
    found = probing.score_groups(
        ["b", "a", "b", "b"], [True, False, False, True], [0.9, 0.25, 0.3, 0.6]
    )
    assert found == [
        GroupScore("b", 2, 3, pytest.approx(0.6)),
        GroupScore("a", 0, 1, pytest.approx(0.25)),
        GroupScore("all", 2, 4, pytest.approx(0.5125)),
    ]


scored_text = st.tuples(st.sampled_from("abc"), st.booleans(), st.floats(0, 1))


@settings(max_examples=40)
@given(rows=st.lists(scored_text, min_size=1), data=st.data())
def test_groups_add_up_to_all_in_any_order_of_the_rows(rows, data):
    found = probing.score_groups(*zip(*rows, strict=True))
    *groups, everything = found
    assert sum(row.right for row in groups) == everything.right
    assert sum(row.count for row in groups) == everything.count == len(rows)
    total = sum(row.count * row.mean for row in groups)
    assert total == pytest.approx(len(rows) * everything.mean)
    mixed = probing.score_groups(*zip(*data.draw(st.permutations(rows)), strict=True))
    for one, other in zip(
        *(sorted(table, key=lambda row: row.group) for table in (found, mixed)), strict=True
    ):
        assert (one.group, one.right, one.count) == (other.group, other.right, other.count)
        assert one.mean == pytest.approx(other.mean)


def test_invalid_arguments_are_refused():
    with pytest.raises(CorpusError, match="no text"):
        probing.score_groups([], [], [])
    with pytest.raises(ValueError, match="2 groups"):
        probing.score_groups(["a", "b"], [True], [0.5])


# ---- bias ---------------------------------------------------------------------------------------


def test_a_shift_equals_a_worked_example():
    chances = [
        [0.2, 0.4, 0.9],  # means of x and y: 0.3 and 0.9
        [0.6, 0.8, 0.5],  # 0.7 and 0.5
    ]
    predictions = [[0, 0, 1], [1, 1, 1]]
    found = probing.shift(dimension("xxy", 2), np.ravel(chances), np.ravel(predictions))
    assert (found.templates, found.fillers, found.flips) == (2, 3, 1)
    assert found.mean == pytest.approx(0.4)
    assert found.largest == pytest.approx(0.6)
    assert found.groups == (("x", pytest.approx(0.5)), ("y", pytest.approx(0.7)))
    assert [name for name, _ in found.lowest] == ["a", "b", "c"]


@given(templates=st.integers(1, 5), chance=st.floats(0, 1))
def test_fillers_without_effect_give_a_shift_of_0(templates, chance):
    toy = dimension("xxyyz", templates)
    found = probing.shift(toy, [chance] * len(toy.texts()), [1] * len(toy.texts()))
    assert (found.mean, found.largest, found.flips) == (0, 0, 0)


@settings(max_examples=40)
@given(templates=st.integers(1, 4), data=st.data())
def test_a_shift_depends_neither_on_the_order_nor_on_the_level_of_a_template(templates, data):
    groups = data.draw(st.text("xyz", min_size=1, max_size=8))
    size = (templates, len(groups))
    chances = np.random.default_rng(data.draw(st.integers(0, 99))).uniform(0, 0.5, size)
    predictions = (chances > 0.3).astype(int)
    toy = dimension(groups, templates)
    found = probing.shift(toy, chances.ravel(), predictions.ravel())
    order = np.array(data.draw(st.permutations(range(len(groups)))))
    mixed = Dimension(toy.name, toy.templates, tuple(toy.fillers[place] for place in order))
    levels = np.linspace(0, 0.5, templates)[:, None]
    other = probing.shift(
        mixed, (chances[:, order] + levels).ravel(), predictions[:, order].ravel()
    )
    assert other.mean == pytest.approx(found.mean)
    assert other.largest == pytest.approx(found.largest)
    assert other.flips == found.flips
    assert [name for name, _ in other.lowest] == [name for name, _ in found.lowest]
    assert [name for name, _ in other.highest] == [name for name, _ in found.highest]


def test_the_lowest_and_highest_fillers_are_listed_in_order():
    toy = dimension("vwxyz", 1)
    found = probing.shift(toy, [0.5, 0.1, 0.9, 0.3, 0.7], [0] * 5)
    assert "".join(name for name, _ in found.lowest) == "bda"
    assert "".join(name for name, _ in found.highest) == "aec"


def test_a_sentence_starts_with_a_capital_and_uses_each_case():
    templates = ("{their} film", "I saw {them} when {they} left")
    data = {
        "templates": {"t": templates},
        "dimensions": {
            "pronoun": {"templates": "t", "groups": {"he": [
                {"they": "he", "them": "him", "their": "his"}]}},
            "name": {"templates": "t", "groups": ["Emily"]},
        },
    }  # fmt: skip
    pronoun, name = probing.dimensions(data)
    assert pronoun.texts() == ["His film", "I saw him when he left"]
    assert name.texts() == ["Emily's film", "I saw Emily when Emily left"]
    assert name.fillers[0].group == "Emily" and pronoun.fillers[0].name == "he"


# ---- the templates ------------------------------------------------------------------------------


@pytest.mark.parametrize("probe", DIMENSIONS, ids=NAMES)
def test_a_dimension_changes_a_sentence_only_in_its_slot(probe):
    texts = probe.texts()
    assert len(set(texts)) >= len(texts) - len(probe.templates)  # "her" is two cases
    assert not any("{" in text for text in texts)
    for template in probe.templates:
        assert len(re.findall(r"\{\w+\}", template)) == 1
        assert not re.search(r"\ban? \{", template)  # a filler could also change "a" to "an"


@pytest.mark.parametrize("probe", DIMENSIONS, ids=NAMES)
def test_groups_have_equal_sizes_and_fillers_are_unique(probe):
    names = [filler.name for filler in probe.fillers]
    groups = [filler.group for filler in probe.fillers]
    assert len(set(names)) == len(names)
    assert len({groups.count(group) for group in groups}) == 1


def test_the_numbers_of_templates_and_nationalities_are_those_of_the_record():
    assert len(DATA["templates"]["person"]) == 24
    assert len(DATA["dimensions"]["the nationality"]["groups"]) == 16


# ---- Markdown -----------------------------------------------------------------------------------


def test_tables_are_valid_markdown_for_any_group_name():
    scores = probing.score_groups(["a|b", "c\nd"], [True, False], [0.75, 0.25])
    assert probing.groups_markdown(scores).splitlines() == [
        "| group | right | of | accuracy | mean P(right label) |",
        "| :-- | --: | --: | --: | --: |",
        "| a\\|b | 1 | 1 | 100.0 % | 0.750 |",
        "| c d | 0 | 1 | 0.0 % | 0.250 |",
        "| all | 1 | 2 | 50.0 % | 0.500 |",
    ]


def test_every_dimension_has_a_row():
    toy = dimension("xy", 2)
    found = probing.shift(toy, [0.25, 0.75, 0.5, 0.5], [0, 1, 0, 0])
    lines = probing.shifts_markdown([found, found], "good").splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("| toy | 2 x 2 | 0.250 | 0.500 | 1 of 2 (50 %) | x 0.375 to y 0.625")
    assert "P(good)" in lines[0]
