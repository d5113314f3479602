"""The ids that end a sentence, for every tokenizer."""

import pytest

from textrnn.tokenizers import SentencePieceTokenizer, WordTokenizer
from textrnn.training.encode.classifier import sentence_ends

TEXTS = ["It rained. Why? Nobody knew!", "We stayed, and were glad. So was he."] * 20
READERS = {
    "words": WordTokenizer.fit(TEXTS, rule="unicode", lower=True, oov_buckets=2),
    "subwords": SentencePieceTokenizer.fit(TEXTS, vocab_size=300, model_type="bpe", lower=True),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_sentence_ends_with_a_mark_that_has_an_id(reader):
    tokenizer = READERS[reader]
    ends = sentence_ends(tokenizer)
    assert sorted(tokenizer.decode([end]) for end in ends) == ["!", ".", "?"]
    for text, count in (("He came. We left!", 2), ("Well, no", 0), ("why? why? why?", 3)):
        assert sum(id_ in ends for id_ in tokenizer.encode(text)) == count


def test_where_words_are_letters_alone_nothing_ends_a_sentence():
    textbook = WordTokenizer.fit(TEXTS, rule="textbook", oov_buckets=2)
    assert sentence_ends(textbook) == []


def test_a_mark_that_shares_its_id_with_other_words_ends_nothing():
    plain = WordTokenizer.fit(["no marks at all here"], rule="unicode", oov_buckets=1)
    assert sentence_ends(plain) == []
