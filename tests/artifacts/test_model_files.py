"""Readers beside a writer: each reads one complete model and does not disturb the writer."""

import itertools
import os
import shutil
import subprocess
import sys
import threading
import time

import pytest
from support.models import tiny_model
from support.paths import ROOT
from support.saving import before_every_step, marked_model, seed_of, tree

from textrnn import files
from textrnn.artifacts import model_files, registry
from textrnn.errors import ArtifactError

TESTS = ROOT / "tests"


@pytest.mark.parametrize("start", ["new folder", "a run", "a model"])
def test_between_any_two_steps_of_a_save_a_reader_gets_a_complete_model_and_changes_nothing(
    tmp_path, monkeypatch, start
):
    folder, seen = tmp_path / "model", []
    if start == "a model":
        registry.save(marked_model(seed=1), folder)
    if start != "new folder":
        (folder / "run").mkdir(parents=True)
        (folder / "run" / "checkpoint.npz").write_bytes(b"checkpoint")

    def look():
        before = tree(tmp_path)
        try:
            loaded = registry.load(folder)
        except ArtifactError as error:
            nothing = {"new folder": "no model", "a run": "has not finished an epoch yet"}
            assert nothing[start] in str(error) and 2 not in seen
        else:
            seen.append(seed_of(loaded))
        assert start == "new folder" or registry.is_saved(folder)
        assert tree(tmp_path) == before

    with monkeypatch.context() as patch:
        before_every_step(patch, look)
        registry.save(marked_model(seed=2), folder)
    look()
    assert set(seen) == ({1, 2} if start == "a model" else {2})
    assert seen == sorted(seen)
    assert start == "new folder" or (folder / "run" / "checkpoint.npz").exists()


READ = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from support.paths import ROOT
from support.saving import seed_of
from textrnn.artifacts import registry as artifact
while not Path(sys.argv[3]).exists():
    seed_of(artifact.load(sys.argv[1]))
"""
SAVE = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from support.paths import ROOT
from support.saving import marked_model
from textrnn.artifacts import registry as artifact
models = [marked_model(seed) for seed in range(6)]
os.fsync = lambda _: None  # for more saves per second
for number in range(300):
    artifact.save(models[number % 6], Path(sys.argv[1]))
"""


def test_concurrent_readers_are_never_refused_and_never_break_a_save(tmp_path):
    folder, ended = tmp_path / "model", tmp_path / "ended"
    registry.save(marked_model(seed=0), folder)
    reader = subprocess.Popen([sys.executable, "-c", READ, str(folder), str(TESTS), str(ended)])
    seen: list[int] = []
    failed: list[BaseException] = []

    def look():
        try:
            while not ended.exists():
                seen.append(seed_of(registry.load(folder)))
                registry.is_saved(folder) or failed.append(AssertionError("not saved"))
        except BaseException as error:  # raised below, since errors in a thread are lost
            failed.append(error)

    threads = [threading.Thread(target=look) for _ in range(2)]
    for thread in threads:
        thread.start()
    writer = subprocess.run(
        [sys.executable, "-c", SAVE, str(folder), str(TESTS)], capture_output=True, text=True
    )
    ended.touch()
    for thread in threads:
        thread.join()
    assert not failed, failed[0]
    assert writer.returncode == 0, writer.stderr
    assert reader.wait() == 0
    assert len(set(seen)) > 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ended", "model"]


@pytest.mark.parametrize("name", model_files.FILES)
def test_a_model_replaced_between_two_files_is_read_again(tmp_path, monkeypatch, name):
    folder, replaced = tmp_path / "model", []
    registry.save(marked_model(seed=1), folder)
    read_file = files.read

    def read(path, most):
        if path.name == name and not replaced:
            replaced.append(name)
            registry.save(marked_model(seed=2), folder)
        return read_file(path, most)

    monkeypatch.setattr(files, "read", read)
    assert seed_of(registry.load(folder)) == (2 if replaced else 1)
    assert replaced or name == "tokenizer.model"


@pytest.mark.parametrize("name", ["metadata.json", "README.md", "weights.npz"])
def test_a_model_deleted_during_reading_is_not_read_in_part(tmp_path, monkeypatch, name):
    """Like a slow reader of the old folder of a save."""
    folder, deleted = tmp_path / "model", []
    registry.save(marked_model(seed=1), folder)
    registry.save(marked_model(seed=2), tmp_path / "next")
    read_file = files.read

    def read(path, most):
        if path.name == "config.json" and not deleted:
            deleted.append(name)
            (folder / name).unlink()
            data = read_file(path, most)
            shutil.rmtree(folder)
            (tmp_path / "next").rename(folder)
            return data
        return read_file(path, most)

    monkeypatch.setattr(files, "read", read)
    assert seed_of(registry.load(folder)) == 2


@pytest.mark.parametrize("meanwhile", ["model.textrnn-new", "model.textrnn-old", "elsewhere"])
def test_a_model_renamed_within_a_moment_is_not_an_interrupted_save(
    tmp_path, monkeypatch, meanwhile
):
    folder, place = tmp_path / "model", tmp_path / meanwhile
    registry.save(marked_model(seed=1), folder)
    (folder / ".textrnn-complete").touch()
    folder.rename(place)
    monkeypatch.setattr(time, "sleep", lambda _: place.exists() and place.rename(folder))
    loaded = registry.load(folder)
    assert seed_of(loaded) == 1 and loaded.notices == ()


def test_a_folder_that_keeps_changing_is_refused(tmp_path, monkeypatch):
    folder = tmp_path / "model"
    registry.save(tiny_model(), folder)
    read_file, times = files.read, itertools.count()

    def read(path, most):
        os.utime(path, ns=(0, next(times)))
        return read_file(path, most)

    monkeypatch.setattr(files, "read", read)
    monkeypatch.setattr(model_files, "PAUSE_SECONDS", 0.0)
    with pytest.raises(ArtifactError, match="replaced again and again while it is read; try"):
        registry.load(folder)


def test_a_wrong_checksum_in_an_unchanging_folder_is_damage(tmp_path):
    registry.save(tiny_model(), tmp_path / "model")
    (tmp_path / "model" / "weights.npz").write_bytes(b"other")
    with pytest.raises(ArtifactError, match=r"weights\.npz is damaged or from another model"):
        registry.load(tmp_path / "model")
