import contextlib
import io
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.models import tiny_model
from support.saving import MOST, Killed, die_before_step, marked_model, same_weights, seed_of, tree

from textrnn.artifacts import folders, registry
from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.weights import CELLS
from textrnn.engine import generation
from textrnn.errors import ArtifactError, ConfigError


def load(folder) -> GeneratorArtifact:
    return registry.load_as(GeneratorArtifact, folder)


@pytest.fixture
def saved(tmp_path) -> Path:
    registry.save(tiny_model(), tmp_path / "model")
    return tmp_path / "model"


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("embedding_dim", [0, 4])
def test_save_then_load_gives_bit_equal_weights_and_the_same_text(tmp_path, cell, embedding_dim):
    model = tiny_model(cell=cell, embedding_dim=embedding_dim)
    registry.save(model, tmp_path / "model")
    loaded = load(tmp_path / "model")
    assert same_weights(loaded, model)
    assert loaded.config == model.config
    assert loaded.tokenizer.characters == model.tokenizer.characters
    texts = [generation.generate(m, seed=3, length=50, prime="a") for m in (model, loaded)]
    assert texts[0] == texts[1]


def test_a_float16_model_loads_as_float32_rounded_once(tmp_path):
    model = tiny_model()
    registry.save(model, tmp_path / "model", dtype=np.float16)
    for name, array in load(tmp_path / "model").weights.items():
        assert array.dtype == np.float32
        assert np.array_equal(array, model.weights[name].astype(np.float16).astype(np.float32))


def test_metadata_and_card_are_saved_but_not_needed(saved):
    model = replace(tiny_model(), metadata={"scores": {"é": 1}}, card="# Ein Modell für alle\n")
    registry.save(model, saved)
    loaded = load(saved)
    assert loaded.metadata == model.metadata
    assert loaded.card == model.card
    (saved / "metadata.json").unlink()
    (saved / "README.md").unlink()
    assert same_weights(load(saved), model)


def test_other_files_in_the_folder_survive_a_save(saved):
    (saved / "run").mkdir()
    (saved / "run" / "checkpoint.npz").write_bytes(b"checkpoint")
    (saved / "notes.txt").write_text("mine")
    registry.save(tiny_model(seed=1), saved)
    assert (saved / "run" / "checkpoint.npz").read_bytes() == b"checkpoint"
    assert (saved / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("number", range(MOST))
@pytest.mark.parametrize("first", [True, False], ids=["new folder", "replacing"])
def test_a_save_killed_at_any_step_leaves_a_complete_model(tmp_path, monkeypatch, number, first):
    old, new, folder = marked_model(seed=1), marked_model(seed=2), tmp_path / "model"
    if not first:
        registry.save(old, folder)
        (folder / "notes.txt").write_text("mine")
    with monkeypatch.context() as patch:
        die_before_step(patch, number)
        try:
            registry.save(new, folder)
            finished = True
        except Killed:
            finished = False
    before = tree(tmp_path)
    if first and not finished:
        try:
            assert seed_of(load(folder)) == 2
        except ArtifactError as error:
            assert "no model" in str(error)  # no model before, no model now
    else:
        assert seed_of(load(folder)) in ((2,) if finished else (1, 2))
    assert tree(tmp_path) == before
    registry.save(old, folder)  # the next writer recovers the folder
    assert seed_of(load(folder)) == 1
    assert first or (folder / "notes.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_the_kill_tests_cover_every_step_of_a_save(tmp_path, monkeypatch):
    registry.save(tiny_model(), tmp_path / "model")
    (tmp_path / "model" / "notes.txt").write_text("mine")
    die_before_step(monkeypatch, MOST - 1)
    registry.save(tiny_model(), tmp_path / "model")


@pytest.mark.parametrize("left", ["model.textrnn-old", "model.textrnn-new"])
def test_a_model_left_by_an_interrupted_save_is_read_with_a_notice(saved, left):
    saved.rename(saved.with_name(left))
    if left.endswith("new"):
        (saved.with_name(left) / ".textrnn-complete").touch()
    before = tree(saved.parent)
    for _ in range(2):
        loaded = load(saved)
        assert same_weights(loaded, tiny_model())
        assert f"from {left}, left by an interrupted save" in loaded.notices[0]
    assert tree(saved.parent) == before
    assert "recovered" in registry.recover(saved)[0]
    assert load(saved).notices == ()
    assert registry.recover(saved) == []


@pytest.mark.parametrize("number", [3, 20])
@pytest.mark.parametrize("model_is_there", [True, False])
def test_folders_called_old_and_new_are_untouched(tmp_path, monkeypatch, number, model_is_there):
    names = [f"model.{kind}" for kind in ("old", "new")]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").write_text(name)
    folder = tmp_path / "model"
    if not model_is_there:
        with pytest.raises(ArtifactError, match="no model"):
            load(folder)
    else:
        registry.save(tiny_model(seed=1), folder)
    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        die_before_step(patch, number)
        registry.save(tiny_model(seed=2), folder)
    with contextlib.suppress(ArtifactError):
        load(folder)
    registry.save(tiny_model(seed=3), folder)
    load(folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", *sorted(names)]
    for name in names:
        assert (tmp_path / name / "notes.txt").read_text() == name


def test_a_folder_without_our_marker_is_never_renamed(saved):
    (saved / ".complete").write_text("mine")
    load(saved)
    assert (saved / ".complete").read_text() == "mine"


def test_a_new_folder_beside_an_interrupted_save_is_not_overwritten(saved):
    saved.rename(saved.with_name("model.textrnn-old"))
    saved.mkdir()
    with pytest.raises(ArtifactError, match="move one of them away"):
        registry.save(tiny_model(seed=1), saved)
    saved.rmdir()
    assert same_weights(load(saved), tiny_model())


@pytest.mark.parametrize("there", [True, False])
def test_saving_through_a_link_writes_to_its_target(tmp_path, there):
    target, link = tmp_path / "far" / "away", tmp_path / "model"
    (target if there else target.parent).mkdir(parents=True)
    link.symlink_to(target)
    for seed in (1, 2):
        registry.save(tiny_model(seed=seed), link)
        assert link.is_symlink()
        assert same_weights(load(link), tiny_model(seed=seed))
        assert same_weights(load(target), tiny_model(seed=seed))
    assert [path.name for path in target.parent.iterdir()] == ["away"]


def test_a_save_through_a_link_is_recovered_through_it(tmp_path, saved):
    link = tmp_path / "link"
    link.symlink_to(saved)
    saved.rename(saved.with_name("model.textrnn-old"))
    assert load(link).notices[0].startswith(f"read {link} from model.textrnn-old")
    assert registry.recover(link)[0].startswith(f"recovered {link} from")
    assert load(link).notices == ()


def test_an_interrupted_save_that_cannot_be_recovered_is_read_with_a_notice(
    tmp_path, saved, monkeypatch
):
    saved.rename(saved.with_name("model.textrnn-old"))

    def refused(*_paths):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "rename", refused)
    for write in (registry.recover, lambda folder: registry.save(tiny_model(seed=1), folder)):
        with pytest.raises(ArtifactError, match="an interrupted save beside it: Permission denied"):
            write(saved)
    assert same_weights(load(saved), tiny_model())
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for name in ("circle", "long" * 100):
        with pytest.raises(ArtifactError):
            load(tmp_path / name)
        with pytest.raises(ArtifactError):
            registry.save(tiny_model(), tmp_path / name)


def test_a_rename_blocked_by_a_reader_is_retried(saved, monkeypatch):
    """As on Windows, where a folder cannot be renamed while a file in it is open."""
    rename, refusals = os.rename, [PermissionError(13, "Access is denied")] * 5

    def held_up(*paths):
        if refusals:
            raise refusals.pop()
        rename(*paths)

    monkeypatch.setattr(os, "rename", held_up)
    monkeypatch.setattr(folders, "TRIES", 5)
    monkeypatch.setattr(folders, "PAUSE_SECONDS", 0.0)
    registry.save(tiny_model(seed=1), saved)
    assert not refusals and same_weights(load(saved), tiny_model(seed=1))


def test_a_file_is_not_replaced_by_a_model(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ArtifactError, match="is a file; name a folder"):
        registry.save(tiny_model(), tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("dtype", ["int8", np.float64, "half a float", None])
def test_weights_are_saved_only_in_a_precision_that_can_be_read(saved, dtype):
    with pytest.raises(ConfigError, match="dtype must be float16 or float32, got"):
        registry.save(tiny_model(seed=1), saved, dtype=dtype)
    assert same_weights(load(saved), tiny_model())


def npz(**arrays) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def reseal(folder: Path) -> None:
    """Update the checksums in config.json, as a careless editor would."""
    import hashlib

    config = json.loads((folder / "config.json").read_text())
    config["sha256"] = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in config["sha256"]
    }
    (folder / "config.json").write_text(json.dumps(config))


def edit_config(folder: Path, **changes) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "weights.npz"])
def test_a_missing_file_is_named(saved, name):
    (saved / name).unlink()
    with pytest.raises(ArtifactError, match=f"has no {name}"):
        load(saved)


@pytest.mark.parametrize("name", ["tokenizer.json", "weights.npz"])
def test_a_truncated_or_foreign_file_is_named(saved, name):
    data = (saved / name).read_bytes()
    (saved / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(ArtifactError, match=f"{name} is damaged"):
        load(saved)


def test_a_truncated_archive_is_refused_even_with_a_matching_checksum(saved):
    data = (saved / "weights.npz").read_bytes()
    (saved / "weights.npz").write_bytes(data[: len(data) // 2])
    reseal(saved)
    with pytest.raises(ArtifactError, match="not an archive of plain arrays"):
        load(saved)


def test_a_pickle_is_never_loaded(saved):
    weights = {**tiny_model().weights, "output/bias": np.array([{"a": 1}], dtype=object)}
    (saved / "weights.npz").write_bytes(npz(**weights))
    reseal(saved)
    with pytest.raises(ArtifactError, match="not an archive of plain arrays"):
        load(saved)


def test_weights_of_another_network_are_refused(saved):
    (saved / "weights.npz").write_bytes(npz(**tiny_model(units=5).weights))
    reseal(saved)
    with pytest.raises(ArtifactError, match="must be float16 or float32 of shape"):
        load(saved)


def test_missing_extra_and_infinite_weights_are_named(saved):
    weights = dict(tiny_model().weights)
    bias = weights.pop("output/bias")
    for changed, message in (
        (weights, "lacks the weights output/bias"),
        ({**weights, "output/bias": bias, "spare": bias}, "unknown weights spare"),
        ({**weights, "output/bias": bias * np.nan}, "not finite"),
        ({**weights, "output/bias": bias.astype(int)}, "float16 or float32"),
    ):
        (saved / "weights.npz").write_bytes(npz(**changed))
        reseal(saved)
        with pytest.raises(ArtifactError, match=message):
            load(saved)


def test_a_tokenizer_of_another_size_is_refused(saved):
    other = tiny_model(text="another alphabet")
    (saved / "tokenizer.json").write_text(other.tokenizer.to_json())
    reseal(saved)
    with pytest.raises(ArtifactError, match="belong to different models"):
        load(saved)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 3}, "supports up to 2; upgrade textrnn"),
        ({"format": "one"}, "not a model of textrnn"),
        ({"kind": "poem"}, '"kind" must be one of generator, classifier, language_model'),
        ({"kind": ["generator"]}, '"kind" must be one of'),
        ({"network": {"units": 3}}, "damaged"),
        ({"network": {"vocab_size": 3, "cell": "elman"}}, "cell must be one of"),
        ({"network": None}, "damaged"),
        ({"sha256": None}, "must have the checksums"),
    ],
)
def test_a_config_from_elsewhere_is_refused(saved, changes, message):
    edit_config(saved, **changes)
    with pytest.raises(ArtifactError, match=message):
        load(saved)


@pytest.mark.parametrize("text", ["{", "[]", "\N{SNOWMAN}", ""])
def test_a_config_that_is_no_object_is_refused(saved, text):
    (saved / "config.json").write_text(text, encoding="utf-16" if text == "☃" else "utf-8")
    with pytest.raises(ArtifactError, match=r"config\.json"):
        load(saved)


def test_a_missing_folder_and_a_file_have_different_errors(tmp_path):
    with pytest.raises(ArtifactError, match="neither a folder nor a bundled model"):
        load(tmp_path / "nothing")
    (tmp_path / "file").write_text("text")
    with pytest.raises(ArtifactError, match="is a file"):
        load(tmp_path / "file")


def test_a_full_disk_leaves_the_old_model(saved, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    before = load(saved)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ArtifactError, match="No space left on device; the previous model is"):
        registry.save(tiny_model(seed=9), saved)
    assert same_weights(load(saved), before)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
@pytest.mark.parametrize("mode", [0o700, 0o750, 0o755])
def test_a_model_folder_and_its_files_keep_their_permissions(saved, mode):
    saved.chmod(mode)
    (saved / "metadata.json").chmod(0o600)
    registry.save(tiny_model(seed=1), saved)
    assert saved.stat().st_mode & 0o777 == mode
    assert (saved / "metadata.json").stat().st_mode & 0o777 == 0o600
