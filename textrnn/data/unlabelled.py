"""Turn a folder, a table or a .txt file into unlabelled texts, for pretraining or distillation.

Unlabelled texts that are also labelled texts, up to punctuation, can be left out.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self

from textrnn.config.limits import CORPUS_LIMIT
from textrnn.config.parts import bare_name
from textrnn.data.encodings import Encoding
from textrnn.data.labelled import read_unlabelled
from textrnn.data.sources import read_text
from textrnn.data.tables import Form
from textrnn.errors import TrainingError

_NO_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True, eq=False)
class UnlabelledTexts:
    """Texts without labels, and the names of their sources."""

    texts: Sequence[str]
    names: tuple[str, ...]
    sha256: str  # of every text, in order

    @classmethod
    def of(cls, texts: Iterable[str], names: tuple[str, ...] = ("texts",)) -> Self:
        """Unlabelled texts in memory; computes their SHA-256."""
        texts, digest = [texts] if isinstance(texts, str) else list(texts), hashlib.sha256()
        for text in texts:
            digest.update(json.dumps(text).encode())
        return cls(texts, names, digest.hexdigest())

    def record(self) -> dict[str, Any]:
        """A fingerprint of the texts for metadata; the sources without their folders."""
        names = list(map(bare_name, self.names))
        return {"names": names, "sha256": self.sha256, "texts": len(self.texts)}


class Summed(Protocol):
    """Anything with a fingerprint of unlabelled texts: the texts, or a model trained on them."""

    @property
    def sha256(self) -> str:
        """SHA-256 of every text."""


def check_same(
    given: Summed | None, known: Mapping[str, Any], output: Path, was: str, option: str
) -> None:
    """TrainingError unless a resumed run has the same texts as before (`known` is their record).

    `was` is the verb for such texts, as in "was pretrained on"; `option` is the option that names
    them.
    """
    if given is None and not known:
        return
    if not known:
        raise TrainingError(f"the run in {output} {was} no texts; leave out {option}")
    if given is None or given.sha256 != known["sha256"]:
        raise TrainingError(
            f"the run in {output} {was} {', '.join(known['names'])}, {known['texts']:,} texts; "
            f"name the same texts with {option} to resume"
        )


def read_texts(
    path: str | Path,
    *,
    text_column: str = "text",
    form: Form | None = None,
    encoding: Encoding = "utf-8",
) -> UnlabelledTexts:
    """The texts of a .txt file (as one text), or of a source of `labelled.read_unlabelled`.

    CorpusError as for `read_unlabelled`.
    """
    if form is None and Path(path).suffix.lower() == ".txt" and not os.path.isdir(path):
        texts: Sequence[str] = [read_text(path, encoding, CORPUS_LIMIT)]
    else:
        texts = read_unlabelled(path, text_column=text_column, form=form, encoding=encoding)
    return UnlabelledTexts.of(texts, (str(path),))


def fresh(
    corpus: UnlabelledTexts | None, known: Iterable[str], notify: Callable[[str], object]
) -> list[str]:
    """The texts of `corpus` that are not in `known`; `notify` reports how many are left out.

    `known` are the labelled and the validation texts, compared as in `without`. No texts if
    `corpus` is None.
    """
    if corpus is None:
        return []
    texts = without(corpus.texts, known)
    if left_out := len(corpus.texts) - len(texts):
        notify(
            f"{left_out:,} texts of {', '.join(corpus.record()['names'])} are also labelled or "
            f"validation texts: left out"
        )
    return texts


def without(texts: Iterable[str], others: Iterable[str]) -> list[str]:
    """The `texts` that are not in `others`; case, spaces and punctuation do not matter."""
    known = set(map(bare, others))
    return [text for text in texts if bare(text) not in known]


def bare(text: str) -> str:
    """The letters and digits of `text` in lower case; `text` itself if it has none."""
    return _NO_LETTERS.sub("", text.lower()) or text
