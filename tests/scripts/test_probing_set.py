"""The texts that probe a classifier: ten groups, half of each positive, and never edited."""

import csv
import hashlib
from collections import Counter
from functools import cache

import pytest
from support.paths import CORPORA

GROUPS = [
    "contrast", "film", "long", "mild", "negation", "restaurant", "service", "shop", "short",
    "tweet",
]  # fmt: skip
SHA256 = "ff67535a3998c95a51f3c6db568e80bfa393cc8c61b95f199d4359d64eb23f4c"


@cache
def rows(name: str = "probing.csv") -> list[dict[str, str]]:
    with (CORPORA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def words(row: dict[str, str]) -> list[str]:
    return row["text"].split()


def bare(text: str) -> str:
    """A text as somebody who copies it might leave it."""
    return "".join(character for character in text.casefold() if character.isalnum())


def test_it_is_never_edited():
    assert hashlib.sha256((CORPORA / "probing.csv").read_bytes()).hexdigest() == SHA256


def test_every_row_is_a_text_a_label_a_group_and_nothing_odd():
    with (CORPORA / "probing.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file, strict=True))
    assert table[0] == ["text", "label", "group"]
    for row in table[1:]:
        assert len(row) == 3 and all(field and field.strip() == field for field in row)
        assert all(character.isprintable() for character in row[0])


def test_each_group_has_ten_texts_of_either_label():
    counts = Counter((row["group"], row["label"]) for row in rows())
    assert len(rows()) == 200
    assert counts == {(group, label): 10 for group in GROUPS for label in ("positive", "negative")}


def test_groups_follow_each_other_and_labels_are_mixed():
    assert [row["group"] for row in rows()] == sorted(row["group"] for row in rows())
    for start in range(0, 200, 20):
        halves = (rows()[start : start + 10], rows()[start + 10 : start + 20])
        assert all({row["label"] for row in half} == {"positive", "negative"} for half in halves)


def test_short_texts_are_short_long_ones_long_and_the_rest_between():
    bounds = {"short": range(1, 5), "long": range(90, 181), "film": range(10, 31)}
    assert all(len(words(row)) in bounds.get(row["group"], range(5, 60)) for row in rows())


@pytest.mark.parametrize("group", GROUPS)
def test_no_length_gives_a_label_away(group):
    sizes = Counter[str]()
    for row in rows():
        sizes[row["label"]] += len(words(row)) if row["group"] == group else 0
    assert sizes["positive"] == pytest.approx(sizes["negative"], rel=0.15)


def test_no_text_stands_twice_or_in_the_other_samples():
    names = ("probing.csv", "reviews.csv", "sentences.csv")
    texts = [bare(row["text"]) for name in names for row in rows(name)]
    assert [text for text, count in Counter(texts).items() if count > 1] == []


def test_no_review_holds_a_text_that_probes_nor_the_other_way_round():
    own = [bare(row["text"]) for row in rows() if row["group"] != "short"]
    other = [
        bare(row["text"])
        for name in ("reviews.csv", "sentences.csv")
        for row in rows(name)
        if len(words(row)) > 4
    ]
    assert [(a, b) for a in own for b in other if a in b or b in a] == []


def test_no_two_texts_begin_alike():
    beginnings = Counter(tuple(row["text"].casefold().split()[:4]) for row in rows())
    assert [words for words, count in beginnings.items() if count > 1] == []


def test_the_page_on_corpora_tells_of_it():
    assert "| `probing.csv` |" in (CORPORA / "README.md").read_text(encoding="utf-8")
