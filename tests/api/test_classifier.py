"""The Python interface to classifiers gives the results of the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
from support.paths import CORPORA

import textrnn
from textrnn.api.classifier import as_labelled
from textrnn.artifacts import registry
from textrnn.data.labelled import LabelledTexts
from textrnn.data.unlabelled import UnlabelledTexts
from textrnn.engine.classification import Predictor
from textrnn.errors import CorpusError
from textrnn.training.observer import Observer

REVIEWS = CORPORA / "reviews.csv"
# Minimum accuracy of each bundled model on our own reviews, slightly below the measured one.
MIN_ACCURACY = {"imdb": 0.65, "imdb-tiny": 0.65}
GOOD, BAD = "a good and warm play", "a bad and cold play"
SMALL = {
    "cell": "simple_rnn", "units": 4, "embedding_dim": 4, "min_count": 1, "bidirectional": False,
    "batch_size": 8, "epochs": 12, "length_buckets": 1, "learning_rate": 0.05, "ema": 0.0,
    "patience": 0, "dropout": 0.0, "embedding_dropout": 0.0, "word_dropout": 0.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("api") / "model"
    data = ([GOOD, BAD] * 16, ["good", "bad"] * 16)
    return textrnn.train_classifier(data, folder, **SMALL)


def test_a_trained_model_loads_unchanged(model):
    loaded = textrnn.load(model.artifact.name)
    assert isinstance(loaded, textrnn.Classifier)
    assert loaded.classes == ("bad", "good")
    assert loaded.classify(GOOD) == model.classify(GOOD)
    assert "bad, good" in repr(loaded)
    assert loaded.metadata["data"]["counts"] == {"bad": 16, "good": 16}


def test_one_text_and_many_get_the_same_predictions(model):
    one = model.classify(BAD)
    assert one.label == "bad"
    many = model.classify([GOOD, BAD, "!"])
    assert many[1].label == "bad" and many[0].label == "good"
    assert many[1].probability == pytest.approx(one.probability, abs=1e-5)
    np.testing.assert_allclose(model.probabilities([GOOD]).sum(), 1)


def test_a_single_text_equals_a_list_of_one(model):
    np.testing.assert_array_equal(model.probabilities(BAD), model.probabilities([BAD]))
    assert model.evaluate((BAD, "bad")) == model.evaluate(([BAD], ["bad"]))
    assert UnlabelledTexts.of(BAD).texts == [BAD]


def test_abstain_and_threshold_change_the_prediction(model):
    assert model.classify(GOOD, abstain=1.0).label == "unsure"
    chance = model.classify(GOOD).probabilities[1]
    assert model.classify(GOOD, threshold=min(0.999999, chance + 1e-6)).label == "bad"


def test_an_explanation_names_every_word(model):
    assert [effect.text for effect in model.explain(GOOD).words] == GOOD.split()


def test_scores_come_as_plain_data(model):
    report = model.evaluate(([GOOD, BAD], ["good", "bad"]))
    assert report["scores"]["accuracy"] == 1


def test_finetuning_to_other_classes_starts_from_the_model(model, tmp_path):
    data = (["a warm day", "a cold day", "a grey day"] * 6, ["yes", "no", "perhaps"] * 6)
    tuned = model.finetune(data, tmp_path / "tuned", epochs=2)
    assert tuned.classes == ("no", "perhaps", "yes")
    assert "day" in tuned.artifact.tokenizer.added
    assert tuned.metadata["base"]["name"] == Path(model.artifact.name).name


def test_a_pair_must_be_a_pair(model):
    with pytest.raises(CorpusError, match="2 texts and 1 labels"):
        model.evaluate(([GOOD, BAD], ["good"]))
    with pytest.raises(CorpusError, match="'ugly' is not one of the classes bad, good"):
        model.evaluate(([GOOD], ["ugly"]))


def test_a_labelled_is_used_unchanged(model):
    data = LabelledTexts.of([GOOD], np.array([1], np.int32), ("bad", "good"), ("here",))
    assert model.evaluate(data)["scores"]["examples"] == 1


def test_every_bundled_classifier_has_a_limit():
    models = map(textrnn.load, registry.bundled())
    found = {model.artifact.name for model in models if isinstance(model, textrnn.Classifier)}
    assert found == MIN_ACCURACY.keys()


@pytest.mark.parametrize("name", MIN_ACCURACY)
def test_a_bundled_model_keeps_its_accuracy_on_our_own_reviews(name):
    model = textrnn.load(name)
    scores = model.evaluate(REVIEWS, worst=0)["scores"]
    assert scores["examples"] == 200
    assert scores["accuracy"] >= MIN_ACCURACY[name]
    assert model.classify("A wonderful film, I loved it.").label == "positive"
    assert model.classify("A dull, awful film, a waste of time.").label == "negative"


def test_all_bundled_models_together_fit_in_25_megabytes():
    files = [path for folder in registry.bundled().values() for path in folder.iterdir()]
    assert sum(path.stat().st_size for path in files) < 25e6


def test_labels_that_are_not_strings_are_refused_with_a_fix(model):
    with pytest.raises(CorpusError, match=r"got 0; convert them, as with map\(str, labels\)"):
        model.evaluate(([GOOD, BAD], [0, 1]))
    data = as_labelled(([GOOD, BAD], map(str, [1, 0])))
    assert (data.classes, data.labels.tolist()) == (("0", "1"), [1, 0])


class Notices(Observer):
    """Records the notices."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def notice(self, text):
        self.texts.append(text)


BAG = {**SMALL, "layers": 0, "pooling": "mean", "max_tokens": 6, "epochs": 2}


@pytest.mark.parametrize(("long", "chosen"), [(19, False), (20, True)])
def test_the_way_to_read_long_texts_is_chosen_on_twenty_of_them_or_more(tmp_path, long, chosen):
    ends = [" and warm and good"] * long + [""] * (30 - long)
    validation = ([GOOD + end for end in ends], ["good", "bad"] * 15)
    watch = Notices()
    data = ([GOOD, BAD] * 16, ["good", "bad"] * 16)
    model = textrnn.train_classifier(
        data, tmp_path / "model", validation=validation, observer=watch, **BAG
    )
    assert any(text.startswith("texts over 6 words") for text in watch.texts) == chosen
    assert chosen or model.artifact.long_texts == "cut"


def test_an_epoch_without_a_score_leaves_a_record_that_is_json(tmp_path, monkeypatch):
    text_logits, calls = Predictor.text_logits, []

    def no_number_at_first(self, *arguments):
        calls.append(self)
        return text_logits(self, *arguments) * (np.nan if len(calls) == 1 else 1)

    monkeypatch.setattr(Predictor, "text_logits", no_number_at_first)
    data = ([GOOD, BAD] * 16, ["good", "bad"] * 16)
    textrnn.train_classifier(data, tmp_path / "model", **BAG)

    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    text = (tmp_path / "model" / "metadata.json").read_text()
    first, second = json.loads(text, parse_constant=refuse)["history"]
    assert first["validation_loss"] is None and second["validation_loss"] > 0
