"""Start a classifier from another: its words and then some, its weights, at rates by depth.

The new network gives at first what the old one gave: a new word begins as the bucket of unknown
words that it came from. Only with other classes is the head new.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.artifacts.registry import ClassifierArtifact
from textrnn.config.classifier import ClassifierConfig, ClassifierTrainingConfig
from textrnn.errors import ConfigError
from textrnn.tokenizers import WordTokenizer

LATER_WORDS = 5_000  # words that fine-tuning adds at most


def grown(base: ClassifierArtifact, texts: Sequence[str]) -> Any:
    """The tokenizer of `base`, with the words of `texts` that it lacks and that are frequent.

    Pieces of words stay as they are: they spell any word.
    """
    tokenizer = base.tokenizer
    if not isinstance(tokenizer, WordTokenizer):
        return tokenizer
    limit = base.reading.max_characters or None  # what follows is never read
    counts = Counter(word for text in texts for word in tokenizer.words(text[:limit]))
    known = {*tokenizer.words_by_id, *tokenizer.added}
    new = [
        word
        for word, count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
        if word not in known and count >= base.reading.min_count
    ]
    return tokenizer.extended(new[:LATER_WORDS])


def check_shape(base: ClassifierArtifact, changes: Mapping[str, Any]) -> None:
    """ConfigError when `changes` are of what fine-tuning keeps: reading, shape, words."""
    own = {**base.config.to_dict(), **base.reading.to_dict()}
    free = {"word_dropout", "embedding_dropout", "dropout", "recurrent_dropout", "l1", "l2",
            "max_words", "keep"}  # fmt: skip
    if fixed := sorted(
        name for name, value in changes.items() if name not in free and own.get(name) != value
    ):
        raise ConfigError(
            f"fine-tuning keeps the words and the shape of {base.name}; leave out "
            f"{', '.join(fixed)}, or train a new model"
        )


def transferred(
    base: ClassifierArtifact,
    tokenizer: Any,
    classes: Sequence[str],
    fresh: Mapping[str, npt.NDArray[Any]],
) -> dict[str, npt.NDArray[Any]]:
    """The weights of `base` for more words; with other classes than its own, a `fresh` head."""
    weights = {name: np.array(array) for name, array in base.weights.items()}
    table = weights["embedding/embeddings"]
    if isinstance(tokenizer, WordTokenizer):
        words = tokenizer.added[len(base.tokenizer.added) :]
        rows = [table[base.tokenizer.encode(word)[0]] for word in words]
        weights["embedding/embeddings"] = np.concatenate([table, np.array(rows)]) if rows else table
    if tuple(classes) != base.classes:
        weights |= {name: fresh[name] for name in ("output/kernel", "output/bias")}
    return weights


def rates(
    names: Sequence[str], config: ClassifierConfig, training: ClassifierTrainingConfig, epoch: int
) -> list[float]:
    """The share of a step that each weight takes in `epoch`, from 0: less the deeper it lies.

    The head has depth 0; a layer takes part once `unfreeze_epochs` have passed for each layer
    above it.
    """
    depths = [_depth(name, config) for name in names]
    return [
        training.layer_decay**depth if epoch >= depth * training.unfreeze_epochs else 0.0
        for depth in depths
    ]


def _depth(name: str, config: ClassifierConfig) -> int:
    layer = re.search(r"(?:^|/)(?:\w+_)?(rnn|conv)_(\d+)/", name)
    if not layer:
        return 0 if name.startswith(("output/", "hidden/")) else 1 + config.layers + (
            config.conv_layers
        )  # fmt: skip
    kind, index = layer[1], int(layer[2])
    above = 0 if kind == "rnn" else config.layers
    return above + 1 + (config.layers if kind == "rnn" else config.conv_layers) - index
