"""The common base of trained models in Python: an artifact with a name and metadata."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import numpy.typing as npt

from textrnn.artifacts import registry
from textrnn.artifacts.base import Artifact

A = TypeVar("A", bound=Artifact)


class Model(Generic[A]):
    """A trained model; `textrnn.load` returns one."""

    def __init__(self, model: A) -> None:
        self.artifact = model

    @classmethod
    def _from_training(cls, model: A | None, output: str | Path) -> Self | None:
        """The model that a training saved in `output`; None if the training was stopped."""
        return cls(replace(model, name=str(output))) if model else None

    def __repr__(self) -> str:
        return (
            f"<textrnn.{type(self).__name__} {self.artifact.name}: {self._shape()}; "
            f"{self.artifact.parameters:,} parameters>"
        )

    def _shape(self) -> str:
        """A short description of the architecture, for `repr`."""
        config = self.artifact.config
        return f"{config.layers} x {config.cell} of {config.units}"

    @property
    def metadata(self) -> dict[str, Any]:
        """The training record: versions, data, settings, scores, history."""
        return dict(self.artifact.metadata)

    def save(self, folder: str | Path, *, dtype: npt.DTypeLike = "float32") -> None:
        """Save the model in a folder that `load` reads; a model that is there is replaced."""
        registry.save(self.artifact, Path(folder), dtype=dtype)
