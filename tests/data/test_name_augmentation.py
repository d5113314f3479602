"""Name augmentation changes only the names of a text."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textrnn.config.generator import GeneratorRecipe
from textrnn.data.name_augmentation import Renamer
from textrnn.errors import ConfigError

PLAY = """HANNA:
Good night, Ferdinand; the lamps of Ostend are out.

FERDINAND:
And good night to Hanna, and to all who sail from Ostend.
The lamps! Who has seen Wilhelmina's lamps?

WILHELMINA:
I have, Ferdinand. The good people of Ostend hid them.
THE QUICK BROWN FOX JUMPS OVER A LAZY DOG; the quick brown fox jumps over a lazy dog.
"""
NAMES = {"Hanna", "Ferdinand", "Ostend", "Wilhelmina", "HANNA", "FERDINAND", "WILHELMINA"}
WORD = re.compile(r"[^\W\d_]+")


def words_of(text):
    return WORD.findall(text)


def test_names_are_capitalised_words_that_never_occur_in_lower_case():
    found = Renamer(PLAY + "who have and good").names
    assert found == NAMES  # "The", "Good" and "And" also occur in lower case


@given(st.integers(0, 10_000), st.floats(0, 0.99))
@settings(max_examples=30)
def test_everything_but_the_names_is_unchanged(seed, fraction):
    renamed = Renamer(PLAY).renamed(fraction, np.random.default_rng(seed))
    assert WORD.sub("_", renamed) == WORD.sub("_", PLAY)
    names = Renamer(PLAY).names
    for old, new in zip(words_of(PLAY), words_of(renamed), strict=True):
        assert old in names or new == old
        assert (old.isupper(), old.istitle()) == (new.isupper(), new.istitle())


@given(st.integers(0, 10_000))
@settings(max_examples=30)
def test_a_replacement_is_the_same_throughout_a_passage_in_any_case(seed):
    renamed = Renamer(PLAY).renamed(0.9, np.random.default_rng(seed))
    called = {}
    for old, new in zip(words_of(PLAY), words_of(renamed), strict=True):
        assert called.setdefault(old.lower(), new.lower()) == new.lower()


@given(st.text(max_size=300), st.integers(0, 100))
@settings(max_examples=100)
def test_renaming_any_text_adds_no_characters(text, seed):
    renamed = Renamer(text).renamed(0.5, np.random.default_rng(seed))
    assert set(renamed) <= set(text)
    assert Renamer(text).renamed(0.0, np.random.default_rng(seed)) == text


def test_about_the_given_fraction_is_renamed_and_differently_each_time():
    text = PLAY * 400
    renamer, rng = Renamer(text), np.random.default_rng(0)
    first, second = renamer.renamed(0.3, rng), renamer.renamed(0.3, rng)
    assert first != second
    pairs = zip(words_of(text), words_of(first), strict=True)
    changed = [old != new for old, new in pairs if old in NAMES]
    # An invented name may be an existing one: with so few names, few are new.
    assert 0.1 < np.mean(changed) < 0.35


@pytest.mark.parametrize("settings", [{"lower": True}, {"tokens": "word"}])
def test_renaming_needs_cased_character_tokens(settings):
    with pytest.raises(ConfigError, match="rename needs cased character tokens"):
        GeneratorRecipe.from_settings({"training": {"name_augmentation": 0.3}, "text": settings})
