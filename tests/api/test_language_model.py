"""The Python interface to language models, and the common interface of all kinds."""

import pytest
from support.kinds import MODELS, random_language_model

import textrnn
from textrnn.api.classifier import as_corpus
from textrnn.api.loading import MODELS as OBJECTS
from textrnn.artifacts import registry
from textrnn.artifacts.kinds import KINDS


def test_every_kind_has_a_python_class():
    assert OBJECTS.keys() == KINDS.keys()


@pytest.mark.parametrize("name", MODELS)
def test_every_kind_loads_describes_itself_and_saves(tmp_path, name):
    artifact = MODELS[name](0)
    registry.save(artifact, tmp_path / "model")
    model = textrnn.load(tmp_path / "model")
    assert type(model) is OBJECTS[artifact.kind]
    assert model.metadata == artifact.metadata
    model.save(tmp_path / "copy", dtype="float16")
    assert type(textrnn.load(tmp_path / "copy")) is type(model)
    shown = repr(model)
    assert shown.startswith(f"<textrnn.{type(model).__name__} {tmp_path / 'model'}: ")
    assert shown.endswith(f"; {artifact.parameters:,} parameters>")


def test_a_language_model_is_evaluated_on_a_path_or_a_list_of_texts(tmp_path):
    registry.save(random_language_model(), tmp_path / "model")
    model = textrnn.load(tmp_path / "model")
    (tmp_path / "a.csv").write_text("text\nthe film was good\nit was bad\n")
    found = model.evaluate(tmp_path / "a.csv")
    assert found["scores"] == model.evaluate(["the film was good", "it was bad"])["scores"]
    assert "7 words" not in repr(model) and "10 words" in repr(model)


def test_a_classifier_may_start_from_a_language_model_object_or_its_folder(tmp_path):
    registry.save(random_language_model(), tmp_path / "model")
    model = textrnn.load(tmp_path / "model")
    assert as_corpus(model) is model.artifact
    assert as_corpus(tmp_path / "model").sha256 == model.artifact.sha256
