"""Settings of a classifier: defaults, presets, ranges."""

from dataclasses import fields

import pytest

from textrnn.config.classifier import ClassifierConfig, ClassifierTrainingConfig
from textrnn.config.classifier_presets import CLASSIFIER_PRESETS, classifier_preset
from textrnn.config.text import ClassifierTextConfig
from textrnn.errors import ConfigError

KINDS = (ClassifierTextConfig, ClassifierConfig, ClassifierTrainingConfig)
GIVEN = {ClassifierConfig: {"vocab_size": 9, "classes": 3}}


def build(kind, **settings):
    return kind.from_dict({**GIVEN.get(kind, {}), **settings})


@pytest.mark.parametrize("kind", KINDS)
def test_a_config_is_read_back_from_its_dictionary(kind):
    config = build(kind)
    assert kind.from_dict(config.to_dict()) == config


def test_no_setting_is_in_two_sections():
    names = [field.name for kind in KINDS for field in fields(kind)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", CLASSIFIER_PRESETS)
def test_every_preset_has_known_settings_within_their_ranges(name):
    preset = dict(classifier_preset(name))
    for kind in KINDS:
        own = {field.name for field in fields(kind)}
        build(kind, **{key: preset.pop(key) for key in own & preset.keys()})
    assert not preset


def test_the_error_for_an_unknown_preset_lists_the_presets():
    with pytest.raises(ConfigError, match=r"no preset 'gpt'; the presets are textbook,.*conv"):
        classifier_preset("gpt")


def test_two_classes_have_one_logit_and_bidirectional_layers_two_directions():
    assert build(ClassifierConfig, classes=2).logits == 1
    assert build(ClassifierConfig, classes=3).logits == 3
    assert build(ClassifierConfig, bidirectional=True).directions == 2
    assert build(ClassifierConfig, bidirectional=False).directions == 1


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (ClassifierTextConfig, {"tokens": "bytes"}, "tokens must be one of word, sentencepiece"),
        (ClassifierTextConfig, {"word_pattern": "ascii"}, "word_pattern must be one of"),
        (
            ClassifierTextConfig,
            {"truncation": "middle"},
            "truncation must be one of head, tail, both",
        ),
        (ClassifierTextConfig, {"model_type": "char"}, "model_type must be one of"),
        (ClassifierTextConfig, {"max_vocab_size": 0}, "max_vocab_size must be 1 or more"),
        (ClassifierTextConfig, {"max_tokens": 0}, "max_tokens must be 1 or more"),
        (ClassifierTextConfig, {"max_characters": -1}, "max_characters must be 0 or more"),
        (ClassifierTextConfig, {"lower": "yes"}, "lower must be bool"),
        (ClassifierTextConfig, {"min_count": 1.5}, "min_count must be int"),
        (ClassifierConfig, {"classes": 1}, "classes must be 2 or more"),
        (ClassifierConfig, {"cell": "elman"}, "cell must be one of"),
        (ClassifierConfig, {"pooling": "sum"}, "pooling must be one of last, max, mean, all"),
        (ClassifierConfig, {"conv_width": 0}, "conv_width must be 1 or more"),
        (ClassifierConfig, {"conv_pool": 0}, "conv_pool must be 1 or more"),
        (
            ClassifierConfig,
            {"word_dropout": 1.0},
            "word_dropout must be at least 0 and less than 1",
        ),
        (ClassifierConfig, {"dropout": float("nan")}, "dropout must be at least 0 and less than 1"),
        (ClassifierConfig, {"l2": -1.0}, "l2 must be 0 or more"),
        (ClassifierConfig, {"layers": 0}, "pooling all .*use max or mean"),
        (ClassifierConfig, {"layers": 0, "pooling": "last"}, "pooling last .*use max or mean"),
        (ClassifierConfig, {"cell": "mingru", "recurrent_dropout": 0.1}, "mingru"),
        (ClassifierTrainingConfig, {"validation": 1.0}, "validation must be between 0 and 1"),
        (ClassifierTrainingConfig, {"validation": float("nan")}, "between 0 and 1, got nan"),
        (ClassifierTrainingConfig, {"class_weights": "sqrt"}, "one of none, balanced"),
        (ClassifierTrainingConfig, {"length_buckets": 0}, "buckets must be 1 or more"),
        (
            ClassifierTrainingConfig,
            {"crop_probability": 1.0},
            "crop_probability must be at least 0 and less than 1",
        ),
        (ClassifierTrainingConfig, {"layer_decay": 0.0}, "layer_decay must be above 0"),
        (ClassifierTrainingConfig, {"unfreeze_epochs": -1}, "unfreeze_epochs must be 0 or more"),
        (ClassifierTrainingConfig, {"epoch": 3}, "unknown setting 'epoch' .did you mean epochs"),
    ],
    ids=str,
)
def test_invalid_values_are_refused_by_name(kind, settings, message):
    with pytest.raises(ConfigError, match=message):
        build(kind, **settings)


def test_a_network_needs_no_recurrent_layers():
    assert build(ClassifierConfig, layers=0, pooling="max").layers == 0
