"""The table of the kinds of models, with everything that depends on the kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from textrnn.artifacts import classifier, generator, language_model
from textrnn.artifacts.base import Artifact
from textrnn.artifacts.storage import Parts
from textrnn.config import classifier as classifier_config
from textrnn.config import generator as generator_config
from textrnn.config import language_model as language_model_config


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of model: how to read, describe and use it."""

    name: str  # in config.json
    noun: str  # with its article, for messages
    artifact: type[Artifact]
    read: Callable[[Parts], Artifact]
    weight_shapes: Callable[[Any], Mapping[str, tuple[int, ...]]]
    card: Callable[..., str]  # (model, title=...) -> README.md
    summary: Callable[[Any], Mapping[str, str]]  # facts for `textrnn models show`, by name
    score: Callable[[Mapping[str, Any]], str]  # of its metadata, as `models` shows it
    use: str  # the use and its command; MODEL stands for the name
    inside: str = ""  # subfolder of another model where training saves one

    def use_of(self, model: str) -> str:
        """The use of `model`, which is of this kind, and the command."""
        return self.use.replace("MODEL", model)

    def scores_of(self, metadata: Mapping[str, Any]) -> str:
        """The scores in `metadata` in one line."""
        scores = metadata.get("scores", {})
        return ", ".join(f"{name} {self.score(found)}" for name, found in scores.items())


KINDS: Mapping[str, Kind] = MappingProxyType({
    "generator": Kind(
        name="generator",
        noun="a generator",
        artifact=generator.GeneratorArtifact,
        read=generator.read,
        weight_shapes=generator_config.weight_shapes,
        card=generator.card,
        summary=generator.summary,
        score=generator.score,
        use="generate with: textrnn generate --model MODEL",
    ),
    "classifier": Kind(
        name="classifier",
        noun="a classifier",
        artifact=classifier.ClassifierArtifact,
        read=classifier.read,
        weight_shapes=classifier_config.weight_shapes,
        card=classifier.card,
        summary=classifier.summary,
        score=classifier.score,
        use="classify with: textrnn classify --model MODEL",
    ),
    "language_model": Kind(
        name="language_model",
        noun="a language model",
        artifact=language_model.LanguageModelArtifact,
        read=language_model.read,
        weight_shapes=language_model_config.weight_shapes,
        card=language_model.card,
        summary=language_model.summary,
        score=language_model.score,
        use="start a classifier from it with: textrnn train classifier DATA -o DIR "
        "--pretrain MODEL",
        inside="pretrain",
    ),
})  # fmt: skip
