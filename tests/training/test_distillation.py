"""Distillation from trained generators, with name augmentation and state resets."""

import random
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from support.watching import Watch, folders_named, history

from textrnn.config.generator import GeneratorTrainingConfig
from textrnn.data.corpora import Corpus
from textrnn.engine.generator import build_network
from textrnn.errors import ArtifactError, ConfigError
from textrnn.evaluation import language_modelling
from textrnn.models.generator import state_variables
from textrnn.training.distillation import Teachers
from textrnn.training.learners.generator import generator_learner
from textrnn.training.tasks.generator import train_generator

LINES = ["HANNA:\nwho has seen the lamps?\n", "OTTO:\nthe lamps of Ostend are out.\n",
         "HANNA:\ngood night to Ostend, and to Otto.\n"]  # fmt: skip
CORPUS = Corpus.from_text("\n".join(random.Random(0).choices(LINES, k=120)))
SMALL = {
    "units": 12, "embedding_dim": 6, "layers": 1, "window": 20, "batch_size": 8, "epochs": 2,
    "sample_length": 0, "warmup_steps": 2, "learning_rate": 0.02, "ema": 0.9,
}  # fmt: skip


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    return train_generator(CORPUS, tmp_path_factory.mktemp("teacher") / "model", settings=SMALL)


def losses(output):
    return [float(row[name]) for row in history(output) for name in ("loss", "validation_loss")]


def test_targets_mix_teacher_predictions_and_the_text_by_the_teacher_weight(teacher):
    training = GeneratorTrainingConfig(stateful=True, batch_size=2, window=5, teacher_weight=0.25)
    ids = np.random.default_rng(0).integers(0, teacher.config.vocab_size, (2, 11))
    teachers = Teachers([teacher, teacher], training)
    parts = [
        teachers.targets(tf.constant(ids[:, a : a + 5]), tf.constant(ids[:, a + 1 : a + 6])).numpy()
        for a in (0, 5)
    ]
    logits = build_network(teacher).logits(ids[:, :-1]).astype(np.float64)
    predictions = np.exp(logits - logits.max(-1, keepdims=True))
    predictions /= predictions.sum(-1, keepdims=True)
    truth = np.eye(teacher.config.vocab_size)[ids[:, 1:]]
    # The second window continued the first.
    np.testing.assert_allclose(
        np.concatenate(parts, 1), 0.25 * predictions + 0.75 * truth, atol=1e-5
    )


def test_a_model_learns_the_text_from_teacher_predictions_alone(teacher, tmp_path):
    settings = {**SMALL, "epochs": 4, "teacher": teacher.name, "teacher_weight": 1.0}
    pupil = train_generator(CORPUS, tmp_path / "pupil", settings=settings)
    ids = pupil.tokenizer.encode(CORPUS.text)
    known = language_modelling.cold(build_network(teacher), ids).loss
    assert (
        language_modelling.cold(build_network(pupil), ids).loss
        < (known + np.log(teacher.config.vocab_size)) / 2
    )


@pytest.mark.slow
def test_a_run_with_all_of_these_resumes_to_the_losses_of_one_never_stopped(teacher, tmp_path):
    settings = {
        **SMALL,
        "teacher": teacher.name,
        "reset_probability": 0.3,
        "name_augmentation": 0.5,
    }
    model = train_generator(CORPUS, tmp_path / "whole", settings=settings)
    assert f"**Distilled from**: {Path(teacher.name).name} (weight 50%;" in model.card
    assert not folders_named(tmp_path / "whole", Path(teacher.name).parent)
    for stop in (3, 20):
        parts = tmp_path / f"stopped at {stop}"
        assert train_generator(CORPUS, parts, settings=settings, observer=Watch(stop)) is None
        assert train_generator(CORPUS, parts, resume=True) is not None
        assert losses(parts) == pytest.approx(losses(tmp_path / "whole"), abs=1e-6)


def test_the_given_fraction_of_streams_is_reset(teacher):
    training = GeneratorTrainingConfig(batch_size=200, window=4, reset_probability=0.25)
    learner = generator_learner(teacher.config, training, total_steps=10)
    for state in state_variables(learner.model):
        state.assign(np.full(state.shape, 1e6, np.float32))  # saturates every gate
    learner._reset_some()
    emptied = [(state.numpy() == 0).all(axis=1) for state in state_variables(learner.model)]
    assert 0.1 < emptied[0].mean() < 0.4
    for rows in emptied:
        np.testing.assert_array_equal(rows, emptied[0])


def test_a_teacher_of_another_alphabet_or_that_is_not_there_is_refused(teacher, tmp_path):
    other = Corpus.from_text(CORPUS.text.replace("lamps", "qualms"))
    with pytest.raises(ConfigError, match="another alphabet or vocabulary"):
        train_generator(other, tmp_path / "m", settings={**SMALL, "teacher": teacher.name})
    with pytest.raises(ArtifactError):
        train_generator(CORPUS, tmp_path / "m", settings={**SMALL, "teacher": str(tmp_path / "no")})
    with pytest.raises(ConfigError, match="teacher_weight must be above 0"):
        GeneratorTrainingConfig(teacher_weight=0.0)
