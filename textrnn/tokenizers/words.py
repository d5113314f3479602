"""Turn text into word ids and back.

    0 padding | 1 .. n the words | hash buckets for all other words | words added later

A word outside the vocabulary has the id of a bucket chosen by its hash, so that two unknown words
mostly have different ids. Words added for fine-tuning come last, so that existing ids never change.
"""

import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import repeat
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from textrnn.config.text import Rule
from textrnn.errors import ArtifactError, ConfigError, TokenizerError
from textrnn.tokenizers.base import PAD_ID, Ids, Kind, Mask, Tokenizer, Unit
from textrnn.tokenizers.characters import CharTokenizer
from textrnn.tokenizers.codec import whole_words
from textrnn.tokenizers.frequency import by_frequency, most_frequent
from textrnn.tokenizers.patterns import check_rule, find_spans, find_words
from textrnn.tokenizers.serialization import fields, word_lists, word_pattern
from textrnn.tokenizers.spacing import stand_in
from textrnn.tokenizers.spelling import Speller
from textrnn.tokenizers.word_codec import WordCodec


class WordTokenizer(Tokenizer):
    """One id per word.

    `words_by_id[i]` has id i + 1; the `added` words follow the `oov_buckets` buckets. `rule` is
    the word pattern: "textbook" (runs of ASCII letters and apostrophes) or "unicode" (runs of
    letters and digits of any script, and every other visible character). If `lower`, text is
    lower-cased before encoding. With `spelling` an unknown word has the id of the known word that
    it resembles (`textrnn.tokenizers.spelling`), if there is one.
    """

    kind: ClassVar[Kind] = "word"
    unit: ClassVar[Unit] = "words"
    settings: ClassVar[tuple[str, ...]] = (
        "vocab_size", "oov_buckets", "rule", "lower", "min_count", "spelling",
    )  # fmt: skip

    rule: Rule

    def __init__(
        self,
        words: Iterable[str],
        *,
        rule: Rule,
        lower: bool,
        oov_buckets: int,
        added: Iterable[str] = (),
        spelling: bool = False,
    ) -> None:
        check_rule(rule)
        if oov_buckets < 1:
            raise ConfigError(f"oov_buckets must be at least 1, got {oov_buckets}")
        self.words_by_id, self.added = tuple(words), tuple(added)
        self.rule, self.lower, self.oov_buckets = rule, lower, oov_buckets
        self.spelling = spelling
        self._first_bucket = 1 + len(self.words_by_id)
        self._first_added = self._first_bucket + oov_buckets
        self._ids = {word: id_ for id_, word in enumerate(self.words_by_id, 1)}
        self._ids |= {word: id_ for id_, word in enumerate(self.added, self._first_added)}
        if len(self._ids) != len(self.words_by_id) + len(self.added):
            raise TokenizerError("the vocabulary contains a word twice")
        self._known_as = Speller(self._ids) if spelling else lambda word: PAD_ID

    @property
    def vocab_size(self) -> int:
        """Number of ids: padding, words, buckets and added words."""
        return self._first_added + len(self.added)

    @property
    def vocabulary(self) -> Mapping[str, int]:
        """Word -> id; added words come last."""
        return self._ids

    @cached_property
    def codec(self) -> WordCodec:
        """Encoder and decoder of running text for a generator of words."""
        return WordCodec(self)

    @classmethod
    def fit(
        cls,
        texts: Iterable[str],
        *,
        vocab_size: int = 10_000,
        oov_buckets: int = 1_000,
        rule: Rule = "textbook",
        lower: bool = False,
        min_count: int = 1,
        spelling: bool = False,
    ) -> Self:
        """The `vocab_size` most frequent words of `texts`; ties in code-point order.

        Words that occur fewer than `min_count` times go to the buckets. The texts are read once,
        and only the counts are kept. CorpusError when no word is left.
        """
        if vocab_size < 1 or min_count < 1:
            name, value = ("vocab_size", vocab_size) if vocab_size < 1 else ("min_count", min_count)
            raise ConfigError(f"{name} must be at least 1, got {value}")
        tokenizer = cls((), rule=rule, lower=lower, oov_buckets=oov_buckets)
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(tokenizer.words(text))
        kept = by_frequency(counts, min_count, rule)
        return cls(
            kept[:vocab_size], rule=rule, lower=lower, oov_buckets=oov_buckets, spelling=spelling
        )

    @staticmethod
    def of_running_text(chunks: Iterable[str]) -> Iterator[str]:
        """The texts to pass to `fit` for a generator; line ends and opening quotes are words."""
        return map(stand_in, whole_words(chunks))

    def extended(self, words: Iterable[str]) -> Self:
        """This vocabulary with its ids, followed by the new ones among `words`, in order.

        A new word leaves its bucket; other words stay there. TokenizerError for a word that the
        word pattern would split or change, since it could never occur.
        """
        new = [word for word in dict.fromkeys(words) if word not in self._ids]
        for word in new:
            if self.words(word) != [word]:
                raise TokenizerError(
                    f"{word!r} is not one word of the pattern {self.rule!r}"
                    f"{' in lower case' if self.lower else ''}, which finds "
                    f"{self.words(word)}; add those instead"
                )
        return self._like(added=(*self.added, *new))

    def with_spelling(self, spelling: bool) -> Self:
        """The same vocabulary, with or without looking for resembling words."""
        return self._like(spelling=spelling)

    def _like(self, **changes: Any) -> Self:
        own = {"rule": self.rule, "lower": self.lower, "oov_buckets": self.oov_buckets,
               "added": self.added, "spelling": self.spelling}  # fmt: skip
        return type(self)(self.words_by_id, **{**own, **changes})

    def extend_vocabulary(
        self, texts: Iterable[str], *, min_count: int = 1, limit: int | None = None
    ) -> Self:
        """This vocabulary with its ids, followed by new words from `texts`.

        Adds the `limit` most frequent new words that occur at least `min_count` times; ties in
        code-point order.
        """
        counts = Counter(word for text in texts for word in self.words(text))
        new = [word for word in most_frequent(counts, min_count) if word not in self._ids]
        return self.extended(new[:limit])

    def sources(self, base: Self) -> npt.NDArray[np.int64]:
        """For each id, the same id of `base`; for a new word, its former bucket."""
        new = [int(base.encode(word)[0]) for word in self.added[len(base.added) :]]
        return np.concatenate([np.arange(base.vocab_size), np.array(new, np.int64)])

    def alphabet(self, texts: Iterable[str]) -> CharTokenizer:
        """The characters of `texts`, in the same case."""
        return CharTokenizer.fit(texts, lower=self.lower)

    def spans(self, text: str, count: int | None = None) -> list[tuple[int, int]]:
        """(start, end) of each word in `text`, in characters, in order; of the first `count`."""
        return find_spans(text, self.rule, count)

    def words(self, text: str) -> list[str]:
        """The normalised words of `text`, one per span."""
        return find_words(text, self.rule, lower=self.lower)

    def encode(self, text: str) -> Ids:
        """`text` as ids, shape (words,), int32; a text without a word has none."""
        words = self.words(text)
        ids = np.fromiter(map(self._ids.get, words, repeat(PAD_ID)), np.int32, len(words))
        for index in np.flatnonzero(ids == PAD_ID).tolist():
            ids[index] = self._known_as(words[index]) or self._bucket(words[index])
        return ids

    def decode(self, ids: npt.ArrayLike) -> str:
        """The words of `ids`, shape (words,), joined by spaces; bucket ids become <unk>.

        Padding is left out.
        """
        array = np.asarray(ids, dtype=np.int64)
        unknown = self.unknown(array)
        return " ".join(
            "<unk>" if is_unknown else self._word(id_)
            for id_, is_unknown in zip(array.tolist(), unknown.tolist(), strict=True)
            if id_ != PAD_ID
        )

    def unknown(self, ids: npt.ArrayLike) -> Mask:
        """Mask of the `ids` that are buckets, of the same shape."""
        array = np.asarray(ids, dtype=np.int64)
        return (self._first_bucket <= array) & (array < self._first_added)

    def to_json(self) -> str:
        """Readable JSON with one word per line; `from_json` is the inverse."""
        return json.dumps(
            {
                "type": self.kind,
                "rule": self.rule,
                "lower": self.lower,
                "oov_buckets": self.oov_buckets,
                **({"spelling": True} if self.spelling else {}),
                "words": list(self.words_by_id),
                "added": list(self.added),
            },
            ensure_ascii=False,
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str, model: bytes | None = None) -> Self:
        """Inverse of `to_json`; ArtifactError for anything else."""
        content = fields(text, cls.kind)
        rule = word_pattern(content)
        buckets: Any = content.get("oov_buckets")
        if not isinstance(buckets, int) or isinstance(buckets, bool) or buckets < 1:
            raise ArtifactError(
                f'tokenizer.json: "oov_buckets" must be a number of 1 or more, got {buckets!r}'
            )
        spelling: Any = content.get("spelling", False)
        if not isinstance(spelling, bool):
            raise ArtifactError('tokenizer.json: "spelling" must be true or false')
        words, added = word_lists(content, "words", "added")
        own: Any = {"rule": rule, "lower": content["lower"], "oov_buckets": buckets}
        return cls(words, **own, added=added, spelling=spelling)

    def _content(self) -> tuple[object, ...]:
        rule = self.rule, self.lower, self.oov_buckets, self.spelling
        return self.words_by_id, self.added, *rule

    def _bucket(self, word: str) -> int:
        # Not hash(), which is salted per process: the bucket of a word must be the same wherever
        # a model is loaded.
        return self._first_bucket + zlib.crc32(word.encode()) % self.oov_buckets

    def _word(self, id_: int) -> str:
        if id_ < self._first_bucket:
            return self.words_by_id[id_ - 1]
        return self.added[id_ - self._first_added]
