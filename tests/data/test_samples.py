"""The labelled samples in corpora/: balanced, of every length, without duplicates."""

import csv
from collections import Counter
from functools import cache

import pytest
from support.paths import CORPORA

LABELS = {"positive", "negative"}
COLUMNS = {"reviews.csv": ["text", "label"], "sentences.csv": ["text", "label", "group"]}
LENGTHS = {
    "short": (range(5, 21), 70),
    "middle": (range(40, 81), 80),
    "long": (range(120, 251), 50),
}


@cache
def rows(name: str) -> list[dict[str, str]]:
    with (CORPORA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def words(row: dict[str, str]) -> int:
    return len(row["text"].split())


def bare(text: str) -> str:
    """A text as it might look after copying."""
    return "".join(character for character in text.lower() if character.isalnum())


@pytest.mark.parametrize("name", COLUMNS)
def test_every_row_is_a_plain_text_and_a_label(name):
    with (CORPORA / name).open(encoding="utf-8", newline="") as file:
        table = list(csv.reader(file, strict=True))
    assert table[0] == COLUMNS[name]
    for row in table[1:]:
        assert len(row) == len(COLUMNS[name]) and all(field.strip() == field for field in row)
        assert row[0] and row[1] in LABELS
        assert all(character.isprintable() or character == "\n" for character in row[0])


@pytest.mark.parametrize("name", COLUMNS)
def test_half_are_positive(name):
    counts = Counter(row["label"] for row in rows(name))
    assert counts["positive"] == counts["negative"] == len(rows(name)) / 2


def test_the_first_reviews_have_both_labels():
    for start in range(0, len(rows("reviews.csv")), 20):
        labels = Counter(row["label"] for row in rows("reviews.csv")[start : start + 20])
        assert min(labels["positive"], labels["negative"]) >= 6


@pytest.mark.parametrize("label", sorted(LABELS))
@pytest.mark.parametrize("length", LENGTHS)
def test_each_length_has_equally_many_reviews_per_label(length, label):
    sizes, count = LENGTHS[length]
    found = [row for row in rows("reviews.csv") if words(row) in sizes and row["label"] == label]
    assert len(found) == count / 2


def test_every_review_has_one_of_the_lengths():
    assert len(rows("reviews.csv")) == sum(count for _, count in LENGTHS.values())
    assert all(any(words(row) in sizes for sizes, _ in LENGTHS.values())
               for row in rows("reviews.csv"))  # fmt: skip


def test_some_reviews_are_hard_on_a_parser():
    texts = [row["text"] for row in rows("reviews.csv")]
    for odd in ("\n", '"', ",", "é"):
        assert any(odd in text for text in texts)


def test_each_group_of_sentences_has_equally_many_per_label():
    counts = Counter((row["group"], row["label"]) for row in rows("sentences.csv"))
    groups = {group for group, _ in counts}
    assert groups == {"negation", "plain", "shop", "restaurant", "mild", "irony"}
    assert all(counts[group, "positive"] == counts[group, "negative"] >= 3 for group in groups)


def test_the_sentences_are_short_and_begin_with_the_four_that_people_complained_about():
    assert [(row["text"], row["label"]) for row in rows("sentences.csv")[:4]] == [
        ("not bad", "positive"),
        ("no problems ever", "positive"),
        ("nobody loves it", "negative"),
        ("I wanted to love it", "negative"),
    ]
    assert len(rows("sentences.csv")) == 44
    assert all(3 <= words(row) <= 12 for row in rows("sentences.csv")[4:])


def test_no_text_occurs_twice():
    texts = [bare(row["text"]) for name in COLUMNS for row in rows(name)]
    assert [text for text, count in Counter(texts).items() if count > 1] == []


def test_no_review_contains_a_probe_sentence():
    reviews = [bare(row["text"]) for row in rows("reviews.csv")]
    probes = [bare(row["text"]) for row in rows("sentences.csv") if words(row) > 3]
    assert [probe for probe in probes if any(probe in review for review in reviews)] == []


def test_no_two_reviews_begin_alike():
    beginnings = Counter(tuple(row["text"].lower().split()[:4]) for row in rows("reviews.csv"))
    assert [words for words, count in beginnings.items() if count > 1] == []


@pytest.mark.parametrize("name", COLUMNS)
def test_the_page_on_corpora_describes_the_samples(name):
    assert f"| `{name}` |" in (CORPORA / "README.md").read_text(encoding="utf-8")
