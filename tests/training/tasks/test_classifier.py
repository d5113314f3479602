"""Training a classifier: it learns, keeps the best model, resumes exactly, refuses bad input."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from support.classifiers import BINARY, random_classifier, reviews
from support.watching import Rivals, Watch, assert_validations_are_reported, history

from textrnn.artifacts import registry
from textrnn.data.labelled import LabelledTexts
from textrnn.engine.classification import Predictor
from textrnn.errors import ConfigError, CorpusError, TrainingError
from textrnn.evaluation import metrics
from textrnn.models.classifier import build_classifier
from textrnn.training import checkpoints
from textrnn.training.learner import Learner
from textrnn.training.losses import classification_loss
from textrnn.training.tasks.classifier import default_epochs, train_classifier
from textrnn.training.transfer import classifier

# Of 70 texts, 14 are held out: 4 full batches per epoch, all of one shape, compiled once.
DATA = reviews(70)
SMALL = {
    "cell": "simple_rnn", "units": 5, "embedding_dim": 6, "bidirectional": False, "pooling": "max",
    "batch_size": 14, "validation": 0.2, "length_buckets": 1, "epochs": 2, "learning_rate": 0.05,
    "warmup_steps": 0, "ema": 0.5, "patience": 0, "max_tokens": 12, "oov_buckets": 2,
    "min_count": 1,
}  # fmt: skip
BAG = {"layers": 0, "pooling": "mean"}  # no recurrent layer: fastest to compile


def run(output, data=DATA, *, resume=False, validation=None, observer=None, **settings):
    values = {} if resume else SMALL
    return train_classifier(
        data, output, settings={**values, **settings}, resume=resume, validation=validation,
        observer=observer,
    )  # fmt: skip


def with_texts(texts, labels, data=DATA) -> LabelledTexts:
    """`data` with more texts at the end."""
    return LabelledTexts.of(
        [*data.texts, *texts],
        np.array([*data.labels, *labels], np.int32),
        data.classes,
        data.names,
    )


# ---- learning -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A small run with nearly default settings: its folder, its observer and its model."""
    output, watch = tmp_path_factory.mktemp("trained") / "model", Watch()
    settings = {
        "epochs": 8, "units": 10, "embedding_dim": 8, "word_dropout": 0.0, "dropout": 0.1,
        "embedding_dropout": 0.1, "l2": 1e-5, "max_tokens": 16,
    }  # fmt: skip
    return output, watch, run(output, observer=watch, **settings)


def test_it_learns_a_rule_that_holds_for_other_texts(trained):
    _, _, model = trained
    other = reviews(60, seed=5)
    predictions = Predictor(model).predict(list(other.texts))
    found = [one.label for one in predictions]
    truth = [other.classes[label] for label in other.labels]
    assert np.mean([one == two for one, two in zip(found, truth, strict=True)]) > 0.95


def test_the_best_model_is_saved_with_its_scores_and_its_temperature(trained):
    output, _, model = trained
    losses = [float(row["validation_calibrated_loss"]) for row in history(output)]
    best = int(np.argmin(losses))
    saved = registry.load(output)
    score = saved.metadata["scores"]["validation"]
    assert score["log_loss"] == pytest.approx(min(losses), abs=1e-9)
    assert saved.temperature == pytest.approx(float(history(output)[best]["temperature"]))
    assert saved.temperature == model.temperature != 1.0
    held = held_out(DATA)
    predictor = Predictor(saved)
    chances = predictor.probabilities_of(predictor.text_logits(held.texts))
    found = metrics.score(chances, held.labels, held.classes)
    assert found.log_loss == pytest.approx(score["log_loss"], abs=1e-6)
    assert found.accuracy == score["accuracy"]


def held_out(data) -> LabelledTexts:
    from textrnn.data.labelled import stratified_split

    return data.subset(stratified_split(data.labels, SMALL["validation"], 0)[1])


def test_the_returned_model_equals_the_loaded_one(trained):
    output, _, model = trained
    loaded = registry.load(output)
    for name, array in model.weights.items():
        np.testing.assert_array_equal(array, loaded.weights[name])
    texts = reviews(9, seed=3).texts
    assert Predictor(model).predict(texts) == Predictor(loaded).predict(texts)
    assert (loaded.classes, loaded.metadata) == (BINARY, json.loads(json.dumps(model.metadata)))


def test_metadata_history_and_card_describe_the_run(trained):
    output, watch, model = trained
    rows = model.metadata["history"]
    assert [row["epoch"] for row in rows] == list(range(1, 9))
    assert [end.to_dict() for end in watch.ends] == rows
    assert len(history(output)) == 8
    assert model.metadata["data"]["counts"] == {"negative": 35, "positive": 35}
    assert model.metadata["training"]["epochs"] == 8
    assert f"# {output.name}\n" in model.card and "reviews.csv" in model.card
    losses = [row["validation_calibrated_loss"] for row in rows]
    assert [end.is_best for end in watch.ends] == [
        loss == min(losses[: index + 1]) and loss not in losses[:index]
        for index, loss in enumerate(losses)
    ]


def test_the_observer_gets_texts_steps_and_epochs(trained):
    _, watch, _ = trained
    assert "2 classes" in watch.notices[0]
    assert "training on 56 texts, validating on 14; 4 steps per epoch" in watch.notices[0]
    assert [(one.epoch, one.step) for one in watch.progress] == [
        (epoch, step) for epoch in range(1, 9) for step in range(1, 5)
    ]
    assert {(one.epochs, one.steps, one.unit) for one in watch.progress} == {(8, 4, "texts")}


def test_the_observer_gets_the_progress_of_validation(trained):
    _, watch, _ = trained
    assert_validations_are_reported(watch)
    for end in watch.ends:
        assert f"validation {end.metrics.validation_calibrated_loss:.4f}, " in end.headline()
        assert end.samples == {}


def test_it_learns_three_classes_with_several_lengths(tmp_path):
    data = reviews(75, neutral=True)
    model = run(tmp_path / "model", data, epochs=15, batch_size=20, length_buckets=2, **BAG)
    assert model.config.classes == model.config.logits == 3
    found = Predictor(model).predict(list(reviews(30, seed=4, neutral=True).texts))
    truth = [("negative", "neutral", "positive")[index % 3] for index in range(30)]
    assert np.mean([v.label == t for v, t in zip(found, truth, strict=True)]) > 0.9


def test_it_learns_from_subwords_end_to_end(tmp_path):
    watch = Watch(stop=3)
    settings = {
        "tokens": "sentencepiece",
        "max_vocab_size": 320,
        "max_tokens": 60,
        "epochs": 6,
        **BAG,
    }
    assert run(tmp_path / "model", observer=watch, **settings) is None
    model = run(tmp_path / "model", resume=True)
    loaded = registry.load(tmp_path / "model")
    assert loaded.tokenizer.model == model.tokenizer.model
    found = [one.label for one in Predictor(loaded).predict(["it was awful .", "it was lovely ."])]
    assert found == ["negative", "positive"]


# ---- stopping and resuming ----------------------------------------------------------------------


RESUMED = {
    "dropout": 0.2, "word_dropout": 0.1, "embedding_dropout": 0.1, "recurrent_dropout": 0.1,
    "crop_probability": 0.3, "max_tokens": 16, "ema": 0.9, "warmup_steps": 2,
}  # fmt: skip


def test_a_run_stopped_and_resumed_gives_the_losses_of_one_never_stopped(tmp_path):
    never = run(tmp_path / "whole", **RESUMED)
    output, settings = tmp_path / "stopped", RESUMED
    for steps in (4, 2):  # at the end of an epoch, and inside the next
        resume = settings is not RESUMED
        assert run(output, observer=Watch(steps), resume=resume, **settings) is None
        settings = {}
    model = run(output, resume=True)
    for one, other in zip(history(tmp_path / "whole"), history(output), strict=True):
        for name in one:
            assert float(other[name]) == pytest.approx(float(one[name]), abs=1e-6), name
    assert model.temperature == pytest.approx(never.temperature, abs=1e-6)
    for name, array in never.weights.items():
        np.testing.assert_allclose(model.weights[name], array, atol=1e-6)


def test_a_finished_run_resumed_is_the_same_model(trained):
    output, _, model = trained
    again = run(output, resume=True)
    assert (again.temperature, again.metadata) == (model.temperature, model.metadata)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    output = tmp_path_factory.mktemp("stopped") / "model"
    assert run(output, observer=Watch(1), **BAG) is None
    return output


def test_other_texts_settings_or_validation_are_refused_on_resuming_by_name(stopped, tmp_path):
    with pytest.raises(TrainingError, match=r"trains on other texts: reviews\.csv, 70 of them"):
        run(stopped, reviews(69), resume=True)
    for settings, message in (
        ({"units": 7}, "has units=5, not 7"),
        ({"lower": False}, "has lower=True, not False"),
        ({"seed": 3}, "has seed=0, not 3"),
        ({"colour": 3}, "unknown setting 'colour'"),
    ):
        with pytest.raises(ConfigError, match=message):
            run(stopped, resume=True, **settings)
    with pytest.raises(TrainingError, match="validates on a part of its own texts"):
        run(stopped, validation=reviews(8, seed=2), resume=True)
    with pytest.raises(TrainingError, match="no run to resume"):
        run(tmp_path / "nothing", resume=True)


def test_a_run_with_validation_texts_resumes_only_with_those(tmp_path):
    held = replace(reviews(8, seed=2), names=("folder/held.csv",))
    assert run(tmp_path / "model", observer=Watch(1), validation=held, **BAG) is None
    for other in (None, reviews(8, seed=3)):
        with pytest.raises(TrainingError, match=r"validates on held\.csv, 8 texts"):
            run(tmp_path / "model", validation=other, resume=True)
    model = run(tmp_path / "model", validation=held, resume=True)
    assert model.metadata["scores"]["validation"]["examples"] == 8
    assert "held.csv" in model.card and "a part of them for validation" not in model.card


def test_a_fine_tuning_run_resumes_only_with_its_base(stopped, trained, tmp_path):
    base, output = trained[2], tmp_path / "tuned"
    assert train_classifier(DATA, output, base=base, observer=Watch(1)) is None
    for other in (replace(base, name="other", checksums={"weights.npz": "a5"}), None):
        with pytest.raises(TrainingError, match=f"started from {base.name}.*; fine-tune that"):
            train_classifier(DATA, output, base=other, resume=True)
    watch = Watch(1)
    assert train_classifier(DATA, output, base=base, resume=True, observer=watch) is None
    assert "resuming at epoch 1, step 2" in watch.notices
    with pytest.raises(TrainingError, match="started from no model"):
        train_classifier(DATA, stopped, base=base, resume=True)


def test_the_vocabulary_is_extended_only_by_what_the_model_reads():
    base = random_classifier(reading={"max_characters": 5, "min_count": 1})
    assert classifier.extend_vocabulary(base, ["one zebra", "xyz"]).added == ("one", "xyz", "z")


def test_a_taken_output_is_refused_and_left_alone(stopped, trained):
    for output in (stopped, trained[0]):
        with pytest.raises(TrainingError, match="--resume"):
            run(output)
    assert checkpoints.path(stopped / "run").exists()


def test_a_second_training_on_one_output_is_refused_and_the_first_is_unharmed(tmp_path):
    output = tmp_path / "model"
    watch = Rivals(tmp_path, lambda: run(output), lambda: run(output, resume=True))
    assert run(output, observer=watch, **BAG) is not None
    assert len(watch.errors) == 2
    assert all("is writing to" in error and "choose another -o" in error for error in watch.errors)
    assert len(history(output)) == SMALL["epochs"]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


# ---- what goes wrong ----------------------------------------------------------------------------


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_the_last_good_weights(
    tmp_path, monkeypatch
):
    step = Learner.step

    def poisoned(self, inputs, targets):
        return float("nan") if self.steps_done == 2 else step(self, inputs, targets)

    monkeypatch.setattr(Learner, "step", poisoned)
    with pytest.raises(TrainingError, match="epoch 1, step 3; the best weights from before"):
        run(tmp_path / "model", **BAG)
    model = registry.load(tmp_path / "model")
    assert model.metadata["scores"]["validation"]["log_loss"] < 0.8


@pytest.mark.filterwarnings("ignore:invalid value", "ignore:overflow")
@pytest.mark.parametrize(
    ("steps", "message"), [(4, "no usable weights were saved"), (1, "no epoch gave")]
)
def test_a_run_without_a_usable_epoch_leaves_no_model(tmp_path, steps, message):
    # With one step per epoch, its weights are scored before a second step can fail.
    size = {"batch_size": SMALL["batch_size"] * 4 // steps, "epochs": 1}
    with pytest.raises(TrainingError, match=message):
        run(tmp_path / "model", learning_rate=1e38, clip_norm=0.0, ema=0.0, **BAG, **size)
    assert not (tmp_path / "model" / "config.json").exists()


def test_early_stopping_ends_a_run_that_does_not_improve(tmp_path):
    watch = Watch()
    model = run(
        tmp_path / "model", observer=watch, learning_rate=1e-12, patience=2, epochs=30, ema=0.0,
        **BAG,
    )  # fmt: skip
    assert len(model.metadata["history"]) < 30
    assert any("stopped early: 2 epochs" in notice for notice in watch.notices)


def test_a_model_named_like_a_bundled_one_is_not_confused_with_it(tmp_path, monkeypatch, trained):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "bundled", lambda: {"model": trained[0]})
    model = run(Path("model"), epochs=1, **BAG)
    assert model.config.layers == 0
    assert registry.load(tmp_path / "model").config.layers == 0


# ---- data ---------------------------------------------------------------------------------------


def test_validation_texts_can_be_given_separately(tmp_path):
    held, watch = reviews(10, seed=2), Watch()
    model = run(tmp_path / "model", validation=held, observer=watch, epochs=1, **BAG)
    assert "training on 70 texts, validating on 10" in watch.notices[0]
    assert model.metadata["scores"]["validation"]["examples"] == 10
    assert model.metadata["data"]["validation"]["examples"] == 10


def test_validation_texts_that_are_also_training_texts_are_reported(tmp_path):
    held, watch = with_texts(DATA.texts[:2], DATA.labels[:2], reviews(8, seed=2)), Watch()
    both = sum(text in DATA.texts for text in held.texts)
    run(tmp_path / "model", validation=held, observer=watch, epochs=1, **BAG)
    assert f"{both} of the validation texts are also training texts" in watch.notices


def test_validation_of_other_classes_is_refused(tmp_path):
    swapped = LabelledTexts.of(["good"], np.zeros(1, np.int32), ("positive", "negative"), ("x",))
    with pytest.raises(CorpusError, match="the same classes in the same order"):
        run(tmp_path / "model", validation=swapped)
    assert not (tmp_path / "model").exists()


def test_texts_without_words_are_left_out_and_counted(tmp_path):
    data = with_texts(["", "\n", " ", "\u200b"] * 2 + ["", ""], [0, 1] * 5)
    watch = Watch()
    run(tmp_path / "model", data, observer=watch, epochs=1, **BAG)
    assert any("10 texts have no word" in notice for notice in watch.notices)
    counts = re.search(r"on (\d+) texts, validating on (\d+);", "\n".join(watch.notices))
    assert int(counts[1]) + int(counts[2]) == 70


def test_data_without_a_word_or_with_a_class_of_one_text_is_refused(tmp_path):
    nothing = LabelledTexts.of([" "] * 4, np.array([0, 1, 0, 1], np.int32), BINARY, ("x",))
    with pytest.raises(CorpusError, match="no word"):
        run(tmp_path / "model", nothing)
    lone = LabelledTexts.of(["a", "b", "c"], np.array([0, 0, 1], np.int32), BINARY, ("x",))
    with pytest.raises(CorpusError, match="class 'positive' has a single text"):
        run(tmp_path / "model", lone)
    assert not (tmp_path / "model").exists()


def test_training_texts_are_truncated_to_characters_and_words(tmp_path):
    settings = {"max_characters": 12, "max_tokens": 3, "truncation": "tail", "epochs": 1, **BAG}
    model = run(tmp_path / "model", **settings)
    longest = {word for text in DATA.texts for word in model.tokenizer.words(text[:12])}
    assert set(model.tokenizer.words_by_id) <= longest
    assert Predictor(model).predict(["the film was awful so"])[0].cut


def test_the_treatment_of_long_texts_is_chosen_by_validation(tmp_path):
    watch = Watch()
    model = run(
        tmp_path / "model", observer=watch, max_tokens=4, truncation="head", epochs=2, **BAG
    )
    assert_validations_are_reported(watch)
    (notice,) = [text for text in watch.notices if text.startswith("texts over 4 words")]
    losses = dict(
        zip(("cut", "whole", "windows"), (float(part.split()[1]) for part in
            notice.partition(": ")[2].partition(";")[0].split(", ")), strict=True)
    )  # fmt: skip
    assert model.long_texts == min(losses, key=losses.get)
    held, predictor = held_out(DATA), Predictor(registry.load(tmp_path / "model"))
    assert predictor.model.long_texts == model.long_texts
    chances = predictor.probabilities_of(predictor.text_logits(held.texts))
    found = metrics.score(chances, held.labels, held.classes).log_loss
    assert found == pytest.approx(losses[model.long_texts], abs=1e-4)
    assert model.metadata["scores"]["validation"]["log_loss"] == pytest.approx(found, abs=1e-6)


# ---- settings -----------------------------------------------------------------------------------


def test_unknown_settings_and_those_that_the_data_determine_are_named(tmp_path):
    for name in ("unitz", "vocab_size", "classes"):
        with pytest.raises(ConfigError, match=f"unknown setting '{name}'"):
            run(tmp_path / "model", **{name: 3})
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(("steps", "epochs"), [(1, 40), (60, 40), (100, 24), (700, 4), (5000, 4)])
def test_the_default_epochs_make_about_2400_steps(steps, epochs):
    assert default_epochs(steps) == epochs


@pytest.mark.parametrize("classes", [2, 3])
def test_the_loss_is_the_mean_over_texts_weighted_by_class(classes):
    rng = np.random.default_rng(0)
    logits, labels = rng.normal(size=(7, classes)), rng.integers(0, classes, 7)
    truth = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(7), labels]
    given = logits if classes > 2 else (logits[:, 1:] - logits[:, :1])
    given, targets = tf.constant(given, tf.float32), tf.constant(labels, tf.int32)
    assert float(classification_loss(None)(targets, given)) == pytest.approx(truth.mean(), abs=1e-5)
    weights = np.array([0.5, 2.0, 3.0])[:classes]
    expected = (weights[labels] * truth).mean()
    assert float(classification_loss(weights)(targets, given)) == pytest.approx(expected, abs=1e-5)


def test_balanced_classes_count_equally_however_rare_one_is(tmp_path):
    rare = DATA.subset([row for row in range(70) if row % 2 == 0 or row < 14])
    margins = {}
    for weights in ("none", "balanced"):
        model = run(
            tmp_path / weights, rare, class_weights=weights, learning_rate=0.1, batch_size=7,
            epochs=3, embedding_dim=2, train_embedding=False, **BAG,
        )  # fmt: skip
        logits = Predictor(model).text_logits(list(DATA.texts))
        margins[weights] = float((logits[:, 1] - logits[:, 0]).mean())
    # Two fixed values per word say little, so the model learns the class frequencies first.
    assert margins["none"] < -0.3 < -0.15 < margins["balanced"] < 0.15


# ---- vectors ------------------------------------------------------------------------------------


def vectors_file(folder, size=6) -> Path:
    path = folder / "vectors.txt"
    words = {"awful": -1.5, "lovely": 2.5, "unheard": 9.0}
    path.write_text("".join(f"{word}{f' {value}' * size}\n" for word, value in words.items()))
    return path


@pytest.mark.parametrize("train_embedding", [True, False])
def test_words_start_from_their_vectors(tmp_path, train_embedding):
    watch, path = Watch(stop=2), str(vectors_file(tmp_path, size=4))
    settings = {**SMALL, "vectors": path, "train_embedding": train_embedding, "weight_decay": 0.0}
    del settings["embedding_dim"]  # the vectors' size
    settings |= {**BAG, "learning_rate": 1e-9, "epochs": 2}
    assert train_classifier(DATA, tmp_path / "model", settings=settings, observer=watch) is None
    assert f"2 of {len(words_of(DATA))} words start from {path}" in watch.notices
    Path(path).unlink()  # needed to start, not to resume
    model = train_classifier(DATA, tmp_path / "model", resume=True)
    assert model.config.embedding_dim == 4
    assert model.metadata["training"]["vectors"] == Path(path).name
    table, ids = model.weights["embedding/embeddings"], model.tokenizer.encode("awful lovely dull")
    for row, value in zip(ids[:2], (-1.5, 2.5), strict=True):
        np.testing.assert_allclose(table[row], value, atol=1e-6)
    assert np.abs(table[ids[2]]).max() <= 0.05


def words_of(data) -> set[str]:
    return {word for text in data.subset(held_out_rows(data)).texts for word in text.split()}


def held_out_rows(data) -> np.ndarray:
    from textrnn.data.labelled import stratified_split

    return stratified_split(data.labels, SMALL["validation"], 0)[0]


def test_vectors_that_do_not_fit_are_refused(tmp_path):
    path = str(vectors_file(tmp_path, size=4))
    with pytest.raises(ConfigError, match="has 4 values per word; set --embedding-dim to that"):
        run(tmp_path / "model", vectors=path, **BAG)
    with pytest.raises(ConfigError, match="vectors need word tokens"):
        run(tmp_path / "model", vectors=path, tokens="sentencepiece", max_vocab_size=320, **BAG)
    with pytest.raises(CorpusError, match="cannot read the vectors"):
        run(tmp_path / "model", vectors=str(tmp_path / "none"), **BAG)
    assert not (tmp_path / "model").exists()


def test_an_embedding_that_is_not_trained_stays_unchanged(tmp_path):
    model = run(tmp_path / "model", train_embedding=False, **BAG)
    first = {v.path: v.numpy() for v in build_classifier(model.config, seed=0).weights}
    for name, stays in (("embedding/embeddings", True), ("output/kernel", False)):
        assert np.array_equal(model.weights[name], first[name]) == stays
