"""The wheel: what it says is in it, the same bytes twice, and alone, without extras or checkout."""

import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from support.paths import CORPORA, ROOT

pytestmark = pytest.mark.slow

PIP = ["-m", "pip", "--quiet", "--disable-pip-version-check"]
LIGHT = {"click", "numpy", "rich", "sentencepiece", "threadpoolctl"}
PROGRAM = """
import sys
import zipfile
sys.path += sys.argv.pop(1).split("|")
from textrnn.cli import main
main(prog_name="textrnn")
"""


def needed(requirements: list[str] | None) -> set[str]:
    """The names of the distributions that are required without any extra."""
    found = map(Requirement, requirements or [])
    return {
        each.name for each in found if each.marker is None or each.marker.evaluate({"extra": ""})
    }


def link(name: str, folder: Path) -> set[str]:
    """Link the installed distribution into `folder`; the names of those that it needs."""
    found = importlib.metadata.distribution(name)
    for top in {file.parts[0] for file in found.files or [] if ".." not in file.parts}:
        if top != "__pycache__" and not (folder / top).exists():
            (folder / top).symlink_to(Path(str(found.locate_file(top))))
    return needed(found.requires)


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Path:
    """A repository with one commit: what a build reads, as it is in the checkout."""
    folder = tmp_path_factory.mktemp("sources")
    (folder / "scripts").mkdir()
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "scripts/build"):
        shutil.copy(ROOT / name, folder / name)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "textrnn", folder / "textrnn", ignore=ignored)
    git = ["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "--all", "--force"],
        ["commit", "-m", "All"],
    ):
        subprocess.run([*git, *command], check=True, stdout=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> str:
    """A Python with setuptools, which is there in a development environment."""
    if Version(importlib.metadata.version("setuptools")) >= Version("77"):
        return sys.executable
    folder = tmp_path_factory.mktemp("python")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    own = str(folder / "bin" / "python")
    subprocess.run([own, *PIP, "install", "setuptools>=77"], check=True)
    return own


@pytest.fixture(scope="module")
def wheels(sources, python, tmp_path_factory) -> list[Path]:
    """The wheels of two builds of one commit: other folders, umasks and time zones."""
    found = []
    for umask, zone in ((0o022, "UTC"), (0o077, "Asia/Tokyo")):
        folder = tmp_path_factory.mktemp("build")
        clone, target = folder / "clone", folder / "dist"
        environment = {**os.environ, "PYTHON": python, "TZ": zone}
        for command in (["git", "clone", "-q", sources, clone], [clone / "scripts/build", target]):
            subprocess.run(command, check=True, umask=umask, env=environment)
        found += target.iterdir()
    return found


@pytest.fixture(scope="module")
def installed(wheels, tmp_path_factory) -> Path:
    """A folder that holds the wheel's contents, as pip unpacks them."""
    target = tmp_path_factory.mktemp("installed")
    command = [sys.executable, *PIP, "install", "--no-deps", "--no-index", "-t", target, wheels[0]]
    subprocess.run(command, check=True)
    return target


@pytest.fixture(scope="module")
def allowed(installed, tmp_path_factory) -> Path:
    """A folder of what the wheel requires, and of what those require, and of nothing else."""
    folder = tmp_path_factory.mktemp("allowed")
    (metadata,) = installed.glob("textrnn-*.dist-info/METADATA")
    names = re.findall(r"^Requires-Dist: (.*)$", metadata.read_text("utf-8"), re.MULTILINE)
    seen: set[str] = set()
    waiting = needed(names)
    assert waiting == LIGHT
    while waiting:
        name = waiting.pop()
        seen.add(name)
        waiting |= link(name, folder) - seen
    return folder


@pytest.fixture
def textrnn(installed, allowed, tmp_path):
    def run(*arguments: str) -> str:
        # -I and -S: nothing of the checkout, of the environment or of its site-packages.
        command = [sys.executable, "-I", "-S", "-c", PROGRAM, f"{installed}|{allowed}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_the_wheel_holds_the_models_and_the_mark_of_types(installed):
    for path in (ROOT / "textrnn").rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            assert (installed / path.relative_to(ROOT)).read_bytes() == path.read_bytes()
    assert (installed / "textrnn" / "py.typed").exists()
    assert (installed / "textrnn" / "pretrained" / "imdb" / "weights.npz").exists()


def test_the_wheel_has_the_version_that_the_package_says(installed):
    (folder,) = installed.glob("textrnn-*.dist-info")
    source = (ROOT / "textrnn" / "__init__.py").read_text("utf-8")
    (version,) = re.findall(r'^__version__ = "(.*)"$', source, re.MULTILINE)
    assert folder.name == f"textrnn-{version}.dist-info"


def test_two_builds_of_a_commit_are_the_same_byte_by_byte(wheels):
    first, second = wheels
    assert first.name == second.name
    assert sha256(first) == sha256(second)


@pytest.fixture(scope="module")
def bill(installed) -> dict:
    """The wheel's software bill of materials, at its place in PEP 770."""
    (path,) = installed.glob("textrnn-*.dist-info/sboms/*")
    assert path.name == "textrnn.cdx.json"
    return json.loads(path.read_text("utf-8"))


def components(bill: dict, kind: str) -> list[dict]:
    return [each for each in bill["components"] if each["type"] == kind]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_bill_of_materials_has_the_checksum_of_every_file(installed, bill):
    models = components(bill, "machine-learning-model")
    files = [*components(bill, "file"), *(file for each in models for file in each["components"])]
    listed = {file["name"]: file["hashes"] for file in files}
    assert len(files) == len(listed)
    assert listed == {
        path.relative_to(installed).as_posix(): [{"alg": "SHA-256", "content": sha256(path)}]
        for path in (installed / "textrnn").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_the_bill_of_materials_has_the_models_with_licences_and_training_data(installed, bill):
    models = components(bill, "machine-learning-model")
    folders = sorted((installed / "textrnn" / "pretrained").iterdir())
    assert [model["name"] for model in models] == [folder.name for folder in folders]
    for model, folder in zip(models, folders, strict=True):
        records = json.loads((folder / "metadata.json").read_text("utf-8"))
        (dataset,) = model["modelCard"]["modelParameters"]["datasets"]
        data = records.get("corpus") or records["data"]
        assert model["hashes"][0]["content"] == sha256(folder / "weights.npz")
        assert model["licenses"] == [{"license": {"name": records["licence"]}}]
        assert dataset["contents"]["properties"][0]["value"] == data["sha256"]


def test_the_bill_of_materials_has_the_dependencies(installed, bill):
    (metadata,) = installed.glob("textrnn-*.dist-info/METADATA")
    required = re.findall(r"^Requires-Dist: (.*)$", metadata.read_text("utf-8"), re.MULTILINE)
    libraries = components(bill, "library")
    said = [entry["value"] for each in libraries for entry in each["properties"]]
    assert sorted(said) == sorted(each for each in required if not each.startswith("textrnn["))
    assert {each["name"] for each in libraries if each["scope"] == "required"} == LIGHT
    itself = bill["metadata"]["component"]
    assert f"textrnn-{itself['version']}.dist-info" == metadata.parent.name
    (graph,) = bill["dependencies"]
    assert graph["ref"] == itself["bom-ref"]
    assert graph["dependsOn"] == [each["bom-ref"] for each in libraries]


def test_the_wheel_holds_nothing_but_the_package(installed):
    top = {path.name.split("-")[0] for path in installed.iterdir()}
    assert top <= {"textrnn", "bin"}


def test_the_light_environment_has_no_tensorflow(allowed):
    tops = {path.name.lower() for path in allowed.iterdir()}
    assert {"numpy", "click", "rich", "sentencepiece"} <= tops
    assert not {"tensorflow", "keras", "tensorflow_datasets", "matplotlib"} & tops


def test_the_wheel_alone_generates(textrnn):
    text = textrnn("generate", "--prime", "ROMEO", "--length", "100", "--seed", "1")
    assert text.startswith("ROMEO") and len(text) > 100


def test_the_wheel_alone_classifies(textrnn):
    assert "positive" in textrnn("classify", "--text", "A warm and funny film.")


def test_the_wheel_alone_evaluates(textrnn):
    assert "accuracy" in textrnn("evaluate", "imdb-tiny", str(CORPORA / "reviews.csv"))
    assert "nats" in textrnn(
        "evaluate", "shakespeare-tiny", str(CORPORA / "lantern_play.txt"),
        "--unknown", "skip", "--part", "0.98:1",
    )  # fmt: skip


def test_the_wheel_alone_lists_models_and_corpora(textrnn):
    assert "shakespeare-tiny" in textrnn("models")
    assert "imdb" in textrnn("corpora")


def test_an_editable_install_is_a_path_that_type_checkers_follow(sources, python, tmp_path):
    program = (
        "import sys; from setuptools import build_meta; build_meta.build_editable(sys.argv[1])"
    )
    subprocess.run([python, "-c", program, tmp_path], check=True, cwd=sources, capture_output=True)
    (wheel,) = tmp_path.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (name for name in archive.namelist() if name.endswith(".pth"))
        assert archive.read(path).decode().strip() == str(sources)
