"""Turn texts into groups that are about the same thing, and groups into two parts of the texts.

A validation part drawn at random flatters where many texts are about one thing and the texts to
come are about others: reviews of one film share its names, and a model that has learnt the verdict
on some of them knows more of the rest than it will of a new film. Where nobody says which film a
text is about, the names in it do: capitalised words, and pairs of them, that few texts hold.

One shared name says little, for actors play in many films and places lie in many stories; a chain
of such links would join almost all texts. So groups grow by average linkage (Sokal and Michener
1958): two become one only where their texts share enough names on average, over all pairs of a
text of one and a text of the other. That guess is coarse, and a group may well hold two films with
one cast, which does a split no harm; but a review that names nothing is left alone, wherever the
others of its film are.
"""

import heapq
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from textrnn.errors import ConfigError, CorpusError

MOST_TEXTS = 30  # a name in more is of no single film: IMDB's data hold at most 30 reviews of one
# Names that two groups' texts share on average, to become one.
CLOSENESS = 0.25
ENOUGH = 3  # shared names that settle the matter; a long cast list tells no more

_CAPITAL = "[A-ZÀ-ÖØ-Þ]"
_POSSESSIVE = re.compile(r"['’]s\b")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
# Words with a capital that follow a word in the same sentence: any word begins a sentence with one.
_CAPITALISED = re.compile(
    rf"(?:(?<=[\w,;] )|(?<=[\w,;] [\"'(*])){_CAPITAL}[\w'’-]*(?: {_CAPITAL}[\w'’-]*)*"
)

Links = dict[tuple[int, int], int]  # two texts' places, the lower first -> names they share
Indices = npt.NDArray[np.intp]


# ---- texts into groups --------------------------------------------------------------------------


def groups(
    texts: Sequence[str], *, most_texts: int = MOST_TEXTS, closeness: float = CLOSENESS
) -> Indices:
    """The number of each text's group, shape (n,), counted from 0 as the groups first appear.

    `most_texts` is how many different texts a name may stand in, and `closeness` how many names,
    counted up to 3, two groups' texts share on average to become one: the lower, the larger the
    groups. The order of the texts makes no difference to who is with whom; equal texts are
    together, and a text without a name that others share is alone.
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
    """Each name that 2 to `most_texts` of the texts hold, and the places of those, ascending.

    A name is a word that at least half of its texts write with a capital inside of a sentence, or
    two such words in a row of which neither is a name by itself, so that a rare surname counts
    once. They are given in lower case and without a possessive 's.
    """
    texts = [_POSSESSIVE.sub("", text) for text in texts]
    capitalised: Counter[str] = Counter()
    for text in texts:
        capitalised.update({name for run in _CAPITALISED.findall(text) for name in _names(run)})
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for place, text in enumerate(texts):
        for name in {name for name in _names(text) if name in capitalised}:
            holders[name].append(place)
    rare = {
        name: places
        for name, places in holders.items()
        if 2 <= len(places) <= most_texts and len(places) <= 2 * capitalised[name]
    }
    return {
        name: places
        for name, places in rare.items()
        if " " not in name or rare.keys().isdisjoint(name.split())
    }


def _names(text: str) -> Iterator[str]:
    """Whatever may be a name, if it is capitalised: words, but for initials, and pairs of words."""
    words = _WORD.findall(text.lower())
    yield from (word for word in words if len(word) > 2)
    yield from map(" ".join, pairwise(words))


def _links(texts: Sequence[str], most_texts: int) -> Links:
    links: Counter[tuple[int, int]] = Counter()
    for places in shared_names(texts, most_texts).values():
        links.update(combinations(places, 2))
    return {pair: min(shared, ENOUGH) for pair, shared in links.items()}


def _average_linkage(count: int, links: Links, closeness: float) -> list[int]:
    """The cluster of each of `count` nodes, named by one of its nodes.

    Always the two closest clusters become one, the first of equals, as long as the links between
    them add up to `closeness` for each pair of their nodes.
    """
    near: list[dict[int, int]] = [{} for _ in range(count)]  # cluster -> cluster -> their links
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
        # Clusters have grown or gone since; what they have become stands in the heap as well.
        if b not in near[a] or -negative != near[a][b] / (len(members[a]) * len(members[b])):
            continue
        kept, gone = (a, b) if len(near[a]) >= len(near[b]) else (b, a)
        del near[kept][gone], near[gone][kept]
        for other, shared in near[gone].items():
            del near[other][gone]
            near[kept][other] = near[other][kept] = near[kept].get(other, 0) + shared
        near[gone] = {}
        members[kept] += members[gone]
        members[gone] = []
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
    share: float,
    seed: int,
    classes: Sequence[str] = (),
) -> tuple[Indices, Indices]:
    """Where the labels stand that stay, and where those of a random `share` of each class stand.

    Both in ascending order, as `labelled.stratified_split` gives them, but a group goes to one
    part as a whole. A group that would make any class's share too large stays, so that a class has
    at most `share` of its labels apart, and less where none of its groups fits any more. The same
    seed gives the same parts. CorpusError when a part would get none of a class; `classes` gives
    it their names.
    """
    if not 0 < share < 1:
        raise ConfigError(f"a share to set apart must be between 0 and 1, got {share}")
    counts = np.zeros((groups.max(initial=-1) + 1, labels.max(initial=-1) + 1), dtype=np.intp)
    np.add.at(counts, (groups, labels), 1)
    total = counts.sum(axis=0)
    room = np.where(total > 0, np.clip(np.round(share * total), 1, np.maximum(total - 1, 0)), 0)
    chosen = np.zeros(len(counts), dtype=bool)
    for group in np.random.default_rng(seed).permutation(len(counts)):
        if (counts[group] <= room).all():
            room -= counts[group]
            chosen[group] = True
    apart = chosen[groups]
    lacking = np.setdiff1d(labels, labels[apart])
    if lacking.size:
        name = repr(classes[lacking[0]]) if classes else f"number {lacking[0]}"
        raise CorpusError(
            f"no group with a text of class {name} fits into a share of {share:g}; set a larger "
            f"share apart, or add texts of that class"
        )
    return np.flatnonzero(~apart), np.flatnonzero(apart)
