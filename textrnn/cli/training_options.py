"""Options of `train classifier` for single settings, and for unlabelled texts."""

from typing import Any

import click

from textrnn.cli.options import all_of, setting
from textrnn.config.classifier import ClassifierConfig, ClassifierTrainingConfig
from textrnn.config.text import ClassifierTextConfig


def _text(name: str, help: str) -> Any:
    return setting(ClassifierTextConfig, name, help, keep_unset=True)


def _shape(name: str, help: str) -> Any:
    return setting(ClassifierConfig, name, help, keep_unset=True)


def _recipe(name: str, help: str) -> Any:
    return setting(ClassifierTrainingConfig, name, help, keep_unset=True)


setting_options = all_of(
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
