"""textrnn without TensorFlow: what works, and the error of commands that need it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import CORPORA

import textrnn
from textrnn.errors import MissingExtraError, needs_extra

# Makes all packages of the extras unimportable, whether installed or not.
WITHOUT = """
import sys

class Missing:
    def find_spec(name, path=None, target=None):
        if name in {"tensorflow", "keras", "tensorflow_datasets", "tensorflow_hub", "matplotlib"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing)
"""
PLAY, REVIEWS = str(CORPORA / "lantern_play.txt"), str(CORPORA / "reviews.csv")
INSTALL = "; pip install 'textrnn[train]'\n"


def run(code: str, *arguments: str, cwd=None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT + code, *arguments]
    # The package under test, wherever the program starts.
    path = {**os.environ, "PYTHONPATH": str(Path(textrnn.__file__).parents[1])}
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=path)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["train", "classifier", "--help"],
        ["train", "settings"],
        ["generate", "-m", "shakespeare-tiny", "--prime", "ROMEO", "--length", "20"],
        ["classify", "-m", "imdb-tiny", "--text", "Not bad at all.", "--explain"],
        ["evaluate", "imdb-tiny", REVIEWS],
        ["evaluate", "shakespeare-tiny", PLAY, "--unknown", "skip", "--part", "0.98:1"],
        ["models"],
        ["models", "show", "imdb"],
        ["corpora"],
    ],
    ids=lambda arguments: " ".join(arguments)[:40],
)
def test_what_uses_a_model_works_without_tensorflow(arguments):
    done = run("from textrnn.cli import main; main()", *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize(
    ("arguments", "purpose"),
    [
        (["train", "generator", PLAY, "-o", "m"], "training"),
        (["train", "classifier", REVIEWS, "-o", "m"], "training"),
        (["train", "classifier", "imdb", "-o", "m"], "reading `imdb`"),
        (["finetune", "shakespeare-tiny", PLAY, "-o", "m"], "training"),
        (["finetune", "imdb-tiny", REVIEWS, "-o", "m"], "training"),
        (["evaluate", "imdb-tiny", "imdb"], "reading `imdb`"),
        (["export", "embedding", "imdb-tiny", "-o", "m"], "export"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else value,
)
def test_a_command_that_needs_tensorflow_says_what_to_install_in_one_line(
    arguments, purpose, tmp_path
):
    done = run("from textrnn.cli import main; main()", *arguments, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"Error: {purpose} needs TensorFlow{INSTALL}"
    assert not done.stdout and not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("call", "purpose"),
    [
        ("textrnn.train_generator(textrnn.Corpus.from_text('a text ' * 99), 'm')", "training"),
        ("textrnn.train_classifier((['a', 'b'] * 9, ['c', 'd'] * 9), 'm')", "training"),
        (
            "textrnn.load('shakespeare-tiny').finetune(textrnn.Corpus.from_text('a ' * 99), 'm')",
            "training",
        ),
        ("read_data('imdb', 'test')", "reading `imdb`"),
    ],
)
def test_python_gets_the_same_sentence_as_an_error_of_textrnn(call, purpose, tmp_path):
    code = f"""
import textrnn
from textrnn.data.registry import read_data
try:
    {call}
except textrnn.TextRNNError as error:
    print(error)
"""
    done = run(code, cwd=tmp_path)
    assert done.stdout == f"{purpose} needs TensorFlow{INSTALL}", done.stderr


def test_a_package_that_is_there_but_cannot_be_imported_has_a_reason():
    reason = r"^training needs Keras \(the import failed: wrong ELF\); pip install"
    with pytest.raises(MissingExtraError, match=reason), needs_extra("training"):
        raise ImportError("wrong ELF", name="keras.src")


def test_a_module_of_textrnn_that_is_missing_stays_a_bug():
    with pytest.raises(ModuleNotFoundError), needs_extra("training"):
        raise ModuleNotFoundError("No module named 'textrnn.nothing'", name="textrnn.nothing")


def test_importing_the_module_changes_nothing():
    code = """
import os
before = dict(os.environ), os.fstat(2)
import textrnn.cli.tensorflow
assert (dict(os.environ), os.fstat(2)) == before
"""
    assert run(code).returncode == 0
