"""Turn generated texts and real ones into figures of how alike they are.

People fault what a network writes for words that do not exist, for saying the same again, and for
not sounding like its corpus. Each has a figure here, and every figure has its mark: what the same
count says of real text that the network never read (Holtzman et al., "The Curious Case of Neural
Text Degeneration", 2020, compare so: to be like people's text, not to be as likely as can be).

All texts are excerpts: the word that one begins or ends in may be cut, and does not count.
"""

import math
import re
import statistics
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from textrnn.evaluation import ngrams
from textrnn.tokenizers import CharTokenizer, Ids

# Identifiers as a whole, and apostrophes between letters.
_WORD = re.compile(r"[^\W\d]\w*(?:['’]\w+)*")


class Candidate(NamedTuple):
    """What `choose` needs to know of one way to write."""

    new_words: float
    reverse_cross_entropy: float


def words(text: str) -> list[str]:
    """The words that stand whole in the excerpt `text`, case-folded.

    A word is a run of letters, digits, underscores and the apostrophes between them that does not
    begin with a digit; one that touches either end of the text may be cut, and is left out.
    """
    return [
        found.group().casefold()
        for found in _WORD.finditer(text)
        if found.start() > 0 and found.end() < len(text)
    ]


def new_word_share(texts: Iterable[str], known: Collection[str]) -> float:
    """The share of the words in `texts` that are not among `known`, which are case-folded.

    0 where there is no word.
    """
    new = [word not in known for text in texts for word in words(text)]
    return sum(new) / len(new) if new else 0.0


def distinct_share(texts: Iterable[str], size: int = 3) -> float:
    """Of the runs of `size` words in each text, the share that are different from one another.

    1 where nothing is said twice, or nothing at all. Longer texts repeat more: compare texts of
    one length. (Li et al., "A diversity-promoting objective function", 2016, for whole samples.)
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
    """Nats a character of the texts `scored` under an n-gram model of the texts `counted`.

    Counted on generated texts and scored on real ones this is the reverse cross-entropy: what the
    real text says and the generated texts never do costs much, and what only they say takes
    probability from the rest. (Zhao et al., "Adversarially regularized autoencoders", 2018;
    Semeniuta et al., "On accurate evaluation of GANs for language generation", 2018; with a
    network in place of the n-grams.) The other way round it says how surprising the generated
    texts are, which dull ones are least.

    It falls with the amount of `counted`: compare equal amounts. `alphabet` holds the characters
    that were to be expected; it is extended by any others.
    """
    alphabet = covering(alphabet, (*counted, *scored))
    return ngrams.cross_entropy(
        joined(counted, alphabet), joined(scored, alphabet), alphabet.vocab_size, order
    )


def covering(alphabet: CharTokenizer, texts: Iterable[str]) -> CharTokenizer:
    """`alphabet` with its ids, extended by what else is in `texts`: pieces can spell anything."""
    held = [text for text in texts if text]
    if not held:
        return alphabet
    return alphabet.extended(CharTokenizer.fit(held, lower=alphabet.lower))


def joined(texts: Sequence[str], alphabet: CharTokenizer) -> Ids:
    """All texts as the ids of one, shape (characters,).

    The few n-grams across two of them are of neither, and count as any.
    """
    return alphabet.encode_pieces(texts)


def error_of(
    figure: Callable[[Sequence[str]], float], texts: Sequence[str], groups: int = 10
) -> float:
    """The standard error of `figure(texts)`, where the texts are drawn at random.

    By the jackknife (Tukey 1958; too high rather than too low: Efron and Stein 1981): what leaving
    out a group, every tenth text, does to the figure. nan below two texts.
    """
    groups = min(groups, len(texts))
    if groups < 2:
        return math.nan
    parts = [
        figure([text for index, text in enumerate(texts) if index % groups != group])
        for group in range(groups)
    ]
    return statistics.pstdev(parts) * math.sqrt(groups - 1)


def choose(candidates: Sequence[Candidate], most_new_words: float) -> int:
    """The index of the best: the lowest reverse cross-entropy among those admissible.

    Admissible is a share of new words of at most `most_new_words`. Where none is, it is the one
    with the fewest new words. The first of equals wins.

    Without the bar the wildest would win: a sample's n-grams foretell a text the better the more
    ways of going on they hold, so that in samples of practical size the cross-entropy forgives
    misspellings, which readers do not. With it, the choice holds most of the language among those
    that invent no more words than real text has new ones. (Caccia et al., "Language GANs falling
    short", 2020, on why a temperature must be judged from both sides.)
    """
    admissible = [index for index, one in enumerate(candidates) if one.new_words <= most_new_words]
    if not admissible:
        return min(range(len(candidates)), key=lambda index: candidates[index].new_words)
    return min(admissible, key=lambda index: candidates[index].reverse_cross_entropy)
