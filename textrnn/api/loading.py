"""Load a trained model of any kind as an object."""

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
    """Load the bundled model of that name, or the model in a folder.

    ArtifactError when it does not exist or is damaged.
    """
    artifact = registry.load(model)
    return MODELS[artifact.kind](artifact)
