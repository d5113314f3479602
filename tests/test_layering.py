"""The architecture, as one dictionary, and the waterline below which TensorFlow lies."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import textrnn

PACKAGE = Path(textrnn.__file__).parent

LIGHT_BASE = {"errors", "settings", "config", "classifier_config"}
MODEL = {*LIGHT_BASE, "cells", "tokenizers", "forward", "classifier_forward", "packing"}
DATA = {"errors", "labelled", "sources", "tables", "textfiles", "keras_ids"}
LEARNING = {"learner", "loop", "checkpoints", "observer", "records", "models"}
# Layer -> what it may import from the package.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "observer": set(),
    "settings": {"errors"},
    "config": {"errors", "settings"},
    "pretraining_config": {"errors", "settings", "config"},
    "classifier_config": {"errors", "settings", "config", "pretraining_config"},
    "columns": set(),
    "ngrams": set(),
    "copying": set(),
    "corpora": LIGHT_BASE,
    "archives": {"errors"},
    "downloads": {*LIGHT_BASE, "archives"},
    "textfiles": {"errors"},
    "tables": {"errors", "textfiles"},
    "keras_ids": {"errors"},
    "sources": {"errors", "keras_ids", "tables"},
    "labelled": {"errors", "sources", "tables"},
    "unlabelled": {"corpora", "errors", "labelled", "observer", "tables"},
    "grouping": {"errors"},
    "inputs": {"errors", "tables", "textfiles"},
    "vectors": {"errors"},
    "tokenizers": LIGHT_BASE,
    "sampling": LIGHT_BASE,
    "threads": set(),
    "cells": set(),
    "forward": {*LIGHT_BASE, "cells"},
    "packing": set(),
    "classifier_forward": {*LIGHT_BASE, "cells", "packing"},
    "folders": {"errors"},
    "saved": {"errors", "folders"},
    "classifier_artifact": {*LIGHT_BASE, "classifier_forward", "folders", "saved", "tokenizers"},
    "artifact": {*MODEL, "classifier_artifact", "folders", "saved"},
    "language_model": {
        *LIGHT_BASE, "cells", "folders", "forward", "saved", "threads", "tokenizers",
    },
    "checkpoints": LIGHT_BASE,
    "continuations": {"tokenizers"},
    "generation": {*MODEL, "sampling", "artifact", "continuations", "threads"},
    "evaluation": {*MODEL, "threads"},
    "corpus_ids": {*LIGHT_BASE, "corpora", "tokenizers"},
    "resemblance": {"ngrams", "tokenizers"},
    "records": {"artifact", "classifier_artifact", "classifier_config", "config", "corpora"},
    "reports": {
        *MODEL, "artifact", "corpora", "copying", "evaluation", "generation", "ngrams",
    },
    "scores": LIGHT_BASE,
    "calibration": {*LIGHT_BASE, "scores"},
    "probing": {"columns", "errors", "tables"},
    "classifier_reports": {*LIGHT_BASE, "scores", "calibration"},
    "report_views": {"columns"},
    "classification": {*MODEL, "artifact", "calibration", "threads"},
    "explanation": {"cells", "classification", "tokenizers"},
    "classifier_evaluation": {
        *LIGHT_BASE, "artifact", "classification", "classifier_artifact", "classifier_reports",
        "labelled",
    },
    "transfer": {*LIGHT_BASE, "artifact", "tokenizers"},
    "opinions": {"errors", "tables", "unlabelled"},
    "classifier_distillation": {
        *LIGHT_BASE, "artifact", "checkpoints", "classification", "observer", "opinions",
        "unlabelled",
    },
    "generator_transfer": {
        *LIGHT_BASE, "artifact", "corpora", "corpus_ids", "observer", "tokenizers",
    },
    # ---- waterline ----
    "datasets": LIGHT_BASE,
    "word_batches": {"tokenizers"},
    "imdb": {"errors", "labelled", "sources", "unlabelled"},
    "data": {"imdb", "labelled", "unlabelled"},
    "recurrence": set(),
    "mingru": set(),
    "layers": {"recurrence"},
    "sequence_layers": set(),
    "models": {*LIGHT_BASE, "layers", "mingru", "sequence_layers"},
    "hub": {*LIGHT_BASE, "tokenizers"},
    "hub_pooled": {*MODEL, "hub", "word_batches"},
    "hub_runs": {*LIGHT_BASE, "artifact", "hub", "hub_pooled", "tokenizers"},
    "hub_export": {*LIGHT_BASE, "artifact", "tokenizers", "vectors"},
    "learner": {*LIGHT_BASE, "models"},
    "adversarial": {"classifier_config", "learner"},
    "loop": {*LIGHT_BASE, "checkpoints", "learner", "observer"},
    "renaming": set(),
    "distillation": {*LIGHT_BASE, "artifact", "models", "tokenizers"},
    "runs": {
        *MODEL, *LEARNING, "artifact", "corpora", "corpus_ids", "datasets", "distillation",
        "generator_transfer",
    },
    "training": {
        *MODEL, *LEARNING, "artifact", "corpora", "corpus_ids", "datasets", "evaluation",
        "generation", "generator_transfer", "renaming", "runs",
    },
    "classifier_data": {
        *LIGHT_BASE, "hub_pooled", "labelled", "observer", "tokenizers", "word_batches",
    },
    "classifier_starts": {
        *LIGHT_BASE, "artifact", "classifier_data", "hub_runs", "language_model", "learner",
        "observer", "pretraining_config", "tokenizers", "transfer", "vectors",
    },
    "classifier_runs": {
        *MODEL, *LEARNING, "adversarial", "artifact", "classifier_data", "classifier_distillation",
        "classifier_starts", "hub_runs", "labelled", "language_model", "pretraining_config",
        "unlabelled", "vectors", "word_batches",
    },
    "classifier_choice": {
        "artifact", "calibration", "classification", "classifier_artifact", "classifier_runs",
        "labelled", "learner", "observer", "records", "scores",
    },
    "pretraining_data": {
        *LIGHT_BASE, "classifier_data", "datasets", "labelled", "observer", "pretraining_config",
        "tokenizers", "unlabelled",
    },
    "pretraining_runs": {
        *LIGHT_BASE, *LEARNING, "classifier_data", "classifier_starts", "datasets", "labelled",
        "pretraining_config", "pretraining_data", "tokenizers", "unlabelled",
    },
    "pretraining": {
        *LEARNING, "errors", "folders", "labelled", "language_model", "pretraining_config",
        "pretraining_data", "pretraining_runs", "unlabelled",
    },
    "classifier_training": {
        *LEARNING, "artifact", "classifier_choice", "classifier_data", "classifier_distillation",
        "classifier_runs", "errors", "labelled", "language_model", "pretraining", "transfer",
        "unlabelled", "word_batches",
    },
    # ---- on top ----
    "api": {
        *MODEL, "artifact", "classifier_api", "corpora", "generation", "reports", "observer",
        "training",
    },
    "classifier_api": {
        *LIGHT_BASE, "artifact", "classification", "classifier_evaluation", "classifier_training",
        "explanation", "labelled", "language_model", "observer", "unlabelled",
    },
    "cli": {
        "columns",
        *MODEL, *DATA, "artifact", "cli", "classification", "classifier_artifact",
        "classifier_evaluation", "classifier_training", "corpora", "data", "downloads",
        "explanation", "generation", "hub_export", "inputs", "language_model", "layers",
        "observer", "pretraining_config", "records", "report_views", "reports", "textrnn",
        "training", "unlabelled",
    },
    "__init__": {
        "api", "classification", "classifier_api", "config", "classifier_config", "corpora",
        "errors", "labelled", "observer",
    },
}  # fmt: skip
HEAVY = {
    "adversarial", "classifier_choice", "classifier_data", "classifier_runs",
    "classifier_starts", "classifier_training", "data", "datasets", "distillation", "hub",
    "hub_export", "hub_pooled", "hub_runs", "imdb", "layers", "learner", "loop", "mingru",
    "models", "pretraining", "pretraining_data", "pretraining_runs", "recurrence", "runs",
    "sequence_layers", "training", "word_batches",
}  # fmt: skip
HEAVY_CLI = {"cli/heavy.py", "cli/display.py"}
SOURCES = sorted(PACKAGE.rglob("*.py"))


def layer_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def is_layer(name: str) -> bool:
    return (PACKAGE / f"{name}.py").exists() or (PACKAGE / name).is_dir()


def imports_of(path: Path) -> set[str]:
    """The layers of the package that a module imports, wherever in its text."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "textrnn":
            module = (node.module or "").split(".")
            found |= {module[1]} if len(module) > 1 else {
                name.name if is_layer(name.name) else "textrnn"
                for name in node.names
            }  # fmt: skip
        elif isinstance(node, ast.Import):
            found |= {
                name.name.split(".")[1] for name in node.names if name.name.startswith("textrnn.")
            }
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_imports_only_what_its_layer_allows(path: Path):
    layer = layer_of(path)
    assert imports_of(path) <= ALLOWED[layer] | {layer}


def test_every_layer_that_is_allowed_exists():
    assert {layer_of(path) for path in SOURCES} == ALLOWED.keys()


def test_no_light_module_imports_tensorflow():
    light = [
        ".".join(("textrnn", *path.relative_to(PACKAGE).with_suffix("").parts))
        for path in SOURCES
        if layer_of(path) not in HEAVY and str(path.relative_to(PACKAGE)) not in HEAVY_CLI
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
