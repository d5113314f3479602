"""Distillation from trained classifiers: targets, training, resuming, refusals."""

import shutil

import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner
from support.bags import WORDS, bag_of_words
from support.watching import Watch, folders_named, history

import textrnn
from textrnn.artifacts import registry
from textrnn.cli import main
from textrnn.config.classifier import ClassifierRecipe, ClassifierTrainingConfig
from textrnn.data.labelled import LabelledTexts
from textrnn.data.unlabelled import UnlabelledTexts
from textrnn.engine.classification import Predictor
from textrnn.errors import ConfigError, TextRNNError, TrainingError
from textrnn.training import teachers as training_teachers
from textrnn.training.initialization import Fresh
from textrnn.training.losses import classification_loss
from textrnn.training.observer import Observer
from textrnn.training.tasks.classifier import ClassifierTask, train_classifier
from textrnn.training.teachers import blend, records_of, targets, teachers_of
from textrnn.training.transfer.hub import Consent

BINARY = ("negative", "positive")
# A bag of words without a recurrent layer compiles fastest. Of 30 texts, 6 are held out: with or
# without 120 more, all batches have one shape.
SMALL = {
    "layers": 0, "pooling": "mean", "embedding_dim": 6, "batch_size": 12, "validation": 0.2,
    "length_buckets": 1, "epochs": 2, "learning_rate": 0.05, "warmup_steps": 0, "ema": 0.5,
    "patience": 0, "max_tokens": 12, "oov_buckets": 2, "min_count": 1, "dropout": 0.0,
    "word_dropout": 0.0, "embedding_dropout": 0.0,
}  # fmt: skip


def texts_of(count, seed, words=WORDS) -> list[str]:
    """Different texts of 6 words, by default words that the teacher knows."""
    rng = np.random.default_rng(seed)
    return [f"{' '.join(rng.choice(words, 6))} {seed}x{row}" for row in range(count)]


def labelled(classes=BINARY, count=30, seed=0) -> LabelledTexts:
    """Texts with obvious labels; none contains "fine"."""
    texts = [f"the film is {('bad', 'good', 'not')[row % len(classes)]} {text}"
             for row, text in enumerate(texts_of(count, seed, WORDS[3:]))]  # fmt: skip
    labels = np.arange(count, dtype=np.int32) % len(classes)
    return LabelledTexts.of(texts, labels, tuple(classes), ("few.csv",))


DATA = labelled()
MORE = UnlabelledTexts.of(texts_of(120, 1), ("folder/more.csv",))


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    """The folder of a teacher that knows the effects of three words."""
    folder = tmp_path_factory.mktemp("teachers") / "knows"
    registry.save(bag_of_words(temperature=0.5), folder)
    return folder


@pytest.fixture(scope="module")
def other(teacher):
    """The folder of a teacher with other effects."""
    effects = {"good": [-0.5], "film": [1.0]}
    registry.save(bag_of_words(effects=effects, temperature=2.0), teacher.parent / "thinks")
    return teacher.parent / "thinks"


def run(output, *, resume=False, data=DATA, observer=None, base=None, pretrain=None,
        unlabelled=MORE, **settings):  # fmt: skip
    values = {} if resume else SMALL
    return train_classifier(
        data, output, settings={**values, **settings}, base=base, pretrain=pretrain,
        unlabelled=unlabelled, resume=resume, observer=observer,
    )  # fmt: skip


# ---- targets ------------------------------------------------------------------------------------


def targets_of(run_folder, texts, labels, teachers, observer=None, **training):
    """Targets of a run with the teachers in these folders."""
    names = ",".join(map(str, teachers))
    record = records_of(teachers_of(names, BINARY), texts, None, 0)["distillation"]
    config = ClassifierTrainingConfig(teacher=names, **training)
    return targets(texts, labels, BINARY, config, record, run_folder, observer or Observer())


def chances(folder, texts):
    predictor = Predictor(registry.load(folder))
    return predictor.probabilities_of(predictor.text_logits(texts))


@pytest.mark.parametrize("weight", [0.25, 1.0])
def test_targets_mix_teachers_and_labels_by_the_teacher_weight(teacher, other, weight, tmp_path):
    texts, labels = texts_of(9, 2), np.array([1, 0, 1, 1], np.int32)
    found = targets_of(tmp_path, texts, labels, [teacher, other], teacher_weight=weight)
    mean = (chances(teacher, texts) + chances(other, texts)) / 2
    truth = np.eye(2)[labels]
    np.testing.assert_allclose(found[:4], weight * mean[:4] + (1 - weight) * truth, atol=1e-6)
    np.testing.assert_allclose(found[4:], mean[4:], atol=1e-6)
    assert found.dtype == np.float32 and found.shape == (9, 2)


def test_a_text_that_no_teacher_reads_has_its_label_or_all_classes_equally(tmp_path, teacher):
    textbook = bag_of_words(reading={"max_characters": 3})
    registry.save(textbook, tmp_path / "brief")  # of the second text, it reads only spaces
    texts, labels = ["good film", "     bad", "     good", " "], np.array([1, 1], np.int32)
    alone = targets_of(tmp_path / "a", texts, labels, [tmp_path / "brief"], teacher_weight=0.5)
    np.testing.assert_allclose(alone[1:], [[0, 1], [0.5, 0.5], [0.5, 0.5]])
    watch = Watch()
    both = targets_of(tmp_path / "b", texts, labels, [tmp_path / "brief", teacher], watch)
    np.testing.assert_allclose(both[2], chances(teacher, texts[2:3])[0], atol=1e-6)
    assert "brief, knows: no prediction for 1 texts" in watch.notices


def test_labels_are_mixed_into_the_targets_of_their_own_texts():
    predictions = np.full((3, 4), 0.25, np.float32)
    found = blend(predictions, np.array([2], np.int32), 0.2)
    np.testing.assert_allclose(found[0], [0.05, 0.05, 0.85, 0.05], atol=1e-6)
    np.testing.assert_array_equal(found[1:], predictions[1:])


@pytest.mark.parametrize("classes", [2, 3])
def test_a_certain_soft_label_has_the_loss_of_its_label_and_others_lie_between(classes):
    rng = np.random.default_rng(0)
    logits = tf.constant(rng.normal(size=(7, classes if classes > 2 else 1)), tf.float32)
    loss, labels = classification_loss(None), rng.integers(0, classes, (2, 7))
    sure = [tf.one_hot(row, classes) for row in labels]
    costs = [float(loss(tf.constant(row, tf.int32), logits)) for row in labels]
    assert [float(loss(row, logits)) for row in sure] == pytest.approx(costs, abs=1e-6)
    mixed = 0.3 * sure[0] + 0.7 * sure[1]
    assert float(loss(mixed, logits)) == pytest.approx(0.3 * costs[0] + 0.7 * costs[1], abs=1e-6)


def test_stopped_predictions_resume_where_they_stopped(tmp_path, teacher, monkeypatch):
    monkeypatch.setattr(training_teachers, "CHUNK", 4)
    monkeypatch.setattr(training_teachers, "NOTICE_SECONDS", 0.0)
    texts, labels, read = texts_of(10, 3), np.array([0], np.int32), []
    predict = Predictor.predict
    monkeypatch.setattr(
        Predictor, "predict", lambda self, some: read.extend(some) or predict(self, some)
    )
    watch = Watch(stop=2)
    assert targets_of(tmp_path, texts, labels, [teacher], watch) is None
    assert read == texts[:8]
    expected = "computing teacher predictions (knows) for 1 labelled and 9 unlabelled texts;"
    assert watch.notices[0].startswith(expected)
    assert watch.notices[1] == "4 of 10 texts predicted, 0 minutes left"
    found = targets_of(tmp_path, texts, labels, [teacher])
    assert read == texts
    np.testing.assert_array_equal(found, targets_of(tmp_path, texts, labels, [teacher]))
    assert read == texts
    np.testing.assert_allclose(found[1:], chances(teacher, texts[1:]), atol=1e-6)
    targets_of(tmp_path, texts[1:], labels, [teacher])  # other texts are predicted again
    assert read == texts + texts[1:]


# ---- learning -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def distilled(teacher, tmp_path_factory):
    """A run that saw no label: its folder, its observer and its model."""
    output, watch = tmp_path_factory.mktemp("distilled") / "model", Watch()
    more = UnlabelledTexts.of([*MORE.texts, *(text.upper() for text in DATA.texts[:9])], MORE.names)
    settings = {"teacher": str(teacher), "teacher_weight": 1.0, "epochs": 3}
    return output, watch, run(output, unlabelled=more, observer=watch, **settings)


def test_a_student_agrees_with_its_teacher_on_new_texts_more_than_one_without(
    distilled, teacher, tmp_path
):
    fresh = texts_of(200, 4, WORDS[1:])
    fresh = [text for text, (one, _) in zip(fresh, chances(teacher, fresh), strict=True)
             if abs(one - 0.5) > 0.1]  # fmt: skip
    theirs = chances(teacher, fresh).argmax(1)
    without = run(tmp_path / "without", unlabelled=None, epochs=3)
    agreement = {}
    for name, model in (("distilled", distilled[2]), ("without", without)):
        assert len(fresh) > 100
        agreement[name] = np.mean(Predictor(model).text_logits(fresh).argmax(1) == theirs)
    assert agreement["distilled"] > max(0.9, agreement["without"] + 0.1), agreement


def test_known_texts_are_left_out_and_all_others_trained_on(distilled):
    _, watch, model = distilled
    assert watch.notices[0] == (
        "9 texts of more.csv are also labelled or validation texts: left out"
    )
    assert any("training on 144 texts, validating on 6; 12 steps" in n for n in watch.notices)
    assert model.metadata["scores"]["validation"]["examples"] == 6


def test_metadata_and_card_name_teachers_and_texts_without_folders(distilled):
    output, _, model = distilled
    found = model.metadata["distillation"]
    assert found["by"] == ["knows"] and model.metadata["training"]["teacher"] == "knows"
    more = found["unlabelled"]
    assert (more["names"], more["texts"], more["trained_on"]) == (["more.csv"], 129, 120)
    assert len(more["sha256"]) == 64
    line = "from**: knows, on 120 unlabelled texts (more.csv) and 24 of the texts above"
    assert line in (output / "README.md").read_text()
    assert str(output.parents[1]) not in (output / "metadata.json").read_text()


def test_without_unlabelled_texts_the_labelled_ones_get_soft_labels(teacher, other, tmp_path):
    names = f"{teacher}, {other}"
    model = run(tmp_path / "m", unlabelled=None, teacher=names, teacher_weight=0.3, epochs=1)
    assert model.metadata["distillation"]["by"] == ["knows", "thinks"]
    assert "unlabelled" not in model.metadata["distillation"]
    assert (
        "knows, thinks, on 24 of the texts above (weight 30%; the labels have the rest)."
        in model.card
    )


def test_words_steps_and_epochs_are_those_of_all_texts(teacher, tmp_path):
    more = UnlabelledTexts.of(texts_of(1000, 5, [*WORDS, "zebra"]))
    settings = {**SMALL, "teacher": str(teacher), "epochs": None}
    recipe = ClassifierRecipe.from_settings(ClassifierRecipe.nest(settings))
    task = ClassifierTask(DATA, None, more, Consent())
    prepared = task.prepare(recipe, Fresh(), None, Observer().notice)
    split = prepared.split
    assert "zebra" in prepared.tokenizer.words_by_id
    assert (prepared.steps, prepared.epochs) == (86, 28)  # of 1,024 texts, not of 24
    assert (len(split.labels), split.unlabelled) == (24, 1000)


def test_a_model_can_be_fine_tuned_on_its_own_predictions(teacher, tmp_path):
    model = textrnn.load(teacher)
    few = (DATA.texts, [BINARY[label] for label in DATA.labels])
    tuned = model.finetune(
        few, tmp_path / "tuned", unlabelled=MORE.texts, teacher=str(teacher), epochs=1
    )
    assert tuned.metadata["base"]["name"] == teacher.name
    assert tuned.metadata["distillation"]["unlabelled"]["trained_on"] == 120
    assert not folders_named(tmp_path / "tuned", teacher.parent)


def test_pretraining_and_distillation_work_together(teacher, tmp_path):
    settings = {
        "cell": "mingru", "layers": 1, "units": 5, "pooling": "max", "pretraining.batch_size": 4,
        "pretraining.window": 32, "pretraining.epochs": 1, "pretraining.negatives": 8, "epochs": 1,
        "teacher": str(teacher),
    }  # fmt: skip
    output = tmp_path / "m"
    with pytest.raises(ConfigError, match="labelled a, b; rename"):  # before anything is trained
        run(output, data=labelled("ab"), pretrain=MORE, **settings)
    assert not output.exists()
    model = run(output, pretrain=MORE, **settings)
    words = registry.load(output / "pretrain").tokenizer
    assert model.tokenizer.to_json() == words.to_json()
    assert (
        model.metadata["pretrained"]["texts"]
        == model.metadata["distillation"]["unlabelled"]["texts"]
    )


# ---- stopping and resuming ----------------------------------------------------------------------


def test_a_resumed_run_gives_the_losses_of_one_never_stopped_and_needs_no_teacher(tmp_path):
    classes = ("bad", "fine", "good")
    data, folder = labelled(classes), tmp_path / "teacher"
    effects = {"bad": [1, 0, 0], "film": [0, 0.4, 0.2], "good": [0, 0, 1]}
    registry.save(bag_of_words(classes, effects), folder)
    settings = {
        "data": data, "teacher": str(folder), "teacher_weight": 0.7, "adversarial": 0.5,
        "crop_probability": 0.3, "dropout": 0.2,
    }  # fmt: skip
    never, output = run(tmp_path / "whole", **settings), tmp_path / "stopped"
    assert run(output, observer=Watch(5), **settings) is None
    folder.rename(tmp_path / "gone")
    for given, message in (
        (None, r"unlabelled texts of more\.csv, 120 in all; name those with --unlabelled"),
        (UnlabelledTexts.of(["x"]), r"unlabelled texts of more\.csv, 120 in all"),
    ):
        with pytest.raises(TrainingError, match=message):
            run(output, data=data, unlabelled=given, resume=True)
    with pytest.raises(ConfigError, match=r"has teacher_weight=0\.7, not 1"):
        run(output, data=data, resume=True, teacher_weight=1)
    model = run(output, data=data, resume=True)
    for one, other in zip(history(tmp_path / "whole"), history(output), strict=True):
        for name in one:
            assert float(other[name]) == pytest.approx(float(one[name]), abs=1e-6), name
    assert model.temperature == pytest.approx(never.temperature, abs=1e-6)


def test_a_run_stopped_in_its_predictions_resumes_only_with_the_same_teacher(
    tmp_path, teacher, monkeypatch
):
    monkeypatch.setattr(training_teachers, "CHUNK", 50)
    output, folder, watch = tmp_path / "m", tmp_path / "teacher", Watch(1)
    shutil.copytree(teacher, folder)
    assert run(output, observer=watch, teacher=str(folder)) is None
    assert not watch.progress and (output / "run" / "guesses").exists()
    registry.save(bag_of_words(temperature=0.7), folder)
    with pytest.raises(TrainingError, match=r"has changed since the run began; restore teacher"):
        run(output, resume=True)
    registry.save(bag_of_words(temperature=0.5), folder)
    shutil.rmtree(output / "run" / "guesses")
    watch = Watch(3)  # two checks during the predictions, one at the first step
    assert run(output, resume=True, observer=watch) is None
    assert [(one.epoch, one.step) for one in watch.progress] == [(1, 1)]


def test_a_run_without_unlabelled_texts_cannot_resume_with_some(tmp_path):
    assert run(tmp_path / "m", unlabelled=None, observer=Watch(1)) is None
    with pytest.raises(TrainingError, match="uses no unlabelled texts; leave out --unlabelled"):
        run(tmp_path / "m", resume=True)


# ---- what goes wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "unlabelled texts need a teacher; .* --set teacher=imdb"),
        ({"teacher": " , "}, "need a teacher"),
        ({"teacher": "nobody"}, "no model 'nobody'"),
        ({"teacher": "shakespeare"}, "is a generator, not a classifier"),
        ({"teacher": "imdb", "class_weights": "balanced"}, "leave out --class-weights or teacher"),
        (
            {"teacher": "imdb", "teacher_weight": 0.0},
            "teacher_weight must be above 0 and at most 1",
        ),
        ({"teacher_weight": 1.5}, "teacher_weight must be above 0 and at most 1"),
    ],
    ids=str,
)
def test_nonsense_is_refused_in_a_sentence_before_anything_is_written(settings, message, tmp_path):
    with pytest.raises(TextRNNError, match=message):
        run(tmp_path / "model", **settings)
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("classes", [("bad", "good"), ("negative", "none", "positive"),
                                     ("positive", "negative")])  # fmt: skip
def test_a_teacher_of_other_classes_or_of_another_order_is_refused(classes, teacher, tmp_path):
    message = (
        f"has the classes negative, positive, but these texts are labelled {', '.join(classes)};"
    )
    with pytest.raises(ConfigError, match=message):
        run(tmp_path / "model", data=labelled(classes), teacher=str(teacher))
    assert not (tmp_path / "model").exists()


# ---- the command line ---------------------------------------------------------------------------


def test_the_command_line_hands_over_the_texts_and_the_teacher(tmp_path, teacher, monkeypatch):
    few, more = tmp_path / "few.csv", tmp_path / "more.csv"
    rows = [
        f"{text},{BINARY[label]}\n" for text, label in zip(DATA.texts, DATA.labels, strict=True)
    ]
    few.write_text("text,label\n" + "".join(rows))
    more.write_text("text\n" + "".join(f"{text}\n" for text in MORE.texts))
    seen = []

    def heavy(texts, output, **how):
        seen.append(how)

    monkeypatch.setattr("textrnn.training.tasks.classifier.train_classifier", heavy)
    for command in (["train", "classifier"], ["finetune", str(teacher)]):
        typed = [*command, str(few), "-o", str(tmp_path / "m"), "--unlabelled", str(more)]
        CliRunner().invoke(main, [*typed, "--set", f"teacher={teacher}"])
        assert list(seen[-1]["unlabelled"].texts) == MORE.texts
        assert seen[-1]["settings"]["training"]["teacher"] == str(teacher)
        monkeypatch.delattr("textrnn.cli.tensorflow.import_tensorflow")  # calling it is an error
        done = CliRunner().invoke(main, typed)
        assert done.exit_code == 1 and "unlabelled texts need a teacher" in done.stderr
        monkeypatch.undo()
        monkeypatch.setattr("textrnn.training.tasks.classifier.train_classifier", heavy)
    done = CliRunner().invoke(
        main, ["finetune", "shakespeare", "x", "-o", "m", "--unlabelled", "y"]
    )
    assert "is a generator; leave out --unlabelled" in done.stderr
    assert "teacher_weight = 0.5" in CliRunner().invoke(main, ["train", "settings"]).output
