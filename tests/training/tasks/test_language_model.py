"""Pretraining a language model before a classifier: training, resuming, refusals."""

import numpy as np
import pytest
from click.testing import CliRunner
from support.classifiers import reviews
from support.watching import Rivals, Watch, assert_validations_are_reported, history, strict_history

import textrnn
from textrnn.artifacts import registry
from textrnn.cli import main
from textrnn.config.classifier import ClassifierTrainingConfig
from textrnn.config.training import LearningConfig
from textrnn.data.labelled import stratified_split
from textrnn.data.unlabelled import UnlabelledTexts, bare
from textrnn.engine.classification import Predictor
from textrnn.errors import ConfigError, TextRNNError, TrainingError
from textrnn.training import run as training_run
from textrnn.training.encode import language_model as encode
from textrnn.training.encode.language_model import Streams
from textrnn.training.learner import Learner
from textrnn.training.observer import Observer
from textrnn.training.tasks import language_model as tasks_language_model
from textrnn.training.tasks.classifier import ClassifierTask, train_classifier
from textrnn.training.transfer.hub import Consent
from textrnn.training.transfer.language_model import FromLanguageModel

DATA = reviews(70)
MORE = UnlabelledTexts.of(reviews(100, seed=3).texts, ("folder/more.csv",))
# Of 70 texts, 14 are held out: 4 full batches per epoch, all of one shape, compiled once.
SMALL = {
    "cell": "mingru", "units": 5, "embedding_dim": 6, "pooling": "max", "batch_size": 14,
    "validation": 0.2, "length_buckets": 1, "epochs": 2, "max_tokens": 12, "oov_buckets": 2,
    "min_count": 1, "pretraining.batch_size": 4, "pretraining.window": 32, "pretraining.epochs": 2,
    "pretraining.ema": 0.9,
    "pretraining.word_dropout": 0.1, "pretraining.negatives": 8,
    "pretraining.learning_rate": 0.02,
}  # fmt: skip


def run(output, *, resume=False, observer=None, pretrain=MORE, data=DATA, **settings):
    values = {} if resume else SMALL
    return train_classifier(
        data, output, settings={**values, **settings}, pretrain=pretrain, resume=resume,
        observer=observer,
    )  # fmt: skip


# ---- learning -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run with pretraining: its folder, its observer and its model."""
    output, watch = tmp_path_factory.mktemp("trained") / "model", Watch()
    return output, watch, run(output, observer=watch)


def test_it_predicts_better_with_every_epoch_and_better_than_frequencies(trained):
    output, watch, _ = trained
    perplexities = [float(row["validation_perplexity"]) for row in history(output / "pretrain")]
    model = registry.load(output / "pretrain")
    assert perplexities[1] < perplexities[0]
    assert model.metadata["perplexity"] == min(perplexities)
    tokens = np.concatenate([model.tokenizer.encode(text) for text in MORE.texts])
    frequencies = np.unique(tokens, return_counts=True)[1] / len(tokens)
    assert min(perplexities) < np.exp(-(frequencies * np.log(frequencies)).sum())
    lines = [end.headline() for end in watch.ends]
    assert any(f"(perplexity {min(perplexities):.1f})" in line for line in lines)
    for end in watch.ends[:2]:
        assert f"validation {end.metrics.validation_loss:.4f} (perplexity" in end.headline()


def test_the_observer_gets_the_validations_of_pretraining_too(trained):
    _, watch, _ = trained
    assert_validations_are_reported(watch)
    assert [end.epoch for end in watch.ends] == [1, 2, 1, 2]


def test_the_language_model_is_trained_before_the_classifier(trained):
    output, watch, model = trained
    told = next(text for text in watch.notices if text.startswith("pretraining: "))
    assert "2 epochs" in told
    units = [progress.unit for progress in watch.progress]
    assert units == sorted(units, reverse=True) and set(units) == {"words", "texts"}
    loaded = registry.load(output)
    assert Predictor(loaded).predict(DATA.texts[:9]) == Predictor(model).predict(DATA.texts[:9])
    assert (model.config.bidirectional, model.config.units) == (False, 5)


def test_the_pretraining_texts_are_recorded(trained):
    output, _, model = trained
    found = model.metadata["pretrained"]
    assert (found["names"], found["texts"], found["sha256"]) == (["more.csv"], 100, MORE.sha256)
    assert found["perplexity"] == registry.load(output / "pretrain").metadata["perplexity"]
    assert model.metadata["pretraining"]["window"] == 32
    assert found["tokens"] > 100
    assert model.metadata["training"]["layer_decay"] == 0.7
    assert "- **Pretrained on**: more.csv (100 texts) and the texts above" in model.card


def test_the_classifier_begins_with_the_layers_of_the_language_model(trained, tmp_path):
    model = registry.load(trained[0] / "pretrain")
    settings = {name: value for name, value in SMALL.items() if not name.startswith("pretraining.")}
    task = ClassifierTask(DATA, None, None, Consent())
    started, learner = training_run._start(
        task, tmp_path / "model", task.recipe_type.nest(settings), FromLanguageModel(model),
        Observer(), None,
    )  # fmt: skip
    weights = learner.average_weights()
    below = {name for name in weights if not name.startswith("output/")}
    assert below == {name for name in model.weights if not name.startswith("softmax/")}
    for name in below:
        np.testing.assert_array_equal(weights[name], model.weights[name])
    assert started.prepared.tokenizer is model.tokenizer


# ---- texts --------------------------------------------------------------------------------------


def test_texts_to_validate_on_are_not_pretrained_on(tmp_path):
    training, watch = ClassifierTrainingConfig(validation=0.2), Watch()
    both = UnlabelledTexts.of([*MORE.texts, *(text.upper() + "!!" for text in DATA.texts)])
    train, held_out = stratified_split(DATA.labels, 0.2, training.seed)
    texts = encode.gather(both, DATA, None, training, watch.notice)
    known = set(map(bare, texts))
    for row in held_out:
        assert bare(DATA.texts[row]) not in known or DATA.texts[row] in DATA.subset(train).texts
    assert {DATA.texts[row] for row in train} <= set(texts)
    assert "also labelled or validation texts: left out" in watch.notices[0]
    own = encode.gather(both, DATA, reviews(50, seed=3), training, Watch().notice)
    assert not {bare(text) for text in reviews(50, seed=3).texts} & set(map(bare, own)) - {
        bare(text) for text in DATA.texts
    }


def test_an_epoch_has_every_text_once_whole_and_in_an_order_of_its_own():
    rng = np.random.default_rng(0)
    texts = [[0, *rng.integers(1, 50, size)] for size in (3, 7, 1, 12, 5, 9, 4)]
    streams = Streams(np.concatenate(texts), np.zeros(2, np.int32))
    learning, orders = LearningConfig(batch_size=1), []
    for epoch in (0, 1, 1):
        batches = streams.batches(learning, 8, epoch=epoch, first_step=0)
        ids = np.concatenate([inputs.numpy()[0] for inputs, _ in batches])
        starts = np.flatnonzero(ids == 0)
        orders.append([part.tolist() for part in np.split(ids, starts[1:])])
        assert all(text in texts for text in orders[-1][:-1])
        assert texts[[text[: len(orders[-1][-1])] for text in texts].index(orders[-1][-1])]
    assert orders[1] == orders[2] != orders[0]
    later = streams.batches(learning, 8, epoch=1, first_step=2)
    again = np.concatenate([inputs.numpy()[0] for inputs, _ in later])
    np.testing.assert_array_equal(again, np.concatenate(orders[1])[16:])


# ---- stopping, resuming, reusing ----------------------------------------------------------------


def test_a_run_stopped_and_resumed_gives_the_losses_of_one_never_stopped(trained, tmp_path):
    output, whole = tmp_path / "model", trained[0]
    steps = len(trained[1].progress) - 8  # of pretraining
    assert run(output, observer=Watch(steps // 2 + 1)) is None  # inside the second epoch
    with pytest.raises(TrainingError, match=r"still pretraining; name its texts with --pretrain"):
        run(output, pretrain=None, resume=True)
    with pytest.raises(TrainingError, match="already holds a language model or a run"):
        run(output)
    for corpus, data, message in (
        (UnlabelledTexts.of(["x"]), DATA, r"is pretrained on other texts: more\.csv, 100 of them"),
        (MORE, reviews(60), r"trains its classifier on other texts: reviews\.csv, 70 of them"),
    ):
        with pytest.raises(TrainingError, match=message):
            run(output, pretrain=corpus, data=data, resume=True)
    for name, own in (("pretraining.window", 32), ("units", 5), ("dropout", 0.3)):
        with pytest.raises(ConfigError, match=f"has {name}={own}, not 9"):
            run(output, resume=True, **{name: 9})
    watch = Watch(steps - steps // 2 + 1)  # past the end of pretraining
    assert run(output, resume=True, observer=watch) is None
    assert "resuming at epoch 2" in watch.notices[0]
    model = run(output, resume=True, units=5, **{"pretraining.window": 32})
    for folder, other in ((whole / "pretrain", output / "pretrain"), (whole, output)):
        for one, two in zip(history(folder), history(other), strict=True):
            for name in one:
                assert float(two[name]) == pytest.approx(float(one[name]), abs=1e-6), name
    for name, array in trained[2].weights.items():
        np.testing.assert_allclose(model.weights[name], array, atol=1e-6)


def test_a_language_model_can_be_reused_by_other_runs(trained, tmp_path):
    folder = trained[0] / "pretrain"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    model, output, watch = registry.load(folder), tmp_path / "other", Watch(1)
    data = ([f"{text} ." for text in DATA.texts], ["ab"[label] for label in DATA.labels])
    given = {"pooling": "max", "batch_size": 14, "length_buckets": 1}
    assert textrnn.train_classifier(
        data, output, pretrain=folder, observer=watch, **given
    ) is None  # fmt: skip
    assert [progress.unit for progress in watch.progress] == ["texts"] and not (
        output / "pretrain"
    ).exists()
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with pytest.raises(
        TrainingError, match=r"was pretrained on more\.csv, 100 texts; name those with"
    ):
        textrnn.train_classifier(data, output, resume=True)
    settings = {"units": 6}
    with pytest.raises(ConfigError, match=r"keeps units=5; leave that out, or pretrain again"):
        train_classifier(DATA, tmp_path / "new", settings=settings, pretrain=model)
    settings = {"pretraining.epochs": 6}
    with pytest.raises(
        ConfigError, match=r"there is no pretraining here; leave out pretraining\.epochs"
    ):
        train_classifier(DATA, tmp_path / "new", settings=settings, pretrain=model)
    assert not (tmp_path / "new").exists()


def test_a_finished_run_resumed_is_the_same_model_and_needs_its_texts(trained):
    output, _, model = trained
    assert run(output, resume=True).metadata == model.metadata
    with pytest.raises(TrainingError, match="add --resume"):
        run(output)
    with pytest.raises(TrainingError, match=r"was pretrained on more\.csv"):
        run(output, resume=True, pretrain=UnlabelledTexts.of(["other"]))


def test_a_second_training_is_refused_while_the_first_pretrains(tmp_path):
    output = tmp_path / "model"

    def pretrain_alone():
        return tasks_language_model.pretrain(MORE, DATA, None, output, SMALL)

    watch = Rivals(
        tmp_path, lambda: run(output), lambda: run(output, resume=True), pretrain_alone,
        lambda: run(output, pretrain=None),
    )  # fmt: skip
    assert run(output, observer=watch, epochs=1, **{"pretraining.epochs": 1}) is not None
    assert watch.progress[1].unit == "words" and len(watch.errors) == 4
    assert all("is writing to" in error for error in watch.errors)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert registry.load(output / "pretrain").unit == "words"


def test_a_run_killed_before_its_first_checkpoint_can_start_again(tmp_path):
    (tmp_path / "model" / "pretrain" / "run").mkdir(parents=True)
    (tmp_path / "model" / "pretrain" / "run" / ".checkpoint.npz.0.textrnn-part").touch()
    (tmp_path / "model" / ".pretrain.textrnn-lock").touch()
    assert run(tmp_path / "model", observer=Watch(1)) is None
    with pytest.raises(TrainingError, match="add --resume"):
        run(tmp_path / "model")
    (tmp_path / "other" / "pretrain").mkdir(parents=True)
    (tmp_path / "other" / "mine.txt").touch()
    with pytest.raises(TrainingError, match="holds other files"):
        run(tmp_path / "other")


# ---- what goes wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bidirectional": True}, "is unidirectional, .* leave out --bidirectional"),
        ({"conv_layers": 1}, "no convolutions, .* leave out conv_layers"),
        ({"layers": 0, "pooling": "max"}, "set --layers to 1 or more"),
        ({"tokens": "text", "hub": "x"}, "--pretrain or from --hub; choose one"),
        ({"vectors": "x"}, "--pretrain or from --vectors; choose one"),
        ({"pretraining.window": 0}, "pretraining.window must be 1 or more"),
        ({"pretraining.validation": 1.0}, "pretraining.validation must be between 0 and 1"),
        ({"pretraining.learning_rate": 0}, "pretraining.learning_rate must be above 0"),
        ({"pretraining.dropout": 1.0}, "pretraining.dropout must be at least 0 and less than 1"),
        ({"pretraining.epoch": 3}, "unknown setting 'pretraining.epoch'"),
        ({"pretraining.batch_size": 500}, r"500 streams of 32 need at least 16,001 more"),
    ],
    ids=str,
)
def test_nonsense_is_refused_in_a_sentence_before_anything_is_written(settings, message, tmp_path):
    with pytest.raises(TextRNNError, match=message):
        run(tmp_path / "model", **settings)
    assert not (tmp_path / "model").exists()


def test_pretraining_settings_without_pretraining_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="or name texts to pretrain on with --pretrain"):
        run(tmp_path / "model", pretrain=None)


def test_a_loss_that_is_not_finite_names_the_setting_to_lower(tmp_path, monkeypatch):
    monkeypatch.setattr(Learner, "step", lambda *_: float("nan"))
    with pytest.raises(TrainingError, match=r"epoch 1, step 1; .*pretraining.learning_rate=0\.005"):
        run(tmp_path / "model")


@pytest.mark.parametrize("nothing", [float("nan"), float("inf")])
def test_an_epoch_without_a_finite_score_leaves_a_record_that_is_json(
    tmp_path, monkeypatch, nothing
):
    score, scores = tasks_language_model.score_of, []

    def not_finite_at_first(*arguments):
        scores.append(score(*arguments))
        found = {"loss": nothing, "perplexity": nothing, "accuracy": 0.0}
        return found if len(scores) == 1 else scores[-1]

    monkeypatch.setattr(tasks_language_model, "score_of", not_finite_at_first)
    assert run(tmp_path / "model") is not None
    rows = strict_history(tmp_path / "model" / "pretrain")
    for name in ("validation_loss", "validation_perplexity"):
        assert rows[0][name] is None and rows[1][name] == scores[1][name.split("_")[1]]
        assert history(tmp_path / "model" / "pretrain")[0][name] == ""


def test_pretraining_without_any_finite_score_names_the_setting_to_lower(tmp_path, monkeypatch):
    found = {"loss": float("nan"), "perplexity": float("nan"), "accuracy": 0.0}
    monkeypatch.setattr(tasks_language_model, "score_of", lambda *_: found)
    with pytest.raises(TrainingError, match=r"no epoch gave .*pretraining\.learning_rate=0\.005"):
        run(tmp_path / "model")
    assert not (tmp_path / "model" / "pretrain" / "config.json").exists()


# ---- the command line ---------------------------------------------------------------------------


def test_the_command_line_pretrains_and_starts_again_from_what_it_left(tmp_path, monkeypatch):
    more = tmp_path / "more.csv"
    more.write_text("text\n" + "".join(f"{text}\n" for text in MORE.texts))
    labelled = tmp_path / "few.csv"
    rows = [f"{text},{DATA.classes[label]}\n"
            for text, label in zip(DATA.texts, DATA.labels, strict=True)]  # fmt: skip
    labelled.write_text("text,label\n" + "".join(rows))
    typed = [f"--set={name}={value}" for name, value in SMALL.items()]
    output = tmp_path / "first"

    def invoke(*arguments):
        command = ["train", "classifier", str(labelled), *map(str, arguments)]
        return CliRunner().invoke(main, command)

    done = invoke("-o", output, "--pretrain", more, *typed, "--set", "pretraining.epochs=1")
    assert done.exit_code == 0, done.output
    assert "perplexity" in done.stderr and "The model is in" in done.stderr
    for arguments, message in (
        (("--pretrain", output), f"name the one in it, {output / 'pretrain'}"),
        (("--pretrain", tmp_path / "none.csv"), "check the name"),
        (("--pretrain", more, "--bidirectional"), "leave out --bidirectional"),
        (("--set", "pretraining.epochs=1"), "there is no pretraining here"),
    ):
        done = invoke("-o", tmp_path / "third", *arguments)
        assert done.exit_code == 1 and message in done.stderr, done.stderr
        assert len(done.stderr.splitlines()) == 1
    seen = []
    monkeypatch.setattr(
        "textrnn.training.tasks.classifier.train_classifier", lambda *_, **how: seen.append(how)
    )
    for name in (output / "pretrain", tmp_path / "more.txt"):
        (tmp_path / "more.txt").write_text("a film\n\nand another\n")
        invoke("-o", tmp_path / "second", "--pretrain", name)
    model, corpus = (how["pretrain"] for how in seen)
    assert model.sha256 == registry.load(output / "pretrain").sha256
    assert list(corpus.texts) == ["a film\n\nand another"]


def test_every_setting_of_pretraining_is_listed():
    listed = CliRunner().invoke(main, ["train", "settings"]).output
    assert "pretraining.negatives = 2048" in listed and "pretraining.epochs = null" in listed
