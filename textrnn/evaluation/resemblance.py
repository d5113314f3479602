"""Measure how closely generated texts resemble real ones.

Generated text has three typical faults: non-words, repetition, and a style unlike the corpus. Each
has a metric here. The target of each metric is its value on held-out real text, as in Holtzman et
al., "The Curious Case of Neural Text Degeneration" (2020): text should be as human text is, not as
probable as possible.

All texts are excerpts. The first and the last word may be cut off and do not count.
"""

import math
import re
import statistics
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from textrnn.evaluation import ngrams
from textrnn.tokenizers import CharTokenizer, Ids

# Whole identifiers, and apostrophes between letters.
_WORD = re.compile(r"[^\W\d]\w*(?:['’]\w+)*")


class Candidate(NamedTuple):
    """The metrics of one sampling configuration, for `choose`."""

    new_words: float
    reverse_cross_entropy: float


def words(text: str) -> list[str]:
    """The complete words of the excerpt `text`, case-folded.

    A word is a run of letters, digits, underscores and inner apostrophes that does not start with a
    digit. A word that touches either end of the text may be cut off, so it is left out.
    """
    return [
        found.group().casefold()
        for found in _WORD.finditer(text)
        if found.start() > 0 and found.end() < len(text)
    ]


def new_word_share(texts: Iterable[str], known: Collection[str]) -> float:
    """The fraction of the words in `texts` that are not in `known` (case-folded words).

    0 if there are no words.
    """
    new = [word not in known for text in texts for word in words(text)]
    return sum(new) / len(new) if new else 0.0


def distinct_share(texts: Iterable[str], size: int = 3) -> float:
    """The fraction of distinct n-grams of `size` words, counted within each text.

    1 if no n-gram repeats or there are none. Longer texts repeat more, so compare texts of equal
    length. (Li et al., "A diversity-promoting objective function", 2016, for whole samples.)
    """
    if size < 1:
        raise ValueError(f"size must be at least 1 word, got {size}")
    distinct = total = 0
    for text in texts:
        found = words(text)
        runs = list(zip(*(islice(found, skip, None) for skip in range(size)), strict=False))
        distinct += len(set(runs))
        total += len(runs)
    return distinct / total if total else 1.0


def cross_entropy(
    counted: Sequence[str], scored: Sequence[str], alphabet: CharTokenizer, order: int = 5
) -> float:
    """Nats per character of the texts `scored` under an n-gram model of the texts `counted`.

    Counted on generated texts and scored on real ones, this is the reverse cross-entropy. N-grams
    that only the real text has are costly, and n-grams that only the generated texts have take
    probability from the rest. (Zhao et al., "Adversarially regularized autoencoders", 2018, and
    Semeniuta et al., "On accurate evaluation of GANs for language generation", 2018, use a network
    instead of n-grams.) The other way round it measures how surprising the generated texts are;
    dull texts score lowest.

    The value falls with the size of `counted`, so compare equal sizes. `alphabet` has the expected
    characters; any others are added to it.
    """
    alphabet = covering(alphabet, (*counted, *scored))
    return ngrams.cross_entropy(
        joined(counted, alphabet), joined(scored, alphabet), alphabet.vocab_size, order
    )


def covering(alphabet: CharTokenizer, texts: Iterable[str]) -> CharTokenizer:
    """`alphabet` extended by the other characters of `texts`; subwords can spell any character."""
    nonempty = [text for text in texts if text]
    if not nonempty:
        return alphabet
    return alphabet.extended(CharTokenizer.fit(nonempty, lower=alphabet.lower))


def joined(texts: Sequence[str], alphabet: CharTokenizer) -> Ids:
    """The concatenated ids of all texts, (characters,).

    The few n-grams across text boundaries count like any others.
    """
    return alphabet.encode_pieces(texts)


def error_of(
    metric: Callable[[Sequence[str]], float], texts: Sequence[str], groups: int = 10
) -> float:
    """The standard error of `metric(texts)` for randomly drawn texts, by the jackknife.

    Each of `groups` groups (by default every tenth text) is left out in turn (Tukey 1958). The
    estimate is biased upwards (Efron and Stein 1981). NaN for fewer than two texts.
    """
    groups = min(groups, len(texts))
    if groups < 2:
        return math.nan
    parts = [
        metric([text for index, text in enumerate(texts) if index % groups != group])
        for group in range(groups)
    ]
    return statistics.pstdev(parts) * math.sqrt(groups - 1)


def choose(candidates: Sequence[Candidate], most_new_words: float) -> int:
    """The index of the best candidate: the lowest reverse cross-entropy among the admissible ones.

    A candidate is admissible if its fraction of new words is at most `most_new_words`. If none is,
    the one with the fewest new words wins. On a tie the first wins.

    Without the limit the most random candidate would win. The n-grams of a sample predict a text
    better the more continuations they cover, so in samples of practical size the cross-entropy
    tolerates misspellings, which readers do not. With the limit the choice covers most of the
    language without inventing more words than real text has new ones. (Caccia et al., "Language
    GANs falling short", 2020, explain why a temperature needs both quality and diversity metrics.)
    """
    admissible = [index for index, one in enumerate(candidates) if one.new_words <= most_new_words]
    if not admissible:
        return min(range(len(candidates)), key=lambda index: candidates[index].new_words)
    return min(admissible, key=lambda index: candidates[index].reverse_cross_entropy)
