"""Initialize a classifier's embedding from a file of word vectors (GloVe, word2vec text)."""

from typing import Any

import numpy as np

from textrnn.config.recipe import Settings
from textrnn.data.word_vectors import read_vectors, vector_size
from textrnn.errors import ConfigError
from textrnn.training.initialization import Fresh, Notify, Weights


class FromWordVectors(Fresh):
    """Initialization from the vectors in `file`; words without a vector start at random."""

    def __init__(self, file: str) -> None:
        self.file = file

    def defaults(self, given: Settings) -> Settings:
        """The embedding size of the vectors."""
        return {"network": {"embedding_dim": vector_size(self.file)}}

    def weights(self, fresh: Weights, prepared: Any, notify: Notify) -> Weights:
        """The `fresh` weights, with the vectors of known words in the embedding."""
        tokenizer = prepared.tokenizer
        if not tokenizer.vocabulary:
            raise ConfigError("vectors need word tokens; leave out --vectors, or use --tokens word")
        vectors, found = read_vectors(self.file, list(tokenizer.vocabulary))
        table = np.array(fresh["embedding/embeddings"])
        if vectors.shape[1] != table.shape[1]:
            raise ConfigError(
                f"{self.file} has {vectors.shape[1]} values per word; set --embedding-dim to that, "
                f"or leave it out"
            )
        ids = np.array(list(tokenizer.vocabulary.values()))
        table[ids[found]] = vectors[found]
        notify(f"{found.sum():,} of {len(found):,} words start from {self.file}")
        return {**fresh, "embedding/embeddings": table}
