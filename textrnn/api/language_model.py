"""The Python interface to language models, which initialise classifiers.

import textrnn

textrnn.train_classifier("few.csv", "my-model", pretrain="many.csv")
model = textrnn.load("my-model/pretrain")
print(model.evaluate("others.csv")["scores"]["perplexity"])
"""

from typing import Any

from textrnn.api.model import Model
from textrnn.api.texts import TextsLike, as_texts
from textrnn.artifacts.language_model import LanguageModelArtifact
from textrnn.evaluation import language_model


class LanguageModel(Model[LanguageModelArtifact]):
    """A trained language model; `load` returns one from the folder of a pretraining."""

    def _shape(self) -> str:
        return f"{super()._shape()}, {self.artifact.config.vocab_size:,} {self.artifact.unit}"

    def evaluate(self, texts: TextsLike) -> dict[str, Any]:
        """Loss in nats per word, perplexity and accuracy on texts, as plain data.

        `texts` is a path (a folder, a table, a .txt file) or an iterable of texts.
        """
        return language_model.evaluate(self.artifact, as_texts(texts))
