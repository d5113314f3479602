"""Join a trained classifier and texts: labels, and probabilities that mean what they say.

A `Judge` holds what is built once. Texts come in lists: the larger the list, the better the
batches that texts of like lengths make, which run side by side, one a core.
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
from textrnn.engine.packing import batches
from textrnn.engine.threads import parallel_map
from textrnn.errors import ConfigError
from textrnn.tokenizers import Ids, cut

UNSURE = "unsure"
# Few texts are cut into this many batches, so that several cores have work, but into none of fewer
# texts than these: the products of a smaller batch are slower than a core gains.
SHARES, LEAST_TEXTS = 4, 32
WHOLE_WORDS = 10_000  # a longer text is read in windows, that memory may stay flat

OnProgress = Callable[[int, int], None]  # readings of texts that are done, readings in all


@dataclass(frozen=True)
class Verdict:
    """What was judged of one text; `probability` is the predicted class's own.

    `prediction` is `UNSURE` where the likeliest class is less likely than was asked for, and
    `probability` is then that of the likeliest class, whatever the threshold. A text
    without a word the model can read has no verdict at all, only a `reason`.
    """

    prediction: str | None
    probability: float | None
    probabilities: tuple[float, ...]  # by class
    words: int
    windows: int = 1  # read in so many, averaged
    cut: bool = False  # or not read to its end
    unknown: int = 0  # of its words that the model never saw
    reason: str = ""

    @property
    def judged(self) -> bool:
        """Whether there was anything to judge."""
        return not self.reason


class Judge:
    """A classifier at work.

    `abstain` is the least probability of a verdict; `threshold` that of the second of two
    classes, in place of one half. ConfigError when either makes no sense.
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
        """The ids of all words of `text` that the model may read, not yet cut."""
        limit = self.model.text.max_characters
        return self.model.tokenizer.encode(text[:limit] if limit else text)

    def judge(self, texts: Sequence[str]) -> list[Verdict]:
        """A verdict for each text, in their order."""
        encoded = [self.encode(text) for text in texts]
        readings = [self._readings(ids) if len(ids) else [] for ids in encoded]
        readable = [row for row, parts in enumerate(readings) if parts]
        chances = calibration.probabilities(
            self._averaged([readings[row] for row in readable]), self.model.temperature
        )
        verdicts = [
            Verdict(None, None, (), 0, reason="it has no word that the model can read")
        ] * len(texts)
        limit = self.model.text.max_characters
        for row, chance in zip(readable, chances, strict=True):
            unread = bool(limit and texts[row][limit:].strip())
            verdicts[row] = self._verdict(chance, encoded[row], readings[row], unread)
        return verdicts

    def chosen(self, chance: npt.NDArray[np.floating[Any]]) -> int:
        """The class that probabilities (classes,) speak for, likely enough or not."""
        if self.threshold is not None:
            return int(chance[1] >= self.threshold)
        return int(chance.argmax())

    def logits(self, texts: Sequence[Ids], on_progress: OnProgress | None = None) -> Floats:
        """Logits (texts, classes) of ids as they are, one or more in each."""
        lengths = [len(ids) for ids in texts]
        groups = list(batches(lengths, max(LEAST_TEXTS, -(-len(lengths) // SHARES))))
        if isinstance(self.network, ClassifierNetwork) and (
            sum(lengths) >= self.model.config.vocab_size
        ):
            self.network.fold()
        result = np.empty((len(texts), self.model.config.classes), np.float32)

        def compute(rows: npt.NDArray[np.intp]) -> None:
            result[rows] = self.network.batch_logits([texts[row] for row in rows])

        # Batches are small: a core each serves them better than all cores one by one.
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
        """Logits (texts, classes) of texts with a word or more each, long ones read as said."""
        return self.ids_logits([self.encode(text) for text in texts], long_texts, on_progress)

    def ids_logits(
        self,
        texts: Sequence[Ids],
        long_texts: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> Floats:
        """The same of texts as ids."""
        return self._averaged([self._readings(ids, long_texts) for ids in texts], on_progress)

    def _readings(self, ids: Ids, way: str | None = None) -> list[Ids]:
        """What is read of a text: all in one, a part of it, or windows over all of it."""
        reading, way = self.model.text, way or self.model.long_texts
        size = reading.max_words
        if len(ids) <= size or (way == "whole" and len(ids) <= WHOLE_WORDS):
            return [ids]
        if way == "cut":
            return [cut(ids, size, reading.keep)]
        # Half a window on each time; the last one ends where the text does.
        starts = [*range(0, len(ids) - size, max(1, size // 2)), len(ids) - size]
        return [ids[start : start + size] for start in starts]

    def _averaged(
        self, readings: Sequence[Sequence[Ids]], on_progress: OnProgress | None = None
    ) -> Floats:
        """The mean logits (texts, classes) of each text's readings."""
        if not readings:
            return np.empty((0, self.model.config.classes), np.float32)
        counts = np.array([len(parts) for parts in readings])
        logits = self.logits([part for parts in readings for part in parts], on_progress)
        if len(logits) == len(readings):
            return logits
        sums: Floats = np.add.reduceat(logits, np.cumsum(counts) - counts, axis=0)
        sums /= counts[:, None]
        return sums

    def _verdict(self, chance: Any, ids: Ids, readings: Sequence[Ids], unread: bool) -> Verdict:
        best = self.chosen(chance)
        unsure = float(chance.max()) < self.abstain
        return Verdict(
            UNSURE if unsure else self.model.classes[best],
            float(chance.max() if unsure else chance[best]),
            tuple(map(float, chance)),
            len(ids),
            len(readings),
            unread or sum(map(len, readings)) < len(ids),
            int(self.model.tokenizer.unknown(ids).sum()),
        )
