"""What trained models of all kinds are in Python: an artifact with a name, records and a folder."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import numpy.typing as npt

from textrnn.artifacts import registry
from textrnn.artifacts.base import Artifact

A = TypeVar("A", bound=Artifact)


class Model(Generic[A]):
    """A trained model: `textrnn.load` gives one."""

    def __init__(self, model: A) -> None:
        self.artifact = model

    @classmethod
    def _trained(cls, model: A | None, output: str | Path) -> Self | None:
        """What a training left in `output`, under that name; None where it was stopped."""
        return cls(replace(model, name=str(output))) if model else None

    def __repr__(self) -> str:
        return (
            f"<textrnn.{type(self).__name__} {self.artifact.name}: {self._shape()}; "
            f"{self.artifact.parameters:,} parameters>"
        )

    def _shape(self) -> str:
        """What tells this model from others of its kind, in a few words."""
        config = self.artifact.config
        return f"{config.layers} x {config.cell} of {config.units}"

    @property
    def metadata(self) -> dict[str, Any]:
        """What is on record: versions, data, settings, scores, history."""
        return dict(self.artifact.metadata)

    def save(self, folder: str | Path, *, dtype: npt.DTypeLike = "float32") -> None:
        """Write the model as a folder that `load` reads, in place of a model that is there."""
        registry.save(self.artifact, Path(folder), dtype=dtype)
