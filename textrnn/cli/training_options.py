"""The settings of a classifier that have an option of their own, and what else it learns from."""

from typing import Any

import click

from textrnn.cli.options import all_of, setting
from textrnn.config.classifier import ClassifierConfig, ClassifierTrainingConfig
from textrnn.config.text import ReadingConfig


def _reading(name: str, help: str) -> Any:
    return setting(ReadingConfig, name, help, keep_unset=True)


def _shape(name: str, help: str) -> Any:
    return setting(ClassifierConfig, name, help, keep_unset=True)


def _recipe(name: str, help: str) -> Any:
    return setting(ClassifierTrainingConfig, name, help, keep_unset=True)


setting_options = all_of(
    _reading("tokens", "What an id stands for; text: none, --hub reads the text."),
    _reading("rule", "What a word is; textbook: ASCII letters and apostrophes."),
    _reading("lower", "Lower-case the texts."),
    _reading("words", "Words, or pieces, that get ids of their own."),
    _reading("max_words", "Words of a text to learn from."),
    _reading("keep", "Which end of a longer text to keep."),
    _reading("max_characters", "Read only the first so many characters; 0 reads all."),
    _shape("cell", "The recurrent cell."),
    _shape("layers", "Recurrent layers."),
    _shape("units", "Units a layer and direction."),
    _shape("bidirectional", "Read in both directions."),
    _shape("embedding_dim", "Values a word is embedded in."),
    _shape("pooling", "How the steps become one vector; all: last, max and mean."),
    _shape("dropout", "Dropout between layers and before the head."),
    _shape("word_dropout", "Dropout of whole words."),
    _recipe("vectors", "Start from a file of GloVe or word2vec vectors (text)."),
    click.option(
        "--hub",
        metavar="DIR|ADDRESS",
        help="Start from a TF-Hub module: from its words' vectors or, with --tokens text, from the "
        "one that it makes of a text.",
    ),
    _recipe("train_embedding", "Let what it starts from learn too; off with --tokens text."),
    _recipe("class_weights", "Weigh rare classes up (probabilities then lean to the rare)."),
    _recipe("batch_size", "Texts a step."),
    click.option(
        "--epochs",
        type=int,
        help="Passes over the texts.  [default: as many as make 2,400 steps, from 4 to 40]",
    ),
    _recipe("learning_rate", "The highest, after warm-up."),
    _recipe("patience", "Stop after so many epochs without a better validation loss; 0 never."),
    _recipe("seed", "Draws first weights, dropout, order and the validation part."),
)

unlabelled_option = click.option(
    "--unlabelled",
    metavar="CORPUS",
    help="Learn from more texts, which need no labels: what --set teacher=NAME|DIR[,...] thinks of "
    "them.",
)
