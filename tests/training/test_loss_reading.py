"""Reading losses late changes nothing: neither the run nor what a diverged run keeps."""

import numpy as np
import pytest
import tensorflow as tf
from support.watching import Watch, history

from textrnn.artifacts import registry
from textrnn.config.generator import GeneratorConfig, GeneratorTrainingConfig
from textrnn.data.corpora import Corpus
from textrnn.errors import TrainingError
from textrnn.training import learner as training_learner
from textrnn.training.learners import generator as learner_module
from textrnn.training.learners.generator import generator_learner
from textrnn.training.tasks.generator import train_generator

TEXT = "the lantern swings below the bridge and the ferryman counts his sacks again. " * 9
SETTINGS = {
    "cell": "simple_rnn", "layers": 1, "units": 5, "embedding_dim": 4, "batch_size": 4,
    "window": 20, "epochs": 3, "sample_length": 0, "warmup_steps": 0, "checkpoint_seconds": 1e6,
}  # fmt: skip


def read_every(monkeypatch, steps: int) -> None:
    """Read losses in groups, as on a GPU; Keras has no cuDNN kernel for this cell."""
    monkeypatch.setattr(training_learner, "STEPS_PER_READING", steps)
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind=None: ["GPU"])


def run(output, text=TEXT, **call):
    settings = None if call.get("resume") else SETTINGS
    return train_generator(Corpus.from_text(text), output, settings=settings, **call)


def test_a_run_whose_losses_are_read_together_is_the_same_run(tmp_path, monkeypatch):
    one = run(tmp_path / "one")
    read_every(monkeypatch, 3)
    watch = Watch()
    other = run(tmp_path / "other", observer=watch)
    assert history(tmp_path / "one") == history(tmp_path / "other")
    for name, array in one.weights.items():
        np.testing.assert_array_equal(array, other.weights[name])
    steps = watch.progress[0].steps
    assert steps % 3  # the last group of an epoch is smaller
    told = [step for step in range(1, steps + 1) if step % 3 == 0 or step == steps]
    assert [each.step for each in watch.progress] == 3 * told


@pytest.mark.parametrize("stop", [1, 4, 5, 8])
def test_a_run_stopped_between_two_readings_resumes_to_the_same_losses(tmp_path, monkeypatch, stop):
    run(tmp_path / "whole")
    read_every(monkeypatch, 3)
    assert run(tmp_path / "part", observer=Watch(stop)) is None
    assert run(tmp_path / "part", resume=True) is not None
    for one, other in zip(history(tmp_path / "whole"), history(tmp_path / "part"), strict=True):
        for name in ("loss", "validation_loss"):
            assert float(one[name]) == pytest.approx(float(other[name]), abs=1e-6)


def test_weights_stay_fixed_from_the_first_loss_that_is_not_finite(monkeypatch):
    plain = learner_module.next_token_loss

    def poisoned(targets, logits):
        return plain(targets, logits) + tf.where(tf.reduce_any(targets == 4), np.nan, 0.0)

    monkeypatch.setattr(learner_module, "next_token_loss", poisoned)
    network = GeneratorConfig(vocab_size=5, cell="simple_rnn", units=4, embedding_dim=3)
    learner = generator_learner(network, GeneratorTrainingConfig(stateful=False), total_steps=10)
    good, bad = np.ones((2, 7), np.int32), np.full((2, 7), 4, np.int32)
    assert np.isfinite(learner.step(good, good))
    before = learner.average_weights()
    assert np.isnan(learner.step(good, bad))
    assert np.isnan(learner.step(good, good))
    for name, array in learner.average_weights().items():
        if "seed" not in name:
            np.testing.assert_array_equal(array, before[name])


def test_a_loss_that_is_not_finite_is_found_at_its_step_before_anything_is_saved(
    tmp_path, monkeypatch
):
    text = TEXT[:200] + "~" + TEXT[200:]  # in one batch of an epoch
    unusual = sorted(set(text)).index("~")
    plain, traced = learner_module.next_token_loss, tf.Variable(0)

    def poisoned(targets, logits):
        traced.assign_add(1)
        bad = tf.reduce_any(targets == unusual) & (traced > 10)  # not in the first epoch
        return plain(targets, logits) + tf.where(bad, np.nan, 0.0)

    monkeypatch.setattr(learner_module, "next_token_loss", poisoned)
    found = []
    for name, steps in (("one", 1), ("other", 4)):
        read_every(monkeypatch, steps)
        traced.assign(0)
        with pytest.raises(TrainingError, match=r"epoch [23], step") as caught:
            run(tmp_path / name, text)
        found.append((str(caught.value).split(";")[0], registry.load(tmp_path / name).weights))
    assert found[0][0] == found[1][0]
    for name, array in found[0][1].items():
        np.testing.assert_array_equal(array, found[1][1][name])
