"""Recipes: short and full names, sections, layers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textrnn.config.classifier import ClassifierRecipe
from textrnn.config.classifier_presets import CLASSIFIER_PRESETS
from textrnn.config.generator import PRESETS, GeneratorRecipe
from textrnn.config.recipe import different
from textrnn.errors import ConfigError

RECIPES = (GeneratorRecipe, ClassifierRecipe)
EVERY_NAME = [(recipe, name) for recipe in RECIPES for name in recipe.names()]


@pytest.mark.parametrize("recipe", RECIPES)
def test_each_short_name_belongs_to_one_setting(recipe):
    settings = [
        (section, name)
        for section, config in recipe.sections().items()
        for name in config.field_types().keys() - config.derived.keys()
    ]
    assert sorted(recipe.names().values()) == sorted(settings)


@pytest.mark.parametrize(("recipe", "name"), EVERY_NAME)
def test_short_names_full_names_and_sections_are_equivalent(recipe, name):
    section, key = recipe.locate(name)
    for settings in ({name: 1}, {f"{section}.{key}": 1}, {section: {key: 1}}):
        nested = recipe.nest(settings)
        assert nested.pop(section) == {key: 1}
        assert not any(nested.values())


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize(
    "settings",
    [{"unitz": 1}, {"network.unitz": 1}, {"networkk.units": 1}, {"network": {"unitz": 1}},
     {"vocab_size": 1}, {"network.vocab_size": 1}, {"pretraining.seed": 1}, {".": 1}],
    ids=str,
)  # fmt: skip
def test_an_unknown_setting_is_refused_by_name(recipe, settings):
    with pytest.raises(ConfigError, match=r"unknown setting '.*textrnn train settings"):
        recipe.nest(settings)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_later_layer_overrides_only_the_settings_it_contains(recipe):
    low, high = recipe.nest({"units": 3, "layers": 4}), recipe.nest({"units": 5})
    found = recipe.from_settings(low, high)
    assert (found.network.units, found.network.layers) == (5, 4)
    assert recipe.from_settings(found.to_dict()) == found
    assert found.training == recipe.from_settings().training


@given(st.integers(1, 9), st.integers(1, 9))
def test_different_lists_the_settings_with_other_values(own, given_value):
    nested = GeneratorRecipe.from_settings({"network": {"units": own}}).to_dict()
    found = different(nested, {"network": {"units": given_value}})
    assert found == ([] if own == given_value else [("network.units", own, given_value)])


def test_an_error_in_a_prefixed_section_has_the_prefix():
    with pytest.raises(ConfigError, match=r"^pretraining\.window must be 1 or more"):
        ClassifierRecipe.from_settings({"pretraining": {"window": 0}})


@pytest.mark.parametrize(
    ("recipe", "settings"),
    [*((GeneratorRecipe, preset) for preset in PRESETS.values()),
     *((ClassifierRecipe, preset) for preset in CLASSIFIER_PRESETS.values())],
)  # fmt: skip
def test_every_preset_is_a_recipe(recipe, settings):
    recipe.from_settings(recipe.nest(settings))
