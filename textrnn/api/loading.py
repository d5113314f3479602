"""A trained model of any kind as an object that uses it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from textrnn.api.classifier import Classifier
from textrnn.api.generator import Generator
from textrnn.api.language_model import LanguageModel
from textrnn.artifacts import registry

AnyModel = Generator | Classifier | LanguageModel
MODELS: Mapping[str, Callable[[Any], AnyModel]] = MappingProxyType(
    {"generator": Generator, "classifier": Classifier, "language_model": LanguageModel}
)


def load(model: str | Path) -> AnyModel:
    """The bundled model of that name, or the model in a folder, by its kind.

    ArtifactError if it is damaged.
    """
    artifact = registry.load(model)
    return MODELS[artifact.kind](artifact)
