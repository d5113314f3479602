"""The rows of the table of `ablate_imdb.py`: networks, and the language models before them."""

from dataclasses import dataclass
from typing import Any

SHAPE: dict[str, Any] = {
    "cell": "lstm",
    "units": 192,
    "embedding_dim": 96,
    "max_vocab_size": 16_000,
}
WORDS: dict[str, Any] = {**SHAPE, "pretraining.epochs": 1, "seed": 1}
LABELS: dict[str, Any] = {**SHAPE, "bidirectional": False}  # for a network without a language model
LEARNING: dict[str, Any] = {"epochs": 3, "patience": 0, "seed": 1}


@dataclass(frozen=True)
class Row:
    """One network: what it does otherwise than "plain"."""

    what: str
    settings: dict[str, Any]
    words: str = "words"  # the language model that it starts from; none if empty
    backwards: bool = False
    teachers: tuple[str, ...] = ()  # other rows, or the linear model; on the unlabelled reviews too


ROWS = {
    "plain": Row("language model, fine-tuned", {}),
    "labels": Row("labels alone", LABELS, words=""),
    "all-words": Row("no word dropout", {"word_dropout": 0.0}),
    "crop": Row("of three texts in ten a run of sentences", {"crop_probability": 0.3}),
    "adversarial": Row("adversarial training", {"adversarial": 5.0}),
    "crop-adversarial": Row(
        "both of these, 5 epochs", {"crop_probability": 0.3, "adversarial": 5.0, "epochs": 5}
    ),
    "few-words": Row("word dropout .3 for .1", {"word_dropout": 0.3}),
    "frozen": Row("embedded words stay as pretrained", {"train_embedding": False}),
    "longer": Row("800 words for 400", {"max_tokens": 800}),
    "last": Row("the last state alone, for last, max and mean", {"pooling": "last"}),
    "at-once": Row("one rate for all layers", {"layer_decay": 1.0}),
    "gradual": Row("layers join in one by one", {"unfreeze_epochs": 1}),
    "subwords": Row("16,000 subwords for words", {}, words="pieces"),
    "backwards": Row("read backwards", {}, words="backwards", backwards=True),
    "distilled-self": Row("distilled from itself", {}, teachers=("plain",)),
    "distilled-afresh": Row(
        "distilled from it, no language model", LABELS, words="", teachers=("plain",)
    ),
    "distilled-both": Row("distilled from both directions", {}, teachers=("plain", "backwards")),
    "distilled-linear": Row(
        "distilled from itself and the linear model", {}, teachers=("plain", "linear")
    ),
}
LANGUAGE_MODELS: dict[str, dict[str, Any]] = {
    "words": WORDS, "backwards": WORDS, "pieces": {**WORDS, "tokens": "sentencepiece"},
}  # fmt: skip
TOGETHER = (("plain", "backwards"), ("plain", "linear"), ("plain", "backwards", "linear"))
