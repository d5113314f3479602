"""Options of `train` and `finetune`, for the settings that people change most."""

from collections.abc import Callable
from functools import partial
from typing import Any

import click

from textrnn.cli.options import F, all_of, input_options, setting
from textrnn.cli.settings import config_option, quiet_option, resume_option, set_option
from textrnn.config.classifier import ClassifierConfig, ClassifierTrainingConfig
from textrnn.config.generator import GeneratorConfig, GeneratorTrainingConfig
from textrnn.config.text import ClassifierTextConfig, GeneratorTextConfig

_text = partial(setting, ClassifierTextConfig, keep_unset=True)
_shape = partial(setting, ClassifierConfig, keep_unset=True)
_recipe = partial(setting, ClassifierTrainingConfig, keep_unset=True)

classifier_options = all_of(
    _text("tokens", "Tokens; text: the --hub module takes whole texts."),
    _text("word_pattern", "Word pattern; textbook: ASCII letters and apostrophes."),
    _text("lower", "Lower-case the texts."),
    _text("max_vocab_size", "Maximum vocabulary size (words or subwords)."),
    _text("max_tokens", "Maximum number of tokens per text."),
    _text("truncation", "Which end of a longer text is kept."),
    _text("max_characters", "Use only the first N characters of a text; 0: all."),
    _shape("cell", "The recurrent cell."),
    _shape("layers", "Recurrent layers."),
    _shape("units", "Units per layer and direction."),
    _shape("bidirectional", "Run the recurrent layers in both directions."),
    _shape("embedding_dim", "Embedding dimension."),
    _shape("pooling", "Pooling over the steps; all: last, max and mean concatenated."),
    _shape("dropout", "Dropout between layers and before the head."),
    _shape("word_dropout", "Fraction of words dropped in training."),
    _recipe("vectors", "Initialize the embedding from GloVe or word2vec vectors (text file)."),
    click.option(
        "--hub",
        metavar="DIR|ADDRESS",
        help="Start from a TF-Hub module: from its word vectors or, with --tokens text, from "
        "its text vectors.",
    ),
    _recipe("train_embedding", "Fine-tune the pretrained embedding; off with --tokens text."),
    _recipe("class_weights", "Weight rare classes up (biases probabilities towards them)."),
    _recipe("batch_size", "Texts per step."),
    click.option(
        "--epochs",
        type=int,
        help="Passes over the texts.  [default: as many as make 2,400 steps, from 4 to 40]",
    ),
    _recipe("learning_rate", "Peak learning rate, after warm-up."),
    _recipe("patience", "Stop after N epochs without a better validation loss; 0: never."),
    _recipe("seed", "Random seed (initial weights, dropout, shuffling, validation split)."),
)

unlabelled_option = click.option(
    "--unlabelled",
    metavar="CORPUS",
    help="Classifier: also train on the predictions of --set teacher=NAME|DIR[,...] for these "
    "unlabelled texts.",
)

_generator_text = partial(setting, GeneratorTextConfig, keep_unset=True)
_generator_shape = partial(setting, GeneratorConfig, keep_unset=True)

generator_shape_options = all_of(
    _generator_shape("cell", "The recurrent cell."),
    _generator_shape("layers", "Recurrent layers."),
    _generator_shape("units", "Units per layer."),
    _generator_shape("embedding_dim", "Embedding dimension; 0: one-hot input."),
    _generator_text("tokens", "Tokens to predict: characters, words or SentencePiece subwords."),
    _generator_text("max_vocab_size", "Maximum vocabulary size (words or subwords)."),
)


def generator_options(**defaults: str) -> Callable[[F], F]:
    """Options for how to train; help shows `defaults` instead of those of the dataclasses."""

    def shape(name: str, help: str) -> Any:
        return setting(GeneratorConfig, name, help, keep_unset=True, shown=defaults.get(name))

    def text(name: str, help: str) -> Any:
        return setting(GeneratorTextConfig, name, help, keep_unset=True, shown=defaults.get(name))

    def recipe(name: str, help: str) -> Any:
        return setting(
            GeneratorTrainingConfig, name, help, keep_unset=True, shown=defaults.get(name)
        )

    epochs = defaults.get("epochs", "as many as make 5,000 steps, from 4 to 100")
    return all_of(
        shape("dropout", "Dropout between layers, one mask per sequence."),
        click.option(
            "--stateful/--stateless",
            default=None,
            help="Carry the state from window to window, or train on random windows.  "
            f"[default: {'stateful' if GeneratorTrainingConfig.stateful else 'stateless'}]",
        ),
        recipe("window", "Window length in characters (or other tokens)."),
        recipe("stride", "Stateless: stride between windows; 0: the window length."),
        recipe("batch_size", "Examples per step: windows, or a classifier's texts."),
        click.option("--epochs", type=int, help=f"Passes over the corpus.  [default: {epochs}]"),
        recipe("learning_rate", "Peak learning rate, after warm-up."),
        recipe("patience", "Stop after N epochs without a better validation loss; 0: never."),
        recipe("validation", "Fraction at the end, slice START:END, or a file to validate on."),
        recipe("part", "Use only the part START:END of the corpus."),
        text("lower", "Lower-case the corpus."),
        recipe("seed", "Random seed (initial weights, dropout, shuffling)."),
        set_option,
        config_option,
        resume_option,
        quiet_option,
        input_options,
    )
