"""Turn text into ids and back, character by character.

`CharTokenizer` keeps every code point, including case, and numbers the characters from 0 in
code-point order. So the same corpus gives the same ids everywhere.
"""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from textrnn.errors import ArtifactError, CorpusError, TokenizerError
from textrnn.tokenizers.base import Ids, Kind, Tokenizer, Unit, Unknown
from textrnn.tokenizers.codec import CharacterCodec
from textrnn.tokenizers.serialization import fields


class CharTokenizer(Tokenizer):
    """One id per code point.

    `characters[i]` is the character with id i. If `lower`, text is lower-cased before encoding.
    """

    kind: ClassVar[Kind] = "char"
    unit: ClassVar[Unit] = "characters"
    settings: ClassVar[tuple[str, ...]] = ("lower",)
    character_level: ClassVar[bool] = True

    rule = "characters"

    def __init__(self, characters: Iterable[str], *, lower: bool = False) -> None:
        self.characters = tuple(characters)
        self.lower = lower
        points = np.array([ord(character) for character in self.characters], dtype=np.int64)
        if len(np.unique(points)) != len(points):
            raise TokenizerError("the alphabet contains a character twice")
        # The smallest type for all ids: an encoded corpus takes 1-2 bytes per character.
        self.dtype = np.dtype(
            np.uint8 if len(points) <= 2**8 else np.uint16 if len(points) <= 2**16 else np.int32
        )
        self._points = points.astype("<u4")
        self._table = np.full(points.max(initial=-1) + 2, -1, dtype=np.int32)
        self._table[points] = np.arange(len(points))

    @property
    def vocab_size(self) -> int:
        """Number of characters in the alphabet."""
        return len(self.characters)

    @cached_property
    def vocabulary(self) -> Mapping[str, int]:
        """Character -> id."""
        return {character: id_ for id_, character in enumerate(self.characters)}

    @cached_property
    def codec(self) -> CharacterCodec:
        """Encoder and decoder of running text for a generator of characters."""
        return CharacterCodec(self)

    @classmethod
    def fit(cls, texts: Iterable[str], *, lower: bool = False) -> Self:
        """The alphabet of all `texts` together, in code-point order.

        CorpusError when the texts are empty or contain half a surrogate pair.
        """
        seen = np.zeros(0x110000, dtype=bool)
        for text in texts:
            seen[_code_points(text.lower() if lower else text)] = True
        if seen[0xD800:0xE000].any():
            raise CorpusError(
                "the text contains half a surrogate pair, which is not a character; remove it"
            )
        if not seen.any():
            raise CorpusError("the corpus is empty; name files that contain text")
        return cls(map(chr, np.flatnonzero(seen)), lower=lower)

    def extended(self, other: Self) -> Self:
        """This alphabet with its ids, followed by the characters that only `other` contains."""
        new = [character for character in other.characters if character not in self.vocabulary]
        return type(self)((*self.characters, *new), lower=self.lower)

    def extend_vocabulary(
        self, texts: Iterable[str], *, min_count: int = 1, limit: int | None = None
    ) -> Self:
        """This alphabet with its ids, followed by new characters from `texts`.

        Adds all of them, since text with an unknown character cannot be encoded. CorpusError as
        for `fit`.
        """
        return self.extended(type(self).fit(texts, lower=self.lower))

    def sources(self, base: Self) -> npt.NDArray[np.int64]:
        """For each id, the id of the same character in `base`, or -1."""
        ids = [base.vocabulary.get(character, -1) for character in self.characters]
        return np.array(ids, np.int64)

    def alphabet(self, texts: Iterable[str]) -> Self:
        """The tokenizer itself."""
        return self

    def encode(self, text: str, *, unknown: Unknown = "error", position: int = 0) -> Ids:
        """`text` as ids, shape (characters,), of the smallest type for all ids.

        A character outside the alphabet raises a TokenizerError with its position, counted from
        `position`; with `unknown="skip"` it is left out.
        """
        ids = self._lookup(text)
        known = ids >= 0
        if not known.all():
            if unknown == "error":
                index = int(known.argmin())
                text = text.lower() if self.lower else text
                raise TokenizerError(
                    f"{describe(text[index])} at position {position + index:,} is not among the "
                    f"{self.vocab_size} characters of this model; remove it, or drop all such "
                    f"(--unknown skip; in Python unknown='skip')"
                )
            ids = ids[known]
        return ids.astype(self.dtype)

    def encode_pieces(self, texts: Iterable[str], *, unknown: Unknown = "error") -> Ids:
        """The concatenation of `texts` as ids; encodes one text at a time to save memory."""
        encoded, position = [np.empty(0, self.dtype)], 0
        for text in texts:
            encoded.append(self.encode(text, unknown=unknown, position=position))
            position += len(text)
        return np.concatenate(encoded)

    def decode(self, ids: npt.ArrayLike) -> str:
        """The text of `ids`, shape (characters,)."""
        return (
            self._points[np.asarray(ids, dtype=np.int64)]
            .tobytes()
            .decode("utf-32-le", "surrogatepass")
        )

    def spans(self, text: str, count: int | None = None) -> list[tuple[int, int]]:
        """(start, end) of each character in `text`, of the first `count`; unknown ones included.

        If lower() turns one character into two, as for U+0130, both have its span.
        """
        lengths = [len(character.lower()) for character in text] if self.lower else [1] * len(text)
        spans = [(index, index + 1) for index, ids in enumerate(lengths) for _ in range(ids)]
        return spans[:count]

    def unknown_characters(self, text: str) -> str:
        """The characters of `text` outside the alphabet, once each, in code-point order."""
        return "".join(sorted(self.unknown_counts([text])))

    def unknown_counts(self, texts: Iterable[str]) -> dict[str, int]:
        """Character outside the alphabet -> how often `texts` contain it, the most frequent first.

        Ties are in code-point order.
        """
        counts: Counter[str] = Counter()
        for text in texts:
            points = _code_points(text.lower() if self.lower else text)
            found, numbers = np.unique(points[self._lookup(text) < 0], return_counts=True)
            counts.update(dict(zip(map(chr, found), numbers.tolist(), strict=True)))
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def to_json(self) -> str:
        """Readable JSON; `from_json` is the inverse."""
        return json.dumps(
            {"type": self.kind, "lower": self.lower, "characters": list(self.characters)},
            ensure_ascii=False,
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str, model: bytes | None = None) -> Self:
        """Inverse of `to_json`; ArtifactError for anything else."""
        content = fields(text, cls.kind)
        characters = content.get("characters")
        if (
            not isinstance(characters, list)
            or not all(isinstance(entry, str) and len(entry) == 1 for entry in characters)
            or len(set(characters)) != len(characters)
            or any(0xD800 <= ord(character) < 0xE000 for character in characters)
        ):
            raise ArtifactError('tokenizer.json: "characters" must list characters, once each')
        return cls(characters, lower=content["lower"])

    def _content(self) -> tuple[object, ...]:
        return self.characters, self.lower

    def _lookup(self, text: str) -> npt.NDArray[np.int32]:
        points = _code_points(text.lower() if self.lower else text)
        # The last entry of the table is -1, for all code points beyond it.
        return self._table[np.minimum(points, len(self._table) - 1)]


def _code_points(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def describe(character: str) -> str:
    """A character for messages: itself if printable, its code point and its name."""
    name = unicodedata.name(character, "")
    shown = f"{character!r} " if character.isprintable() else ""
    return f"character {shown}(U+{ord(character):04X}{' ' + name if name else ''})"
