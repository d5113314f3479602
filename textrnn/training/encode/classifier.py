"""Turn texts into what a classifier's run learns from: a vocabulary, ids, batches.

The same texts, settings and seed give the same split and the same batches, so that a resumed run
finds them again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn import tokenizers
from textrnn.config.classifier import ClassifierTrainingConfig
from textrnn.config.text import ReadingConfig
from textrnn.data import labelled
from textrnn.data.labelled import Labelled
from textrnn.datasets.padded import WordBatches
from textrnn.datasets.raw_text import TextBatches
from textrnn.errors import CorpusError, TrainingError
from textrnn.tokenizers import Ids, Tokenizer, cut


@dataclass(frozen=True)
class Split:
    """Texts to learn from, and to validate on."""

    texts: Sequence[str]
    ids: Sequence[Ids]  # of each of these, cut
    labels: npt.NDArray[np.int32]  # of the first of them; the others have none
    validation: Labelled

    @property
    def unlabelled(self) -> int:
        """How many texts have no label."""
        return len(self.texts) - len(self.labels)


def split(
    data: Labelled, validation: Labelled | None, training: ClassifierTrainingConfig
) -> tuple[Labelled, Labelled]:
    """The texts to learn from and those to validate on: `validation`, or a share of `data`."""
    if validation is not None:
        if validation.classes != data.classes:
            raise CorpusError(
                f"the texts to validate on have the classes {', '.join(validation.classes)}, those "
                f"to learn from {', '.join(data.classes)}; they must be the same, in one order"
            )
        return data, validation
    learnt, held = labelled.stratified_split(
        data.labels, training.validation, training.seed, data.classes
    )
    return data.subset(learnt), data.subset(held)


def encoded(
    learnt: Labelled,
    held: Labelled,
    tokenizer: Tokenizer,
    reading: ReadingConfig,
    notify: Callable[[str], object],
    more: Sequence[str] = (),
) -> Split:
    """All as the run takes them; what has no word to read is left out, and that is said.

    `more` are texts to learn from that have no label.
    """
    texts = [*learnt.texts, *more]
    ids = [
        cut(tokenizer.encode(_read(text, reading)), reading.max_words, reading.keep)
        for text in texts
    ]
    kept = [row for row, found in enumerate(ids) if len(found)]
    readable = [row for row, text in enumerate(held.texts)
                if len(tokenizer.encode(_read(text, reading)))]  # fmt: skip
    left_out = len(texts) - len(kept) + len(held) - len(readable)
    if not kept or not readable:
        raise CorpusError(
            "no text has a word that the model can read; with another script than Latin leave "
            "--rule at unicode"
        )
    if left_out:
        notify(f"{left_out:,} texts have no word that the model can read: left out")
    if seen := int(labelled.test_overlap(learnt, held).sum()):
        notify(f"{seen:,} of the texts to validate on stand among those to learn from")
    labels = learnt.labels[[row for row in kept if row < len(learnt)]]
    return Split(
        [texts[row] for row in kept], [ids[row] for row in kept], labels, held.subset(readable)
    )


def batches(
    learnt: Split,
    targets: npt.NDArray[Any],
    tokenizer: Tokenizer,
    training: ClassifierTrainingConfig,
) -> WordBatches:
    """The texts to learn from as batches, with the labels (n,) or guesses (n, classes) of each."""
    if not tokenizer.has_ids:
        whole = [tokenizer.decode(ids) for ids in learnt.ids]
        return TextBatches(whole, targets, batch_size=training.batch_size)
    return WordBatches(
        learnt.ids,
        targets,
        batch_size=training.batch_size,
        buckets=training.buckets,
        crop=training.crop,
        stops=sentence_ends(tokenizer),
    )


def sentence_ends(tokenizer: Tokenizer) -> list[int]:
    """The ids of the marks that end a sentence and have one; none where words are letters alone."""
    marks = [tokenizer.encode(mark) for mark in ".!?\N{HORIZONTAL ELLIPSIS}\u3002\uff01\uff1f"]
    return [int(ids[0]) for ids in marks if len(ids) == 1 and not tokenizer.unknown(ids).any()]


def fit_tokenizer(reading: ReadingConfig, texts: Sequence[str]) -> Tokenizer:
    """What reads texts as `reading` says, with the vocabulary of `texts`."""
    return tokenizers.fit(
        reading.tokens,
        (_read(text, reading) for text in texts),
        vocab_size=reading.words,
        oov_buckets=reading.oov_buckets,
        rule=reading.rule,
        model_type=reading.model_type,
        lower=reading.lower,
        min_count=reading.min_count,
    )


def data_record(data: Labelled, validation: Labelled | None = None) -> dict[str, Any]:
    """What tells labelled texts again; their sources by name, without one machine's folders.

    Under "validation" the same of the texts to validate on, unless they are a part of these.
    """
    names = sorted({name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] for name in data.names})
    return {
        "names": names,
        "sha256": data.sha256,
        "examples": len(data),
        "counts": data.counts(),
        **({"validation": data_record(validation)} if validation else {}),
    }


def check_validation(
    validation: Labelled | None, known: Mapping[str, Any] | None, output: Path
) -> None:
    """TrainingError unless a resumed run is given the texts to validate on that it began with."""
    if validation and not known:
        raise TrainingError(
            f"the run in {output} validates on a part of its own texts; leave out --validation"
        )
    if known and (validation is None or validation.sha256 != known["sha256"]):
        raise TrainingError(
            f"the run in {output} validates on {', '.join(known['names'])}, "
            f"{known['examples']:,} texts; name those with --validation to go on"
        )


def _read(text: str, reading: ReadingConfig) -> str:
    return text[: reading.max_characters] if reading.max_characters else text
