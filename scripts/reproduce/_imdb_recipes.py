"""What `imdb.py` trains: the settings of its language models and of its classifiers."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """One classifier, and what it is trained on besides the labels."""

    settings: dict[str, Any]
    words: str = ""  # the language model that it starts from; none if empty
    teacher: str = ""  # a classifier before it, or the committee's table of soft labels


FROM_LABELS: dict[str, Any] = {
    "embedding_dropout": 0.5, "word_dropout": 0.2, "dropout": 0.5, "epochs": 4, "patience": 0,
    "seed": 1,
}  # fmt: skip
LANGUAGE_MODELS: dict[str, dict[str, Any]] = {
    "words": {
        "cell": "lstm", "units": 448, "embedding_dim": 160, "max_vocab_size": 24_000,
        "pretraining.epochs": 5, "seed": 1,
    },
    "words-gru": {
        "cell": "gru", "units": 288, "embedding_dim": 160, "max_vocab_size": 24_000,
        "pretraining.epochs": 3, "seed": 1,
    },
}  # fmt: skip
MEMBERS, COMMITTEE = ("plain", "shifted"), "committee.csv"
RECIPES = {
    "plain": Recipe({"epochs": 3, "patience": 0, "seed": 1}, words="words"),
    "shifted": Recipe(
        {"adversarial": 5.0, "crop_probability": 0.2, "epochs": 4, "seed": 1}, words="words"
    ),
    "imdb": Recipe(
        {"teacher_weight": 1.0, "epochs": 5, "patience": 0, "seed": 1},
        words="words-gru",
        teacher=COMMITTEE,
    ),
    "imdb-tiny": Recipe(
        {
            "cell": "gru", "units": 64, "bidirectional": False, "embedding_dim": 48,
            "max_vocab_size": 7000, "teacher_weight": 1.0, "epochs": 6, "seed": 1,
        },
        teacher="plain",
    ),
}  # fmt: skip
BUNDLED = ("imdb", "imdb-tiny")
