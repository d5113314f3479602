"""The scores of a report equal those counted from the predictions."""

import math
from collections import Counter

import numpy as np
import pytest
from support.classifiers import LETTERS, random_classifier

from textrnn.data.labelled import LabelledTexts
from textrnn.engine.classification import Predictor
from textrnn.errors import ConfigError, CorpusError
from textrnn.evaluation import classifier
from textrnn.evaluation.classifier import evaluate

BINARY, TERNARY = ("negative", "positive"), ("bad", "fair", "good")


def labelled(texts, labels, classes=BINARY) -> LabelledTexts:
    return LabelledTexts.of(texts, np.array(labels, np.int32), classes, ("data",))


def letters(count=40, classes=BINARY, seed=0) -> LabelledTexts:
    rng = np.random.default_rng(seed)
    texts = [" ".join(rng.choice(LETTERS, rng.integers(6, 60))) for _ in range(count)]
    return labelled(texts, rng.integers(0, len(classes), count), classes)


@pytest.mark.parametrize("classes", [BINARY, TERNARY])
def test_scores_equal_those_counted_from_the_predictions(classes):
    model, data = (
        random_classifier(classes=classes, about={"temperature": 1.3}),
        letters(classes=classes),
    )
    report = evaluate(model, data)
    predictions = Predictor(model).predict(list(data.texts))
    truths = [classes[label] for label in data.labels]
    found = report["scores"]
    right = sum(v.label == truth for v, truth in zip(predictions, truths, strict=True))
    assert found["examples"] == len(data)
    assert found["accuracy"] == right / len(data)
    losses = [
        -math.log(v.probabilities[label]) for v, label in zip(predictions, data.labels, strict=True)
    ]
    assert found["log_loss"] == pytest.approx(math.fsum(losses) / len(losses))
    pairs = Counter((truth, v.label) for v, truth in zip(predictions, truths, strict=True))
    assert found["confusion"] == [[pairs[one, other] for other in classes] for one in classes]
    assert sum(row["count"] for row in report["by_length"]) == len(data)
    short = sum(v.words <= 50 for v in predictions)
    assert report["by_length"][0]["count"] == short
    assert (report["model"], report["classes"]) == (model.name, list(classes))


def test_scores_do_not_depend_on_the_chunk_size(monkeypatch):
    model, data, progress = random_classifier(), letters(), []
    whole = evaluate(model, data)
    monkeypatch.setattr(classifier, "CHUNK", 7)
    parts = evaluate(model, data, on_progress=lambda done, total: progress.append((done, total)))
    assert progress == [(done, 40) for done in (7, 14, 21, 28, 35, 40)]
    assert parts["scores"]["confusion"] == whole["scores"]["confusion"]
    assert parts["scores"]["log_loss"] == pytest.approx(whole["scores"]["log_loss"], abs=1e-6)


def test_texts_that_are_also_in_the_training_data_are_excluded_from_a_separate_score():
    model, data = random_classifier(), letters(30)
    train = data.subset(range(0, 30, 3))
    report = evaluate(model, data, train=train)
    ((name, separate),) = report["subsets"].items()
    assert name == "without the 10 that are also in train"
    rest = data.subset([row for row in range(30) if row % 3])
    alone = evaluate(model, rest)["scores"]
    assert separate["examples"] == 20
    assert separate["confusion"] == alone["confusion"]
    assert separate["log_loss"] == pytest.approx(alone["log_loss"], abs=1e-6)
    assert evaluate(model, data)["subsets"] == {}


def test_a_score_on_the_training_data_gives_a_note():
    data = letters(10)
    report = evaluate(random_classifier(), data, train=data)
    assert report["subsets"] == {"without the 10 that are also in train": None}
    assert any("was trained on all of these" in note for note in report["notes"])


def test_texts_without_a_word_are_counted_and_left_out():
    model, data = random_classifier(), letters(12)
    texts, labels = list(data.texts), data.labels.tolist()
    holes = labelled(["", *texts[:5], " \n", *texts[5:]], [1, *labels[:5], 0, *labels[5:]])
    plain, report = evaluate(model, data), evaluate(model, holes)
    assert any("2 texts have no word" in note for note in report["notes"])
    assert report["scores"] == plain["scores"]
    # Mistakes are reported by their index in the given data.
    assert report["worst"]
    for mistake in report["worst"]:
        assert holes.texts[mistake["index"]] == mistake["text"]
        assert BINARY[holes.labels[mistake["index"]]] == mistake["truth"]


def test_texts_without_any_word_are_refused():
    with pytest.raises(CorpusError, match="nothing to score"):
        evaluate(random_classifier(), labelled(["", " "], [0, 1]))


def test_abstention_is_scored_on_request():
    model, data = random_classifier(about={"temperature": 3.0}), letters()
    chances = [prediction.probability for prediction in Predictor(model).predict(list(data.texts))]
    limit = sorted(chances)[12]
    found = evaluate(model, data, abstain=limit)["abstain"]
    assert found["predicted"] == sum(chance >= limit for chance in chances) == 28
    with pytest.raises(ConfigError, match="abstain"):
        evaluate(model, data, abstain=2.0)


@pytest.mark.parametrize("wrong", [{"abstain": 2.0}, {"abstain": math.nan}, {"worst": -1}])
def test_settings_out_of_range_are_refused_before_the_classification(monkeypatch, wrong):
    monkeypatch.delattr(Predictor, "predict")
    with pytest.raises(ConfigError, match=f"{next(iter(wrong))} must be"):
        evaluate(random_classifier(), letters(4), **wrong)


def test_labels_of_different_classes_are_refused():
    data = letters(6, classes=("negative", "neutral", "positive"))
    with pytest.raises(CorpusError, match=r"negative, neutral, positive.*negative, positive"):
        evaluate(random_classifier(), data)
    swapped = labelled(["a", "b"], [0, 1], ("positive", "negative"))
    with pytest.raises(CorpusError, match="classes"):
        evaluate(random_classifier(), swapped)
