"""The wheel, installed without extras, away from the checkout."""

import importlib.metadata
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from support.paths import CORPORA, ROOT

pytestmark = pytest.mark.slow

LIGHT = {"click", "numpy", "rich", "sentencepiece", "threadpoolctl"}
PROGRAM = """
import sys
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
def installed(tmp_path_factory) -> Path:
    """A folder that holds the wheel's contents, as pip unpacks them."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # a build in the checkout would leave its files there
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (source / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "textrnn", source / "textrnn", ignore=ignored)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    # setuptools is there in a development environment; an older one is fetched anew by pip.
    enough = Version(importlib.metadata.version("setuptools")) >= Version("77")
    build = ["--no-build-isolation"] if enough else []
    subprocess.run([*pip, "wheel", "--no-deps", *build, "-w", folder, source], check=True)
    (wheel,) = folder.glob("*.whl")
    target = folder / "installed"
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "-t", target, wheel], check=True)
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
