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


def load(model: str | Path, *, trust_hub: bool = False) -> AnyModel:
    """Load the bundled model of that name, or the model in a folder.

    A model folder is data, and nothing of it is run, with one exception: a classifier over whole
    texts names a TF-Hub module, which is a TensorFlow program. It is fetched and run only with
    `trust_hub`, and only if it has the checksum that the model states. ArtifactError when the model
    does not exist, is damaged, or needs `trust_hub`.
    """
    artifact = registry.load(model, trust_hub=trust_hub)
    return MODELS[artifact.kind](artifact)
