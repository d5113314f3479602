"""The report on a language model: the scored texts, the scores and the warnings."""

from dataclasses import replace

import numpy as np
import pytest
from support.kinds import CORPUS, random_language_model

from textrnn.data.unlabelled import UnlabelledTexts
from textrnn.engine.language_model import score
from textrnn.errors import CorpusError
from textrnn.evaluation.language_model import as_text, evaluate

TEXTS = ["The film was good", "", "bad film and it was", "..."]


def test_the_scores_are_those_of_the_concatenated_texts_with_id_0_before_each():
    model = random_language_model()
    report = evaluate(model, UnlabelledTexts.of(TEXTS))
    encode = model.tokenizer.encode
    ids = np.concatenate([[0], encode(TEXTS[0]), [0], encode(TEXTS[2]), [0], encode(TEXTS[3])])
    assert report["scores"] == score(model, ids)
    assert (report["texts"], report["tokens"], report["unit"]) == (3, 12, "words")
    assert report["unknown_share"] == pytest.approx(3 / 12)  # the dots
    assert "warning" not in report


def test_a_model_of_zero_weights_has_the_perplexity_of_its_vocabulary_size():
    model = random_language_model()
    zero = {name: np.zeros_like(array) for name, array in model.weights.items()}
    report = evaluate(replace(model, weights=zero), UnlabelledTexts.of(TEXTS))
    assert report["scores"]["perplexity"] == pytest.approx(model.config.vocab_size)
    assert f"perplexity  {model.config.vocab_size:.2f} per word" in as_text(report)
    assert "25.0% of the words are unknown" in as_text(report)


def test_training_texts_give_a_warning():
    texts = UnlabelledTexts.of(TEXTS)
    model = random_language_model()
    own = replace(model, metadata={"corpus": {**CORPUS, "sha256": texts.sha256}})
    assert "was trained on these texts" in evaluate(own, texts)["warning"]
    assert "warning" not in evaluate(replace(model, metadata={}), texts)


def test_the_unit_of_subwords_is_reported():
    report = evaluate(random_language_model("sentencepiece"), UnlabelledTexts.of(["a whale"]))
    assert report["unit"] == "subwords" and "per subword" in as_text(report)
    assert report["unknown_share"] == 0


def test_texts_without_words_are_refused():
    with pytest.raises(CorpusError, match="no text has a word"):
        evaluate(random_language_model(), UnlabelledTexts.of(["", " "]))
