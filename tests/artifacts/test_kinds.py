"""Laws of the folder of every kind of model: saving, loading, damage, older formats."""

import hashlib
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.kinds import MODELS, output_of, same_weights

import textrnn
from textrnn.artifacts import registry
from textrnn.artifacts.kinds import KINDS
from textrnn.artifacts.records import without_folders
from textrnn.artifacts.storage import FORMAT, finite
from textrnn.config.generator import GeneratorTrainingConfig
from textrnn.errors import ArtifactError

PACKAGE = Path(textrnn.__file__).parent

FILE_LINE = re.compile(r"^- `(.+)`: SHA-256 `(.+)`$", re.MULTILINE)

every_model = pytest.mark.parametrize("name", MODELS)
# Format 1 had these kinds, and no later one.
OLD_KINDS = ("generator", "classifier", "language_model")
every_old_model = pytest.mark.parametrize(
    "name", [name for name in MODELS if MODELS[name](0).kind in OLD_KINDS]
)


@pytest.fixture
def saved(tmp_path, name) -> Path:
    registry.save(MODELS[name](1), tmp_path / "model")
    return tmp_path / "model"


def config_of(folder: Path) -> dict:
    return json.loads((folder / "config.json").read_text())


def edit_config(folder: Path, **changes) -> None:
    config = {**config_of(folder), **changes}
    text = json.dumps({name: value for name, value in config.items() if value != "left out"})
    (folder / "config.json").write_text(text)


def checksums_of(folder: Path) -> dict[str, str]:
    """Name -> SHA-256 of the tokenizer and the weights in `folder`."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for pattern in ("tokenizer.*", "weights.npz")
        for path in folder.glob(pattern)
    }


def reseal(folder: Path) -> None:
    """Update the checksums in config.json, as a careless editor would."""
    edit_config(folder, sha256=checksums_of(folder))


def npz(arrays) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


# New name -> the name in format 1.
OLD_SETTINGS = {
    "max_vocab_size": "words", "word_pattern": "rule", "max_tokens": "max_words",
    "truncation": "keep",
}  # fmt: skip
OLD_ENDS = {"head": "first", "tail": "last", "both": "both"}


def write_format_1(model, folder: Path, metadata: str = "{}") -> None:
    """The folder of `model` as textrnn 0.1 wrote it."""
    folder.mkdir()
    record = model.record()
    text = record.pop("text")
    if model.kind != "generator":
        old = {OLD_SETTINGS.get(name, name): value for name, value in text.items()}
        record["reading"] = {**old, "keep": OLD_ENDS[text["truncation"]]}
    files = {
        "tokenizer.json": model.tokenizer.to_json().encode(),
        "weights.npz": npz(model.weights),
    }
    if file := getattr(model.tokenizer, "model", None):
        files["tokenizer.model"] = file
    checksums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    config = {"format": 1, **record, "kind": model.kind.replace("_", " "), "sha256": checksums}
    files |= {"config.json": json.dumps(config).encode(), "metadata.json": metadata.encode()}
    for name, data in files.items():
        (folder / name).write_bytes(data)


# ---- round trips --------------------------------------------------------------------------------


def test_the_test_models_cover_every_kind():
    assert {MODELS[name](0).kind for name in MODELS} == KINDS.keys()
    for name, kind in KINDS.items():
        assert name == kind.name == kind.artifact.kind


@every_model
def test_save_then_load_gives_bit_equal_weights_and_the_same_output(saved, name):
    model, loaded = MODELS[name](1), registry.load(saved)
    assert type(loaded) is type(model)
    assert same_weights(loaded, model)
    assert loaded.record() == model.record()
    assert loaded.tokenizer.to_json() == model.tokenizer.to_json()
    assert output_of(loaded) == output_of(model)


@every_model
def test_half_precision_rounds_weights_once(saved, name):
    model = MODELS[name](1)
    registry.save(model, saved, dtype=np.float16)
    halves = {key: array.astype(np.float16) for key, array in model.weights.items()}
    loaded = registry.load(saved)
    assert same_weights(loaded, replace(model, weights=halves))
    assert {array.dtype for array in loaded.weights.values()} == {np.dtype(np.float32)}


@every_model
def test_metadata_and_card_are_saved_but_not_needed(saved, name):
    metadata = {**MODELS[name](1).metadata, "scores": {"é": {"loss": 1.0}}}
    model = replace(MODELS[name](1), metadata=metadata, card="# Für alle\n")
    registry.save(model, saved)
    loaded = registry.load(saved)
    assert (loaded.metadata, loaded.card) == (metadata, "# Für alle\n")
    (saved / "metadata.json").unlink()
    (saved / "README.md").unlink()
    assert output_of(registry.load(saved)) == output_of(model)


def files_named_by(folder: Path) -> dict[str, str]:
    """Name -> SHA-256 in README.md, which names each file once."""
    lines = FILE_LINE.findall((folder / "README.md").read_text("utf-8"))
    assert len(lines) == len(dict(lines))
    return dict(lines)


@every_model
def test_readme_has_the_checksums_of_the_files_beside_it(saved, name):
    registry.save(replace(MODELS[name](1), card="# Für alle\n"), saved)
    before = files_named_by(saved)
    assert before == checksums_of(saved) == registry.load(saved).checksums
    with (saved / "README.md").open("a") as file:
        file.write("\nMy notes.\n")
    registry.save(registry.load(saved), saved, dtype=np.float16)
    assert files_named_by(saved) == checksums_of(saved) == registry.load(saved).checksums
    assert files_named_by(saved)["weights.npz"] != before["weights.npz"]
    assert registry.load(saved).card == "# Für alle\n\nMy notes.\n"


@every_model
def test_both_json_files_are_strict_and_nan_is_null(saved, name):
    def refuse(constant):
        raise AssertionError(f"{constant} is not JSON")

    history = [{"loss": float("nan"), "scores": [float("inf"), 1.5]}]
    registry.save(replace(MODELS[name](1), metadata={"history": history}), saved)
    for file in ("config.json", "metadata.json"):
        json.loads((saved / file).read_text(), parse_constant=refuse)
    assert registry.load(saved).metadata == {"history": [{"loss": None, "scores": [None, 1.5]}]}


def test_finite_data_are_unchanged():
    data = {"a": [1, 2.5, "nan", None, True, {"b": ()}]}
    assert finite(data) == {"a": [1, 2.5, "nan", None, True, {"b": []}]}


@every_model
def test_config_json_has_format_kind_and_text_settings(saved, name):
    model, config = MODELS[name](1), config_of(saved)
    assert list(config)[:4] == ["format", "kind", "text", "network"]
    assert (config["format"], config["kind"]) == (FORMAT, model.kind)
    assert config["text"]["tokens"] == json.loads(model.tokenizer.to_json())["type"]


@every_model
def test_weights_have_the_names_and_shapes_of_the_row(name):
    model = MODELS[name](0)
    shapes = {key: array.shape for key, array in model.weights.items()}
    assert shapes == KINDS[model.kind].weight_shapes(model.config)
    assert model.parameters == sum(array.size for array in model.weights.values())


@every_model
def test_a_card_has_its_title_training_data_and_command(name):
    data = {"names": ["a.csv"], "sha256": "ab" * 32, "texts": 7, "characters": 9, "counts": {}}
    metadata = {
        "corpus": data, "data": data, "perplexity": 2.0, "command": "textrnn train it",
        "training": {"part": "0:1", "validation": None},
    }  # fmt: skip
    model = replace(MODELS[name](0), metadata=metadata)
    card = KINDS[model.kind].card(model, title="mine")
    for part in ("# mine\n", "a.csv", "abababababab…", "**Made by**: `textrnn train it`",
                 "Use it: `textrnn ", f"{model.parameters:,} parameters"):  # fmt: skip
        assert part in card


@every_model
def test_a_summary_begins_with_the_network_and_has_the_size_of_the_vocabulary(name):
    model = MODELS[name](0)
    facts = KINDS[model.kind].summary(model)
    assert next(iter(facts)) == "network"
    assert any(f"{model.config.vocab_size:,} ids" in fact for fact in facts.values())


# ---- kinds --------------------------------------------------------------------------------------


@every_model
@pytest.mark.parametrize("wanted", KINDS)
def test_a_model_of_another_kind_is_refused_with_its_own_command(saved, name, wanted):
    kind = KINDS[MODELS[name](1).kind]
    if kind.name == wanted:
        assert same_weights(registry.load_as(kind.artifact, saved), MODELS[name](1))
        return
    with pytest.raises(ArtifactError) as error:
        registry.load_as(KINDS[wanted].artifact, saved)
    said = f"{saved} is {kind.noun}, not {KINDS[wanted].noun}; "
    assert str(error.value) == said + kind.use_of(str(saved))


def test_the_error_names_a_language_model_inside_the_folder(tmp_path):
    registry.save(MODELS["classifier of words"](1), tmp_path / "model")
    registry.save(MODELS["language model of words"](1), tmp_path / "model" / "pretrain")
    inside = re.escape(str(tmp_path / "model" / "pretrain"))
    with pytest.raises(ArtifactError, match=rf"not a language model; name the one in it, {inside}"):
        registry.load_as(KINDS["language_model"].artifact, tmp_path / "model")


@every_model
@pytest.mark.parametrize("kind", KINDS)
def test_a_model_with_the_name_of_another_kind_is_damaged(saved, name, kind):
    if kind != MODELS[name](1).kind:
        edit_config(saved, kind=kind)
        with pytest.raises(ArtifactError):
            registry.load(saved)


def test_only_the_table_distinguishes_kinds():
    found = []
    for path in PACKAGE.rglob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.search(r'isinstance\(.*Artifact\b|\["kind"\] [!=]=', line):
                found.append(f"{path.relative_to(PACKAGE)}: {line.strip()}")
    assert not found


# ---- damage -------------------------------------------------------------------------------------


@every_model
@pytest.mark.parametrize("file", ["config.json", "tokenizer.json", "weights.npz"])
def test_a_missing_file_is_named(saved, name, file):
    (saved / file).unlink()
    with pytest.raises(ArtifactError, match=f"has no {file}"):
        registry.load(saved)


@every_model
def test_a_changed_file_is_named(saved, name):
    for file in config_of(saved)["sha256"]:
        data = (saved / file).read_bytes()
        (saved / file).write_bytes(data[: len(data) // 2])
        with pytest.raises(ArtifactError, match=f"{file} is damaged or from another model"):
            registry.load(saved)
        (saved / file).write_bytes(data)
    registry.load(saved)


@every_model
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": FORMAT + 1}, f"supports up to {FORMAT}; upgrade textrnn"),
        ({"format": "two"}, "not a model of textrnn"),
        ({"kind": "poem"}, '"kind" must be one of generator, classifier, language_model'),
        ({"network": "left out"}, '"network" is damaged'),
        ({"network": {"vocab_size": 3, "cell": "elman"}}, '"network" is damaged'),
        ({"text": "left out"}, '"text" is damaged'),
        ({"text": {"tokens": "runes"}}, '"text" is damaged: tokens must be one of'),
        ({"text": {"colour": 1}}, '"text" is damaged: unknown setting'),
        ({"sha256": {}}, "must have the checksums"),
    ],
    ids=str,
)
def test_a_damaged_config_is_named(saved, name, changes, message):
    edit_config(saved, **changes)
    with pytest.raises(ArtifactError, match=message):
        registry.load(saved)


@every_model
def test_weights_of_another_network_are_named(saved, name):
    weights = dict(MODELS[name](1).weights)
    first = next(iter(weights))
    for changed, message in (
        ({key: array for key, array in weights.items() if key != first}, f"lacks .*{first}"),
        ({**weights, "spare": weights[first]}, "unknown weights spare"),
        ({**weights, first: weights[first][:-1]}, "must be float16 or float32 of shape"),
        ({**weights, first: weights[first] * np.nan}, "not finite"),
    ):
        (saved / "weights.npz").write_bytes(npz(changed))
        reseal(saved)
        with pytest.raises(ArtifactError, match=message):
            registry.load(saved)


@every_model
def test_a_tokenizer_of_another_model_is_refused(saved, name, tmp_path):
    for other in MODELS:
        if other == name:
            continue
        registry.save(MODELS[other](1), tmp_path / "other")
        text = (tmp_path / "other" / "tokenizer.json").read_text()
        if text == MODELS[name](1).tokenizer.to_json():
            continue
        (saved / "tokenizer.json").write_text(text)
        reseal(saved)
        with pytest.raises(ArtifactError, match=r"tokenizer\.(json|model)"):
            registry.load(saved)


# ---- the format before --------------------------------------------------------------------------


@every_old_model
def test_a_folder_of_format_1_gives_the_same_output_as_before(tmp_path, name):
    model = MODELS[name](1)
    write_format_1(model, tmp_path / "old")
    loaded = registry.load_as(type(model), tmp_path / "old")
    assert same_weights(loaded, model)
    assert loaded.record() == model.record()
    assert output_of(loaded) == output_of(model)
    assert config_of(tmp_path / "old")["format"] == 1  # reading changes nothing


@every_old_model
def test_a_model_of_format_1_is_saved_in_the_present_format(tmp_path, name):
    model = MODELS[name](1)
    write_format_1(model, tmp_path / "old")
    registry.save(registry.load(tmp_path / "old"), tmp_path / "new")
    registry.save(model, tmp_path / "as ever")
    assert config_of(tmp_path / "new") == config_of(tmp_path / "as ever")
    assert output_of(registry.load(tmp_path / "new")) == output_of(model)


@every_old_model
def test_conversion_keeps_weights_and_tokenizer_byte_by_byte(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    folder = Path("imdb")  # this folder, not the bundled model of the same name
    write_format_1(MODELS[name](1), folder)
    before = {file: (folder / file).read_bytes() for file in config_of(folder)["sha256"]}
    checksums = config_of(folder)["sha256"]
    registry.convert(folder)
    assert {file: (folder / file).read_bytes() for file in before} == before
    assert (config_of(folder)["format"], config_of(folder)["sha256"]) == (FORMAT, checksums)
    assert output_of(registry.load(folder.absolute())) == output_of(MODELS[name](1))


@pytest.mark.parametrize(
    ("training", "words", "model_type"),
    [
        ({"words": 350, "model_type": "bpe", "tokens": "sentencepiece"}, 350, "bpe"),
        ({"words": "many"}, 2000, "unigram"),
        ([], 2000, "unigram"),
    ],
)
def test_text_settings_of_an_old_generator_come_from_its_records_or_defaults(
    tmp_path, training, words, model_type
):
    model = MODELS["generator of subwords"](0)
    write_format_1(model, tmp_path / "old", json.dumps({"training": training}))
    text = registry.load(tmp_path / "old").text
    assert (text.tokens, text.max_vocab_size, text.model_type) == (
        "sentencepiece",
        words,
        model_type,
    )
    assert text.lower == model.tokenizer.lower


def test_records_of_format_1_lose_folders_nan_and_an_empty_validation(tmp_path):
    training = {**GeneratorTrainingConfig().to_dict(), "validation": "", "teacher": "/home/me/a, b"}
    metadata = json.dumps({"training": training, "history": [{"loss": float("nan")}]})
    write_format_1(MODELS["generator of characters"](0), tmp_path / "old", metadata)
    found = registry.load(tmp_path / "old").metadata
    assert found["history"] == [{"loss": None}]
    config = GeneratorTrainingConfig.from_dict(found["training"])
    assert (config.validation, config.teacher) == (None, "a,b")


# ---- bundled models -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", registry.bundled())
def test_bundled_models_are_of_the_present_format_and_their_records_are_strict(name):
    folder = registry.bundled()[name]
    assert config_of(folder)["format"] == FORMAT
    metadata = json.loads((folder / "metadata.json").read_text(), parse_constant=pytest.fail)
    assert without_folders(metadata) == metadata
    assert files_named_by(folder) == checksums_of(folder)
    if config_of(folder)["kind"] == "generator":
        GeneratorTrainingConfig.from_dict({**metadata["training"]})


# ---- names of files -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "bare"),
    [
        ("/home/me/teacher", "teacher"),
        ("teachers/a/,b", "a,b"),
        (r"C:\models\teacher", "teacher"),
        ("https://tfhub.dev/google/nnlm-en-dim50/2", "https://tfhub.dev/google/nnlm-en-dim50/2"),
        ("0.9:1", "0.9:1"),
        ("0.1", "0.1"),
        ("", ""),
        (0.1, 0.1),
        (None, None),
    ],
)
def test_records_have_file_names_without_folders(value, bare):
    sections = {
        "training": ("validation", "teacher", "vectors", "hub"),
        "base": ("name",),
        "hub": ("handle",),
    }
    metadata = {part: {**dict.fromkeys(names, value), "left": "/as/it/is"}
                for part, names in sections.items()}  # fmt: skip
    assert without_folders(metadata) == {
        part: {**dict.fromkeys(names, bare), "left": "/as/it/is"}
        for part, names in sections.items()
    }
