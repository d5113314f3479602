"""A model folder that somebody has damaged or made up: only one sentence may leave the library."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.kinds import MODELS, output_of

from textrnn.artifacts import registry
from textrnn.artifacts.kinds import KINDS
from textrnn.errors import TextRNNError

HOSTILE = st.sampled_from([
    None, True, False, -1, 0, 1, 2, 7, 2**31, 2**63, 10**29, -0.5, 0.5, 1e308, -1e308, 1e-320, "",
    "x", "\x1b[31m", "\u202e", "../../etc/passwd", "a" * 10_000, [], [[]], [1], ["a", "a"], {},
    {"a": 1}, {"kind": []},
])  # fmt: skip


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """The paths of all values inside a JSON value; of a long list only the first and the last."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inside in value.items():
            found += places(inside, (*path, key))
    elif isinstance(value, list):
        for index in {0, len(value) - 1} if value else ():
            found += places(value[index], (*path, index))
    return found


def replaced(value: Any, path: tuple, new: Any) -> Any:
    """A JSON value with the value at `path` replaced; deleted for "delete"."""
    first, *rest = path
    copy = dict(value) if isinstance(value, dict) else list(value)
    if rest:
        copy[first] = replaced(value[first], tuple(rest), new)
    elif new == "delete":
        del copy[first]
    else:
        copy[first] = new
    return copy


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
    kind = KINDS[model.kind]
    kind.summary(model)
    kind.scores_of(model.metadata)
    output_of(model)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, Path]:
    saved = {}
    for name, make in MODELS.items():
        saved[name] = tmp_path_factory.mktemp("models") / "model"
        registry.save(make(1), saved[name])
    return saved


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("file", ["config.json", "tokenizer.json", "metadata.json"])
@given(data=st.data())
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_a_changed_field_gives_a_model_or_one_sentence(tmp_path_factory, folders, name, file, data):
    original = {path.name: path.read_bytes() for path in folders[name].iterdir()}
    content = json.loads(original[file])
    if not places(content):
        return
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
