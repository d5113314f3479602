"""Turn texts into the data of a classifier's run: split, vocabulary, ids and batches.

The same texts, settings and seed give the same split and the same batches, so that a resumed run
sees them again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn import tokenizers
from textrnn.config.classifier import ClassifierTrainingConfig
from textrnn.config.text import ClassifierTextConfig
from textrnn.data import labelled
from textrnn.data.labelled import LabelledTexts
from textrnn.data.unlabelled import UnlabelledTexts
from textrnn.datasets.padded import WordBatches
from textrnn.datasets.raw_text import TextBatches
from textrnn.errors import CorpusError, TrainingError
from textrnn.tokenizers import Ids, Tokenizer, cut


@dataclass(frozen=True)
class Split:
    """Training and validation texts."""

    texts: Sequence[str]
    ids: Sequence[Ids]  # of each text, truncated
    labels: npt.NDArray[np.int32]  # of the first texts; the others have none
    validation: LabelledTexts

    @property
    def unlabelled(self) -> int:
        """Number of texts without a label."""
        return len(self.texts) - len(self.labels)


def split(
    data: LabelledTexts, validation: LabelledTexts | None, training: ClassifierTrainingConfig
) -> tuple[LabelledTexts, LabelledTexts]:
    """Training and validation texts; without `validation`, a fraction of `data` is held out."""
    if validation is not None:
        if validation.classes != data.classes:
            raise CorpusError(
                f"the validation texts have the classes {', '.join(validation.classes)}, the "
                f"training texts {', '.join(data.classes)}; give both the same classes in the "
                f"same order"
            )
        return data, validation
    train, held_out = labelled.stratified_split(
        data.labels, training.validation, training.seed, data.classes
    )
    return data.subset(train), data.subset(held_out)


def encode_texts(
    train: LabelledTexts,
    validation: LabelledTexts,
    tokenizer: Tokenizer,
    reading: ClassifierTextConfig,
    notify: Callable[[str], object],
    more: Sequence[str] = (),
) -> Split:
    """Encode all texts; texts without a known word are left out, with a notice.

    `more` are training texts without labels. CorpusError if no text remains.
    """
    texts = [*train.texts, *more]
    ids = [
        cut(tokenizer.encode(_read(text, reading)), reading.max_tokens, reading.truncation)
        for text in texts
    ]
    kept = [row for row, found in enumerate(ids) if len(found)]
    readable = [row for row, text in enumerate(validation.texts)
                if len(tokenizer.encode(_read(text, reading)))]  # fmt: skip
    left_out = len(texts) - len(kept) + len(validation) - len(readable)
    if not kept or not readable:
        raise CorpusError(
            "no text has a word that the model can read; for scripts other than Latin leave "
            "--word-pattern at unicode"
        )
    if left_out:
        notify(f"{left_out:,} texts have no word that the model can read: left out")
    if seen := int(labelled.test_overlap(train, validation).sum()):
        notify(f"{seen:,} of the validation texts are also training texts")
    labels = train.labels[[row for row in kept if row < len(train)]]
    return Split(
        [texts[row] for row in kept],
        [ids[row] for row in kept],
        labels,
        validation.subset(readable),
    )


def batches(
    split: Split,
    targets: npt.NDArray[Any],
    tokenizer: Tokenizer,
    training: ClassifierTrainingConfig,
) -> WordBatches:
    """Batches of the training texts with `targets`: labels (n,) or soft labels (n, classes)."""
    if not tokenizer.has_ids:
        whole = [tokenizer.decode(ids) for ids in split.ids]
        return TextBatches(whole, targets, batch_size=training.batch_size)
    return WordBatches(
        split.ids,
        targets,
        batch_size=training.batch_size,
        length_buckets=training.length_buckets,
        crop_probability=training.crop_probability,
        stops=sentence_ends(tokenizer),
    )


def sentence_ends(tokenizer: Tokenizer) -> list[int]:
    """Ids of the punctuation that ends a sentence; empty if the tokenizer drops punctuation."""
    marks = [tokenizer.encode(mark) for mark in ".!?\N{HORIZONTAL ELLIPSIS}\u3002\uff01\uff1f"]
    return [int(ids[0]) for ids in marks if len(ids) == 1 and not tokenizer.unknown(ids).any()]


def fit_tokenizer(reading: ClassifierTextConfig, texts: Sequence[str]) -> Tokenizer:
    """A tokenizer with the text preprocessing `reading` and the vocabulary of `texts`."""
    return tokenizers.fit(
        reading.tokens,
        (_read(text, reading) for text in texts),
        vocab_size=reading.max_vocab_size,
        oov_buckets=reading.oov_buckets,
        rule=reading.word_pattern,
        model_type=reading.model_type,
        lower=reading.lower,
        min_count=reading.min_count,
        spelling=reading.spelling,
    )


def data_record(
    data: LabelledTexts,
    validation: LabelledTexts | None = None,
    unlabelled: UnlabelledTexts | None = None,
) -> dict[str, Any]:
    """The fingerprint of labelled texts: checksum, counts, and file names without folders.

    "validation" holds the same for separate validation texts, "unlabelled" for unlabelled texts.
    """
    names = sorted({name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] for name in data.names})
    return {
        "names": names,
        "sha256": data.sha256,
        "examples": len(data),
        "counts": data.counts(),
        **({"validation": data_record(validation)} if validation else {}),
        **({"unlabelled": unlabelled.record()} if unlabelled else {}),
    }


def check_same(
    known: Mapping[str, Any],
    data: LabelledTexts,
    validation: LabelledTexts | None,
    unlabelled: UnlabelledTexts | None,
    output: Path,
) -> None:
    """TrainingError unless the run in `output`, with fingerprint `known`, has the same texts."""
    if data.sha256 != known["sha256"]:
        raise TrainingError(
            f"the run in {output} trains on other texts: {', '.join(known['names'])}, "
            f"{known['examples']:,} of them; name those to resume it"
        )
    check_validation(validation, known.get("validation"), output)
    own = known.get("unlabelled")
    if unlabelled and not own:
        raise TrainingError(f"the run in {output} uses no unlabelled texts; leave out --unlabelled")
    if own and (unlabelled is None or unlabelled.sha256 != own["sha256"]):
        raise TrainingError(
            f"the run in {output} uses the unlabelled texts of {', '.join(own['names'])}, "
            f"{own['texts']:,} in all; name those with --unlabelled to resume it"
        )


def check_validation(
    validation: LabelledTexts | None, known: Mapping[str, Any] | None, output: Path
) -> None:
    """TrainingError unless a resumed run is given the same validation texts as at its start."""
    if validation and not known:
        raise TrainingError(
            f"the run in {output} validates on a part of its own texts; leave out --validation"
        )
    if known and (validation is None or validation.sha256 != known["sha256"]):
        raise TrainingError(
            f"the run in {output} validates on {', '.join(known['names'])}, "
            f"{known['examples']:,} texts; name those with --validation to resume it"
        )


def _read(text: str, reading: ClassifierTextConfig) -> str:
    return text[: reading.max_characters] if reading.max_characters else text
