"""Start a generator from another: its tokens, its shape, its weights.

An alphabet grows by the characters that a corpus has more; words and pieces stay as they are.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.artifacts.generator import Artifact
from textrnn.config.generator import TrainingConfig
from textrnn.data.corpora import Corpus
from textrnn.errors import ConfigError
from textrnn.tokenizers import CharTokenizer, Tokenizer
from textrnn.training import corpus_ids
from textrnn.training.observer import Observer

# What says how a text is told apart into tokens, which stays as it is in fine-tuning.
READING = ("tokens", "words", "model_type")


def check_same(base: Artifact, network: Mapping[str, Any], training: TrainingConfig) -> None:
    """ConfigError where fine-tuning is to change what of `base` must stay."""
    changed = {
        name
        for name in ("cell", "layers", "units", "embedding_dim", "residual")
        if network.get(name, getattr(base.config, name)) != getattr(base.config, name)
    }
    known = reading_of(base)
    changed |= {name for name in READING if getattr(training, name) != known[name]}
    if changed:
        raise ConfigError(
            f"fine-tuning keeps the shape of {base.name} and its tokens; leave out "
            f"{', '.join(sorted(changed))}, or train a new model"
        )
    if training.lower != base.tokenizer.lower:
        raise ConfigError(
            f"{base.name} reads its text "
            f"{'in lower case' if base.tokenizer.lower else 'as it is'}, and so does what is "
            f"fine-tuned from it; leave out --{'no-' if base.tokenizer.lower else ''}lower"
        )


def reading_of(model: Artifact) -> dict[str, Any]:
    """Of the settings that a model learnt with, those that say what its tokens are."""
    recorded = model.metadata.get("training", {})
    known = {name: recorded.get(name, getattr(TrainingConfig, name)) for name in READING}
    kind = json.loads(model.tokenizer.to_json())["type"]
    return {**known, "tokens": kind}


def grown(
    base: Artifact,
    corpus: Corpus,
    validation: Corpus | None,
    training: TrainingConfig,
    observer: Observer,
) -> tuple[Tokenizer, str]:
    """The tokenizer of `base`, with the characters that a corpus has more, and those.

    One of words or pieces stays as it is: it reads every text.
    """
    if not isinstance(base.tokenizer, CharTokenizer):
        observer.notice(f"{base.name} keeps its tokens, {base.tokenizer.vocab_size:,} in all")
        return base.tokenizer, ""
    tokenizer = corpus_ids.fit(corpus, validation, training)
    assert isinstance(tokenizer, CharTokenizer)
    new = base.tokenizer.unknown_characters("".join(tokenizer.characters))
    observer.notice(
        f"{len(new)} characters are new to {base.name}: {new!r}"
        if new
        else f"every character is known to {base.name}"
    )
    return base.tokenizer.extended(tokenizer), new


def transferred(
    base: Artifact, tokenizer: Tokenizer, fresh: Mapping[str, npt.NDArray[Any]]
) -> dict[str, npt.NDArray[Any]]:
    """The weights of `base` for a larger alphabet, row by character and never by position.

    What belongs to a new character is taken from `fresh`, but for its output: that starts out
    as unlikely as the least likely character of `base`. Tokens of other kinds are the same.
    """
    if not isinstance(tokenizer, CharTokenizer):
        return {name: np.array(array) for name, array in base.weights.items()}
    known = {character: index for index, character in enumerate(base.tokenizer.characters)}
    sources = np.array([known.get(character, -1) for character in tokenizer.characters])
    new = sources < 0
    weights = {name: np.array(array) for name, array in base.weights.items()}
    first = "embedding/embeddings" if base.config.embedding_dim else next(iter(weights))
    rows = weights[first][sources]
    rows[new] = fresh[first][new]
    kernel = weights["output/kernel"][:, sources]
    kernel[:, new] = 0
    bias = weights["output/bias"][sources]
    bias[new] = weights["output/bias"].min()
    return {**weights, first: rows, "output/kernel": kernel, "output/bias": bias}
