"""The interface of all tokenizers: text -> ids and back, and the properties of their tokens.

Callers use this interface and never check the class or the kind: code that depends on the kind of
token belongs in this package.
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
Unit = Literal["characters", "subwords", "words"]
Unknown = Literal["error", "skip"]

PAD_ID = 0  # of words and subwords; characters have no padding


class Tokenizer(Protocol):
    """Maps text to ids. Immutable; two tokenizers with the same content are equal."""

    kind: ClassVar[Kind]
    unit: ClassVar[Unit]  # name of its tokens in messages, in the plural
    settings: ClassVar[tuple[str, ...]]  # the keyword arguments of `fit`
    # One id per character of a text; a character outside the alphabet has no id.
    character_level: ClassVar[bool] = False
    has_ids: ClassVar[bool] = True  # False: `encode` returns parts of the text, as str

    lower: bool  # whether a text is lower-cased before it is encoded
    rule: str | None = None  # word pattern that finds the tokens; None: a trained model does
    model: bytes | None = None  # bytes of tokenizer.model, if there is one

    @property
    @abstractmethod
    def vocab_size(self) -> int:
        """Number of ids, including padding and the ids of unknown tokens."""

    @property
    @abstractmethod
    def vocabulary(self) -> Mapping[str, int]:
        """Token -> id, for the tokens with their own id; empty if `rule` does not find tokens."""

    @property
    @abstractmethod
    def codec(self) -> "Codec":
        """Encoder and decoder of running text for a generator with this vocabulary."""

    @classmethod
    @abstractmethod
    def fit(cls, *args: Any, **settings: Any) -> Self:
        """Build the vocabulary from texts (iterable of str); `settings` are those of the class."""

    @staticmethod
    def of_running_text(chunks: Iterable[str]) -> Iterable[str]:
        """The texts to pass to `fit` for a generator, from the `chunks` of its corpus."""
        return chunks

    @abstractmethod
    def encode(self, text: str) -> Ids:
        """`text` as ids, shape (tokens,)."""

    @abstractmethod
    def decode(self, ids: npt.ArrayLike) -> str:
        """The text of `ids`, shape (tokens,)."""

    @abstractmethod
    def spans(self, text: str, count: int | None = None) -> list[tuple[int, int]]:
        """(start, end) of each token in `text`, in characters, in order; of the first `count`."""

    def unknown(self, ids: npt.ArrayLike) -> Mask:
        """Mask of the `ids` of tokens outside the vocabulary, of the same shape."""
        return np.zeros(np.shape(ids), bool)

    def extend_vocabulary(
        self, texts: Iterable[str], *, min_count: int = 1, limit: int | None = None
    ) -> Self:
        """This vocabulary with its ids, followed by new tokens from `texts`.

        Adds at most `limit` tokens that occur at least `min_count` times each. A vocabulary that
        encodes every text without loss is returned unchanged.
        """
        return self

    def with_spelling(self, spelling: bool) -> Self:
        """The same vocabulary, with this `spelling` if the tokens are words."""
        return self

    def sources(self, base: Self) -> npt.NDArray[np.int64]:
        """For each id, the id of `base` that its weights start from, shape (vocab_size,).

        `base` is the vocabulary before `extend_vocabulary`. -1 means that there is no such id.
        """
        return np.arange(self.vocab_size)

    @abstractmethod
    def alphabet(self, texts: Iterable[str]) -> "CharTokenizer":
        """A character tokenizer of `texts`; the tokenizer itself if it is one already."""

    @abstractmethod
    def to_json(self) -> str:
        """Readable JSON; `from_json` is the inverse."""

    @classmethod
    @abstractmethod
    def from_json(cls, text: str, model: bytes | None = None) -> Self:
        """Inverse of `to_json`, with the bytes of tokenizer.model; ArtifactError if damaged."""

    @abstractmethod
    def _content(self) -> tuple[object, ...]:
        """The values that define equality."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._content() == other._content()

    def __hash__(self) -> int:
        # Without the vocabulary, which is slow to hash.
        return hash((self.kind, self.vocab_size, self.lower))
