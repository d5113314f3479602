"""Convert texts from Python calls: a path, or an iterable of texts."""

from collections.abc import Iterable
from pathlib import Path

from textrnn.api.checks import check_path, check_texts
from textrnn.data.unlabelled import UnlabelledTexts, read_texts

TextsLike = UnlabelledTexts | str | Path | Iterable[str]


def as_texts(texts: TextsLike) -> UnlabelledTexts:
    """Unlabelled texts from an iterable, or read from a path."""
    if isinstance(texts, UnlabelledTexts):
        return texts
    if isinstance(texts, str | Path):
        check_path(texts, "give a list of texts")
        return read_texts(texts)
    return UnlabelledTexts.of(check_texts(texts, "texts"))
