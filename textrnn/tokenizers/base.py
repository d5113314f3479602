"""What every tokenizer answers: text -> ids and back, and what its tokens are.

Callers ask these questions and never for the class or the name of a kind: whatever depends on
what a token is belongs in this room.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from textrnn.tokenizers.characters import CharTokenizer
    from textrnn.tokenizers.codec import Codec

Ids = npt.NDArray[np.integer[Any]]
Mask = npt.NDArray[np.bool_]
Kind = Literal["char", "word", "sentencepiece", "text"]
Unit = Literal["characters", "pieces", "words"]
Unknown = Literal["error", "skip"]

PAD_ID = 0  # of words and subwords; characters have no padding


class Tokenizer(Protocol):
    """How a text becomes ids. Immutable; two tokenizers with the same content are equal."""

    kind: ClassVar[Kind]
    unit: ClassVar[Unit]  # what a token is, in the plural, as users read it
    settings: ClassVar[tuple[str, ...]]  # the keyword arguments of `fit`
    # One id for each character of a text, and none for a character outside the alphabet.
    character_level: ClassVar[bool] = False
    has_ids: ClassVar[bool] = True  # false: `encode` gives parts of the text itself, as str

    lower: bool  # whether a text is lower-cased before it is encoded
    rule: str | None = None  # by what rule tokens are found in a text; None: by a trained model
    model: bytes | None = None  # what tokenizer.json cannot hold: the file of a trained model

    @property
    @abstractmethod
    def vocab_size(self) -> int:
        """How many ids there are, padding and ids of unknown tokens included."""

    @property
    @abstractmethod
    def vocabulary(self) -> Mapping[str, int]:
        """Token -> id, of tokens with an id of their own that `rule` finds in a text."""

    @property
    @abstractmethod
    def codec(self) -> "Codec":
        """How a generator reads and writes running text with this vocabulary."""

    @classmethod
    @abstractmethod
    def fit(cls, *args: Any, **settings: Any) -> Self:
        """The vocabulary of texts, an iterable of str; `settings` are those of the class."""

    @staticmethod
    def of_running_text(chunks: Iterable[str]) -> Iterable[str]:
        """The texts to `fit` for a generator, whose corpus comes in `chunks`."""
        return chunks

    @abstractmethod
    def encode(self, text: str) -> Ids:
        """`text` as ids, shape (tokens,)."""

    @abstractmethod
    def decode(self, ids: npt.ArrayLike) -> str:
        """The text of `ids`, shape (tokens,)."""

    @abstractmethod
    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where each token stands in `text`, as (start, end) in characters, in order."""

    def unknown(self, ids: npt.ArrayLike) -> Mask:
        """Which of `ids` stand for tokens outside the vocabulary, in the same shape."""
        return np.zeros(np.shape(ids), bool)

    def extend_vocabulary(
        self, texts: Iterable[str], *, min_count: int = 1, limit: int | None = None
    ) -> Self:
        """This vocabulary with its ids, followed by tokens of `texts` that it lacks.

        At most `limit` of them, each of which occurs at least `min_count` times. A vocabulary
        that can encode every text without loss stays as it is.
        """
        return self

    def sources(self, base: Self) -> npt.NDArray[np.int64]:
        """For each id the id of `base` whose weights it starts from, shape (vocab_size,).

        `base` is what this vocabulary was extended from. -1 where there is no such id.
        """
        return np.arange(self.vocab_size)

    @abstractmethod
    def alphabet(self, texts: Iterable[str]) -> "CharTokenizer":
        """What encodes the characters of the same texts: this one if it does, or one of `texts`."""

    @abstractmethod
    def to_json(self) -> str:
        """As a person can read it; `from_json` is the reverse."""

    @classmethod
    @abstractmethod
    def from_json(cls, text: str, model: bytes | None = None) -> Self:
        """Read what `to_json` wrote, and `model`; ArtifactError when it is something else."""

    @abstractmethod
    def _content(self) -> tuple[object, ...]:
        """What two equal tokenizers share."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._content() == other._content()

    def __hash__(self) -> int:
        # Without the vocabulary, which takes long to hash; equal ones agree in these as well.
        return hash((self.kind, self.vocab_size, self.lower))
