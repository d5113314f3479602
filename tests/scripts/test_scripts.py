"""Every script runs, says what it does, and names settings that exist."""

import subprocess
import sys

import _ablation_rows
import _imdb_recipes
import compare_settings
import probe_classifier
import pytest
import shakespeare
from support.paths import SCRIPTS

from textrnn.config.classifier import ClassifierRecipe
from textrnn.config.generator import GeneratorRecipe

COMMANDS = [path for path in sorted(SCRIPTS.glob("*/*.py")) if not path.name.startswith("_")]


def name_of(path):
    return str(path.relative_to(SCRIPTS))


@pytest.mark.subprocess
@pytest.mark.parametrize("path", COMMANDS, ids=name_of)
def test_a_script_tells_what_it_does(path):
    done = subprocess.run([sys.executable, str(path), "--help"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Usage:")
    # The help is the script's docstring.
    lines = path.read_text(encoding="utf-8").splitlines()
    first = next(line for line in lines if line.startswith('"""')).strip('"')
    assert first in " ".join(done.stdout.split())


@pytest.mark.parametrize("path", COMMANDS, ids=name_of)
def test_a_script_can_be_run_by_its_path(path):
    assert path.read_text(encoding="utf-8").startswith("#!/usr/bin/env python\n")
    assert path.stat().st_mode & 0o111 == 0o111


def test_there_are_scripts():
    assert {path.parent.name for path in COMMANDS} == {"benchmarks", "fuzz", "reproduce"}


@pytest.mark.parametrize(
    ("recipe", "settings"),
    [
        *((ClassifierRecipe, each.settings) for each in _imdb_recipes.RECIPES.values()),
        *((ClassifierRecipe, settings) for settings in _imdb_recipes.LANGUAGE_MODELS.values()),
        (ClassifierRecipe, _imdb_recipes.FROM_LABELS),
        (ClassifierRecipe, _ablation_rows.LEARNING),
        *((ClassifierRecipe, row.settings) for row in _ablation_rows.ROWS.values()),
        *((ClassifierRecipe, settings) for settings in _ablation_rows.LANGUAGE_MODELS.values()),
        *((GeneratorRecipe, settings) for settings in shakespeare.RECIPES.values()),
    ],
)
def test_scripts_train_with_settings_that_exist(recipe, settings):
    recipe.from_settings(recipe.nest(settings))


def test_later_settings_override_earlier_ones_and_those_of_their_preset():
    found = compare_settings.settings_of(
        "units=8 name_augmentation=0.5", "preset=large cell=gru layers=1", part="0:0.5", units=4
    )
    large = {"units": 512, "cell": "gru", "layers": 1}
    assert {name: found["network"][name] for name in large} == large
    assert (found["training"]["name_augmentation"], found["training"]["part"]) == (0.5, "0:0.5")


def test_the_probe_finds_its_templates_and_its_texts():
    assert probe_classifier.sentences()
    assert (probe_classifier.ROOT / "corpora" / "probing.csv").exists()
