"""A run folder that somebody has damaged or edited: one sentence, and its model stays whole."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.hostile import HOSTILE, places, replaced
from support.watching import Watch

from textrnn.artifacts import registry
from textrnn.data.corpora import Corpus
from textrnn.errors import TextRNNError, TrainingError
from textrnn.training import checkpoints
from textrnn.training.checkpoints import Checkpoint

CORPUS = Corpus.from_text("abcab bca. " * 40)
SMALL = {
    "units": 3, "layers": 1, "embedding_dim": 2, "epochs": 2, "window": 8, "batch_size": 4,
    "sample_length": 0,
}  # fmt: skip
RECORD = {"format": 2, "kind": "generator", "epoch": 1, "history": [{"loss": 0.5}], "text": "é"}
ARRAYS = {"model/0": np.arange(6, dtype=np.float32).reshape(2, 3), "state/0": np.array(3)}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> bytes:
    folder = tmp_path_factory.mktemp("run")
    checkpoints.save(folder, Checkpoint(RECORD, ARRAYS))
    return checkpoints.path(folder).read_bytes()


@given(data=st.data())
@settings(max_examples=300, suppress_health_check=list(HealthCheck))
def test_a_damaged_checkpoint_is_what_it_was_or_one_sentence(tmp_path_factory, checkpoint, data):
    content, at = bytearray(checkpoint), st.integers(0, len(checkpoint) - 1)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(at)] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.mktemp("run")
    checkpoints.path(folder).write_bytes(
        content[: data.draw(at) if data.draw(st.booleans()) else None]
    )
    try:
        found = checkpoints.load(folder)
    except TrainingError as error:
        assert "\n" not in str(error) and "is damaged" in str(error)
    else:
        assert found.record == RECORD
        assert found.arrays.keys() == ARRAYS.keys()
        assert all((found.arrays[name] == ARRAYS[name]).all() for name in ARRAYS)


def test_an_edited_record_is_noticed(tmp_path, checkpoint):
    with np.load(io.BytesIO(checkpoint)) as archive:
        arrays = dict(archive)
    for name in ("model/0", "record"):
        edited = {**arrays, name: arrays[name] + (arrays[name] == arrays[name].flat[0])}
        np.savez(checkpoints.path(tmp_path), **edited)
        with pytest.raises(TrainingError, match="its checksum is another"):
            checkpoints.load(tmp_path)
    np.savez(checkpoints.path(tmp_path), record=arrays["record"])
    with pytest.raises(TrainingError, match="has no checksum: it was edited, or"):
        checkpoints.load(tmp_path)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    from textrnn.training.tasks.generator import train_generator

    output = tmp_path_factory.mktemp("runs") / "model"
    train_generator(CORPUS, output, settings=SMALL, observer=Watch(stop=17))
    assert (output / "config.json").exists()  # it stopped in its second epoch
    return output


@pytest.mark.slow  # the gate's short run of scripts/fuzz has a part of it
@pytest.mark.tensorflow
@given(data=st.data())
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_a_run_with_any_other_record_resumes_or_gives_one_sentence(tmp_path_factory, run, data):
    from textrnn.training.tasks.generator import train_generator

    own = checkpoints.load(run / "run")
    place = data.draw(st.sampled_from(places(own.record)))
    new = data.draw(st.just("delete") | HOSTILE)
    copy = tmp_path_factory.mktemp("runs") / "model"
    shutil.copytree(run, copy)
    checkpoints.save(copy / "run", Checkpoint(replaced(own.record, place, new), own.arrays))
    try:
        train_generator(CORPUS, copy, resume=True, observer=Watch(stop=20))
    except TextRNNError as error:
        assert "\n" not in str(error)
    assert registry.load(copy).config.units == SMALL["units"]
