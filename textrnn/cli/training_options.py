"""Options of `train` and `finetune`, for the settings that people change most."""

import textwrap
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import click

from textrnn.cli.options import F, all_of, input_options, setting
from textrnn.cli.settings import config_option, quiet_option, resume_option, set_option
from textrnn.config.classifier import ClassifierConfig, ClassifierTrainingConfig
from textrnn.config.generator import GeneratorConfig, GeneratorTrainingConfig
from textrnn.config.text import ClassifierTextConfig, GeneratorTextConfig

PRESETS_WIDTH = 44  # columns that help has for the text of an option

_text = partial(setting, ClassifierTextConfig, keep_unset=True)
_shape = partial(setting, ClassifierConfig, keep_unset=True)
_recipe = partial(setting, ClassifierTrainingConfig, keep_unset=True)

classifier_options = all_of(
    _text("tokens"),
    _text("word_pattern"),
    _text("lower"),
    _text("max_vocab_size"),
    _text("max_tokens"),
    _text("truncation"),
    _text("max_characters"),
    _shape("cell"),
    _shape("layers"),
    _shape("units"),
    _shape("bidirectional"),
    _shape("embedding_dim"),
    _shape("pooling"),
    _shape("dropout"),
    _shape("word_dropout"),
    _recipe("vectors"),
    click.option(
        "--hub",
        metavar="DIR|ADDRESS",
        help=ClassifierTrainingConfig.meanings()["hub"],
    ),
    _recipe("train_embedding"),
    _recipe("class_weights"),
    _recipe("batch_size"),
    click.option(
        "--epochs",
        type=int,
        help="Passes over the texts.  [default: as many as make 2,400 steps, from 4 to 40]",
    ),
    _recipe("learning_rate"),
    _recipe("patience"),
    _recipe("seed"),
)


def preset_option(presets: Collection[str]) -> Callable[[F], F]:
    """The option --preset; its help breaks lines only between the names."""
    names = textwrap.wrap(", ".join(presets), PRESETS_WIDTH, break_on_hyphens=False)
    return click.option(
        "--preset",
        "preset_name",
        metavar="NAME",
        help="\n".join(["\b\nStart from a named preset:", *names]),
    )


unlabelled_option = click.option(
    "--unlabelled",
    metavar="CORPUS",
    help="Classifier: also train on the predictions of --set teacher=NAME|DIR[,...] for these "
    "unlabelled texts.",
)

samples_option = click.option(
    "--samples-every",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Show a generator's samples after every N epochs; 0: only at the end. Those of every "
    "epoch are kept in DIR/run/samples.txt.  [default: 0]",
)

_generator_text = partial(setting, GeneratorTextConfig, keep_unset=True)
_generator_shape = partial(setting, GeneratorConfig, keep_unset=True)

generator_shape_options = all_of(
    _generator_shape("cell"),
    _generator_shape("layers"),
    _generator_shape("units"),
    _generator_shape("embedding_dim"),
    _generator_text("tokens"),
    _generator_text("max_vocab_size"),
)


def generator_options(**defaults: str) -> Callable[[F], F]:
    """Options for how to train; help shows `defaults` instead of those of the dataclasses."""

    def shape(name: str, help: str = "") -> Any:
        return setting(GeneratorConfig, name, help, keep_unset=True, shown=defaults.get(name))

    def text(name: str, help: str = "") -> Any:
        return setting(GeneratorTextConfig, name, help, keep_unset=True, shown=defaults.get(name))

    def recipe(name: str, help: str = "") -> Any:
        return setting(
            GeneratorTrainingConfig, name, help, keep_unset=True, shown=defaults.get(name)
        )

    epochs = defaults.get("epochs", "as many as make 5,000 steps, from 4 to 100")
    return all_of(
        shape("dropout"),
        click.option(
            "--stateful/--stateless",
            default=None,
            help=f"{GeneratorTrainingConfig.meanings()['stateful']}  "
            f"[default: {'stateful' if GeneratorTrainingConfig.stateful else 'stateless'}]",
        ),
        recipe("window"),
        recipe("stride"),
        recipe("batch_size", "Examples per step: windows, or a classifier's texts."),
        click.option("--epochs", type=int, help=f"Passes over the corpus.  [default: {epochs}]"),
        recipe("learning_rate"),
        recipe("patience"),
        recipe("validation"),
        recipe("part"),
        text("lower"),
        recipe("seed"),
        samples_option,
        set_option,
        config_option,
        resume_option,
        quiet_option,
        input_options,
    )
