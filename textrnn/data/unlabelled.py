"""Turn a folder, a table or a .txt file into texts without labels, to pretrain on or to be taught.

What is also a labelled text can be told apart and left out, however it is punctuated.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from textrnn.config.parts import bare_name
from textrnn.data.labelled import read_unlabelled
from textrnn.data.sources import read_text
from textrnn.data.tables import Form
from textrnn.errors import TrainingError

_NO_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True, eq=False)
class Unlabelled:
    """Texts, and the sources they came from."""

    texts: Sequence[str]
    names: tuple[str, ...]
    sha256: str  # over every text, in order

    @classmethod
    def of(cls, texts: Iterable[str], names: tuple[str, ...] = ("texts",)) -> Self:
        """Texts at hand, with their sum."""
        texts, digest = [texts] if isinstance(texts, str) else list(texts), hashlib.sha256()
        for text in texts:
            digest.update(json.dumps(text).encode())
        return cls(texts, names, digest.hexdigest())

    def record(self) -> dict[str, Any]:
        """What tells these texts again; their sources without one machine's folders."""
        names = list(map(bare_name, self.names))
        return {"names": names, "sha256": self.sha256, "texts": len(self.texts)}


class Summed(Protocol):
    """Texts without labels, or what was learnt from them."""

    @property
    def sha256(self) -> str:
        """Over every text."""


def check_same(
    given: Summed | None, known: Mapping[str, Any], output: Path, was: str, option: str
) -> None:
    """TrainingError unless a resumed run is given the texts whose record is `known`, or none.

    `was` says what a run does with such texts, as in "was pretrained on"; `option` names them.
    """
    if given is None and not known:
        return
    if not known:
        raise TrainingError(f"the run in {output} {was} no texts; leave out {option}")
    if given is None or given.sha256 != known["sha256"]:
        raise TrainingError(
            f"the run in {output} {was} {', '.join(known['names'])}, {known['texts']:,} texts; "
            f"name those with {option} to go on"
        )


def read_texts(
    path: str | Path,
    *,
    text_column: str = "text",
    form: Form | None = None,
    encoding: str = "utf-8",
) -> Unlabelled:
    """The texts of a .txt file (as a single one), or of what `labelled.read_unlabelled` reads.

    CorpusError as there.
    """
    if form is None and Path(path).suffix.lower() == ".txt" and not os.path.isdir(path):
        texts: Sequence[str] = [read_text(path, encoding)]
    else:
        texts = read_unlabelled(path, text_column=text_column, form=form, encoding=encoding)
    return Unlabelled.of(texts, (str(path),))


def fresh(
    corpus: Unlabelled | None, known: Iterable[str], notify: Callable[[str], object]
) -> list[str]:
    """The texts of `corpus`, if there is one, that are none of `known`; the rest is told.

    `known` are those with labels and those to validate on, compared as `without` does.
    """
    if corpus is None:
        return []
    texts = without(corpus.texts, known)
    if left_out := len(corpus.texts) - len(texts):
        notify(
            f"{left_out:,} texts of {', '.join(corpus.record()['names'])} are labelled ones or to "
            f"validate on: left out"
        )
    return texts


def without(texts: Iterable[str], others: Iterable[str]) -> list[str]:
    """Those of `texts` that are none of `others`, whatever the case, the spaces and the signs."""
    known = set(map(bare, others))
    return [text for text in texts if bare(text) not in known]


def bare(text: str) -> str:
    """Letters and digits of `text` in lower case; the text itself where it has none."""
    return _NO_LETTERS.sub("", text.lower()) or text
