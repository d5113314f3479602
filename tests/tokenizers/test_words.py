"""Word ids: word patterns, encoding, decoding, fixed buckets."""

import json
import os
import re
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from textrnn.errors import ArtifactError, ConfigError, CorpusError, TokenizerError
from textrnn.tokenizers import PAD_ID, CharTokenizer, WordTokenizer, cut, patterns, read

few = settings(max_examples=40)
rules = st.sampled_from(["textbook", "unicode"])
texts = st.text(max_size=40) | st.lists(
    st.sampled_from(
        [
            "Don’t", "don't", "''", "<br />", "<BR>", "< br >", "Größe", "ΣΑΣ", "İ", "e\u0301",
            "\ufe0f", "\u200d", "\u00ad", "我喜", "が", "か\u3099", "❤\ufe0f", "1\ufe0f\u20e3",
            "snake_case", "हिन्दी", "\ud800", "\0", "3.5/10", "…", "word", "a",
        ]
    )
).map("".join)  # fmt: skip


def reader(rule: str = "unicode", *, lower: bool = False) -> WordTokenizer:
    return WordTokenizer((), rule=rule, lower=lower, oov_buckets=1)


def ids_of(tokenizer: WordTokenizer) -> dict[str, int]:
    words = [*tokenizer.words_by_id, *tokenizer.added]
    return {word: int(id_) for word in words for id_ in tokenizer.encode(word)}


# Word patterns


@pytest.mark.parametrize(
    ("rule", "text", "words"),
    [
        ("textbook", "It's <br />GOOD, isn’t it? 10/10", "It's GOOD isn t it"),
        ("textbook", "naïve 'quoted' <br>", "na ve 'quoted'"),
        ("textbook", "Привет 我 123", ""),
        ("unicode", "It's <br />GOOD, isn’t it?", "It's GOOD , isn't it ?"),
        ("unicode", "„Größe“ – dt. Straße!", "„ Größe “ – dt . Straße !"),
        ("unicode", "Zu\u00adcker", "Zucker"),
        ("unicode", "Фильм — отличный, 10/10", "Фильм — отличный , 10 / 10"),
        ("unicode", "我喜欢这部电影。", "我 喜 欢 这 部 电 影 。"),
        ("unicode", "テレビが好き", "テ レ ビ が 好 き"),
        ("unicode", "很good的", "很 good 的"),
        ("unicode", "hm…😀😀❤\ufe0f ok", "hm … 😀 😀 ❤ ok"),
        ("unicode", "👩\u200d🚀", "👩 🚀"),
        ("unicode", "हिन्दी में", "हिन्दी में"),
        ("unicode", "می\u200cخواهم", "می\u200cخواهم"),
        ("unicode", "ภาษาไทย", "ภาษาไทย"),
        ("unicode", "l'été e\u0301te\u0301", "l'été e\u0301te\u0301"),
        ("unicode", "'90s rock 'n' roll", "' 90s rock ' n ' roll"),
        ("unicode", "snake_case wi-fi", "snake _ case wi - fi"),
        ("unicode", "a\0b\u200b\ufeff\ufe0f\ud800 \u3000\n", "a b"),
    ],
)
def test_the_word_patterns_find_the_words(rule, text, words):
    assert reader(rule).words(text) == words.split(" " if words else None)


@few
@given(text=texts, rule=rules, lower=st.booleans())
@example(text="İstanbul’da İ", rule="unicode", lower=True)
def test_spans_lie_in_order_and_point_at_the_words(text, rule, lower):
    tokenizer = reader(rule, lower=lower)
    spans = tokenizer.spans(text)
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert len(tokenizer.encode(text)) == len(spans)
    # The text of a span is the word itself.
    words = [tokenizer.words(text[start:end]) for start, end in spans]
    assert words == [[word] for word in tokenizer.words(text)]


@few
@given(text=st.text(st.characters(max_codepoint=127)), rule=rules)
def test_ascii_texts_have_the_same_words_as_with_the_unicode_pattern(text, rule):
    sooner, general = (
        patterns.pattern_of(rule, ascii_only=ascii_only) for ascii_only in (True, False)
    )
    assert sooner.findall(text) == general.findall(text)


@few
@given(text=texts, lower=st.booleans())
def test_every_visible_character_is_in_one_word(text, lower):
    def is_hidden(character):
        return (
            character.isspace()
            or unicodedata.category(character) in ("Cc", "Cf", "Cs")
            or "VARIATION SELECTOR-" in unicodedata.name(character, "")
        )

    text = text.replace("<", "")  # no tags
    covered = {at for span in reader(lower=lower).spans(text) for at in range(*span)}
    assert all(is_hidden(text[at]) for at in set(range(len(text))) - covered)


@few
@given(text=texts, rule=rules, lower=st.booleans())
def test_words_are_unchanged_when_split_again(text, rule, lower):
    tokenizer = reader(rule, lower=lower)
    words = tokenizer.words(text)
    assert tokenizer.words(" ".join(words)) == words
    assert all(words)


@few
@given(text=texts, rule=rules)
def test_lower_casing_moves_no_span(text, rule):
    kept, lowered = reader(rule), reader(rule, lower=True)
    assert kept.spans(text) == lowered.spans(text)
    assert [word.lower() for word in kept.words(text)] == lowered.words(text)


def test_a_break_tag_is_a_space_and_keeps_positions():
    text = "one<br /><br/>two<BR>three"
    assert [text[start:end] for start, end in reader().spans(text)] == ["one", "two", "three"]


def test_marks_and_hidden_characters_include_all_planes():
    for categories in (("Mn", "Mc", "Me"), ("Cc", "Cf", "Cs")):
        listed = re.compile(f"[{patterns._ranges(categories)}]")
        assert all(
            bool(listed.match(chr(point))) == (unicodedata.category(chr(point)) in categories)
            for point in [*range(0, 0x110000, 5), *range(0xE0000, 0xE1000)]
        )


# Ids


@few
@given(known=st.lists(texts, min_size=1), rule=rules, lower=st.booleans(), data=st.data())
def test_decode_reverses_encode_over_the_vocabulary(known, rule, lower, data):
    words = {word for text in known for word in reader(rule, lower=lower).words(text)}
    if not words:
        with pytest.raises(CorpusError, match="no word"):
            WordTokenizer.fit(known, rule=rule, lower=lower)
        return
    tokenizer = WordTokenizer.fit(known, rule=rule, lower=lower)
    text = " ".join(data.draw(st.lists(st.sampled_from(sorted(words)))))
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert ids.dtype == np.int32
    assert not tokenizer.unknown(ids).any()


@few
@given(known=texts, text=texts, oov_buckets=st.integers(1, 9), rule=rules)
def test_ids_are_padding_then_words_then_buckets(known, text, oov_buckets, rule):
    words = dict.fromkeys(reader(rule).words(known))
    tokenizer = WordTokenizer(words, rule=rule, lower=False, oov_buckets=oov_buckets)
    assert tokenizer.vocab_size == 1 + len(words) + oov_buckets
    assert list(ids_of(tokenizer).values()) == [*range(1, len(words) + 1)]
    for word, id_ in zip(tokenizer.words(text), tokenizer.encode(text), strict=True):
        if word not in words:
            assert len(words) < id_ < tokenizer.vocab_size
            assert tokenizer.decode([id_]) == "<unk>"
            assert tokenizer.unknown([PAD_ID, id_]).tolist() == [False, True]


def test_padding_is_left_out():
    tokenizer = WordTokenizer(["good", "film"], rule="textbook", lower=False, oov_buckets=3)
    assert tokenizer.decode([PAD_ID, 1, PAD_ID, 5, 2, PAD_ID]) == "good <unk> film"
    assert tokenizer.decode([PAD_ID]) == tokenizer.decode([]) == ""
    assert tokenizer.encode(" ... ").shape == (0,)


def test_buckets_are_the_same_in_every_process():
    words = "Größe кино 电 😀 don't zyzzyva"
    code = (
        "from textrnn.tokenizers import WordTokenizer\n"
        "tokenizer = WordTokenizer((), rule='unicode', lower=False, oov_buckets=1000)\n"
        f"print(tokenizer.encode({words!r}).tolist())\n"
    )
    here = WordTokenizer((), rule="unicode", lower=False, oov_buckets=1000).encode(words).tolist()
    assert len(set(here)) == 6
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"  # of hash()
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": seed},
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(done.stdout) == here


# The vocabulary


def test_the_most_frequent_words_come_first_and_ties_in_the_order_of_code_points():
    texts = (text for text in ["b b c a", "ä Z c", "b once"])  # read once
    tokenizer = WordTokenizer.fit(texts, vocab_size=5, rule="unicode", oov_buckets=2)
    assert tokenizer.words_by_id == ("b", "c", "Z", "a", "once")
    assert tokenizer.unknown(tokenizer.encode("ä once")).tolist() == [True, False]


@few
@given(known=st.lists(texts, min_size=1), data=st.data())
def test_ids_do_not_depend_on_the_order_of_the_texts(known, data):
    known = [*known, "word"]
    shuffled = data.draw(st.permutations(known))
    first, second = (WordTokenizer.fit(each, rule="unicode") for each in (known, shuffled))
    assert first.to_json() == second.to_json()


def test_rare_words_go_to_the_buckets():
    tokenizer = WordTokenizer.fit(["one two two"], min_count=2)
    assert tokenizer.words_by_id == ("two",)
    with pytest.raises(
        CorpusError, match="no word occurs 3 times; the most frequent one occurs 2 times"
    ):
        WordTokenizer.fit(["one two two"], min_count=3)


def test_lower_casing_merges_two_spellings_of_a_word():
    tokenizer = WordTokenizer.fit(["Film FILM film"], lower=True)
    assert tokenizer.words_by_id == ("film",)
    assert tokenizer.encode("fILM").tolist() == [1]


@pytest.mark.parametrize("known", [[], [""], [" ... "], ["кино"]])
def test_a_vocabulary_needs_a_word(known):
    with pytest.raises(CorpusError, match="--word-pattern unicode"):
        WordTokenizer.fit(known)
    if known != ["кино"]:
        with pytest.raises(CorpusError, match="no word"):
            WordTokenizer.fit([" \n"], rule="unicode")


@pytest.mark.parametrize(
    "setting", [{"vocab_size": 0}, {"min_count": 0}, {"oov_buckets": 0}, {"rule": "latin"}]
)
def test_a_setting_outside_its_range_is_named(setting):
    with pytest.raises(ConfigError, match=next(iter(setting))):
        WordTokenizer.fit(["a word"], **setting)


def test_a_vocabulary_contains_no_word_twice():
    for added in ([], ["b"]):
        with pytest.raises(TokenizerError, match="twice"):
            WordTokenizer("aba"[added != [] :], rule="textbook", lower=False, oov_buckets=1,
                          added=[*added, *added])  # fmt: skip


# Words added later


@few
@given(known=texts, new=st.lists(texts), text=texts, oov_buckets=st.integers(1, 5))
def test_extending_changes_no_id(known, new, text, oov_buckets):
    words = dict.fromkeys(reader().words(known))
    old = WordTokenizer(words, rule="unicode", lower=False, oov_buckets=oov_buckets)
    wanted = [word for text in new for word in old.words(text)]
    both = old.extended(wanted)
    assert both.added == tuple(dict.fromkeys(word for word in wanted if word not in words))
    assert both.vocab_size == old.vocab_size + len(both.added)
    before, after = old.encode(text), both.encode(text)
    for word, id_before, id_after in zip(old.words(text), before, after, strict=True):
        is_new = word in both.added
        assert id_after == (old.vocab_size + both.added.index(word) if is_new else id_before)
        assert both.decode([id_after]) == (word if is_new else old.decode([id_before]))


def test_extending_twice_equals_extending_once():
    old = WordTokenizer.fit(["good film"], oov_buckets=2)
    twice = old.extended(["plane", "film"]).extended(["crew", "plane"])
    assert twice.added == ("plane", "crew")
    assert twice.to_json() == old.extended(["plane", "crew"]).to_json()


@pytest.mark.parametrize("word", ["Plane", "new plane", "wi-fi", "", " ", "isn’t"])
def test_extending_refuses_strings_that_are_not_one_word(word):
    with pytest.raises(TokenizerError, match="not one word of the pattern 'unicode' in lower case"):
        WordTokenizer.fit(["film"], rule="unicode", lower=True).extended(["crew", word])


# Files


@few
@given(known=texts, new=texts, lower=st.booleans(), rule=rules, oov_buckets=st.integers(1, 5))
def test_from_json_inverts_to_json(known, new, lower, rule, oov_buckets):
    words = dict.fromkeys(reader(rule, lower=lower).words(known))
    tokenizer = WordTokenizer(words, rule=rule, lower=lower, oov_buckets=oov_buckets)
    tokenizer = tokenizer.extended(tokenizer.words(new))
    written = tokenizer.to_json()
    again = read(written)
    assert isinstance(again, WordTokenizer)
    assert again.to_json() == written == written.encode().decode()
    text = f"{known} {new} else"
    assert again.encode(text).tolist() == tokenizer.encode(text).tolist()


GOOD = {
    "type": "word", "rule": "unicode", "lower": False, "oov_buckets": 2, "words": ["a"], "added": []
}  # fmt: skip


def test_the_undamaged_file_is_read():
    assert read(json.dumps(GOOD)).vocab_size == 4


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ({"type": "char"}, '"type": "word"'),
        ({"rule": "latin"}, '"rule"'),
        ({"rule": None}, '"rule"'),
        ({"rule": ["unicode"]}, '"rule"'),
        ({"lower": 1}, '"lower"'),
        ({"oov_buckets": 0}, '"oov_buckets"'),
        ({"oov_buckets": True}, '"oov_buckets"'),
        ({"oov_buckets": 1.5}, '"oov_buckets"'),
        ({"oov_buckets": None}, '"oov_buckets"'),
        ({"words": None}, '"words"'),
        ({"words": "abc"}, '"words"'),
        ({"words": ["a", 1]}, '"words"'),
        ({"words": ["a", ""]}, '"words"'),
        ({"words": ["a", "b c"]}, '"words"'),
        ({"words": ["a", "\ud83d"]}, '"words"'),
        ({"words": ["a", "a"]}, "once"),
        ({"added": ["a"]}, "once"),
        ({"added": {"b": 1}}, '"added"'),
        ({"added": None}, '"added"'),
    ],
)
def test_a_damaged_file_is_refused_by_name(damage, named):
    with pytest.raises(ArtifactError, match=r"tokenizer\.json") as caught:
        WordTokenizer.from_json(json.dumps({**GOOD, **damage}))
    assert named in str(caught.value)


@pytest.mark.parametrize("text", ["", "words", "[]", "null", "{}", '{"type": "bytes"}'])
def test_other_json_is_refused(text):
    for reads in (WordTokenizer.from_json, read):
        with pytest.raises(ArtifactError, match=r"tokenizer\.json"):
            reads(text)


def test_the_type_in_the_file_selects_the_tokenizer():
    assert isinstance(read(CharTokenizer("ab").to_json()), CharTokenizer)
    assert isinstance(read(json.dumps(GOOD)), WordTokenizer)


def test_characters_and_words_are_read_without_loading_sentencepiece():
    code = (
        "import sys\n"
        "from textrnn import tokenizers\n"
        f"tokenizers.read({CharTokenizer('ab').to_json()!r})\n"
        f"tokenizers.read({json.dumps(GOOD)!r})\n"
        "assert 'sentencepiece' not in sys.modules\n"
        "tokenizers.SentencePieceTokenizer.fit(['a b c'] * 9, vocab_size=300)\n"
        "assert 'sentencepiece' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# Truncation


@settings(max_examples=100)
@given(
    length=st.integers(0, 20),
    limit=st.integers(0, 25),
    keep=st.sampled_from(["head", "tail", "both"]),
)
def test_truncation_keeps_the_given_number_from_the_chosen_ends(length, limit, keep):
    ids = np.arange(length)
    kept = cut(ids, limit, keep)
    assert len(kept) == (min(length, limit) if limit else length)
    dropped = np.setdiff1d(ids, kept)
    assert (np.diff(kept) > 0).all()
    assert (np.diff(dropped) == 1).all()  # contiguous
    if len(dropped):
        before, after = int(dropped[0]), int(length - 1 - dropped[-1])
        expected = {"head": (limit, 0), "tail": (0, limit), "both": ((limit + 1) // 2, limit // 2)}
        assert (before, after) == expected[keep]


def test_a_negative_limit_is_refused():
    with pytest.raises(ConfigError, match="0"):
        cut(np.arange(3), -1, "head")
