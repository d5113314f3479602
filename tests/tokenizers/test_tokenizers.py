"""Laws of every kind of tokenizer."""

import inspect
import json
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textrnn import tokenizers
from textrnn.config.text import Tokens, Written
from textrnn.errors import ArtifactError, TokenizerError
from textrnn.tokenizers import TOKENIZERS, CharTokenizer, Kind, Tokenizer

LINES = [
    "Who knocks so late? The miller asked; he counts his sacks.\n",
    "A lantern swings below the bridge, then another!\n",
    "我喜欢这部电影。 don't é\n",
] * 3
SETTINGS = {
    "vocab_size": 350, "oov_buckets": 3, "rule": "unicode", "min_count": 1, "model_type": "unigram",
}  # fmt: skip
few = settings(max_examples=40)


def fitted(kind: str, *, lower: bool = False) -> Tokenizer:
    return tokenizers.fit(kind, LINES, **SETTINGS, lower=lower)


FITTED = {kind: fitted(kind) for kind in TOKENIZERS}
LOWER = {kind: fitted(kind, lower=True) for kind in TOKENIZERS if kind != "text"}
# Texts that each kind decodes exactly.
WHOLE = {
    "char": st.text(sorted(FITTED["char"].vocabulary)),
    "word": st.lists(st.sampled_from(sorted(FITTED["word"].vocabulary))).map(" ".join),
    "sentencepiece": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    "text": st.text("ab ,.é我\n").map("a{}".format),
}
near_text = st.lists(st.sampled_from([*" ".join(LINES).split(" "), " ", "zebra", "\n"])).map(
    " ".join
)
every_kind = pytest.mark.parametrize("kind", TOKENIZERS)
every_tokenizer = pytest.mark.parametrize(
    "tokenizer",
    [*FITTED.values(), *LOWER.values()],
    ids=[*FITTED, *(f"{kind}, lower" for kind in LOWER)],
)


def test_the_table_has_every_kind_of_tokens():
    assert {*TOKENIZERS} == {*get_args(Kind)} == {*get_args(Written), *get_args(Tokens)}
    assert all(cls.kind == kind for kind, cls in TOKENIZERS.items())


@every_kind
def test_the_settings_of_a_kind_are_the_arguments_of_its_fit(kind):
    parameters = inspect.signature(TOKENIZERS[kind].fit).parameters.values()
    names = [each.name for each in parameters if each.kind == each.KEYWORD_ONLY]
    assert sorted(names) == sorted(TOKENIZERS[kind].settings)


@every_kind
@few
@given(data=st.data())
def test_decode_reverses_encode(kind, data):
    text = data.draw(WHOLE[kind])
    tokenizer = FITTED[kind]
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert not tokenizer.unknown(ids).any()
    assert len(tokenizer.spans(text)) == len(ids)


@every_tokenizer
@few
@given(text=near_text)
def test_every_id_has_a_span(tokenizer, text):
    if tokenizer.character_level:
        text = "".join(each for each in text if not tokenizer.unknown_characters(each))
    ids, spans = tokenizer.encode(text), tokenizer.spans(text)
    assert len(spans) == len(ids)
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert spans == sorted(spans)
    assert all(tokenizer.spans(text, count) == spans[:count] for count in range(4))
    unknown = tokenizer.unknown(ids)
    assert unknown.shape == ids.shape and unknown.dtype == bool


def test_both_halves_of_a_character_lower_cased_to_two_have_its_span():
    tokenizer = CharTokenizer.fit(["aİ"], lower=True)
    assert len(tokenizer.encode("İa")) == 3
    assert tokenizer.spans("İa") == [(0, 1), (0, 1), (1, 2)]


@every_tokenizer
def test_a_tokenizer_read_back_is_equal(tokenizer):
    again = tokenizers.read(tokenizer.to_json(), tokenizer.model)
    recorded = tokenizers.from_record(json.loads(json.dumps(tokenizers.to_record(tokenizer))))
    for other in (again, recorded, fitted(tokenizer.kind, lower=tokenizer.lower)):
        assert other is not tokenizer and other == tokenizer and hash(other) == hash(tokenizer)
        assert type(other) is type(tokenizer) and other.unit == tokenizer.unit


def test_tokenizers_with_other_content_differ():
    others = [
        tokenizers.fit(kind, [*LINES[:1], "a zebra's stripes"], **{**SETTINGS, "rule": "textbook"},
                       lower=False)
        for kind in TOKENIZERS
    ]  # fmt: skip
    extended = [FITTED[kind].extend_vocabulary(["Zebra 斑马"]) for kind in ("char", "word")]
    every = [*FITTED.values(), *LOWER.values(), *others, *extended]
    for index, one in enumerate(every):
        assert one != one.to_json()
        assert all(one != other for other in every[index + 1 :])


@every_tokenizer
@few
@given(texts=st.lists(near_text, min_size=1), text=near_text)
def test_the_source_of_an_id_is_the_id_of_the_base_tokenizer(tokenizer, texts, text):
    texts = [*texts, "zebra z"]
    larger = tokenizer.extend_vocabulary(texts)
    sources = larger.sources(tokenizer)
    assert sources.shape == (larger.vocab_size,)
    assert sources[: tokenizer.vocab_size].tolist() == [*range(tokenizer.vocab_size)]
    if not tokenizer.has_ids:
        return
    if tokenizer.character_level:
        assert not larger.unknown_characters("".join(texts))
        assert set(sources[tokenizer.vocab_size :].tolist()) <= {-1}
        text = "".join(each for each in text if not tokenizer.unknown_characters(each))
    assert sources[larger.encode(text)].tolist() == tokenizer.encode(text).tolist()


def test_words_are_added_by_frequency_and_all_characters():
    words, texts = FITTED["word"], ["zebra yak yak xerus xerus xerus"]
    assert [*words.extend_vocabulary(texts).vocabulary][len(words.vocabulary) :] == [
        "xerus", "yak", "zebra",
    ]  # fmt: skip
    assert words.extend_vocabulary(texts, min_count=2, limit=1) == words.extend_vocabulary(
        ["xerus"]
    )
    assert FITTED["sentencepiece"].extend_vocabulary(texts) is FITTED["sentencepiece"]
    characters = FITTED["char"]
    larger = characters.extend_vocabulary(texts, min_count=9, limit=0)
    assert "".join(larger.vocabulary)[characters.vocab_size :] == "xyz"


@every_tokenizer
def test_the_alphabet_has_all_characters_of_the_texts(tokenizer):
    alphabet = tokenizer.alphabet(LINES)
    assert alphabet.character_level and alphabet.lower == tokenizer.lower
    assert not alphabet.unknown_characters("".join(LINES))
    assert tokenizer.character_level == (alphabet is tokenizer)


@every_tokenizer
def test_tokens_of_the_vocabulary_have_ids_of_their_own(tokenizer):
    assert bool(tokenizer.vocabulary) == bool(tokenizer.rule and tokenizer.has_ids)
    for token, id_ in tokenizer.vocabulary.items():
        assert tokenizer.encode(token).tolist() == [id_]
        assert not tokenizer.unknown([id_]).any()


def test_whole_texts_cannot_be_generated():
    with pytest.raises(TokenizerError, match="--tokens char, word or sentencepiece"):
        _ = FITTED["text"].codec


@every_kind
def test_an_unexpected_kind_is_refused(kind):
    others = [other for other in TOKENIZERS if other != kind]
    tokenizer = FITTED[kind]
    with pytest.raises(ArtifactError, match=f"must be {others[0]}, {others[1]} or {others[2]}, "):
        tokenizers.read(tokenizer.to_json(), tokenizer.model, kinds=others)
    with pytest.raises(ArtifactError, match=f"must be {others[0]}, got '{kind}'"):
        tokenizers.read(tokenizer.to_json(), tokenizer.model, kinds=others[:1])


@every_kind
def test_the_model_file_is_kept_beside_the_json(kind):
    tokenizer = FITTED[kind]
    assert (tokenizer.model is not None) == (kind == "sentencepiece")
    if tokenizer.model:
        with pytest.raises(ArtifactError, match=r"tokenizer\.model is missing"):
            tokenizers.read(tokenizer.to_json())
    assert np.shape(tokenizer.unknown(np.zeros((2, 3), int))) == (2, 3)
