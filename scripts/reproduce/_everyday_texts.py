"""Labelled everyday texts: which sets they come from, what each is worth, what is held out.

Each set is a table with the columns text and label. A tenth of its texts, by their hash, is for
validation. Of the rest each class of a set gives at most half of the set's worth, so that no kind
of text drowns the others; texts that are neither get a soft label of one half.
"""

import csv
import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from composition import compose

from textrnn.data.labelled import read_labelled

# Table -> texts of both classes that it is worth; its licence allows training a bundled model.
WORTH = {
    "pros_cons": 8000, "product_sentences": 4000, "rated_tweets": 4000, "rated_products": 4000,
    "rated_news": 4000, "goemotions": 10_000, "emotion_tweets": 9000,
}  # fmt: skip
CLASSES = ("negative", "positive")
NEUTRAL_SHARE = 1 / 6  # of a set's worth
PER_TEMPLATE, HELD_OUT_PER_TEMPLATE = 75, 40
SHORT_TEXTS = Path(__file__).resolve().parents[2] / "corpora" / "short_texts.csv"
LEXICON = "*_lexicon.csv"  # words and their classes: each is a text of one word
REPEATED = 2  # times that each of our own short texts is in the training texts


@dataclass(frozen=True)
class Example:
    """A text and its label: negative, positive, or another for neither."""

    text: str
    label: str
    group: str = ""


def read_table(path: Path, column: str = "text") -> list[Example]:
    """The rows of a table; CorpusError if it cannot be read or lacks a column."""
    data = read_labelled(path, text_column=column)
    return [
        Example(text, data.classes[label])
        for text, label in zip(data.texts, data.labels.tolist(), strict=True)
    ]


def is_held_out(text: str) -> bool:
    """Whether a text is for validation: a tenth of them, the same on every machine."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % 10 == 0


def training_texts(folder: Path, seed: int) -> list[Example]:
    """The training texts of all sets in `folder`, of the templates and of our own short texts."""
    draw = random.Random(seed)
    found = [example for name, worth in WORTH.items()
             for example in _of_worth(read_table(folder / f"{name}.csv"), worth, draw)]  # fmt: skip
    found += [Example(each.text, each.label, each.group)
              for each in compose("train", per_template=PER_TEMPLATE, seed=seed)]  # fmt: skip
    found += [each for each in short_texts("train") for _ in range(REPEATED)]
    for path in sorted(folder.glob(LEXICON)):
        found += read_table(path, column="word")
    draw.shuffle(found)
    return found


def _of_worth(examples: Sequence[Example], worth: int, draw: random.Random) -> Iterator[Example]:
    kept = [each for each in examples if not is_held_out(each.text)]
    draw.shuffle(kept)
    for label in CLASSES:
        yield from [each for each in kept if each.label == label][: worth // 2]
    others = [each for each in kept if each.label not in CLASSES]
    yield from others[: int(worth * NEUTRAL_SHARE)]


def validation_texts(folder: Path, seed: int) -> dict[str, list[Example]]:
    """Name -> what is held out of that set, of both classes; the templates are `composition`."""
    found = {
        name: [each for each in read_table(folder / f"{name}.csv") if is_held_out(each.text)]
        for name in WORTH
    }
    found["composition"] = [
        Example(each.text, each.label, each.group)
        for each in compose("validation", per_template=HELD_OUT_PER_TEMPLATE, seed=seed)
    ]
    found["short_texts"] = short_texts("validation")
    return {
        name: [each for each in examples if each.label in CLASSES]
        for name, examples in found.items()
    }


def short_texts(part: str) -> list[Example]:
    """Our own short texts of a part, "train" or "validation"."""
    with SHORT_TEXTS.open(encoding="utf-8", newline="") as file:
        return [
            Example(row["text"], row["label"], row["group"])
            for row in csv.DictReader(file) if row["part"] == part
        ]  # fmt: skip
