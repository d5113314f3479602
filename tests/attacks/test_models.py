"""A model folder that somebody has damaged or made up: only one sentence may leave the library."""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.classifiers import random_classifier
from support.hostile import HOSTILE, places, replaced
from support.kinds import MODELS, output_of
from support.models import tiny_model

from textrnn import files
from textrnn.artifacts import model_files, registry
from textrnn.artifacts.records import corpus_record, section
from textrnn.cli.model_facts import facts_of
from textrnn.cli.settings import collect
from textrnn.data.corpora import Corpus
from textrnn.errors import ArtifactError, TextRNNError
from textrnn.evaluation import training_parts
from textrnn.tokenizers import CharTokenizer

CORPUS = Corpus.from_text("ab ba\n" * 30)
METADATA = {
    "versions": {"textrnn": "0.1.0"},
    "corpus": corpus_record(CORPUS),
    "data": {"names": ["few.csv"], "sha256": "5a" * 32},
    "training": {"part": "0:1", "validation": "0.1", "stride": 3},
    "scores": {"validation": {"loss": 1.5, "accuracy": 0.5}},
    "history": [{"epoch": 1, "loss": 2.0}],
}


def find_parts(model: Any) -> None:
    """What `evaluate` does with the records of a generator, for the corpus of its training."""
    alphabet = CharTokenizer.fit(CORPUS.pieces)
    training_parts.overlaps_training(model, CORPUS, "0:0.5")
    training_parts.training_ids(model, alphabet, CORPUS)
    training_parts.part_ids(model, alphabet, CORPUS, "validation", unknown="skip")


# What the commands do with the metadata of each kind.
RECORDS: dict[str, Callable[[Any], object]] = {
    "generator": find_parts,
    "classifier": lambda model: section(model.metadata, "data").get("sha256"),
    "language_model": lambda model: model.records,
}


def reseal(folder: Path) -> None:
    """Update the checksums in config.json, as an attacker would."""
    config = json.loads((folder / "config.json").read_text())
    if isinstance(config.get("sha256"), dict):
        config["sha256"] = {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
            for name in config["sha256"]
            if (folder / name).is_file()
        }
        (folder / "config.json").write_text(json.dumps(config))


def use(folder: Path) -> None:
    """Everything that the command line does with a model of any kind."""
    model = registry.load(folder)
    list(facts_of(model))
    output_of(model)
    RECORDS[model.kind](model)
    if recipe := getattr(import_module(f"textrnn.cli.tasks.{model.kind}"), "RECIPE", None):
        recipe.from_settings(collect(recipe, {}, folder, (), {}))  # --config


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    saved = {}
    for name, make in MODELS.items():
        saved[name] = tmp_path_factory.mktemp("models") / "model"
        model = make(1)
        about = {**METADATA, **model.metadata}
        registry.save(replace(model, metadata=about), saved[name])
    return saved


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("file", ["config.json", "tokenizer.json", "metadata.json"])
@given(data=st.data())
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_a_changed_field_gives_a_model_or_one_sentence(tmp_path_factory, folders, name, file, data):
    original = {path.name: path.read_bytes() for path in folders[name].iterdir()}
    content = json.loads(original[file])
    path = data.draw(st.sampled_from(places(content)))
    new = data.draw(st.just("delete") | HOSTILE)
    folder = tmp_path_factory.mktemp("attack")
    for each, raw in original.items():
        (folder / each).write_bytes(raw)
    (folder / file).write_text(json.dumps(replaced(content, path, new)))
    if file != "config.json" or data.draw(st.booleans()):
        reseal(folder)
    try:
        use(folder)
    except TextRNNError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("file", model_files.FILES)
@pytest.mark.parametrize("attack", ["pipe", "endless", "folder", "large"])
def test_only_a_plain_file_of_a_sensible_size_is_read(tmp_path, folders, file, attack):
    folder = tmp_path / "model"
    registry.save(registry.load(folders["generator of subwords"]), folder)
    (folder / file).unlink()
    if attack == "pipe":
        os.mkfifo(folder / file)
    elif attack == "endless":
        (folder / file).symlink_to("/dev/zero")
    elif attack == "folder":
        (folder / file).mkdir()
    else:
        os.truncate(os.open(folder / file, os.O_CREAT | os.O_WRONLY), 2**34)  # a sparse file
    with pytest.raises(ArtifactError) as error:
        registry.load(folder)
    assert f"cannot read {folder / file}: " in str(error.value)


@pytest.mark.parametrize("size", [2**20, 2**30])
def test_weights_larger_than_the_network_are_not_read(tmp_path, folders, size, monkeypatch):
    sizes: list[int] = []
    read = files.read
    monkeypatch.setattr(files, "read", lambda path, most: sizes.append(most) or read(path, most))
    for name in MODELS:
        folder = tmp_path / name
        registry.save(registry.load(folders[name]), folder)
        own = (folder / "weights.npz").stat().st_size
        os.truncate(folder / "weights.npz", size)  # a sparse file
        sizes.clear()
        with pytest.raises(ArtifactError, match=r"weights\.npz: it has .* bytes; at most"):
            registry.load(folder)
        assert own <= sizes[-1] < own + 200_000


@pytest.mark.parametrize("largest", [np.inf, -np.inf, np.nan, 3.4e38, -3.4e38])
@pytest.mark.parametrize("name", MODELS)
def test_weights_that_no_training_gives_are_refused(tmp_path, name, largest):
    model = MODELS[name](1)
    weights = {name: np.full_like(array, largest) for name, array in model.weights.items()}
    registry.save(replace(model, weights=weights), tmp_path / "model")
    with pytest.raises(ArtifactError, match="not finite or beyond"):
        registry.load(tmp_path / "model")


@pytest.mark.filterwarnings("ignore:.*encountered:RuntimeWarning")
@pytest.mark.parametrize("make", [
    lambda: tiny_model(cell="mingru", layers=12),
    lambda: tiny_model(cell="mingru", layers=12, residual=False),
    lambda: random_classifier(cell="mingru", layers=4, conv_layers=12, dense_units=3),
], ids=["generator", "without residuals", "classifier"])  # fmt: skip
def test_results_that_are_not_finite_are_one_sentence(make):
    model = make()
    weights = {name: np.full_like(array, 1e9) for name, array in model.weights.items()}
    with pytest.raises(ArtifactError, match="results that are not finite numbers"):
        output_of(replace(model, weights=weights))
