"""Scores equal their definitions, however the computation is split."""

import math
from dataclasses import replace

import numpy as np
import pytest
from support.generators import KINDS, LINES, token_model
from support.models import tiny_model

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.weights import CELLS
from textrnn.data.corpora import Corpus
from textrnn.engine import stack
from textrnn.engine.generator import build_network
from textrnn.errors import CorpusError
from textrnn.evaluation import generator as evaluation_generator
from textrnn.evaluation import language_modelling
from textrnn.evaluation.language_modelling import Score, cold, streamed


def random_ids(model: GeneratorArtifact, length: int) -> np.ndarray:
    ids = np.random.default_rng(0).integers(0, model.config.vocab_size, length)
    return ids.astype(model.tokenizer.dtype)


def slow_score(model: GeneratorArtifact, ids: np.ndarray, window: int) -> Score:
    """The score window by window, each from the zero state, with an explicit softmax."""
    losses, right = [], []
    for start in range(0, len(ids) - window, window):
        (logits,) = (
            build_network(model).logits(ids[None, start : start + window]).astype(np.float64)
        )
        targets = ids[start + 1 : start + window + 1]
        likelihoods = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        losses += [-math.log(row[target]) for row, target in zip(likelihoods, targets, strict=True)]
        right += (likelihoods.argmax(axis=1) == targets).tolist()
    return Score(float(np.mean(losses)), float(np.mean(right)), len(losses))


def equal(left: Score, right: Score) -> bool:
    return (
        left.loss == pytest.approx(right.loss, rel=1e-6)
        and left.accuracy == pytest.approx(right.accuracy)
        and left.characters == right.characters
    )


@pytest.mark.parametrize("length", [61, 62, 80, 81, 200])
@pytest.mark.parametrize("cell", CELLS)
def test_cold_is_the_mean_over_windows_each_from_the_zero_state(cell, length):
    model = tiny_model(cell)
    ids = random_ids(model, length)
    assert equal(cold(build_network(model), ids, window=20), slow_score(model, ids, 20))


def test_cold_uses_windows_of_256_characters_and_drops_the_remainder():
    model = tiny_model()
    ids = random_ids(model, 256 * 3 + 200)
    assert equal(cold(build_network(model), ids), slow_score(model, ids, 256))
    assert cold(build_network(model), ids).characters == 256 * 3


@pytest.mark.parametrize("length", [2, 3, 19])
def test_a_text_shorter_than_one_window_is_one_shorter_window(length):
    model = tiny_model()
    ids = random_ids(model, length)
    score = cold(build_network(model), ids, window=20)
    assert equal(score, slow_score(model, ids, length - 1))
    assert score.characters == length - 1


@pytest.mark.parametrize("cell", CELLS)
def test_streamed_is_one_window_as_long_as_the_text(cell):
    model = tiny_model(cell)
    ids = random_ids(model, 300)
    score = streamed(build_network(model), ids)
    assert equal(score, cold(build_network(model), ids, window=299))
    assert equal(score, slow_score(model, ids, 299))


def test_streamed_carries_the_state_across_chunks():
    model = tiny_model(units=4)
    ids = random_ids(model, 2 * 4096 + 100)
    assert equal(streamed(build_network(model), ids), slow_score(model, ids, len(ids) - 1))


@pytest.mark.parametrize("rows", [1, 3, 1000])
def test_scores_do_not_depend_on_the_batch_size(rows, monkeypatch):
    model = tiny_model()
    ids = random_ids(model, 201)
    expected = cold(build_network(model), ids, window=20)
    monkeypatch.setattr(language_modelling, "ROWS", rows)
    assert equal(cold(build_network(model), ids, window=20), expected)
    monkeypatch.setattr(stack, "CHUNK_VALUES", 500)
    assert equal(cold(build_network(model), ids, window=20), expected)


@pytest.mark.parametrize("cell", CELLS)
def test_a_model_of_zero_weights_has_a_loss_of_log_vocab_size(cell):
    model = tiny_model(cell)
    zero = {name: np.zeros_like(array) for name, array in model.weights.items()}
    network = build_network(replace(model, weights=zero))
    ids = random_ids(model, 500)
    for score in (cold(network, ids, window=50), streamed(network, ids)):
        assert score.loss == pytest.approx(math.log(model.config.vocab_size), rel=1e-6)
        assert score.to_dict()["perplexity"] == pytest.approx(model.config.vocab_size, rel=1e-5)


def test_a_model_that_always_predicts_the_next_character_has_a_loss_of_0():
    model = tiny_model("simple_rnn", layers=1, embedding_dim=0, units=28)
    size = model.config.vocab_size
    weights = {name: np.zeros_like(array) for name, array in model.weights.items()}
    weights["rnn_1/simple_rnn_cell/kernel"] = 9 * np.eye(size, dtype=np.float32)
    weights["output/kernel"] = 50 * np.roll(np.eye(size, dtype=np.float32), 1, axis=1)
    score = streamed(build_network(replace(model, weights=weights)), np.arange(200) % size)
    assert score == Score(pytest.approx(0, abs=1e-9), 1.0, 199)


def test_scores_do_not_depend_on_the_integer_type_of_the_ids():
    model = tiny_model()
    ids = random_ids(model, 100)
    scores = {
        cold(build_network(model), ids.astype(kind)) for kind in (np.uint8, np.uint16, np.int64)
    }
    assert len(scores) == 1


@pytest.mark.parametrize("score", [cold, streamed])
@pytest.mark.parametrize("length", [0, 1])
def test_a_text_of_fewer_than_two_characters_is_refused(score, length):
    model = tiny_model()
    with pytest.raises(CorpusError, match=f"needs at least 2 characters, .* has {length}; name a"):
        score(build_network(model), random_ids(model, length))


@pytest.mark.parametrize(("score", "characters"), [(cold, 5120), (streamed, 5200)])
def test_progress_rises_to_all_characters(score, characters, monkeypatch):
    monkeypatch.setattr(language_modelling, "ROWS", 6)
    model, seen = tiny_model(units=4), []
    result = score(
        build_network(model), random_ids(model, 5201), on_progress=lambda *done: seen.append(done)
    )
    assert seen[-1] == (characters, characters) == (result.characters, characters)
    assert len(seen) > 1
    assert seen == sorted(set(seen)) and {total for _, total in seen} == {characters}


def test_a_report_gives_the_loss_in_every_usual_unit():
    report = Score(loss=math.log(8), accuracy=0.25, characters=4).to_dict()
    assert report["loss"] == math.log(8)
    assert report["bits_per_character"] == pytest.approx(3)
    assert report["perplexity"] == pytest.approx(8)
    assert (report["accuracy"], report["characters"]) == (0.25, 4)
    assert "perplexity_per_token" not in report
    assert math.isfinite(Score(1e9, 0.0, 1).to_dict()["perplexity"])


# ---- subwords and words -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_loss_of_tokens_is_in_nats_per_character(kind):
    model = token_model(kind)
    ids, ends = model.tokenizer.codec.encode_with_ends([LINES * 9])
    last = (len(ids) - 1) // 20 * 20
    for score, plain, tokens in (
        (
            cold(build_network(model), ids, ends=ends, window=20),
            slow_score(model, ids, 20),
            last,
        ),
        (
            streamed(build_network(model), ids, ends=ends),
            slow_score(model, ids, len(ids) - 1),
            None,
        ),
    ):
        tokens = tokens or len(ids) - 1
        assert score.tokens == score.to_dict()["tokens"] == plain.characters == tokens
        assert score.characters == ends[tokens] - ends[0] > tokens
        assert score.loss * score.characters == pytest.approx(plain.loss * tokens, rel=1e-6)
        assert score.accuracy == pytest.approx(plain.accuracy)
        found = score.to_dict()["perplexity_per_token"]
        assert found == pytest.approx(math.exp(plain.loss), rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_report_on_tokens_measures_baseline_and_copies_in_characters(kind):
    model, text = token_model(kind), Corpus.from_text(LINES * 20 + "an unseen word")
    report = evaluation_generator.evaluate(
        model, text, baseline=text, copied=text, sample_length=200
    )
    assert report["copied"]["held_out"]["copied_share"] == 1.0
    assert report["copied"]["held_out"]["longest"] == text.length
    assert report["copied"]["generated"]["characters"] == 200
    alphabet = tiny_model(text=text.text)
    expected = evaluation_generator.evaluate(alphabet, text, baseline=text, streamed=False)
    assert report["5-gram"] == expected["5-gram"] and "tokens" not in expected
    shown = evaluation_generator.as_text(report)
    assert report["tokens"]["unit"] in shown and "nats per character" in shown
    assert (report["tokens"]["unknown_share"] > 0) == (kind == "word") == ("unknown" in shown)
