"""Sort counted words, for a vocabulary."""

from collections import Counter

from textrnn.config.text import Rule
from textrnn.errors import CorpusError


def most_frequent(counts: Counter[str], min_count: int) -> list[str]:
    """The words with at least this count, the most frequent first; ties in code-point order."""
    kept = [word for word, count in counts.items() if count >= min_count]
    return sorted(kept, key=lambda word: (-counts[word], word))


def by_frequency(counts: Counter[str], min_count: int, rule: Rule) -> list[str]:
    """As `most_frequent`; CorpusError when no word is left, for words of the pattern `rule`."""
    if not counts:
        raise CorpusError(
            "the texts contain no word of ASCII letters; use --word-pattern unicode for other "
            "scripts"
            if rule == "textbook"
            else "the texts contain no word; name files that contain text"
        )
    kept = most_frequent(counts, min_count)
    if not kept:
        raise CorpusError(
            f"no word occurs {min_count} times; the most frequent one occurs "
            f"{max(counts.values())} times; lower min_count, such as --set min_count=1"
        )
    return kept
