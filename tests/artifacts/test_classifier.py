"""The folder of a classifier: saved and loaded bit for bit; each kind of damage has its error."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.classifiers import BINARY, random_classifier
from support.models import tiny_model

from textrnn.artifacts import classifier, registry
from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.engine.classification import Predictor
from textrnn.errors import ArtifactError
from textrnn.tokenizers.subwords import SentencePieceTokenizer


def load(folder) -> ClassifierArtifact:
    return registry.load_as(ClassifierArtifact, folder)


TEXTS = ["a b c", "q q r", "z", "d e f g h i j k"]
METADATA = {
    "data": {"names": ["my.csv"], "sha256": "ab" * 32, "examples": 5,
             "counts": {"negative": 3, "positive": 2}},
    "scores": {"validation": {"accuracy": 0.9, "examples": 10, "log_loss": 0.25, "ece": 0.01}},
}  # fmt: skip


@pytest.fixture(scope="module")
def model():
    return random_classifier(
        cell="lstm",
        conv_layers=1,
        dense_units=3,
        about={"temperature": 1.25, "long_texts": "windows"},
    )


@pytest.fixture
def saved(tmp_path, model) -> Path:
    registry.save(model, tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture(scope="module")
def subwords():
    texts = ["a whale, a ship\n", "the sea and the shore\n"] * 20
    tokenizer = SentencePieceTokenizer.fit(texts, vocab_size=300, lower=True)
    model = random_classifier(reading={"tokens": "sentencepiece"})
    config = replace(model.config, vocab_size=tokenizer.vocab_size)
    weights = dict(model.weights)
    weights["embedding/embeddings"] = np.random.default_rng(0).normal(
        size=(config.vocab_size, config.embedding_dim)
    ).astype(np.float32)  # fmt: skip
    return replace(model, config=config, tokenizer=tokenizer, weights=weights)


def reseal(folder: Path) -> None:
    """Update the checksums in config.json, as a careless editor would."""
    config = json.loads((folder / "config.json").read_text())
    for name in config["sha256"]:
        config["sha256"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "config.json").write_text(json.dumps(config))


def edit_config(folder: Path, **changes) -> None:
    config = json.loads((folder / "config.json").read_text())
    changed = {**config, **changes}
    text = json.dumps({name: value for name, value in changed.items() if value != "left out"})
    (folder / "config.json").write_text(text)


# ---- round trips --------------------------------------------------------------------------------


def test_save_then_load_gives_bit_equal_weights_and_the_same_predictions(saved, model):
    loaded = load(saved)
    assert loaded.weights.keys() == model.weights.keys()
    for name, array in model.weights.items():
        assert loaded.weights[name].dtype == np.float32
        np.testing.assert_array_equal(loaded.weights[name], array)
    assert (loaded.config, loaded.text) == (model.config, model.text)
    assert loaded.classes == BINARY
    assert (loaded.temperature, loaded.long_texts) == (1.25, "windows")
    assert loaded.tokenizer.to_json() == model.tokenizer.to_json()
    assert Predictor(loaded).predict(TEXTS) == Predictor(model).predict(TEXTS)


def test_half_precision_rounds_weights_once(saved, model):
    registry.save(model, saved, dtype=np.float16)
    for name, array in load(saved).weights.items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, model.weights[name].astype(np.float16))


def test_the_subword_model_is_saved_and_removed_when_a_word_model_replaces_it(
    tmp_path, model, subwords
):
    folder = tmp_path / "model"
    registry.save(subwords, folder)
    loaded = load(folder)
    assert loaded.tokenizer.model == subwords.tokenizer.model
    texts = ["a whale", "Shores & ships"]
    assert Predictor(loaded).predict(texts) == Predictor(subwords).predict(texts)
    registry.save(model, folder)
    assert not (folder / "tokenizer.model").exists()
    assert Predictor(load(folder)).predict(TEXTS) == Predictor(model).predict(TEXTS)


def test_metadata_and_card_are_saved_but_not_needed(saved, model):
    registry.save(replace(model, metadata=METADATA, card="# Für alle\n"), saved)
    loaded = load(saved)
    assert (loaded.metadata, loaded.card) == (METADATA, "# Für alle\n")
    (saved / "metadata.json").unlink()
    (saved / "README.md").unlink()
    assert Predictor(load(saved)).predict(TEXTS) == Predictor(model).predict(TEXTS)


def test_parameters_are_the_numbers_in_the_weights(model):
    assert model.parameters == sum(array.size for array in model.weights.values())


# ---- damage -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": "left out"}, '"network" is damaged'),
        ({"network": [1]}, '"network" is damaged'),
        ({"network": "gru"}, '"network" is damaged'),
        ({"network": {"vocab_size": 24, "classes": 1}}, "classes must be 2 or more"),
        ({"text": {"max_tokens": -1}}, '"text" is damaged: max_tokens must be 1 or more'),
        ({"text": {"colour": 1}}, '"text" is damaged: unknown setting'),
        ({"text": 3}, '"text" is damaged'),
        ({"classes": "left out"}, '"classes" must list 2 different classes'),
        ({"classes": ["negative"]}, '"classes" must list 2 different classes'),
        ({"classes": ["negative", "negative"]}, '"classes" must list 2 different classes'),
        ({"classes": ["negative", 1]}, '"classes" must list 2 different classes'),
        ({"classes": {"negative": 0, "positive": 1}}, '"classes" must list 2 different classes'),
        ({"temperature": "left out"}, '"temperature" must be a number above 0, got None'),
        ({"temperature": 0}, '"temperature" must be a number above 0'),
        ({"temperature": float("nan")}, '"temperature" must be a number above 0'),
        ({"temperature": float("inf")}, '"temperature" must be a number above 0'),
        ({"temperature": "warm"}, '"temperature" must be a number above 0'),
        ({"temperature": True}, '"temperature" must be a number above 0'),
        ({"long_texts": "left out"}, '"long_texts" must be one of cut, whole, windows'),
        ({"long_texts": ["cut"]}, '"long_texts" must be one of cut, whole, windows'),
    ],
    ids=str,
)  # fmt: skip
def test_each_damaged_field_is_named(saved, changes, message):
    edit_config(saved, **changes)
    with pytest.raises(ArtifactError, match=message):
        load(saved)


def test_a_vocabulary_of_another_size_is_refused(saved):
    other = random_classifier(words=("a", "b"))
    (saved / "tokenizer.json").write_text(other.tokenizer.to_json())
    reseal(saved)
    with pytest.raises(ArtifactError, match="belong to different models"):
        load(saved)


def test_a_tokenizer_of_another_kind_than_in_the_config_is_refused(saved, tmp_path, subwords):
    registry.save(subwords, tmp_path / "subwords")
    for folder in (saved, tmp_path / "subwords"):
        (folder / "tokenizer.json").write_text(tiny_model().tokenizer.to_json())
        reseal(folder)
        with pytest.raises(ArtifactError, match=r"tokenizer\.json .*char"):
            load(folder)


def test_subwords_without_their_model_are_refused(tmp_path, subwords):
    folder = tmp_path / "model"
    registry.save(subwords, folder)
    (folder / "tokenizer.model").unlink()
    with pytest.raises(ArtifactError, match=r"has no tokenizer\.model"):
        load(folder)
    checksums = json.loads((folder / "config.json").read_text())["sha256"]
    del checksums["tokenizer.model"]
    edit_config(folder, sha256=checksums)
    with pytest.raises(ArtifactError, match=r"tokenizer\.model is missing"):
        load(folder)


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer.model", "weights.npz"])
def test_a_changed_file_is_named(tmp_path, subwords, name):
    registry.save(subwords, tmp_path / "model")
    data = bytearray((tmp_path / "model" / name).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "model" / name).write_bytes(data)
    with pytest.raises(ArtifactError, match=f"{name} is damaged"):
        load(tmp_path / "model")


def test_weights_of_another_shape_are_refused(saved):
    edit_config(saved, network={**random_classifier().config.to_dict(), "cell": "lstm"})
    with pytest.raises(ArtifactError, match="has unknown weights conv_1/bias"):
        load(saved)


# ---- the card -----------------------------------------------------------------------------------


def test_the_card_has_classes_data_score_and_limits(model):
    card = classifier.card(replace(model, metadata=METADATA), title="mine")
    for part in (
        "# mine\n", "negative, positive", "my.csv (3 negative, 2 positive; sha256 abababababab…)",
        "divided by 1.250", "in overlapping windows", "accuracy 90.00% on 10 texts", "**Limits**",
        "1 convolutional of 32 filters and 1 bidirectional lstm of 5 units",
        f"{model.parameters:,} parameters",
    ):  # fmt: skip
        assert part in card


def test_the_card_of_a_network_without_recurrent_layers_mentions_none():
    model = random_classifier(layers=0, pooling="max", conv_layers=2)
    card = classifier.card(replace(model, metadata=METADATA), title="mine")
    assert "layers: 2 convolutional of 32 filters; " in card
    assert "gru" not in card


def test_the_card_says_what_the_validation_score_was_used_for(model):
    scores = {**METADATA["scores"], "test": METADATA["scores"]["validation"]}
    card = classifier.card(replace(model, metadata={**METADATA, "scores": scores}), title="mine")
    used = "(also used for model selection and calibration)"
    assert f"- **Score, validation** {used}: accuracy 90.00%" in card
    assert "- **Score, test**: accuracy 90.00%" in card


def test_the_card_counts_in_the_units_of_the_tokenizer(subwords):
    model = replace(subwords, text=replace(subwords.text, max_characters=3000))
    card = classifier.card(replace(model, metadata=METADATA), title="mine")
    assert "only the first 3,000 characters of a text are read; " in card
    assert "texts longer than 40 subwords are read in part" in card


@pytest.mark.parametrize(("weights", "leans"), [("balanced", True), ("none", False)])
def test_the_card_mentions_class_weights(model, weights, leans):
    metadata = {**METADATA, "training": {"class_weights": weights}}
    card = classifier.card(replace(model, metadata=metadata), title="mine")
    assert ("biased to rare classes" in card) == leans
