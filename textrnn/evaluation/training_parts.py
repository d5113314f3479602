"""Which part of a corpus a generator was trained on, and which it is scored on.

A model keeps the SHA-256 of its corpus and the parts of it that were for training and validation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.artifacts.records import section
from textrnn.config.base import Config
from textrnn.config.parts import parse_part, parse_validation
from textrnn.data import corpora
from textrnn.data.corpora import Corpus
from textrnn.errors import ArtifactError, ConfigError
from textrnn.tokenizers import CharTokenizer, Ids, Unknown


@dataclass(frozen=True, kw_only=True)
class _TrainedOn(Config):
    """The parts of the corpus that a model was trained and validated on."""

    part: str
    validation: str | None

    def __post_init__(self) -> None:
        parse_part(self.part)

    @property
    def has_slice(self) -> bool:
        """Whether the validation text is a slice of the corpus, and not a file or nothing."""
        try:
            return self.validation is not None and bool(parse_validation(self.validation))
        except ConfigError:
            return False


def _trained_on(model: GeneratorArtifact) -> _TrainedOn:
    training = section(model.metadata, "training")
    try:
        return _TrainedOn.from_dict({
            name: training[name] for name in ("part", "validation") if name in training
        })  # fmt: skip
    except ConfigError as error:
        raise ArtifactError(
            f"{model.name}: metadata.json does not say what the model was trained on: {error}; "
            f"restore it from a copy"
        ) from error


def _is_own(model: GeneratorArtifact, corpus: Corpus) -> bool:
    """Whether the model was trained on `corpus`, by SHA-256."""
    return section(model.metadata, "corpus").get("sha256") == corpus.sha256


def part_ids(
    model: GeneratorArtifact, alphabet: CharTokenizer, corpus: Corpus, part: str, unknown: Unknown
) -> Ids:
    """The ids of a part of `corpus`, (characters,), as characters of `alphabet`.

    `part` is "all", "validation" (the validation slice of the model's training) or START:END.
    ConfigError when the slice is empty, or the model has no such validation slice of `corpus`;
    ArtifactError when its records are damaged.
    """
    if part != "validation":
        return alphabet.encode_pieces(_cut(corpus, part), unknown=unknown)
    if not _is_own(model, corpus):
        raise ConfigError(
            "--part validation needs the corpus that the model was trained on, and this is "
            "another one; name that corpus, or a part START:END"
        )
    trained = _trained_on(model)
    if not trained.validation:
        raise ConfigError(
            "the model was trained without validation text; name a part START:END that it was not "
            "trained on"
        )
    if not trained.has_slice:
        raise ConfigError(
            f"the model was validated on the file {trained.validation}; name that instead of "
            f"--part validation"
        )
    ids = alphabet.encode_pieces(corpus.pieces)
    return corpora.split(ids, trained.part, trained.validation)[1]


def skipped(alphabet: CharTokenizer, corpus: Corpus, part: str) -> dict[str, int]:
    """Unknown character -> its number in a part of `corpus`, as of `part_ids`, most frequent first.

    A validation part has none: it is encoded without skipping.
    """
    return {} if part == "validation" else alphabet.unknown_counts(_cut(corpus, part))


def _cut(corpus: Corpus, part: str) -> Iterator[str]:
    if part == "all":
        return iter(corpus.pieces)
    if ":" not in part:
        raise ConfigError(
            f"part must be all, validation or START:END, such as 0:0.9 (fractions) or 0:50000 "
            f"(characters), got {part!r}"
        )
    corpora.check_slice("part", part, corpus.length)
    return corpus.cut(part)


def overlaps_training(model: GeneratorArtifact, corpus: Corpus, part: str) -> bool:
    """Whether the model was trained on some of this `part`, as of `part_ids`, of `corpus`."""
    if not _is_own(model, corpus) or part == "validation":
        return False
    scored = np.zeros(corpus.length, dtype=bool)
    scored[slice(*corpora.bounds(*parse_part("0:1" if part == "all" else part), len(scored)))] = (
        True
    )
    return bool(_training_part(model, scored).any())


def training_ids(model: GeneratorArtifact, alphabet: CharTokenizer, corpus: Corpus) -> Ids:
    """The ids of the model's training part of `corpus`, or all ids if it is another corpus."""
    ids = alphabet.encode_pieces(corpus.pieces, unknown="skip")
    return _training_part(model, ids) if _is_own(model, corpus) else ids


def _training_part(model: GeneratorArtifact, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The training part of `values`, which has one value per character of the model's corpus."""
    trained = _trained_on(model)
    if trained.validation and trained.has_slice:
        return corpora.split(values, trained.part, trained.validation)[0]
    return values[slice(*corpora.bounds(*parse_part(trained.part), len(values)))]
