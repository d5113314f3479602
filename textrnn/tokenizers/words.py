"""Turn text into word ids and back.

    0 padding | 1 .. n the words | buckets that all other words share | words added later

A word outside the vocabulary goes to the bucket that its hash names: two unknown words that mean
different things mostly differ in id as well. Words added for fine-tuning come last, so that no id
given out before ever moves.
"""

import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import repeat
from typing import Any, ClassVar, Self, get_args

import numpy as np
import numpy.typing as npt

from textrnn.config.text import Keep, Rule
from textrnn.errors import ArtifactError, ConfigError, CorpusError, TokenizerError
from textrnn.tokenizers.base import PAD_ID, Ids, Kind, Mask, Tokenizer, Unit
from textrnn.tokenizers.characters import CharTokenizer
from textrnn.tokenizers.codec import WordCodec, whole_words
from textrnn.tokenizers.patterns import pattern_of, plain, without_breaks
from textrnn.tokenizers.serialization import fields
from textrnn.tokenizers.spacing import stand_in


class WordTokenizer(Tokenizer):
    """One id a word.

    `words_by_id[i]` has id i + 1; `added[i]` comes after the `oov_buckets` buckets. `rule` says
    what a word is: "textbook" runs of ASCII letters and apostrophes, "unicode" runs of letters
    and digits of any script and every other visible character by itself. `lower` lower-cases.
    """

    kind: ClassVar[Kind] = "word"
    unit: ClassVar[Unit] = "words"
    settings: ClassVar[tuple[str, ...]] = (
        "vocab_size", "oov_buckets", "rule", "lower", "min_count",
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
    ) -> None:
        if rule not in get_args(Rule):
            raise ConfigError(f"rule must be one of {', '.join(get_args(Rule))}, got {rule!r}")
        if oov_buckets < 1:
            raise ConfigError(f"oov_buckets must be at least 1, got {oov_buckets}")
        self.words_by_id, self.added = tuple(words), tuple(added)
        self.rule, self.lower, self.oov_buckets = rule, lower, oov_buckets
        self._first_bucket = 1 + len(self.words_by_id)
        self._first_added = self._first_bucket + oov_buckets
        self._ids = {word: id_ for id_, word in enumerate(self.words_by_id, 1)}
        self._ids |= {word: id_ for id_, word in enumerate(self.added, self._first_added)}
        if len(self._ids) != len(self.words_by_id) + len(self.added):
            raise TokenizerError("the vocabulary names a word twice")

    @property
    def vocab_size(self) -> int:
        """How many ids there are: padding, words, buckets and added words."""
        return self._first_added + len(self.added)

    @property
    def vocabulary(self) -> Mapping[str, int]:
        """Word -> id, those added later last."""
        return self._ids

    @cached_property
    def codec(self) -> WordCodec:
        """How a generator reads and writes words."""
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
    ) -> Self:
        """The `vocab_size` most frequent words of `texts`, ties in the order of code points.

        Words that occur less than `min_count` times are left to the buckets. The texts are read
        once and only the counts kept. CorpusError when no word is left.
        """
        if vocab_size < 1 or min_count < 1:
            name, value = ("vocab_size", vocab_size) if vocab_size < 1 else ("min_count", min_count)
            raise ConfigError(f"{name} must be at least 1, got {value}")
        reader = cls((), rule=rule, lower=lower, oov_buckets=oov_buckets)
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(reader.words(text))
        if not counts:
            raise CorpusError(
                "the texts hold no word of ASCII letters; --rule unicode reads every script"
                if rule == "textbook"
                else "the texts hold no word; name files that hold text"
            )
        kept = [word for word, count in counts.items() if count >= min_count]
        if not kept:
            raise CorpusError(
                f"no word occurs {min_count} times, the most frequent one "
                f"{max(counts.values())}; lower min_count, as with --set min_count=1"
            )
        kept.sort(key=lambda word: (-counts[word], word))
        return cls(kept[:vocab_size], rule=rule, lower=lower, oov_buckets=oov_buckets)

    @staticmethod
    def of_running_text(chunks: Iterable[str]) -> Iterator[str]:
        """The texts to `fit` for a generator: line ends and opening quotes are words as well."""
        return map(stand_in, whole_words(chunks))

    def extended(self, words: Iterable[str]) -> Self:
        """This vocabulary with its ids, followed by those of `words` that it lacks, in order.

        A new word leaves its bucket; all others stay there. TokenizerError for one that the
        tokenizer would not read as a single word, spelt so: it could never occur.
        """
        new = [word for word in dict.fromkeys(words) if word not in self._ids]
        for word in new:
            if self.words(word) != [word]:
                raise TokenizerError(
                    f"{word!r} is not one word by the rule {self.rule!r}"
                    f"{' in lower case' if self.lower else ''}, which reads "
                    f"{self.words(word)}; add those instead"
                )
        return type(self)(
            self.words_by_id,
            rule=self.rule,
            lower=self.lower,
            oov_buckets=self.oov_buckets,
            added=(*self.added, *new),
        )

    def extend_vocabulary(
        self, texts: Iterable[str], *, min_count: int = 1, limit: int | None = None
    ) -> Self:
        """This vocabulary with its ids, followed by words of `texts` that it lacks.

        The `limit` most frequent ones that occur `min_count` times or more, ties in the order of
        code points.
        """
        counts = Counter(word for text in texts for word in self.words(text))
        new = [
            word
            for word, count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
            if word not in self._ids and count >= min_count
        ]
        return self.extended(new[:limit])

    def sources(self, base: Self) -> npt.NDArray[np.int64]:
        """For each id the same id of `base`; for an added word the bucket that it was in there."""
        new = [int(base.encode(word)[0]) for word in self.added[len(base.added) :]]
        return np.concatenate([np.arange(base.vocab_size), np.array(new, np.int64)])

    def alphabet(self, texts: Iterable[str]) -> CharTokenizer:
        """The characters of `texts`, in the same case."""
        return CharTokenizer.fit(texts, lower=self.lower)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where each word stands in `text`, as (start, end), in order."""
        pattern = pattern_of(self.rule, ascii_only=text.isascii())
        return [found.span() for found in pattern.finditer(without_breaks(text))]

    def words(self, text: str) -> list[str]:
        """The words of `text` as they are looked up, one a span."""
        ascii_only, text = text.isascii(), without_breaks(text)
        find = pattern_of(self.rule, ascii_only=ascii_only).findall
        if ascii_only:
            return find(text.lower() if self.lower else text)
        words = map(plain, find(text))
        return [word.lower() for word in words] if self.lower else list(words)

    def encode(self, text: str) -> Ids:
        """`text` as ids, shape (words,), int32; a text without a word gives none."""
        words = self.words(text)
        ids = np.fromiter(map(self._ids.get, words, repeat(PAD_ID)), np.int32, len(words))
        for place in np.flatnonzero(ids == PAD_ID).tolist():
            ids[place] = self._bucket(words[place])
        return ids

    def decode(self, ids: npt.ArrayLike) -> str:
        """The words of `ids`, shape (words,), joined by spaces; those of buckets as <unk>.

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
        """Which of `ids` are of buckets, in the same shape."""
        array = np.asarray(ids, dtype=np.int64)
        return (self._first_bucket <= array) & (array < self._first_added)

    def to_json(self) -> str:
        """As a person can read it, a word a line; `from_json` is the reverse."""
        return json.dumps(
            {
                "type": self.kind,
                "rule": self.rule,
                "lower": self.lower,
                "oov_buckets": self.oov_buckets,
                "words": list(self.words_by_id),
                "added": list(self.added),
            },
            ensure_ascii=False,
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str, model: bytes | None = None) -> Self:
        """Read what `to_json` wrote; ArtifactError when it is something else."""
        content = fields(text, cls.kind)
        rule: Any = content.get("rule")
        buckets: Any = content.get("oov_buckets")
        words: Any = content.get("words")
        added: Any = content.get("added")
        if rule not in get_args(Rule):
            raise ArtifactError(
                f'tokenizer.json: "rule" must be one of {", ".join(get_args(Rule))}, got {rule!r}'
            )
        if not isinstance(buckets, int) or isinstance(buckets, bool) or buckets < 1:
            raise ArtifactError(
                f'tokenizer.json: "oov_buckets" must be a number of 1 or more, got {buckets!r}'
            )
        for value in (words, added):
            if not isinstance(value, list) or not all(map(_is_word, value)):
                raise ArtifactError('tokenizer.json: "words" and "added" must list words')
        if len({*words, *added}) != len(words) + len(added):
            raise ArtifactError('tokenizer.json: "words" and "added" must name each word once')
        return cls(words, rule=rule, lower=content["lower"], oov_buckets=buckets, added=added)

    def _content(self) -> tuple[object, ...]:
        return self.words_by_id, self.added, self.rule, self.lower, self.oov_buckets

    def _bucket(self, word: str) -> int:
        # Not hash(): Python salts it anew in every process, and a model must read a word the
        # same way wherever it is loaded.
        return self._first_bucket + zlib.crc32(word.encode()) % self.oov_buckets

    def _word(self, id_: int) -> str:
        if id_ < self._first_bucket:
            return self.words_by_id[id_ - 1]
        return self.added[id_ - self._first_added]


def cut(ids: Ids, limit: int, keep: Keep) -> Ids:
    """At most `limit` of `ids`, shape (words,): the first, the last, or half of each.

    Of "both" an odd one goes to the beginning. A `limit` of 0 keeps all.
    """
    if limit < 0:
        raise ConfigError(f"a limit of words must be 0 (all) or more, got {limit}")
    if not limit or len(ids) <= limit:
        return ids
    if keep == "both":
        return np.concatenate([ids[: limit - limit // 2], ids[len(ids) - limit // 2 :]])
    return ids[:limit] if keep == "first" else ids[len(ids) - limit :]


def _is_word(value: object) -> bool:
    return isinstance(value, str) and bool(value) and not re.search(r"[\s\ud800-\udfff]", value)
