"""Settings of a generator: round trips, ranges, parsing, presets."""

import math
from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textrnn.config.base import Config, parse_setting
from textrnn.config.generator import (
    PRESETS,
    GeneratorConfig,
    GeneratorRecipe,
    GeneratorTextConfig,
    GeneratorTrainingConfig,
    preset,
)
from textrnn.config.parts import parse_part, parse_validation
from textrnn.config.sampling import SamplingConfig
from textrnn.config.weights import CELLS
from textrnn.errors import ConfigError

CLASSES = (GeneratorTextConfig, GeneratorConfig, GeneratorTrainingConfig, SamplingConfig)
EVERY_FIELD = [(cls, name, kind) for cls in CLASSES for name, kind in cls.field_types().items()]
NUMBERS = [
    (cls, name) for cls, name, kind in EVERY_FIELD if kind in (int, float, int | None, float | None)
]
FLOATS = [(cls, name) for cls, name, kind in EVERY_FIELD if kind in (float, float | None)]


def build(cls: type[Config], **values: object) -> Config:
    return cls(**{**({"vocab_size": 7} if cls is GeneratorConfig else {}), **values})


# Values other than the defaults, one of each class.
DIFFERENT = [
    build(
        GeneratorConfig, cell="gru", layers=3, units=5, embedding_dim=0, residual=False,
        input_dropout=0.3, dropout=0, recurrent_dropout=0.2, l1=1e-5, l2=1,
    ),
    build(
        GeneratorTrainingConfig, stateful=False, window=9, stride=2, batch_size=1, epochs=4,
        seed=2**31, learning_rate=1, schedule="constant", validation="0.4:0.6", part="10:500",
    ),
    build(GeneratorTextConfig, tokens="word", lower=True, max_vocab_size=7, model_type="bpe"),
    build(
        SamplingConfig, temperature=0, top_k=5, top_p=0.9, min_p=1, repetition_penalty=1.2,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    "config", [*map(build, CLASSES), *DIFFERENT], ids=lambda config: type(config).__name__
)
def test_to_dict_and_back_gives_the_same_settings(config):
    values = config.to_dict()
    assert list(values) == [field.name for field in fields(config)]
    assert type(config).from_dict(values) == config


def test_settings_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        SamplingConfig().temperature = 2.0


@pytest.mark.parametrize("cls", CLASSES)
def test_an_unknown_name_is_refused_and_the_known_are_listed(cls):
    with pytest.raises(ConfigError, match="unknown setting 'unit'") as caught:
        cls.from_dict({"unit": 3})
    for name in cls.field_types():
        assert name in str(caught.value)


@pytest.mark.parametrize(("cls", "name", "kind"), EVERY_FIELD)
def test_a_value_of_another_type_is_refused(cls, name, kind):
    wrong = ["3", [3], {}] if (cls, name) in NUMBERS or kind is bool else [3, 0.5, True, ["a"]]
    if kind is not bool:
        wrong.append(True)
    if kind in (int, int | None, bool):
        wrong.append(1.0)
    if kind is bool:
        wrong += [0, 1]
    if kind not in (int | None, float | None, str | None):
        wrong.append(None)
    for value in wrong:
        with pytest.raises(ConfigError, match=f"{name} must be "):
            cls.from_dict({**build(cls).to_dict(), name: value})


@pytest.mark.parametrize(("cls", "name"), [(c, n) for c, n, kind in EVERY_FIELD if kind is float])
def test_a_whole_number_is_accepted_for_any_number(cls, name):
    # Every range contains 0 or 1.
    for value in (0, 1):
        try:
            assert getattr(cls.from_dict({**build(cls).to_dict(), name: value}), name) == value
            break
        except ConfigError:
            continue
    else:
        pytest.fail(f"{name} took neither 0 nor 1")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(("cls", "name"), FLOATS)
def test_no_number_may_be_nan_or_infinite(cls, name, value):
    with pytest.raises(ConfigError, match=f"^{name} must be "):
        build(cls, **{name: value})


@pytest.mark.parametrize(("cls", "name"), NUMBERS)
def test_no_number_may_be_negative(cls, name):
    with pytest.raises(ConfigError, match=f"^{name} must be .* got -1"):
        build(cls, **{name: -1})


@pytest.mark.parametrize("name", ["seed", "clip_norm", "learning_rate"])
def test_a_number_too_large_for_a_float_never_crashes(name):
    try:
        GeneratorTrainingConfig(**{name: 10**400})
    except ConfigError as error:
        assert name in str(error)


@pytest.mark.parametrize(
    ("cls", "name", "value"),
    [
        (GeneratorConfig, "vocab_size", 0),
        (GeneratorConfig, "layers", 0),
        (GeneratorConfig, "units", 0),
        (GeneratorConfig, "cell", "transformer"),
        (GeneratorConfig, "input_dropout", 1),
        (GeneratorConfig, "dropout", 1.0),
        (GeneratorConfig, "output_dropout", 1.5),
        (GeneratorConfig, "recurrent_dropout", 1),
        (GeneratorTrainingConfig, "window", 0),
        (GeneratorTrainingConfig, "batch_size", 0),
        (GeneratorTrainingConfig, "epochs", 0),
        (GeneratorTrainingConfig, "learning_rate", 0),
        (GeneratorTrainingConfig, "ema", 1),
        (GeneratorTrainingConfig, "schedule", "linear"),
        (GeneratorTrainingConfig, "part", "1:0"),
        (GeneratorTrainingConfig, "validation", "no such file"),
        (GeneratorTrainingConfig, "validation", "x" * 5000),
        (SamplingConfig, "repetition_penalty", 0),
        (SamplingConfig, "repetition_window", 0),
        (SamplingConfig, "top_p", 0),
        (SamplingConfig, "top_p", 1.1),
        (SamplingConfig, "min_p", 1.1),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(cls, name, value):
    with pytest.raises(ConfigError, match=name):
        build(cls, **{name: value})


def test_a_mingru_takes_every_dropout_but_the_recurrent_one():
    settings = {"vocab_size": 7, "cell": "mingru", "input_dropout": 0.2, "dropout": 0.2}
    GeneratorConfig(**settings, output_dropout=0.2)
    with pytest.raises(ConfigError, match=r"recurrent_dropout must be 0 .* mingru, .* got 0\.2"):
        GeneratorConfig(**settings, recurrent_dropout=0.2)


def test_the_default_recurrent_dropout_suits_the_cell():
    assert GeneratorConfig(vocab_size=7, cell="mingru").recurrent_dropout == 0
    for cell in [cell for cell, spec in CELLS.items() if spec.recurrent]:
        config = GeneratorConfig(vocab_size=7, cell=cell)
        assert config.recurrent_dropout == 0.1
        assert GeneratorConfig.from_dict(config.to_dict()) == config


def test_validation_may_name_a_file(tmp_path):
    path = tmp_path / "validation.txt"
    path.write_text("held out")
    assert GeneratorTrainingConfig(validation=str(path)).validation == str(path)


# ---- parse_setting ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "config", [*map(build, CLASSES), *DIFFERENT], ids=lambda config: type(config).__name__
)
def test_every_setting_parses_back_from_its_string(config):
    for name, value in config.to_dict().items():
        read = parse_setting(type(config), name, str(value))
        assert read == value
        assert isinstance(read, type(value)) or isinstance(value, int)


@pytest.mark.parametrize(
    ("cls", "name", "text", "value"),
    [
        (GeneratorConfig, "units", "512", 512),
        (GeneratorConfig, "dropout", "0.25", 0.25),
        (GeneratorConfig, "dropout", "0", 0.0),
        (GeneratorConfig, "l2", "1e-6", 1e-6),
        (GeneratorConfig, "residual", "true", True),
        (GeneratorConfig, "residual", "False", False),
        (GeneratorConfig, "cell", "gru", "gru"),
        (GeneratorTrainingConfig, "epochs", "7", 7),
        (GeneratorTrainingConfig, "epochs", "none", None),
        (GeneratorTrainingConfig, "epochs", "null", None),
        (GeneratorTrainingConfig, "validation", "0.5", "0.5"),
        (GeneratorTrainingConfig, "part", ":0.5", ":0.5"),
    ],
)
def test_a_typed_setting_is_converted_to_the_type_of_its_field(cls, name, text, value):
    read = parse_setting(cls, name, text)
    assert read == value and type(read) is type(value)


@pytest.mark.parametrize(
    ("cls", "name", "text", "message"),
    [
        (GeneratorConfig, "units", "1.5", "units must be a whole number, got '1.5'"),
        (GeneratorConfig, "units", "", "units must be a whole number, got ''"),
        (GeneratorConfig, "units", "none", "units must be a whole number, got 'none'"),
        (GeneratorConfig, "dropout", "much", "dropout must be a number, got 'much'"),
        (GeneratorConfig, "residual", "1", "residual must be true or false, got '1'"),
        (GeneratorConfig, "residual", "yes", "residual must be true or false, got 'yes'"),
        (GeneratorTrainingConfig, "epochs", "few", "epochs must be a whole number, got 'few'"),
    ],
)
def test_a_typed_setting_of_another_type_is_refused(cls, name, text, message):
    with pytest.raises(ConfigError, match=f"^{message}$"):
        parse_setting(cls, name, text)


# ---- presets ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_made_of_known_settings_and_valid(name):
    values = GeneratorRecipe.nest(preset(name))
    recipe = GeneratorRecipe.from_settings(values).to_dict()
    for section in values:
        assert recipe[section].items() >= values[section].items()


def test_no_name_is_a_setting_of_both_the_network_and_its_training():
    assert not GeneratorConfig.field_types().keys() & GeneratorTrainingConfig.field_types().keys()


def test_an_unknown_preset_is_refused_and_the_known_are_listed():
    with pytest.raises(ConfigError, match="no preset 'huge'") as caught:
        preset("huge")
    assert all(name in str(caught.value) for name in PRESETS)


# ---- parts --------------------------------------------------------------------------------------

fractions = st.floats(0, 1)


@given(start=fractions | st.integers(2, 10**12), end=fractions | st.integers(2, 10**12))
def test_a_part_is_a_start_that_may_be_below_its_end(start, end):
    if start < end or start > 1 >= end > 0:  # a position and a fraction: the text decides
        assert parse_part(f"{start}:{end}") == (start, end)
    else:
        with pytest.raises(ConfigError, match="part must be START:END"):
            parse_part(f"{start}:{end}")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("0:1", (0, 1)),
        (":", (0, 1)),
        (":0.9", (0, 0.9)),
        ("0.9:", (0.9, 1)),
        (":500", (0, 500)),
        ("500:", (500, 1)),
    ],
)
def test_either_end_of_a_part_may_be_left_out(text, part):
    assert parse_part(text) == part


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0.5",
        "a:b",
        "0:nan",
        "nan:1",
        "0:inf",
        "-1:1",
        "0.5:0.5",
        "500:0",
        "500:20",
        "0:0.5:1",
        "0;1",
    ],
)
def test_an_invalid_part_is_refused(text):
    with pytest.raises(ConfigError, match="part must be START:END"):
        parse_part(text)


@given(fraction=st.floats(0, 1, exclude_min=True, exclude_max=True))
def test_a_fraction_for_validation_is_the_end_of_the_corpus(fraction):
    assert parse_validation(str(fraction)) == (1 - fraction, 1)


def test_a_slice_for_validation_is_that_slice():
    assert parse_validation("0.2:0.3") == (0.2, 0.3)
    assert parse_validation("100:300") == (100, 300)


@pytest.mark.parametrize("text", ["", "0", "1", "5", "-0.1", "nan", "inf", "a", "0.3:0.2", "a:b"])
def test_an_invalid_validation_is_refused(text):
    with pytest.raises(ConfigError):
        parse_validation(text)
