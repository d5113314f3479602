"""Which part of a corpus a generator was trained on, and which it is scored on.

A model keeps the SHA-256 of its corpus and the parts of it that were for training and validation.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.parts import parse_part, parse_validation
from textrnn.data import corpora
from textrnn.data.corpora import Corpus
from textrnn.errors import ConfigError
from textrnn.tokenizers import CharTokenizer, Ids, Unknown


def _is_own(model: GeneratorArtifact, corpus: Corpus) -> bool:
    """Whether the model was trained on `corpus`, by SHA-256."""
    return model.metadata.get("corpus", {}).get("sha256") == corpus.sha256


def part_ids(
    model: GeneratorArtifact, alphabet: CharTokenizer, corpus: Corpus, part: str, unknown: Unknown
) -> Ids:
    """The ids of a part of `corpus`, (characters,), as characters of `alphabet`.

    `part` is "all", "validation" (the validation slice of the model's training) or START:END.
    ConfigError when the model has no such validation slice of `corpus`.
    """
    if part != "validation":
        pieces = corpus.cut("0:1" if part == "all" else part)
        return alphabet.encode_pieces(pieces, unknown=unknown)
    if not _is_own(model, corpus):
        raise ConfigError(
            "--part validation needs the corpus that the model was trained on, and this is "
            "another one; name that corpus, or a part START:END"
        )
    if not model.metadata["training"]["validation"]:
        raise ConfigError(
            "the model was trained on all of its part, without validation text; name a part "
            "START:END that it was not trained on"
        )
    if not _validation_slice(model):
        raise ConfigError(
            f"the model was validated on the file {model.metadata['training']['validation']}; "
            f"name that instead of --part validation"
        )
    training = model.metadata["training"]
    ids = alphabet.encode_pieces(corpus.pieces)
    return corpora.split(ids, training["part"], training["validation"])[1]


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
    training = model.metadata["training"]
    if _validation_slice(model):
        return corpora.split(values, training["part"], training["validation"])[0]
    return values[slice(*corpora.bounds(*parse_part(training["part"]), len(values)))]


def _validation_slice(model: GeneratorArtifact) -> bool:
    # If the validation text was a file, it is not part of the corpus.
    validation = model.metadata["training"]["validation"]
    try:
        return validation is not None and bool(parse_validation(validation))
    except ConfigError:
        return False
