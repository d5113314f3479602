"""Tests are marked by what they import and start, and what -m leaves out costs nothing."""

import subprocess
import sys

import pytest
from support.marks import leaves_out, marks_of
from support.paths import ROOT

LIGHT = "not tensorflow and not slow and not subprocess"


def test_the_light_part_is_collected_without_importing_tensorflow():
    code = (
        "import pytest, sys\n"
        f"code = pytest.main(['--co', '-q', '-p', 'no:cacheprovider', '-m', {LIGHT!r}])\n"
        "assert code == 0, code\n"
        "heavy = {'tensorflow', 'keras', 'tensorflow_datasets', 'torch', 'matplotlib'}\n"
        "assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr


@pytest.mark.parametrize(
    ("source", "marked"),
    [
        ("import tensorflow as tf", True),
        ("from keras.layers import GRU", True),
        ("from textrnn.models import generator", True),
        ("from textrnn.training.tasks.classifier import train_classifier", True),
        ("from textrnn.training.observer import Observer", False),
        ("from textrnn.cli import tensorflow", False),
        ("from textrnn.engine.generator import Network", False),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import keras", False),
        ("try:\n    import keras\nexcept ImportError:\n    pass", True),
        ("def f():\n    import keras", False),
    ],
)
def test_a_module_is_marked_when_importing_it_imports_tensorflow(source, marked, tmp_path):
    path = tmp_path / "test_x.py"
    path.write_text(source)
    assert ("tensorflow" in marks_of(path).module) == marked


@pytest.mark.parametrize(
    ("source", "marks"),
    [
        ("def test_x():\n    import keras", {"tensorflow"}),
        ("def test_x(m):\n    m.setattr('textrnn.models.generator.build', 1)", {"tensorflow"}),
        ("def test_x(model):\n    model.finetune('t', 'm')", {"tensorflow"}),
        ("import textrnn\ndef a(): textrnn.train_generator('t')\ndef test_x(): a()",
         {"tensorflow"}),
        ("import textrnn\ndef a(): textrnn.train_generator('t')\ndef b(a): ...\ndef test_x(b): ...",
         {"tensorflow"}),
        ("import subprocess\ndef run(): subprocess.run([])\ndef test_x(): run()", {"subprocess"}),
        ("import os\ndef test_x(): os.fork()", {"subprocess"}),
        ("import subprocess\ndef test_x(): ...", set()),
    ],
)  # fmt: skip
def test_a_test_is_marked_for_what_it_and_its_helpers_do(source, marks, tmp_path):
    path = tmp_path / "test_x.py"
    path.write_text(source)
    assert marks_of(path).functions["test_x"] == marks


@pytest.mark.parametrize(
    ("expression", "out"),
    [
        ("not tensorflow", True),
        (LIGHT, True),
        ("not slow and not tensorflow", True),
        ("", False),
        ("tensorflow", False),
        ("not slow", False),
        ("not tensorflow or slow", False),
        ("not (tensorflow and slow)", False),
        ("not tensorflow_lite", False),
    ],
)
def test_a_module_is_left_out_only_where_no_test_of_it_can_be_selected(expression, out):
    assert leaves_out(expression, {"tensorflow"}) == out
