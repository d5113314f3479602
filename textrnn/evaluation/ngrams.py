"""Score test ids with a character n-gram model of the training ids.

This is the baseline to report beside a network; it takes seconds. Grams are numbered per length: a
gram of k characters is the pair (number of its first k - 1 characters, last id). Keys therefore
stay below training characters x vocab_size, and the counts are exact at any order.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from textrnn.tokenizers import Ids

UNSEEN = -1  # the number of any context that does not occur in the training text


def cross_entropy(train_ids: Ids, test_ids: Ids, vocab_size: int, order: int = 5) -> float:
    """Mean nats per character of `test_ids` under the n-gram model counted on `train_ids`.

        train_ids  (n,) integers below vocab_size; if empty, the model is the uniform distribution
        test_ids   (m,) integers below vocab_size, m at least 1

    `order` is that of a Markov chain: order 5 predicts a character from the 5 before it, and counts
    6-grams. `probabilities` describes the model.
    """
    if len(test_ids) == 0:
        raise ValueError("test_ids is empty; the mean needs at least 1 character")
    return float(-np.log(probabilities(train_ids, test_ids, vocab_size, order)).mean())


def probabilities(
    train_ids: Ids, test_ids: Ids, vocab_size: int, order: int = 5
) -> npt.NDArray[np.float64]:
    """Probability of each test id given the (up to) `order` test ids before it.

        train_ids  (n,) integers below vocab_size
        test_ids   (m,) integers below vocab_size
        returns    (m,), all above 0

    Interpolated Witten-Bell smoothing (Witten and Bell 1991, method C, in the recursive form of
    Chen and Goodman 1999), where T is the number of distinct characters that follow a context:

        p(c | context) = (count(context c) + T p(c | shorter context)) / (count(context) + T)

    The shorter context drops the first character. The recursion ends at 1 / vocab_size below the
    empty context. A context without a following character in training leaves the probability of the
    shorter context unchanged. The first characters of `test_ids` have less context.
    """
    if vocab_size < 1:
        raise ValueError(f"vocab_size must be at least 1, got {vocab_size}")
    if order < 0:  # order 0 has only the empty context
        raise ValueError(f"order must be 0 or more, got {order}")
    _check_range("train_ids", train_ids, vocab_size)
    _check_range("test_ids", test_ids, vocab_size)

    # With uint64 ids the keys would become floats.
    train_ids, test_ids = train_ids.astype(np.int64), test_ids.astype(np.int64)
    probability = np.full(len(test_ids), 1.0 / vocab_size)
    train_contexts = np.zeros(len(train_ids), np.int64)
    test_contexts = np.zeros(len(test_ids), np.int64)
    contexts = 1  # the number of contexts: at first only the empty one
    for context_length in range(min(order + 1, len(train_ids), len(test_ids))):
        grams, train_grams, gram_counts = np.unique(
            train_contexts * vocab_size + train_ids[context_length:],
            return_inverse=True,
            return_counts=True,
        )
        # minlength: the last context of the training text may have no follower.
        context_of_gram = grams // vocab_size
        followers = np.bincount(context_of_gram, minlength=contexts)
        context_counts = np.bincount(context_of_gram, weights=gram_counts, minlength=contexts)

        # UNSEEN gives a negative key, which no gram has.
        test_grams = _find(grams, test_contexts * vocab_size + test_ids[context_length:])
        known = (test_contexts != UNSEEN) & (followers[test_contexts] > 0)
        context, gram = test_contexts[known], test_grams[known]
        count = np.where(gram == UNSEEN, 0, gram_counts[gram])
        shorter = probability[context_length:][known]
        probability[context_length:][known] = (count + followers[context] * shorter) / (
            context_counts[context] + followers[context]
        )

        # The gram that ends at a character is the context of the next one.
        train_contexts, test_contexts, contexts = train_grams[:-1], test_grams[:-1], len(grams)
    return probability


def _find(grams: npt.NDArray[np.int64], keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Index of each key in the sorted, non-empty `grams`, or UNSEEN."""
    index = np.minimum(np.searchsorted(grams, keys), len(grams) - 1)
    return np.where(grams[index] == keys, index, UNSEEN)


def _check_range(name: str, ids: Ids, vocab_size: int) -> None:
    """ValueError when ids are out of range: their keys would collide with other contexts."""
    if len(ids) and not 0 <= int(ids.min()) <= int(ids.max()) < vocab_size:
        raise ValueError(
            f"{name} must lie in 0..{vocab_size - 1}, got {int(ids.min())}..{int(ids.max())}"
        )
