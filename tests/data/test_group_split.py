"""Texts about one topic are in one group, and each group is in one part."""

from collections import Counter
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textrnn.data.group_split import CLOSENESS, ENOUGH, grouped_split, groups, shared_names
from textrnn.data.labelled import stratified_split
from textrnn.errors import ConfigError, CorpusError

few = settings(max_examples=60)
NAMES = ("Zorba Kint", "Mirna", "Count Osto", "Belgravia", "Lord of Quay", "Ilsa Vane", "Tovik")
reviews = st.lists(
    st.tuples(st.lists(st.sampled_from(NAMES), max_size=4), st.integers(0, 3)), max_size=14
).map(lambda drawn: [f"In all, {' or '.join(names)} was {mark} good" for names, mark in drawn])
seeds = st.integers(0, 99)


def relation(numbers: np.ndarray) -> set[tuple[int, int]]:
    """The pairs of indices that are in one group."""
    return {(a, b) for a, b in combinations(range(len(numbers)), 2) if numbers[a] == numbers[b]}


# ---- names --------------------------------------------------------------------------------------


def test_a_name_is_capitalised_inside_a_sentence():
    texts = ["We meet Mirna, and Zorba Kint.", "Here zorba kint's hat fits Zorba Kint."]
    assert shared_names(texts) == {"zorba": [0, 1], "kint": [0, 1]}
    assert shared_names(["Wonderful. Terrible! Mirna is", "wonderful, terrible: Mirna was"]) == {}


def test_a_word_is_a_name_if_half_of_its_texts_capitalise_it():
    assert shared_names(["and Tovik", "and tovik"]) == {"tovik": [0, 1]}
    assert shared_names(["and Tovik", "and tovik", "the tovik"]) == {}


def test_two_words_are_a_name_if_neither_is_one_by_itself():
    texts = ["and Ilsa Vane", "by Ilsa Vane", "and Ilsa", "by Ilsa", "and Vane", "by Vane"]
    assert shared_names(texts, 3) == {"ilsa vane": [0, 1]}
    assert shared_names(texts, 4).keys() == {"ilsa", "vane"}


def test_quoted_titles_and_names_with_apostrophes_are_names():
    texts = ['see "Quay", by O\'Vane', "in 'Quay' by O'Vane"]
    assert shared_names(texts) == {"quay": [0, 1], "o'vane": [0, 1]}


def test_a_word_in_many_texts_is_not_a_name():
    texts = [f"number {number} has Mirna" for number in range(4)]
    assert shared_names(texts, 3) == {} != shared_names(texts, 4)
    assert groups(texts, most_texts=3).tolist() == [0, 1, 2, 3]
    assert groups(texts, most_texts=4).tolist() == [0, 0, 0, 0]


# ---- groups -------------------------------------------------------------------------------------


@few
@given(texts=reviews, seed=seeds)
def test_the_groups_do_not_depend_on_the_order_of_the_texts(texts, seed):
    order = np.random.default_rng(seed).permutation(len(texts))
    shuffled = groups([texts[place] for place in order])
    back = np.empty_like(shuffled)
    back[order] = shuffled
    assert relation(back) == relation(groups(texts))


@few
@given(texts=reviews)
def test_groups_are_numbered_by_first_appearance_and_equal_texts_are_together(texts):
    numbers = groups(texts).tolist()
    assert list(dict.fromkeys(numbers)) == list(range(len(set(numbers))))
    assert all(numbers[a] == numbers[texts.index(texts[a])] for a in range(len(texts)))


@few
@given(texts=reviews, closeness=st.sampled_from([CLOSENESS, 0.5, 1, 2]))
def test_no_two_remaining_groups_share_enough_names(texts, closeness):
    texts = sorted(set(texts))
    numbers = groups(texts, closeness=closeness)
    shared = Counter(
        pair for places in shared_names(texts).values() for pair in combinations(places, 2)
    )
    between: Counter[tuple[int, ...]] = Counter()
    for (a, b), count in shared.items():
        between[tuple(sorted((numbers[a], numbers[b])))] += min(count, ENOUGH)
    sizes = np.bincount(numbers)
    assert all(
        links < closeness * sizes[a] * sizes[b] for (a, b), links in between.items() if a != b
    )


@few
@given(texts=reviews)
def test_texts_without_shared_names_are_not_grouped(texts):
    held = {place for places in shared_names(sorted(set(texts))).values() for place in places}
    alone = [text for place, text in enumerate(sorted(set(texts))) if place not in held]
    numbers = groups(texts)
    for text in alone:
        number = numbers[texts.index(text)]
        assert {texts[place] for place in np.flatnonzero(numbers == number)} == {text}


def test_an_actor_does_not_join_two_films():
    first = [f"the {word} Mirna met Count Osto, said Ilsa Vane" for word in ("sad", "poor", "dim")]
    other = [f"the {word} Tovik in Belgravia was Ilsa Vane" for word in ("old", "deaf", "lame")]
    assert groups([*first, *other], closeness=2.5).tolist() == [0, 0, 0, 1, 1, 1]
    assert relation(groups([*first, *other], closeness=2)) == set(combinations(range(6), 2))


@pytest.mark.parametrize("closeness", [0.1, CLOSENESS, 0.5])
def test_a_chain_of_texts_does_not_become_one_group(closeness):
    letters = "abcdefghijklmnopqrstuvwxyz"
    texts = [f"from X{a}xx to X{b}xx" for a, b in pairwise(letters)]
    # A single link between s and t texts averages 1 / (s t) per pair.
    assert 1 < np.bincount(groups(texts, closeness=closeness)).max() <= 1 + 1 / closeness


def test_no_texts_have_no_groups():
    assert groups([]).tolist() == []


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"most_texts": 1}, "at least 2"),
        ({"closeness": 0.0}, "above 0 and at most 3"),
        ({"closeness": 3.5}, "above 0 and at most 3"),
    ],
)
def test_settings_outside_their_ranges_are_refused(setting, message):
    with pytest.raises(ConfigError, match=message):
        groups(["and Mirna"], **setting)


# ---- parts --------------------------------------------------------------------------------------

fractions = st.floats(0.1, 0.4)
# Every fourth text is in one of 17 groups, with any class; the others form groups of one.
collections = st.lists(st.integers(0, 1), min_size=10, max_size=60).map(
    lambda drawn: (
        np.array([label for any_ in drawn for label in (any_, 1, 0, 1)], np.int32),
        np.array([n // 4 % 17 if n % 4 == 0 else 17 + n for n in range(4 * len(drawn))], np.intp),
    )
)


@few
@given(collection=collections, fraction=fractions, seed=seeds)
def test_every_text_is_in_one_part_and_no_group_is_in_both(collection, fraction, seed):
    labels, numbers = collection
    train, held_out = grouped_split(labels, numbers, fraction, seed)
    assert sorted([*train, *held_out]) == list(range(len(labels)))
    assert (np.diff(train) > 0).all() and (np.diff(held_out) > 0).all()
    assert not set(numbers[train]) & set(numbers[held_out])


@few
@given(collection=collections, fraction=fractions, seed=seeds)
def test_groups_of_one_text_give_the_exact_fraction_of_each_class(collection, fraction, seed):
    labels, numbers = collection
    _, held_out = grouped_split(labels, numbers, fraction, seed)
    wanted = np.round(fraction * np.bincount(labels))
    assert np.bincount(labels[held_out]).tolist() == wanted.tolist()


@few
@given(sizes=st.lists(st.integers(1, 6), min_size=12, max_size=40), fraction=fractions, seed=seeds)
def test_each_class_lacks_less_than_one_group(sizes, fraction, seed):
    numbers = np.repeat(np.arange(len(sizes)), sizes)
    labels = (numbers % 2).astype(np.int32)  # each group has one class
    room = np.maximum(np.round(fraction * np.bincount(labels)), 1)
    least = [min(sizes[number::2]) for number in range(2)]
    if (room < least).any():  # no group fits
        with pytest.raises(CorpusError, match="no group with a text of class"):
            grouped_split(labels, numbers, fraction, seed)
        return
    _, held_out = grouped_split(labels, numbers, fraction, seed)
    short = room - np.bincount(labels[held_out], minlength=2)
    assert (short >= 0).all() and (short < max(sizes)).all()


@few
@given(count=st.integers(10, 60), fraction=fractions, seed=seeds)
def test_groups_of_one_text_give_the_sizes_of_a_stratified_split(count, fraction, seed):
    labels = (np.arange(count) % 3).astype(np.int32)
    found = grouped_split(labels, np.arange(count), fraction, seed)[1]
    other = stratified_split(labels, fraction, seed)[1]
    assert np.bincount(labels[found]).tolist() == np.bincount(labels[other]).tolist()


def test_the_parts_depend_on_the_seed():
    labels, numbers = np.tile(np.int32([0, 1]), 50), np.arange(100) // 3
    parts = [grouped_split(labels, numbers, 0.2, seed)[1].tolist() for seed in (1, 1, 2)]
    assert parts[0] == parts[1] != parts[2]


def test_what_cannot_be_split_is_refused():
    labels, numbers = np.int32([0, 0, 1, 1]), np.intp([0, 0, 1, 2])
    with pytest.raises(CorpusError, match=r"class 'bad' fits into a fraction of 0\.2"):
        grouped_split(labels, numbers, 0.2, 0, ("bad", "good"))
    with pytest.raises(ConfigError, match="between 0 and 1"):
        grouped_split(labels, numbers, 1.0, 0)
