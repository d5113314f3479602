"""Charge a word outside the vocabulary for its spelling, so that losses of all tokens compare.

All unknown words share a token, and a model that predicts it has not yet said which word comes.
The rest is a code for the word's characters and an end mark, from a character n-gram model of the
model's own vocabulary (`ngrams`, Witten-Bell smoothing). It knows nothing of the evaluated text.
The recursion ends at the uniform distribution over all code points, so every word has a
probability, and those of all words sum to at most 1. Token and spelling together are then the
length of a code for the words of a text, which is comparable with that of a character model.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from textrnn.evaluation import ngrams
from textrnn.tokenizers import Ids, Tokenizer

ORDER = 5  # characters of context
_CODE_POINTS = 0x110000
_MARK = "\0"  # before and after each word; no word contains it


def losses(tokenizer: Tokenizer, texts: Iterable[str], ids: Ids) -> npt.NDArray[np.float64] | None:
    """The nats that the spelling of each of the `ids`, (tokens,), costs: 0 for known tokens.

    `ids` are those of the concatenated `texts`. None if all of them are known.
    """
    unknown = tokenizer.unknown(ids)
    if not unknown.any():
        return None
    words = tokenizer.codec.unknown_words(texts)
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
    nats = word_losses(tokenizer.vocabulary, list(numbers))
    found = np.zeros(len(ids))
    found[unknown] = nats[[numbers[word] for word in words]]
    return found


def word_losses(vocabulary: Iterable[str], words: Sequence[str]) -> npt.NDArray[np.float64]:
    """The nats of the characters and the end of each of the `words`, (words,), not empty.

    The model is counted on `vocabulary`, each word once; the context of a character is what comes
    before it in its word.
    """
    train = _symbols(_MARK.join(["", *vocabulary, ""]))
    # As many marks as there is context: nothing of the word before is seen.
    test = _symbols("".join(f"{_MARK * ORDER}{word}{_MARK}" for word in words))
    nats = -np.log(ngrams.probabilities(train, test, _CODE_POINTS, ORDER))
    totals = np.concatenate([[0.0], np.cumsum(nats)])
    lengths = np.array([len(word) + 1 for word in words])
    ends = np.cumsum(lengths + ORDER)
    return totals[ends] - totals[ends - lengths]


def _symbols(text: str) -> Ids:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
