"""The metrics of an epoch, per kind of training: history columns, and one line for people.

A value that is not finite is None in the history, because nan and inf are not JSON.
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Self

from textrnn.evaluation.metrics import Scores


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """An epoch's metrics; a subclass gives the unit of its losses.

    `columns` are the names of the history's columns, in order.
    """

    columns: ClassVar[tuple[str, ...]] = ("loss", "validation_loss")

    validated: ClassVar[bool] = True  # whether there is a validation loss

    loss: float  # mean of the epoch's steps
    validation_loss: float

    @property
    def selection_loss(self) -> float:
        """The loss that selects the best epoch."""
        return self.validation_loss

    @property
    def loss_note(self) -> str:
        """The selection loss in another unit, or an empty text."""
        return ""

    @property
    def score_note(self) -> str:
        """The main score beside the loss, or an empty text."""
        return ""

    @property
    def short_score_note(self) -> str:
        """The same without further metrics."""
        return self.score_note

    def headline(self, width: int | None = None) -> str:
        """The main metrics in one line; the notes that do not fit in `width` are left out."""
        losses = f"loss {self.loss:.4f}, validation {self.selection_loss:.4f}"
        noted = f"{losses}{_bracketed(self.loss_note)}"
        lines = [f"{noted}{_after_comma(self.score_note)}"]
        lines += [noted] if self.loss_note else []  # bits or perplexity say more than an accuracy
        lines += [f"{losses}{_after_comma(self.short_score_note)}"]
        return next((line for line in lines if width is None or len(line) <= width), losses)

    def to_dict(self) -> dict[str, float | None]:
        """The history's columns as strict JSON: values that are not finite are None."""
        values = {name: getattr(self, name) for name in self.columns}
        return {name: value if _is_finite(value) else None for name, value in values.items()}


@dataclass(frozen=True, kw_only=True)
class TrainingMetrics(Metrics):
    """Metrics of a training without validation text; its last epoch counts as the best."""

    columns = ("loss",)

    validated = False
    validation_loss: float = math.nan

    def headline(self, width: int | None = None) -> str:
        """The training loss."""
        return f"loss {self.loss:.4f}"


@dataclass(frozen=True, kw_only=True)
class AccuracyMetrics(Metrics):
    """Metrics with an accuracy; losses are in nats."""

    columns: ClassVar[tuple[str, ...]] = ("loss", "validation_loss", "validation_accuracy")

    validation_accuracy: float  # from 0 to 1

    @property
    def accuracy_note(self) -> str:
        """A further metric beside the accuracy, or an empty text."""
        return ""

    @property
    def score_note(self) -> str:
        """The accuracy and the further metric."""
        return f"{self.short_score_note}{_bracketed(self.accuracy_note)}"

    @property
    def short_score_note(self) -> str:
        """The accuracy."""
        return f"{self.validation_accuracy:.1%} right"


@dataclass(frozen=True, kw_only=True)
class GeneratorMetrics(AccuracyMetrics):
    """Metrics of a generator; losses are in nats per character."""

    columns = (
        "loss", "validation_loss", "validation_bits_per_character", "validation_accuracy",
    )  # fmt: skip

    @property
    def validation_bits_per_character(self) -> float:
        """The validation loss in bits."""
        return self.validation_loss / math.log(2)

    @property
    def loss_note(self) -> str:
        """Bits per character."""
        return bits_note(self.validation_loss)


@dataclass(frozen=True, kw_only=True)
class LanguageModelMetrics(AccuracyMetrics):
    """Metrics of a language model; losses are in nats per word or subword."""

    columns = ("loss", "validation_loss", "validation_perplexity", "validation_accuracy")

    validation_perplexity: float

    @property
    def loss_note(self) -> str:
        """Perplexity."""
        return f"perplexity {self.validation_perplexity:.1f}"


@dataclass(frozen=True, kw_only=True)
class ClassifierMetrics(AccuracyMetrics):
    """Metrics of a classifier; losses are in nats per text.

    `validation_calibrated_loss` divides the logits by `temperature`, `validation_loss` does not.
    """

    columns = (
        "loss", "validation_loss", "validation_calibrated_loss", "temperature",
        "validation_accuracy", "validation_macro_f1", "validation_auc",
    )  # fmt: skip

    validation_calibrated_loss: float
    temperature: float
    validation_macro_f1: float
    validation_auc: float | None  # None if all examples have one class

    @classmethod
    def of(cls, loss: float, raw: Scores, calibrated: Scores, temperature: float) -> Self:
        """The metrics of uncalibrated and of calibrated scores; `loss` is that of training."""
        return cls(
            loss=loss,
            validation_loss=raw.log_loss,
            validation_calibrated_loss=calibrated.log_loss,
            temperature=temperature,
            validation_accuracy=calibrated.accuracy,
            validation_macro_f1=calibrated.macro_f1,
            validation_auc=calibrated.auc,
        )

    @classmethod
    def undefined(cls, loss: float) -> Self:
        """The metrics of a network whose outputs are not finite."""
        return cls(loss=loss, **dict.fromkeys(cls.columns[1:], math.nan))

    @property
    def selection_loss(self) -> float:
        """The calibrated loss, because predictions will be calibrated."""
        return self.validation_calibrated_loss

    @property
    def accuracy_note(self) -> str:
        """Macro F1."""
        return f"macro F1 {self.validation_macro_f1:.1%}"


def bits_note(nats: float) -> str:
    """A loss in nats per character as bits."""
    return f"{nats / math.log(2):.3f} bits/char"


def _after_comma(note: str) -> str:
    return f", {note}" if note else ""


def _bracketed(note: str) -> str:
    return f" ({note})" if note else ""


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
