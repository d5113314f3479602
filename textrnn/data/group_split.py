"""Group texts by topic, and split them into training and validation parts by group.

A random validation part overestimates accuracy if many texts are about the same topic. Reviews of
one film share names: a model trained on some of them predicts the others better than reviews of
a new film. The film of a review is rarely on record, but the names in the text identify it:
capitalised words, and pairs of them, that occur in few texts.

One shared name is weak evidence: actors play in many films, and places occur in many stories. A
chain of such links would join almost all texts. Therefore groups are merged by average linkage
(Sokal and Michener 1958): two groups are merged if their texts share enough names on average over
all pairs of texts, one from each group. The method is coarse. A group may contain two films with
the same cast, which does not harm the split. A review without names forms a group of its own,
wherever the other reviews of its film are.
"""

import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from textrnn.errors import ConfigError, CorpusError

MOST_TEXTS = 30  # a name in more texts is of no single film: IMDB has at most 30 reviews per film
# Average number of shared names at which two groups are merged.
CLOSENESS = 0.25
ENOUGH = 3  # more shared names count as this many; a long cast list adds no evidence

_CAPITAL = "[A-ZÀ-ÖØ-Þ]"
_POSSESSIVE = re.compile(r"['’]s\b")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
# Capitalised words inside a sentence: at its beginning every word is capitalised.
_CAPITALISED = re.compile(
    rf"(?:(?<=[\w,;] )|(?<=[\w,;] [\"'(*])){_CAPITAL}[\w'’-]*(?: {_CAPITAL}[\w'’-]*)*"
)

Links = dict[tuple[int, int], int]  # indices of two texts, the lower first -> shared names
Indices = npt.NDArray[np.intp]


# ---- texts into groups --------------------------------------------------------------------------


def groups(
    texts: Sequence[str], *, most_texts: int = MOST_TEXTS, closeness: float = CLOSENESS
) -> Indices:
    """The group number of each text, shape (n,), from 0 in the order of first appearance.

    A name in more than `most_texts` different texts is ignored. Two groups are merged if their
    texts share `closeness` names on average, counting at most 3 per pair of texts: the lower, the
    larger the groups. The groups do not depend on the order of the texts. Equal texts are in one
    group; a text that shares no name forms a group of its own.
    """
    if most_texts < 2:
        raise ConfigError(f"most_texts must be at least 2, got {most_texts}")
    if not 0 < closeness <= ENOUGH:
        raise ConfigError(f"closeness must be above 0 and at most {ENOUGH}, got {closeness}")
    distinct = sorted(set(texts))
    cluster = _average_linkage(len(distinct), _links(distinct, most_texts), closeness)
    of_text = dict(zip(distinct, cluster, strict=True))
    numbers: dict[int, int] = {}
    return np.array(
        [numbers.setdefault(of_text[text], len(numbers)) for text in texts], dtype=np.intp
    )


def shared_names(texts: Sequence[str], most_texts: int = MOST_TEXTS) -> dict[str, list[int]]:
    """Name -> ascending indices of its texts, for each name in 2 to `most_texts` texts.

    A name is a word that is capitalised inside a sentence in at least half of its texts. Two such
    words in a row are a name if neither is one by itself, so that a rare surname counts once. The
    names are in lower case and without a possessive 's.
    """
    texts = [_POSSESSIVE.sub("", text) for text in texts]
    capitalised: Counter[str] = Counter()
    for text in texts:
        capitalised.update({name for run in _CAPITALISED.findall(text) for name in _names(run)})
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for index, text in enumerate(texts):
        for name in {name for name in _names(text) if name in capitalised}:
            holders[name].append(index)
    rare = {
        name: indices
        for name, indices in holders.items()
        if 2 <= len(indices) <= most_texts and len(indices) <= 2 * capitalised[name]
    }
    return {
        name: indices
        for name, indices in rare.items()
        if " " not in name or rare.keys().isdisjoint(name.split())
    }


def _names(text: str) -> Iterator[str]:
    """Candidates for names: words of three letters or more, and pairs of words, in lower case."""
    words = _WORD.findall(text.lower())
    yield from (word for word in words if len(word) > 2)
    yield from map(" ".join, pairwise(words))


def _links(texts: Sequence[str], most_texts: int) -> Links:
    links: Counter[tuple[int, int]] = Counter()
    for indices in shared_names(texts, most_texts).values():
        links.update(combinations(indices, 2))
    return {pair: min(shared, ENOUGH) for pair, shared in links.items()}


def _average_linkage(count: int, links: Links, closeness: float) -> list[int]:
    """The cluster of each of `count` nodes, named after one of its nodes.

    Repeatedly merges the two closest clusters (ties: the first) while their average link over all
    pairs of nodes is at least `closeness`.
    """
    near: list[dict[int, int]] = [{} for _ in range(count)]  # cluster -> neighbour -> sum of links
    for (a, b), shared in links.items():
        near[a][b] = near[b][a] = shared
    members = [[node] for node in range(count)]

    def candidates(a: int) -> Iterator[tuple[float, int, int]]:
        for b, shared in near[a].items():
            average = shared / (len(members[a]) * len(members[b]))
            if average >= closeness:
                yield -average, min(a, b), max(a, b)

    heap = [found for a in range(count) for found in candidates(a) if found[1] == a]
    heapq.heapify(heap)
    while heap:
        negative, a, b = heapq.heappop(heap)
        # The entry is outdated if a cluster was merged since; its new links are in the heap too.
        if b not in near[a] or -negative != near[a][b] / (len(members[a]) * len(members[b])):
            continue
        kept, merged = (a, b) if len(near[a]) >= len(near[b]) else (b, a)
        del near[kept][merged], near[merged][kept]
        for other, shared in near[merged].items():
            del near[other][merged]
            near[kept][other] = near[other][kept] = near[kept].get(other, 0) + shared
        near[merged] = {}
        members[kept] += members[merged]
        members[merged] = []
        for found in candidates(kept):
            heapq.heappush(heap, found)
    cluster = list(range(count))
    for name, nodes in enumerate(members):
        for node in nodes:
            cluster[node] = name
    return cluster


# ---- groups into parts --------------------------------------------------------------------------


def grouped_split(
    labels: npt.NDArray[np.int32],
    groups: Indices,
    fraction: float,
    seed: int,
    classes: Sequence[str] = (),
) -> tuple[Indices, Indices]:
    """Indices of the training part and of a random `fraction` of each class for validation.

    Like `labelled.stratified_split`, but each group goes to one part as a whole. A group that
    would exceed the fraction of any class stays in the training part; so the validation part has
    at most this fraction of a class, and less if no other group fits. The indices are ascending
    and depend on `seed` only. CorpusError when a part would have no text of a class; `classes`
    are the names for its message.
    """
    if not 0 < fraction < 1:
        raise ConfigError(f"the validation fraction must be between 0 and 1, got {fraction}")
    counts = np.zeros((groups.max(initial=-1) + 1, labels.max(initial=-1) + 1), dtype=np.intp)
    np.add.at(counts, (groups, labels), 1)
    total = counts.sum(axis=0)
    room = np.where(total > 0, np.clip(np.round(fraction * total), 1, np.maximum(total - 1, 0)), 0)
    chosen = np.zeros(len(counts), dtype=bool)
    for group in np.random.default_rng(seed).permutation(len(counts)):
        if (counts[group] <= room).all():
            room -= counts[group]
            chosen[group] = True
    held_out = chosen[groups]
    lacking = np.setdiff1d(labels, labels[held_out])
    if lacking.size:
        name = repr(classes[lacking[0]]) if classes else f"number {lacking[0]}"
        raise CorpusError(
            f"no group with a text of class {name} fits into a fraction of {fraction:g}; set a "
            f"larger validation fraction, or add texts of that class"
        )
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)
