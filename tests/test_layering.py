"""The architecture as one dictionary, with the line above which TensorFlow may be imported."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.sources import nodes_of

import textrnn

PACKAGE = Path(textrnn.__file__).parent

# Room -> the lower rooms that it imports. A room is a module or a package directly in textrnn.
BASE = {"errors", "config"}
SAVED = {*BASE, "tokenizers", "artifacts"}
USED = {"files", "artifacts", "data", "engine", "evaluation", "models"}
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "files": set(),
    "config": {"errors"},
    "tokenizers": BASE,
    "data": {*BASE, "files"},
    "artifacts": {*BASE, "tokenizers", "files", "data", "textrnn"},  # its version
    "engine": SAVED,
    "evaluation": {*SAVED, "data", "engine"},
    # ---- waterline: TensorFlow above ----
    "datasets": {"errors", "tokenizers"},
    "models": {*SAVED, "files", "data", "engine"},
    "training": {*SAVED, "files", "data", "engine", "evaluation", "datasets", "models"},
    # ---- Python and people ----
    "api": {*SAVED, "data", "engine", "evaluation", "training"},
    "cli": {*BASE, *USED, "training", "textrnn"},
    "__init__": {*BASE, "data", "engine", "training", "api"},
    "__main__": {"cli"},
}
HEAVY = {"datasets", "models", "training"}
# Modules of light rooms that import TensorFlow or rich; other modules import them lazily.
HEAVY_MODULES = {"cli/display.py", "data/imdb_tfds.py"}
SOURCES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def is_room(name: str) -> bool:
    return (PACKAGE / f"{name}.py").exists() or (PACKAGE / name).is_dir()


def imports_of(path: Path) -> set[str]:
    """The rooms of the package that a module imports, at any level."""
    found = set()
    for node in nodes_of(path):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "textrnn":
            module = (node.module or "").split(".")
            found |= {module[1]} if len(module) > 1 else {
                name.name if is_room(name.name) else "textrnn"
                for name in node.names
            }  # fmt: skip
        elif isinstance(node, ast.Import):
            found |= {
                name.name.split(".")[1] for name in node.names if name.name.startswith("textrnn.")
            }
    return found


def test_a_module_imports_only_what_its_room_allows():
    found = {
        str(path.relative_to(PACKAGE)): imports_of(path) - ALLOWED[room_of(path)] - {room_of(path)}
        for path in SOURCES
    }
    assert {name: rooms for name, rooms in found.items() if rooms} == {}


# Code that checks the kind of a tokenizer. Outside `tokenizers`, code must ask the tokenizer.
BY_KIND = re.compile(
    r"""isinstance\([^)]*(?:Tokenizer|Codec)\b"""
    r"""|\btokens\b["')\]]*\s*(?:[!=]=|\bin\b \()"""
    r"""|tokenizer\.kind\s*(?:[!=]=\s*["']|in \()"""
    r"""|to_json\(\)(?:\)\[|\s*[!=]=)"""
    r"""|getattr\([\w.]*tokenizer,"""
)
# Settings are validated in a lower room, before a tokenizer exists.
BELOW_TOKENIZERS = {"config"}


def test_only_the_tokenizers_room_checks_the_kind_of_a_tokenizer():
    found = {
        str(path.relative_to(PACKAGE)): BY_KIND.findall(path.read_text(encoding="utf-8"))
        for path in SOURCES
        if room_of(path) not in {"tokenizers", *BELOW_TOKENIZERS}
    }
    assert {name: places for name, places in found.items() if places} == {}


@pytest.mark.parametrize(
    "code",
    [
        "isinstance(model.tokenizer, WordTokenizer)",
        "isinstance(tokenizer, (CharTokenizer, WordTokenizer))",
        'reading.tokens == "text"',
        'settings.get("tokens") != "word"',
        'training.tokens in ("word", "sentencepiece")',
        'tokenizer.kind == "char"',
        "model.tokenizer.to_json() != tokenizer.to_json()",
        'json.loads(tokenizer.to_json())["type"]',
        'getattr(self.tokenizer, "model", None)',
    ],
)
def test_every_way_to_check_the_kind_is_detected(code: str):
    assert BY_KIND.search(code)


def test_ids_are_defined_once():
    defining = {
        str(path.relative_to(PACKAGE))
        for path in SOURCES
        if re.search(r"^Ids = ", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert defining == {"tokenizers/base.py"}


def test_every_allowed_room_exists():
    assert {room_of(path) for path in SOURCES} == ALLOWED.keys()


def test_no_permission_is_unused():
    used: dict[str, set[str]] = {room: set() for room in ALLOWED}
    for path in SOURCES:
        used[room_of(path)] |= imports_of(path) - {room_of(path)}
    assert used == ALLOWED


def test_rooms_import_one_way_down():
    order = list(ALLOWED)
    for room, below in ALLOWED.items():
        assert all(order.index(each) < order.index(room) for each in below - {"textrnn"})
        assert room == "__main__" or not below & {"cli", "__main__"}


def test_no_light_module_imports_tensorflow():
    light = [
        ".".join(("textrnn", *path.relative_to(PACKAGE).with_suffix("").parts))
        for path in SOURCES
        if room_of(path) not in HEAVY and str(path.relative_to(PACKAGE)) not in HEAVY_MODULES
    ]
    code = (
        "import importlib, sys\n"
        f"for name in {light!r}:\n"
        "    importlib.import_module(name.removesuffix('.__init__'))\n"
        "    heavy = {'tensorflow', 'keras', 'rich'} & sys.modules.keys()\n"
        "    assert not heavy, (name, heavy)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("arguments", [["--help"], ["generate", "--help"], ["train", "--help"]])
def test_help_loads_neither_tensorflow_nor_numpy(arguments: list[str]):
    code = (
        "import sys\n"
        "from textrnn.cli import main\n"
        "try:\n"
        f"    main({arguments!r})\n"
        "finally:\n"
        "    assert not {'tensorflow', 'numpy', 'rich'} & sys.modules.keys()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Usage:" in done.stdout


def test_public_names_resolve_and_importing_the_package_costs_nothing():
    code = "import sys, textrnn; assert not {'numpy', 'tensorflow', 'click'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert "load" in dir(textrnn)
    for name in ("load", "Corpus", "SamplingConfig", "TextRNNError"):
        assert getattr(textrnn, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = textrnn.nothing
