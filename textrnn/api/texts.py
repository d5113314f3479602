"""Convert texts from Python calls: a path, or an iterable of texts."""

from collections.abc import Iterable
from pathlib import Path

from textrnn.data.unlabelled import UnlabelledTexts, read_texts

TextsLike = UnlabelledTexts | str | Path | Iterable[str]


def as_texts(texts: TextsLike) -> UnlabelledTexts:
    """Unlabelled texts from an iterable, or read from a path."""
    if isinstance(texts, UnlabelledTexts):
        return texts
    return read_texts(texts) if isinstance(texts, str | Path) else UnlabelledTexts.of(texts)


def as_list(texts: str | Iterable[str]) -> list[str]:
    """Texts as a list; a single string means a list of one."""
    return [texts] if isinstance(texts, str) else list(texts)
