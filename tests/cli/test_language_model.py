"""The commands with a language model."""

import json
from importlib import import_module
from pkgutil import iter_modules

import pytest
from click.testing import CliRunner
from support.kinds import MODELS, random_language_model

from textrnn.artifacts import registry
from textrnn.artifacts.kinds import KINDS
from textrnn.cli import main, tasks


def invoke(*arguments: object):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def model(tmp_path):
    registry.save(random_language_model(), tmp_path / "model" / "pretrain")
    return tmp_path / "model" / "pretrain"


@pytest.mark.parametrize("name", MODELS)
def test_every_kind_is_shown(tmp_path, name):
    model = MODELS[name](0)
    registry.save(model, tmp_path / "model")
    done = invoke("models", "show", tmp_path / "model")
    assert done.exit_code == 0
    assert f"parameters  {model.parameters:,}" in done.stdout.splitlines()
    shown = "".join(done.stdout.split())  # without the ends of lines
    for fact in KINDS[model.kind].summary(model).items():
        assert "".join("".join(fact).split()) in shown


def test_every_kind_has_a_module_on_the_command_line_and_no_other_module_is_there():
    assert {module.name for module in iter_modules(tasks.__path__)} == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_evaluated(kind):
    assert callable(import_module(f"{tasks.__name__}.{kind}").EVALUATE.run)


@pytest.mark.parametrize("table", [True, False])
def test_it_is_evaluated_on_a_table_and_on_text_files(model, tmp_path, table):
    (tmp_path / "a.csv").write_text("review\nthe film was good\nit was bad\n")
    (tmp_path / "a.txt").write_text("the film was good")
    (tmp_path / "b.txt").write_text("it was bad")
    given = ["a.csv"] if table else ["a.txt", "b.txt"]
    options = ["--column", "review"] if table else []
    names = [tmp_path / name for name in given]
    done = invoke("evaluate", model, *names, *options, "--format", "json")
    assert done.exit_code == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["texts"], report["tokens"]) == (2, 7)
    shown = invoke("evaluate", model, *names, *options).stdout
    assert f"perplexity  {report['scores']['perplexity']:.2f} per word" in shown


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["evaluate", "MODEL", "x.txt", "--worst", "3"], "is a language model; leave out --worst"),
        (["evaluate", "MODEL", "x.txt", "--part", "0:1"], "is a language model; leave out --part"),
        (["evaluate", "MODEL", "x.txt", "--format", "markdown"], "use --format json or text"),
        (["evaluate", "MODEL", "none.csv"], "check the name"),
        (["finetune", "MODEL", "x.txt", "-o", "new"], "a language model; start a classifier from"),
        (["generate", "--model", "MODEL"], "is a language model, not a generator; start a class"),
        (["classify", "--model", "MODEL", "--text", "x"], "is a language model, not a classifier"),
    ],
)
def test_a_command_for_another_kind_is_refused_with_the_right_one(
    model, tmp_path, command, message
):
    (tmp_path / "x.txt").write_text("the film")
    places = {"MODEL": model, "x.txt": tmp_path / "x.txt", "new": tmp_path / "new"}
    done = invoke(*(places.get(part, part) for part in command))
    assert done.exit_code == 1 and message in done.stderr, done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [["models", "show"], ["evaluate"]])
@pytest.mark.parametrize("name", [name for name in MODELS if "classifier" not in name])
def test_notices_of_loading_are_printed_for_every_kind(tmp_path, command, name):
    (tmp_path / "x.txt").write_text("a b c d\n" * 40)
    registry.save(MODELS[name](0), tmp_path / "model")
    (tmp_path / "model").rename(tmp_path / "model.textrnn-old")
    more = [] if "show" in command else [tmp_path / "x.txt", "--format", "json"]
    done = invoke(*command, tmp_path / "model", *more)
    assert done.exit_code == 0, done.stderr
    assert "model.textrnn-old" in done.stderr
