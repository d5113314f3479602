"""Load a trained model of any kind as an object."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, overload

from textrnn.api.checks import check_name
from textrnn.api.classifier import Classifier
from textrnn.api.generator import Generator
from textrnn.api.language_model import LanguageModel
from textrnn.artifacts import registry
from textrnn.errors import ConfigError

AnyModel = Generator | Classifier | LanguageModel
MODELS: Mapping[str, Callable[[Any], AnyModel]] = MappingProxyType(
    {"generator": Generator, "classifier": Classifier, "language_model": LanguageModel}
)


@overload
def load(
    model: Literal["shakespeare", "shakespeare-tiny"], *, trust_hub: bool = False
) -> Generator: ...
@overload
def load(model: Literal["imdb", "imdb-tiny"], *, trust_hub: bool = False) -> Classifier: ...
@overload
def load(
    model: str | Path, kind: Literal["generator"], *, trust_hub: bool = False
) -> Generator: ...
@overload
def load(
    model: str | Path, kind: Literal["classifier"], *, trust_hub: bool = False
) -> Classifier: ...
@overload
def load(
    model: str | Path, kind: Literal["language_model"], *, trust_hub: bool = False
) -> LanguageModel: ...
@overload
def load(model: str | Path, kind: None = None, *, trust_hub: bool = False) -> AnyModel: ...


def load(model: str | Path, kind: str | None = None, *, trust_hub: bool = False) -> AnyModel:
    """Load the bundled model of that name, or the model in a folder.

        model = textrnn.load("shakespeare")                  # a Generator
        mine = textrnn.load("my-model", "classifier")        # a Classifier, or an error

    With `kind`, "generator", "classifier" or "language_model", a model of another kind is an
    ArtifactError, and a type checker knows what is returned. A model folder is data, and nothing of
    it is run, with one exception: a classifier over whole texts names a TF-Hub module, which is a
    TensorFlow program. It is fetched and run only with `trust_hub`, and only if it has the checksum
    that the model states. ArtifactError when the model does not exist, is damaged, or needs
    `trust_hub`.
    """
    check_name(model, "model")
    if kind is not None and kind not in MODELS:
        raise ConfigError(f"kind must be one of {', '.join(MODELS)}, got {kind!r}")
    artifact = registry.load(model, kind=kind, trust_hub=trust_hub)
    return MODELS[artifact.kind](artifact)
