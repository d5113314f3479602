"""Where a text ends that a stop text ends."""

from collections.abc import Sequence


def first_stop(text: str, stop: Sequence[str]) -> str:
    """`text` up to the first complete stop text; on a tie, the longest."""
    for end in range(len(text) + 1):
        found = [at for each in stop if (at := text.find(each, 0, end)) >= 0]
        if found:
            return text[: min(found)]
    return text
