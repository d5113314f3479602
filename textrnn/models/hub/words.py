"""The words of a TF-Hub module and their vectors.

A module's `assets/tokens.txt` lists words, one per line, in the order of the rows of its only
matrix; any further rows serve all other words.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.config.text import ClassifierTextConfig
from textrnn.errors import ConfigError
from textrnn.models.hub.module import Module
from textrnn.tokenizers import PAD_ID, Tokenizer, WordTokenizer

TOKENS = "assets/tokens.txt"


@dataclass(frozen=True)
class WordVectors:
    """The words of a module and their vectors (words, values).

    `unknown` (values,) is the vector of all other words.
    """

    words: tuple[str, ...]
    vectors: npt.NDArray[np.float32]
    unknown: npt.NDArray[np.float32]

    @property
    def cased(self) -> bool:
        """Whether any word has capital letters."""
        return any(word != word.lower() for word in self.words)

    def tokenizer(self, reading: ClassifierTextConfig) -> WordTokenizer:
        """A vocabulary of the words that the text preprocessing `reading` can produce.

        ConfigError if there are none.
        """
        settings: dict[str, Any] = {"rule": reading.word_pattern, "lower": reading.lower}
        reader = WordTokenizer((), **settings, oov_buckets=1)
        kept = [word for word in dict.fromkeys(self.words) if reader.words(word) == [word]]
        if not kept:
            raise ConfigError(
                f"none of the module's {len(self.words):,} tokens is a word under the word pattern "
                f"{reading.word_pattern!r}; use it with --tokens text"
            )
        return WordTokenizer(
            kept, **settings, oov_buckets=reading.oov_buckets, spelling=reading.spelling
        )

    def table(self, tokenizer: Tokenizer) -> npt.NDArray[np.float32]:
        """Vectors (ids, values) for a `tokenizer` of these words: padding, words, buckets."""
        rows = {word: row for row, word in reversed(list(enumerate(self.words)))}
        table = np.tile(self.unknown, (tokenizer.vocab_size, 1))
        table[PAD_ID] = 0
        known = tokenizer.vocabulary
        table[list(known.values())] = self.vectors[[rows[word] for word in known]]
        return table


def word_vectors(module: Module) -> WordVectors:
    """The words of a module and their vectors; ConfigError if they cannot be identified."""
    path = module.folder / TOKENS
    if not path.exists():
        raise ConfigError(
            f"the module in {module.folder} has no {TOKENS}, so its words are unknown; use it with "
            f"--tokens text"
        )
    # Not splitlines(): a token may contain a form feed or a line separator.
    lines = path.read_bytes().decode(errors="surrogateescape").split("\n")
    words = [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]
    tables = [
        variable for variable in getattr(module.loaded, "variables", ())
        if variable.shape.rank == 2 and variable.shape[0] >= len(words)
    ]  # fmt: skip
    if len(tables) != 1 or not words:
        raise ConfigError(
            f"the module in {module.folder} has {len(words):,} words and {len(tables)} matrices "
            f"with at least as many rows, so its word vectors cannot be identified; use it with "
            f"--tokens text"
        )
    vectors = tables[0].numpy().astype(np.float32)
    others = vectors[len(words) :]
    unknown = others.mean(axis=0) if len(others) else np.zeros(vectors.shape[1], np.float32)
    return WordVectors(tuple(words), vectors[: len(words)], unknown)
