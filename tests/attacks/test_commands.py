"""Command lines that ask for too much or name what cannot be written: one sentence, at once."""

import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from textrnn.cli import main

LONG_NAME = "n" * 400
HUGE = 10**20
TRAIN = ["train", "generator", "text.txt", "-o", "model"]
COMMANDS = {
    "a billion samples": ["generate", "--count", 10**9, "--length", 5],
    "a text of any length": ["generate", "--length", HUGE],
    "a sample of any length": [
        "evaluate", "shakespeare-tiny", "text.txt", "--copied", "text.txt",
        "--sample-length", 10**11,
    ],
    "an output without a name": ["generate", "--length", 5, "-o", ""],
    "the root as output": ["generate", "--length", 5, "-o", "/"],
    "a name that is too long": ["generate", "--length", 5, "-o", LONG_NAME],
    "the same of a result": ["classify", "--text", "good", "-o", LONG_NAME],
    "a result without a name": ["classify", "--text", "good", "-o", ""],
    "a model of that name": ["generate", "--model", LONG_NAME],
    "a prime file of that name": ["generate", "--prime-file", LONG_NAME],
    "any number of units": [*TRAIN, "--units", HUGE],
    "many units": [*TRAIN, "--units", 10**6],
    "many layers": [*TRAIN, "--layers", 1000],
    "a large embedding": [*TRAIN, "--embedding-dim", 10**8],
    "a seed of 20 digits": [*TRAIN, "--seed", HUGE],
    "any number of epochs": [*TRAIN, "--epochs", HUGE],
    "any window": [*TRAIN, "--window", HUGE],
}  # fmt: skip


def invoke(*arguments: object):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    (tmp_path / "text.txt").write_text("Who knocks so late upon the door?\n" * 100)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", COMMANDS)
def test_a_request_beyond_all_bounds_is_one_sentence(here, monkeypatch, name):
    monkeypatch.delattr("textrnn.cli.tensorflow.import_tensorflow")  # it is refused before that
    done = invoke(*COMMANDS[name])
    assert done.exit_code == 1, done.exception
    assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1
    assert [path.name for path in here.iterdir()] == ["text.txt"]


@pytest.mark.parametrize("name", ["r.csv.part", "r.csv.new", ".r.csv.part", "r.csv~"])
@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_a_neighbour_of_the_output_is_never_touched(here, name, kind):
    mine = here / name
    if kind == "folder":
        mine.mkdir()
        (mine / "inside").write_text("mine")
    elif kind == "link":
        mine.symlink_to("text.txt")
    else:
        mine.write_text("mine")
    before = {path: path.is_symlink() or path.read_text() for path in here.rglob("*")
              if not path.is_dir()}  # fmt: skip
    assert invoke("classify", "--text", "good", "-o", "r.csv").exit_code == 0
    assert invoke("generate", "--length", "5", "-o", "r.csv", "--overwrite").exit_code == 0
    after = {path: path.is_symlink() or path.read_text() for path in here.rglob("*")
             if not path.is_dir() and path.name != "r.csv"}  # fmt: skip
    assert after == before


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_table_keeps_its_permissions_when_its_result_replaces_it(here):
    table = here / "in.csv"
    table.write_text("text\ngood\n")
    table.chmod(0o600)
    assert invoke("classify", "in.csv", "-o", "in.csv", "--overwrite").exit_code == 0
    assert "prediction" in table.read_text()
    assert stat.S_IMODE(table.stat().st_mode) == 0o600
