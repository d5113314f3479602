"""Subword ids decode to the exact text."""

import hashlib
import io
import json

import numpy as np
import pytest
import sentencepiece
from hypothesis import example, given, settings
from hypothesis import strategies as st

from textrnn.errors import ArtifactError, ConfigError, CorpusError, TokenizerError
from textrnn.tokenizers import SentencePieceTokenizer, Tokenizer, read

LINES = [
    "The film was good, the actors were better than good.\n",
    "Der Film war gut, die Größe der Bühne größer.\n",
    "Фильм хороший, актёры хорошие.\n",
    "我喜欢这部电影。电影很好。\n",
    "\tgood  film 😀😀\n",
]
RESERVED = 2 + 2 + 256  # padding, unknown; line end, tab; bytes
few = settings(max_examples=40)
any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
near_text = st.lists(
    st.sampled_from(
        [*LINES, " ", "  ", "\n", "\t", "\r\n", "\u3000", "\u2581", "\u2585", "İ", "ΣΑΣ", "é",
         "e\u0301", "<0x41>", "<unk>", "<pad>", "\u0001", "\ufeff", "\uffff", "😀", "good"]
    )
).map("".join)  # fmt: skip
texts = any_text | near_text
UNIGRAM = SentencePieceTokenizer.fit(LINES, vocab_size=400)
BPE = SentencePieceTokenizer.fit(LINES, vocab_size=340, model_type="bpe")
LOWER = SentencePieceTokenizer.fit(LINES, vocab_size=400, lower=True)
fitted = pytest.mark.parametrize(
    "tokenizer", [UNIGRAM, BPE, LOWER], ids=["unigram", "bpe", "lower"]
)


@fitted
@few
@given(text=texts)
@example(text=" a  \u2581\u2581 b\n\n\t ")
@example(text="")
def test_decode_reverses_encode_for_any_text(tokenizer: Tokenizer, text):
    ids = tokenizer.encode(text)
    assert ids.dtype == np.int32
    assert ids.ndim == 1
    assert (ids >= 2).all()  # neither padding nor unknown
    assert (ids < tokenizer.vocab_size).all()
    assert tokenizer.decode(ids) == (text.lower() if tokenizer is LOWER else text)


@fitted
@few
@given(text=texts)
@example(text="İ😀İ good\u2581")
def test_spans_lie_in_order_and_cover_the_text(tokenizer, text):
    spans = tokenizer.spans(text)
    assert len(spans) == len(tokenizer.encode(text))
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert spans == sorted(spans)
    assert {at for span in spans for at in range(*span)} == {*range(len(text))}


@fitted
@few
@given(text=texts.filter(lambda text: len(text.lower()) == len(text)))
def test_spans_point_at_the_subwords(tokenizer, text):
    ids, spans = tokenizer.encode(text), tokenizer.spans(text)
    for span in set(spans):
        subword_ids = [id_ for id_, other in zip(ids, spans, strict=True) if other == span]
        start, end = span
        read_text = text.lower() if tokenizer is LOWER else text
        assert tokenizer.decode(subword_ids) == read_text[start:end]
        assert len(subword_ids) == 1 or end - start == 1  # several ids: the bytes of one character


def test_the_bytes_of_a_character_have_its_span():
    assert UNIGRAM.spans("a🚀b") == [(0, 1), (1, 2), (1, 2), (1, 2), (1, 2), (2, 3)]


def test_line_ends_and_tabs_are_separate_subwords():
    ids = UNIGRAM.encode("good\n\n\tgood").tolist()
    assert ids.count(2) == 2
    assert ids.count(3) == 1


def test_padding_is_left_out():
    ids = UNIGRAM.encode("good film").tolist()
    assert UNIGRAM.decode([0, *ids[:1], 0, *ids[1:], 0]) == "good film"
    assert UNIGRAM.decode([]) == ""


def test_bytes_that_make_no_character_become_the_replacement_character():
    ids = UNIGRAM.encode("🚀")
    assert set(UNIGRAM.decode(ids[:2])) == {"\N{REPLACEMENT CHARACTER}"}


def test_half_a_surrogate_pair_is_refused():
    with pytest.raises(CorpusError, match="surrogate"):
        SentencePieceTokenizer.fit(["good\ud83d"])
    for reads in (UNIGRAM.encode, UNIGRAM.spans):
        with pytest.raises(TokenizerError, match="position 4,"):
            reads("good\ud83d")


# Training


def test_frequent_words_become_one_subword():
    # Nine characters, and the merges that turn a word of five letters into one subword.
    vocab_size = RESERVED + 9 + 5
    for frequent, rare in ((" whale", " ships"), (" ships", " whale")):
        tokenizer = SentencePieceTokenizer.fit(
            [*[frequent] * 50, rare], vocab_size=vocab_size, model_type="bpe"
        )
        assert tokenizer.spans(frequent) == [(0, 6)]
        assert len(tokenizer.encode(rare)) > 3


@settings(max_examples=5)
@given(data=st.data(), model_type=st.sampled_from(["unigram", "bpe"]))
def test_the_model_does_not_depend_on_the_order_of_the_texts(data, model_type):
    shuffled = iter(data.draw(st.permutations(LINES)))  # read once
    tokenizer = SentencePieceTokenizer.fit(shuffled, vocab_size=330, model_type=model_type)
    again = SentencePieceTokenizer.fit(LINES, vocab_size=330, model_type=model_type)
    assert tokenizer.model == again.model


def test_lower_casing_merges_two_spellings():
    tokenizer = SentencePieceTokenizer.fit(["Film FILM film"], lower=True)
    assert tokenizer.encode("FILM").tolist() == tokenizer.encode("film").tolist()


def test_unigram_may_have_fewer_subwords_and_is_silent(capfd):
    tokenizer = SentencePieceTokenizer.fit(["a few words, and no more"], vocab_size=8_000)
    assert RESERVED < tokenizer.vocab_size < 400
    with pytest.raises(CorpusError):
        SentencePieceTokenizer.fit(["a few words"], vocab_size=8_000, model_type="bpe")
    assert capfd.readouterr() == ("", "")


def test_bpe_names_the_largest_possible_vocabulary():
    with pytest.raises(CorpusError, match=r"set --max-vocab-size to \d+ at most") as caught:
        SentencePieceTokenizer.fit(LINES, vocab_size=8_000, model_type="bpe")
    largest = int(str(caught.value).split("--max-vocab-size to ")[1].split()[0])
    assert SentencePieceTokenizer.fit(
        LINES, vocab_size=largest, model_type="bpe"
    ).vocab_size == largest  # fmt: skip


@pytest.mark.parametrize("model_type", ["unigram", "bpe"])
def test_a_vocabulary_too_small_for_the_characters_is_refused_with_the_minimum(model_type):
    with pytest.raises(CorpusError, match=r"set --max-vocab-size to \d+ at least") as caught:
        SentencePieceTokenizer.fit(LINES, vocab_size=100, model_type=model_type)
    least = int(str(caught.value).split("--max-vocab-size to ")[1].split()[0])
    tokenizer = SentencePieceTokenizer.fit(LINES, vocab_size=least, model_type=model_type)
    assert tokenizer.vocab_size == least


@pytest.mark.parametrize("known", [[], [""], ["\n\n\t"], ["\0\u2581\u2585"]])
def test_subwords_need_text(known):
    with pytest.raises(CorpusError, match="no word"):
        SentencePieceTokenizer.fit(known)


@settings(max_examples=10)
@given(text=any_text.filter(str.strip))
def test_any_text_can_be_trained_on(text):
    tokenizer = SentencePieceTokenizer.fit([f"{text} word"])
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_long_lines_are_counted_completely():
    text = "电影" * 5_000 + "x" * 10_000
    tokenizer = SentencePieceTokenizer.fit([text, "\n"])
    assert len(tokenizer.encode(text)) < 5_000
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.parametrize("setting", [{"vocab_size": 0}, {"model_type": "word"}])
def test_a_setting_outside_its_range_is_named(setting):
    with pytest.raises(ConfigError, match=next(iter(setting))):
        SentencePieceTokenizer.fit(LINES, **setting)


# Files


@fitted
def test_from_json_inverts_to_json_with_the_model(tokenizer):
    again = read(tokenizer.to_json(), tokenizer.model)
    assert isinstance(again, SentencePieceTokenizer)
    assert (again.lower, again.model) == (tokenizer.lower, tokenizer.model)
    assert again.to_json() == tokenizer.to_json()
    for text in LINES:
        assert again.encode(text).tolist() == tokenizer.encode(text).tolist()


def described(model: bytes, **damage: object) -> str:
    about = {"type": "sentencepiece", "lower": False, "sha256": hashlib.sha256(model).hexdigest()}
    return json.dumps({**about, **damage})


def foreign() -> bytes:
    """A model with the default settings of SentencePiece."""
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(LINES), model_writer=written, vocab_size=60, minloglevel=2,
        hard_vocab_limit=False,
    )  # fmt: skip
    return written.getvalue()


def test_a_model_with_another_checksum_is_refused():
    with pytest.raises(ArtifactError, match="sha256"):
        read(UNIGRAM.to_json(), BPE.model)
    with pytest.raises(ArtifactError, match="sha256"):
        read(described(BPE.model, sha256=None), BPE.model)


@pytest.mark.parametrize(
    "model", [b"", b"empty", b"no model\n" * 9, UNIGRAM.model[:200], UNIGRAM.model[:-100]]
)
def test_an_invalid_model_is_refused_silently(model, capfd):
    with pytest.raises(ArtifactError, match="not a SentencePiece model"):
        read(described(model), model)
    assert capfd.readouterr() == ("", "")


def test_a_model_that_loses_text_is_refused():
    model = foreign()
    with pytest.raises(ArtifactError, match="not trained by textrnn"):
        read(described(model), model)


def test_a_missing_model_is_named():
    with pytest.raises(ArtifactError, match=r"tokenizer\.model is missing"):
        read(UNIGRAM.to_json())


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"type": "word"}', described(UNIGRAM.model, lower="no"), '{"lower": true}'],
)
def test_a_damaged_file_is_refused_by_name(text):
    with pytest.raises(ArtifactError, match=r"tokenizer\.json"):
        SentencePieceTokenizer.from_json(text, UNIGRAM.model)


@pytest.mark.parametrize("text", ["one two", "one two\n"])
def test_whether_the_texts_have_line_ends_is_saved(text):
    tokenizer = SentencePieceTokenizer.fit([text, "three"], vocab_size=400)
    again = SentencePieceTokenizer.from_json(tokenizer.to_json(), tokenizer.model)
    assert again.line_ends == tokenizer.line_ends == ("\n" in text)


def test_a_tokenizer_without_the_entry_has_line_ends():
    tokenizer = SentencePieceTokenizer.fit(["one\ntwo"], vocab_size=400)
    assert "line_ends" not in tokenizer.to_json()
