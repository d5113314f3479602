"""Turn text into ids and back, character by character.

`CharTokenizer` keeps every code point, case included, and numbers them from 0 in the order of
their code points, so the same corpus gives the same ids everywhere.
"""

import json
import unicodedata
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
    """One id a code point.

    `characters[i]` is the character with id i. `lower` lower-cases whatever is encoded.
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
            raise TokenizerError("the alphabet names a character twice")
        # The smallest type that holds every id: an encoded corpus takes 1-2 bytes a character.
        self.dtype = np.dtype(
            np.uint8 if len(points) <= 2**8 else np.uint16 if len(points) <= 2**16 else np.int32
        )
        self._points = points.astype("<u4")
        self._table = np.full(points.max(initial=-1) + 2, -1, dtype=np.int32)
        self._table[points] = np.arange(len(points))

    @property
    def vocab_size(self) -> int:
        """How many characters there are."""
        return len(self.characters)

    @cached_property
    def vocabulary(self) -> Mapping[str, int]:
        """Character -> id."""
        return {character: id_ for id_, character in enumerate(self.characters)}

    @cached_property
    def codec(self) -> CharacterCodec:
        """How a generator reads and writes characters."""
        return CharacterCodec(self)

    @classmethod
    def fit(cls, pieces: Iterable[str], *, lower: bool = False) -> Self:
        """The alphabet of all `pieces` together, in the order of code points.

        CorpusError when there is no character at all, or half of a surrogate pair.
        """
        seen = np.zeros(0x110000, dtype=bool)
        for piece in pieces:
            seen[_code_points(piece.lower() if lower else piece)] = True
        if seen[0xD800:0xE000].any():
            raise CorpusError("the text holds half a surrogate pair, which is no character")
        if not seen.any():
            raise CorpusError("the corpus is empty; name files that hold text")
        return cls(map(chr, np.flatnonzero(seen)), lower=lower)

    def extended(self, other: Self) -> Self:
        """This alphabet with its ids, followed by the characters that only `other` has."""
        new = [character for character in other.characters if character not in self.vocabulary]
        return type(self)((*self.characters, *new), lower=self.lower)

    def extend_vocabulary(
        self, texts: Iterable[str], *, min_count: int = 1, limit: int | None = None
    ) -> Self:
        """This alphabet with its ids, followed by the characters of `texts` that it lacks.

        All of them, since a text with another character cannot be encoded at all. CorpusError
        as for `fit`.
        """
        return self.extended(type(self).fit(texts, lower=self.lower))

    def sources(self, base: Self) -> npt.NDArray[np.int64]:
        """For each id the id of the same character in `base`, or -1."""
        ids = [base.vocabulary.get(character, -1) for character in self.characters]
        return np.array(ids, np.int64)

    def alphabet(self, texts: Iterable[str]) -> Self:
        """This one."""
        return self

    def encode(self, text: str, *, unknown: Unknown = "error", position: int = 0) -> Ids:
        """`text` as ids, shape (characters,), in the smallest unsigned type that holds them.

        A character outside the alphabet is a TokenizerError that names it and its position,
        counted from `position`; with `unknown="skip"` it is left out.
        """
        ids = self._lookup(text)
        known = ids >= 0
        if not known.all():
            if unknown == "error":
                index = int(known.argmin())
                text = text.lower() if self.lower else text
                raise TokenizerError(
                    f"{describe(text[index])} at position {position + index:,} is not among the "
                    f"{self.vocab_size} characters this model knows; leave it out, or use "
                    f"--unknown skip to drop such characters"
                )
            ids = ids[known]
        return ids.astype(self.dtype)

    def encode_pieces(self, pieces: Iterable[str], *, unknown: Unknown = "error") -> Ids:
        """All `pieces` as one array of ids, with no more than a piece's text beside it."""
        encoded, position = [np.empty(0, self.dtype)], 0
        for piece in pieces:
            encoded.append(self.encode(piece, unknown=unknown, position=position))
            position += len(piece)
        return np.concatenate(encoded)

    def decode(self, ids: npt.ArrayLike) -> str:
        """The text of `ids`, shape (characters,)."""
        return (
            self._points[np.asarray(ids, dtype=np.int64)]
            .tobytes()
            .decode("utf-32-le", "surrogatepass")
        )

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where each id stands in `text`, as (start, end): a character each, unknown ones too.

        Where lower() makes two characters of one, as of U+0130, both have its span.
        """
        lengths = [len(character.lower()) for character in text] if self.lower else [1] * len(text)
        return [(at, at + 1) for at, count in enumerate(lengths) for _ in range(count)]

    def unknown_characters(self, text: str) -> str:
        """Every character of `text` outside the alphabet, once each, in order of code points."""
        points = _code_points(text.lower() if self.lower else text)
        return "".join(map(chr, np.unique(points[self._lookup(text) < 0])))

    def to_json(self) -> str:
        """As a person can read it; `from_json` is the reverse."""
        return json.dumps(
            {"type": self.kind, "lower": self.lower, "characters": list(self.characters)},
            ensure_ascii=False,
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str, model: bytes | None = None) -> Self:
        """Read what `to_json` wrote; ArtifactError when it is something else."""
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
        # The table's last entry is -1: whatever lies beyond it is unknown as well.
        return self._table[np.minimum(points, len(self._table) - 1)]


def _code_points(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")


def describe(character: str) -> str:
    """A character as a message can show it: itself where it prints, its code point and name."""
    name = unicodedata.name(character, "")
    shown = f"{character!r} " if character.isprintable() else ""
    return f"character {shown}(U+{ord(character):04X}{' ' + name if name else ''})"
