"""Classify texts with a trained classifier: labels and calibrated probabilities.

A `Predictor` builds the network once. It takes lists of texts. A longer list gives better batches
of texts of similar length; the batches run in parallel, one per core.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.engine import calibration
from textrnn.engine.cells import Floats
from textrnn.engine.classifier import ClassifierNetwork, build_network
from textrnn.engine.numerics import not_finite
from textrnn.engine.packing import batches
from textrnn.engine.threads import parallel_map
from textrnn.errors import ConfigError
from textrnn.tokenizers import Ids, cut

UNSURE = "unsure"
# A short list is split into this many batches, so that several cores have work, but not into
# batches of fewer texts than this: their products cost more time than another core saves.
MIN_BATCHES, MIN_BATCH_TEXTS = 4, 32
WHOLE_WORDS = 10_000  # longer texts are always read in windows, to bound memory

OnProgress = Callable[[int, int], None]  # segments done, segments in total


@dataclass(frozen=True)
class Prediction:
    """The prediction for one text; `probability` is that of the predicted class.

    `prediction` is `UNSURE` if the highest probability is below the requested minimum;
    `probability` is then the highest probability, whatever the threshold. A text without a word
    that the model can read has no prediction, only a `reason`.
    """

    label: str | None
    probability: float | None
    probabilities: tuple[float, ...]  # by class
    words: int
    windows: int = 1  # their logits are averaged
    cut: bool = False  # whether words were left out
    unknown: int = 0  # words outside the vocabulary
    reason: str = ""

    @property
    def predicted(self) -> bool:
        """Whether the text had a word that the model can read."""
        return not self.reason


class Predictor:
    """A classifier that is ready to predict.

    `abstain` is the minimum probability of a prediction. `threshold` is the minimum probability of
    the second of two classes, instead of one half. ConfigError when either is out of range.
    """

    def __init__(
        self,
        model: ClassifierArtifact,
        *,
        abstain: float = 0.0,
        threshold: float | None = None,
    ) -> None:
        self.model, self.abstain, self.threshold = model, abstain, threshold
        self.network = build_network(model)
        if not 0 <= abstain <= 1:
            raise ConfigError(f"abstain must be a probability from 0 to 1, got {abstain}")
        if threshold is not None and len(model.classes) != 2:
            raise ConfigError(
                f"threshold is for two classes, {model.name} has {len(model.classes)}; leave it out"
            )
        if threshold is not None and not 0 < threshold < 1:
            raise ConfigError(f"threshold must be between 0 and 1, got {threshold}")

    def encode(self, text: str) -> Ids:
        """The ids of `text` up to its `max_characters`, before truncation to `max_tokens`."""
        limit = self.model.text.max_characters
        return self.model.tokenizer.encode(text[:limit] if limit else text)

    def predict(
        self, texts: Sequence[str], on_progress: OnProgress | None = None
    ) -> list[Prediction]:
        """One prediction per text, in the same order; ArtifactError if one is not finite."""
        encoded = [self.encode(text) for text in texts]
        segments = [self._segments(ids) if len(ids) else [] for ids in encoded]
        readable = [row for row, parts in enumerate(segments) if parts]
        chances = calibration.probabilities(
            self._mean_logits([segments[row] for row in readable], on_progress),
            self.model.temperature,
        )
        if not np.isfinite(chances).all():
            raise not_finite(self.model.name)
        predictions = [
            Prediction(None, None, (), 0, reason="it has no word that the model can read")
        ] * len(texts)
        limit = self.model.text.max_characters
        for row, chance in zip(readable, chances, strict=True):
            unread = bool(limit and texts[row][limit:].strip())
            predictions[row] = self._prediction(chance, encoded[row], segments[row], unread)
        return predictions

    def choose_class(self, chance: npt.NDArray[np.floating[Any]]) -> int:
        """The index of the predicted class for probabilities (classes,), ignoring `abstain`."""
        if self.threshold is not None:
            return int(chance[1] >= self.threshold)
        return int(chance.argmax())

    def logits(self, texts: Sequence[Ids], on_progress: OnProgress | None = None) -> Floats:
        """Logits (texts, classes) of texts as ids, one id or more each, without truncation."""
        lengths = [len(ids) for ids in texts]
        groups = list(batches(lengths, max(MIN_BATCH_TEXTS, -(-len(lengths) // MIN_BATCHES))))
        if isinstance(self.network, ClassifierNetwork) and (
            sum(lengths) >= self.model.config.vocab_size
        ):
            self.network.fold()
        result = np.empty((len(texts), self.model.config.classes), np.float32)

        def compute(rows: npt.NDArray[np.intp]) -> None:
            result[rows] = self.network.batch_logits([texts[row] for row in rows])

        # Batches are small: one core per batch is faster than all cores on one batch.
        done = 0
        for rows, _ in zip(groups, parallel_map(compute, groups), strict=True):
            done += len(rows)
            if on_progress and done < len(texts):
                on_progress(done, len(texts))
        if on_progress:
            on_progress(len(texts), len(texts))
        return result

    def probabilities_of(self, logits: Floats) -> npt.NDArray[np.float64]:
        """Calibrated probabilities (texts, classes)."""
        return calibration.probabilities(logits, self.model.temperature)

    def text_logits(
        self,
        texts: Sequence[str],
        long_texts: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> Floats:
        """Logits (texts, classes) of texts of one word or more each.

        `long_texts` overrides how the model reads texts of over `max_tokens` words.
        """
        return self.ids_logits([self.encode(text) for text in texts], long_texts, on_progress)

    def ids_logits(
        self,
        texts: Sequence[Ids],
        long_texts: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> Floats:
        """Logits (texts, classes) like `text_logits`, for texts as ids."""
        segments = [self._segments(ids, long_texts) for ids in texts]
        return self._mean_logits(segments, on_progress)

    def _segments(self, ids: Ids, long_texts: str | None = None) -> list[Ids]:
        """The segments of a text to run: the whole text, a truncated one, or windows over it."""
        size, long_texts = self.model.text.max_tokens, long_texts or self.model.long_texts
        if len(ids) <= size or (long_texts == "whole" and len(ids) <= WHOLE_WORDS):
            return [ids]
        if long_texts == "cut":
            return [cut(ids, size, self.model.text.truncation)]
        # Windows overlap by half; the last one ends where the text ends.
        starts = [*range(0, len(ids) - size, max(1, size // 2)), len(ids) - size]
        return [ids[start : start + size] for start in starts]

    def _mean_logits(
        self, segments: Sequence[Sequence[Ids]], on_progress: OnProgress | None = None
    ) -> Floats:
        """Logits (texts, classes), averaged over the segments of each text."""
        if not segments:
            return np.empty((0, self.model.config.classes), np.float32)
        counts = np.array([len(parts) for parts in segments])
        logits = self.logits([part for parts in segments for part in parts], on_progress)
        if len(logits) == len(segments):
            return logits
        sums: Floats = np.add.reduceat(logits, np.cumsum(counts) - counts, axis=0)
        sums /= counts[:, None]
        return sums

    def _prediction(
        self, chance: Any, ids: Ids, segments: Sequence[Ids], unread: bool
    ) -> Prediction:
        best = self.choose_class(chance)
        unsure = float(chance.max()) < self.abstain
        return Prediction(
            UNSURE if unsure else self.model.classes[best],
            float(chance.max() if unsure else chance[best]),
            tuple(map(float, chance)),
            len(ids),
            len(segments),
            unread or sum(map(len, segments)) < len(ids),
            int(self.model.tokenizer.unknown(ids).sum()),
        )
