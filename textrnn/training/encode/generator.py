"""Turn a corpus into what a generator learns from and is validated on, as ids of its tokens.

A corpus is cut by characters, whatever the tokens are. A vocabulary of words or pieces is of the
text that is learnt from; an alphabet is of the text to validate on as well.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn import tokenizers
from textrnn.config.generator import TrainingConfig
from textrnn.config.parts import parse_part
from textrnn.config.text import GeneratorTextConfig
from textrnn.data import corpora
from textrnn.data.corpora import Corpus
from textrnn.errors import ConfigError
from textrnn.tokenizers import TOKENIZERS, Ids, Tokenizer

OOV_BUCKETS = 1  # ids for unknown words, which are read and never written


@dataclass(frozen=True)
class Split:
    """Ids to learn from and to validate on.

    `ends` (as many as `held`) are the characters up to the end of each id to validate on; none
    where ids are characters.
    """

    learnt: Ids
    held: Ids
    ends: Ids | None
    characters: int  # of the text learnt from

    @property
    def tokens_a_character(self) -> float:
        """How many tokens write a character: 1 where they are characters, below 1 elsewhere."""
        return len(self.learnt) / self.characters if self.characters else 1.0


def fit(
    corpus: Corpus,
    validation: Corpus | None,
    text: GeneratorTextConfig,
    training: TrainingConfig,
) -> Tokenizer:
    """The tokenizer that `text` asks for, of a corpus and of one to validate on alone."""
    kind = TOKENIZERS[text.tokens]
    if kind.character_level:  # it cannot encode a character that it was not fitted to
        pieces = all_pieces(corpus, validation)
    else:
        pieces, _ = _texts(corpus, validation, training)
    return tokenizers.fit(
        text.tokens,
        kind.of_running_text(pieces),
        vocab_size=text.words,
        oov_buckets=OOV_BUCKETS,
        rule="unicode",
        model_type=text.model_type,
        lower=text.lower,
    )


def all_pieces(corpus: Corpus, validation: Corpus | None) -> tuple[str, ...]:
    """The pieces of a corpus, and of one to validate on alone."""
    return (*corpus.pieces, *(validation.pieces if validation else ()))


def split(
    corpus: Corpus, validation: Corpus | None, tokenizer: Tokenizer, training: TrainingConfig
) -> Split:
    """`corpus` as ids, cut as `training` says; `validation` is what to validate on instead."""
    codec = tokenizer.codec
    if tokenizer.character_level:  # the ids can be cut where the text is to be
        learnt, held = _cut(codec.encode_pieces(corpus.pieces), training, validation)
        if validation:
            held = codec.encode_pieces(validation.pieces)
        return Split(learnt, held, None, len(learnt))
    learnt_text, held_text = _texts(corpus, validation, training)
    held, ends = codec.encode_with_ends(held_text)
    return Split(codec.encode_pieces(learnt_text), held, ends, sum(map(len, learnt_text)))


def _cut(
    values: npt.NDArray[Any], training: TrainingConfig, validation: Corpus | None
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Values, one a character of the corpus, to learn from and, if from the same, to validate."""
    if validation:
        start, end = corpora.bounds(*parse_part(training.part), len(values))
        return values[start:end], values[:0]
    if training.validation is None:
        raise ConfigError(
            "validation must be a share such as 0.1, a slice START:END or a file: the best epoch "
            "is chosen by it"
        )
    return corpora.split(values, training.part, training.validation)


def _texts(
    corpus: Corpus, validation: Corpus | None, training: TrainingConfig
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The texts to learn from and to validate on."""
    points = np.frombuffer(corpus.text.encode("utf-32-le", "surrogatepass"), "<u4")
    learnt, held = (
        (part.tobytes().decode("utf-32-le", "surrogatepass"),)
        for part in _cut(points, training, validation)
    )
    return learnt, validation.pieces if validation else held
