"""What a newcomer types about settings, models and help, and what they read then."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from support.classifiers import random_classifier, text_classifier
from support.models import tiny_model

from textrnn.artifacts import registry
from textrnn.cli import main, tables
from textrnn.cli.commands.finetune import finetune
from textrnn.cli.settings import collect
from textrnn.cli.tasks import classifier, generator
from textrnn.config.descriptions import of_config, of_recipe
from textrnn.config.recipe import Recipe
from textrnn.config.sampling import SamplingConfig
from textrnn.errors import ConfigError

TASKS = {"generator": generator, "classifier": classifier}
TRAINING = {"epochs": 7, "validation": None, "part": "0:0.9", "of_an_old_version": 3}


def invoke(*arguments: object, columns: int = 80):
    options = {"terminal_width": columns, "max_content_width": columns}
    return CliRunner().invoke(
        main, [*map(str, arguments)], env={"COLUMNS": str(columns)}, **options
    )


def failure(*arguments: object) -> str:
    """The one sentence of a command that fails."""
    done = invoke(*arguments)
    assert done.exit_code in (1, 2) and isinstance(done.exception, SystemExit), done.output
    return done.stderr.splitlines()[-1]


def without_spaces(text: str) -> str:
    return "".join(text.split())


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """The current folder, with a text, a table, folders, and models."""
    monkeypatch.chdir(tmp_path)
    for name in ("my.txt", "my.csv", "by-class/good/1.txt", "books/1.txt"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("text\n")
    records = {"versions": {"textrnn": "0.1.0"}, "training": TRAINING}
    model = replace(tiny_model(), card="# Card\n\n## More\n", metadata=records)
    registry.save(model, Path("model"))
    return tmp_path


# ---- defaults of fine-tuning --------------------------------------------------------------------


def test_the_help_of_finetune_shows_for_every_setting_what_fine_tuning_uses():
    from textrnn.training.transfer import classifier as of_classifier
    from textrnn.training.transfer import generator as of_generator

    own = generator.RECIPE.from_settings({"training": of_generator.FINE_TUNING})
    other = classifier.RECIPE.from_settings({"training": of_classifier.FINE_TUNING})
    refused = set(generator.FINETUNE.options) - set(classifier.FINETUNE.options)
    options = {each.name: each for each in finetune.params if isinstance(each, click.Option)}
    for name in own.training.field_types().keys() & options.keys() - {"epochs", "stateful"}:
        values = {str(getattr(own.training, name))}
        if name not in refused:
            values.add(str(getattr(other.training, name)))
        (shown,) = re.findall(r"\[default: (.*)\]$", options[name].help)
        assert set(shown.split("; classifier: ")) == values, name
    assert options["epochs"].help.endswith(
        f"[default: {own.training.epochs}; classifier: as many as make 2,400 steps, from 4 to 40]"
    )
    assert own.training.stateful and options["stateful"].help.endswith("[default: stateful]")
    for name, value in of_classifier.FINE_TUNING.items() - of_generator.FINE_TUNING.items():
        assert name in options or f"{name}={value}" in finetune.help
    for section in (own.text, own.network):
        for name in section.field_types().keys() & options.keys():
            assert options[name].help.endswith("[default: MODEL's]"), name


# ---- what settings mean -------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
def test_every_setting_is_listed_with_its_default_meaning_and_what_is_accepted(task):
    done = invoke("train", "settings", task)
    listed = without_spaces(done.stdout)
    for row in [*of_recipe(TASKS[task].RECIPE), *of_config(SamplingConfig)]:
        assert re.fullmatch(r"\S.*\.", row.meaning), row.name
    for row in of_recipe(TASKS[task].RECIPE):
        told = f"{row.assignment} {row.meaning} [{row.accepted}]"
        assert without_spaces(told) in listed


@pytest.mark.parametrize("task", TASKS)
def test_the_help_of_an_option_is_the_meaning_of_its_setting(task):
    help_of = {each.name: each.help for each in TASKS[task].train.params if hasattr(each, "help")}
    rows = {row.name: row for row in of_recipe(TASKS[task].RECIPE) if row.name in help_of}
    other = {name for name, row in rows.items() if not help_of[name].startswith(row.meaning)}
    assert len(rows) > 15
    # Options of both tasks, or with more than the setting takes.
    assert other <= {"epochs", "batch_size", "validation"}


def test_a_name_selects_the_settings_that_contain_it():
    shown = invoke("train", "settings", "classifier", "Word-Drop").stdout
    assert re.findall(r"^  (\S+) = ", shown, re.MULTILINE) == [
        "word_dropout", "pretraining.word_dropout",
    ]  # fmt: skip
    assert "did you mean units?" in failure("train", "settings", "untis")


@pytest.mark.parametrize("task", TASKS)
def test_the_listed_toml_is_a_file_of_settings_that_changes_nothing(task, here):
    Path("all.toml").write_text(invoke("train", "settings", task, "--toml").stdout)
    recipe: type[Recipe] = TASKS[task].RECIPE
    given = collect(recipe, {}, Path("all.toml"), (), {})
    assert recipe.from_settings(given) == recipe.from_settings({})
    known = {
        (row.section, row.short)
        for row in of_recipe(recipe)
        if row.default is not None and row.section not in recipe.prefixed
    }
    assert {(section, name) for section, values in given.items() for name in values} == known
    assert "no file nothing.csv" in failure(
        "train", task, "nothing.csv", "-o", "m", "--config", "all.toml"
    )
    assert "name a task" in failure("train", "settings", "--toml")


def test_the_listed_sections_are_accepted_in_toml_and_json(here):
    Path("s.toml").write_text(
        "[network]\nunits = 3\n\n[training]\nepochs = 2\n[text]\nlower = true"
    )
    Path("s.json").write_text('{"network": {"units": 3}, "training": {"epochs": 2}, "lower": true}')
    wanted = {"text": {"lower": True}, "network": {"units": 3}, "training": {"epochs": 2}}
    for name in ("s.toml", "s.json"):
        assert collect(generator.RECIPE, {}, Path(name), (), {}) == wanted


# ---- the settings of a model --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["model", "model/config.json", "model/metadata.json"])
def test_a_model_after_config_gives_its_own_settings(here, name):
    found = collect(generator.RECIPE, {}, Path(name), ("window=9",), {"epochs": 2})
    recipe, model = generator.RECIPE.from_settings(found), registry.load("model")
    assert "vocab_size" not in found["network"]
    assert replace(recipe.network, vocab_size=model.config.vocab_size) == model.config
    assert recipe.text == model.text
    assert found["training"] == {"window": 9, "epochs": 2}  # the parts were of another text
    message = failure("train", "generator", "nothing.txt", "-o", "m", "--config", name)
    assert "no file nothing.txt" in message


@pytest.mark.parametrize(("task", "name"), [("generator", "shakespeare"), ("classifier", "imdb")])
def test_a_bundled_name_after_config_is_a_model_unless_a_file_has_that_name(here, task, name):
    recipe = TASKS[task].RECIPE
    model = registry.load(name)
    found = collect(recipe, {}, Path(name), (), {})
    assert found["network"]["units"] == model.config.units
    assert found["training"]["seed"] == model.metadata["training"]["seed"]
    Path(name).mkdir()
    assert collect(recipe, {}, Path(name), (), {}) == found
    Path(name).rmdir()
    Path(name).write_text("units = 5\n")
    assert collect(recipe, {}, Path(name), (), {})["network"] == {"units": 5}


def test_a_file_of_a_model_means_the_model_around_it_and_no_bundled_one(here):
    Path("model").rename("shakespeare")
    for name in ("config.json", "metadata.json"):
        found = collect(generator.RECIPE, {}, Path("shakespeare", name), (), {})
        assert found["training"]["epochs"] == TRAINING["epochs"]


def test_files_of_the_old_training_are_left_out_with_a_notice(here, capsys):
    for model, recipe, names in (
        (tiny_model(), generator.RECIPE, {"teacher": "a.csv,imdb", "validation": "dev.txt"}),
        (random_classifier(), classifier.RECIPE, {"teacher": "b", "vectors": "glove.txt"}),
    ):
        records = {"training": {"epochs": 7, **names}}
        registry.save(replace(model, metadata=records), Path("old"))
        assert collect(recipe, {}, Path("old"), (), {})["training"] == {"epochs": 7}
        notices = capsys.readouterr().err.splitlines()
        assert len(notices) == len(names)
        for name, notice in zip(names, notices, strict=True):
            assert notice.endswith(f"add --set {name}=PATH")
    kept = {"training": {"teacher": "shakespeare", "validation": "0.8:1"}}
    registry.save(replace(tiny_model(), metadata=kept), Path("new"))
    found = collect(generator.RECIPE, {}, Path("new"), (), {})["training"]
    assert found == {"teacher": "shakespeare"}
    assert 'leaves out validation="0.8:1", the parts of its own text' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("imdb", "imdb after --config is a classifier"),
        ("books", "books is a folder without a model"),
        ("nothing", "no file nothing"),
    ],
)
def test_another_thing_after_config_is_named(here, name, message):
    assert message in failure("train", "generator", "my.txt", "-o", "m", "--config", name)
    assert not Path("m").exists()


def test_a_model_after_config_is_no_consent_to_run_its_module(here, monkeypatch):
    monkeypatch.delattr("textrnn.cli.tensorflow.import_tensorflow")  # it is refused before that
    address = "https://example.org/words/1"
    model = replace(
        text_classifier(handle=address, sha256="0" * 64), metadata={"training": {"hub": address}}
    )
    registry.save(model, Path("hub-model"))
    command = ["train", "classifier", "my.csv", "-o", "m", "--config", "hub-model"]
    assert "names the TF-Hub module" in failure(*command)
    assert not Path("m").exists()


# ---- mistyped names -----------------------------------------------------------------------------

TRAIN = ["train", "generator", "my.txt", "-o", "m"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ([*TRAIN, "--set", "unit=3"], "units"),
        ([*TRAIN, "--set", "Learning-Rat=3"], "learning_rate"),
        ([*TRAIN, "--set", "UNITS=3"], "units"),
        ([*TRAIN, "--set", "netwrk.units=3"], "network.units"),
        ([*TRAIN, "--config", "typo.toml"], "training"),
        ([*TRAIN, "--config", "typo.json"], "network.embedding_dim"),
        ([*TRAIN, "--preset", "lage"], "large"),
        (["train", "classifier", "x", "-o", "m", "--preset", "textbook_full"], "textbook-full"),
        (["generate", "--model", "shakespare"], "shakespeare"),
        (["corpora", "show", "tinyshakespear"], "tinyshakespeare"),
        (["generat"], "generate"),
        (["train", "clasifier", "my.csv"], "classifier"),
        (["models", "shwo", "imdb"], "show"),
        (["export", "embeding", "imdb"], "embedding"),
    ],
    ids=str,
)  # fmt: skip
def test_a_mistyped_name_is_answered_with_a_similar_one(here, typed, meant):
    Path("typo.toml").write_text("[trainin]\nepochs = 3\n")
    Path("typo.json").write_text(json.dumps({"network": {"embeding_dim": 3}}))
    assert f"(did you mean {meant}?)" in failure(*typed)


def test_an_unlike_name_gets_no_guess(here):
    for typed in (["--bad"], ["-o", "m", "generator", "my.txt"]):
        message = failure("train", *typed)
        assert f"No such option '{typed[0]}'" in message and "to train on it" not in message
    assert "did you mean" not in failure(*TRAIN, "--set", "qqq=3")
    assert "the commands are" in failure("qqq")


@pytest.mark.parametrize(
    ("typed", "advice"),
    [
        ("my.txt", "textrnn train generator my.txt -o my-model"),
        ("not-there.csv", "textrnn train classifier not-there.csv -o my-model"),
        ("train my.txt", "textrnn train generator my.txt -o my-model"),
        ("train my.csv", "textrnn train classifier my.csv -o my-model"),
        ("train my.tsv", "textrnn train classifier my.tsv -o my-model"),
        ("train by-class", "textrnn train classifier by-class -o my-model"),
        ("train books -o m", "textrnn train generator books -o my-model"),
        ("train 'my text.txt'", "textrnn train generator 'my text.txt' -o my-model"),
        ("train -o m my.txt --epochs 3", "textrnn train generator my.txt -o my-model"),
        ("shakespeare", "textrnn generate --model shakespeare"),
        ("model", "textrnn generate --model model"),
        ("generator my.txt", "textrnn train generator"),
        ("show imdb", "textrnn corpora show or: textrnn models show"),
        ("models imdb", "textrnn models show imdb"),
        ("models model", "textrnn models show model"),
        ("corpora imdb", "textrnn corpora show imdb"),
    ],
)
def test_what_is_no_command_is_answered_with_the_command_to_type(here, typed, advice):
    import shlex

    done = invoke(*shlex.split(typed))
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1].endswith(f": {advice}")


def test_a_folder_that_cannot_be_read_is_no_bug(here, monkeypatch):
    def refuse(name: str) -> None:
        raise PermissionError(name)

    monkeypatch.setattr("os.scandir", refuse)
    assert "textrnn train generator books -o my-model" in failure("train", "books")


def test_an_empty_name_is_no_model_even_in_the_folder_of_one(here, monkeypatch):
    monkeypatch.chdir("model")
    assert "the commands are" in failure("")


def test_train_alone_shows_the_two_commands():
    done = invoke("train")
    assert "textrnn train generator my.txt -o my-model" in done.output
    assert "textrnn train classifier my.csv -o my-model" in done.output


# ---- width --------------------------------------------------------------------------------------


def paths(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from paths(command.get_command(context, name), (*path, name))


LISTS = [("models",), ("corpora",), ("train", "settings"), ("models", "show", "imdb")]
HELP = [(*path, "--help") for path in paths(main)]


@pytest.mark.parametrize(
    ("typed", "columns"),
    [(path, 80) for path in HELP] + [(path, each) for path in LISTS for each in (80, 77)],
)
def test_lines_fit_the_terminal_and_no_word_is_broken(typed, columns):
    narrow, wide = (invoke(*typed, columns=each).stdout for each in (columns, 10_000))
    assert max(map(len, narrow.splitlines())) <= columns
    assert set(narrow.split()) <= set(wide.split())


@pytest.mark.parametrize("typed", LISTS[:3])
def test_lists_fit_a_terminal_of_60_columns(typed):
    assert max(map(len, invoke(*typed, columns=60).stdout.splitlines())) <= 60


def test_text_is_wrapped_between_words_only_and_the_rest_is_cut_where_the_line_ends(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    words = [f"{'a' * size}-{'b' * size}" for size in range(1, 12)]
    address, alphabet = "https://example.org/" + "c" * 40, "a b " * 20
    text = tables.facts([("x", " ".join(words)), ("url", address), ("y", alphabet)], anywhere="y")
    assert text.split()[: len(words) + 3] == ["x", *words, "url", address]
    assert [line for line in text.splitlines() if len(line) > 40] == [f"url  {address}"]
    cut = text[text.index("y    ") :].splitlines()
    assert len(cut) > 2 and "".join(line[5:] for line in cut) == alphabet


# ---- models show --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(registry.bundled()))
def test_the_facts_about_a_model_are_shown_and_its_card_only_when_asked(name):
    model = registry.load(name)
    shown = invoke("models", "show", name).stdout
    facts = re.findall(r"^(\w[\w -]{0,10}?)  +\S", shown, re.MULTILINE)
    for fact in ("model", "parameters", "network", "trained on", "score", "settings", "licence",
                 "sha256", "card"):  # fmt: skip
        assert fact in facts
    assert "```" not in shown and "# " not in shown and len(shown.splitlines()) < 40
    assert invoke("models", "show", name, "--card").stdout == f"{model.card}\n"


def test_the_settings_of_a_model_are_those_that_differ_from_the_defaults(here):
    shown = " ".join(invoke("models", "show", "model").stdout.split())
    assert 'epochs=7, validation=null, part="0:0.9"; the others' in shown
    assert "`textrnn models show model --card` prints it, with: More" in shown


def test_damaged_records_leave_the_other_facts(here):
    records = {"scores": {"x": 3, "y": {"loss": 1.5}}, "training": [1], "corpus": "no",
               "licence": 5, "base": {"name": ["a"]}, "versions": 3}  # fmt: skip
    registry.save(replace(tiny_model(), metadata=records), Path("odd"))
    done = invoke("models", "show", "odd")
    assert done.exit_code == 0
    assert re.findall(r"^score +(.*)", done.stdout, re.MULTILINE) == ["y: 1.500 nats"]
    assert "parameters" in done.stdout and "licence" not in done.stdout
    assert "leave out --card" in failure("models", "show", "odd", "--card")


def test_an_unknown_section_of_a_file_is_an_error_and_not_a_model(here):
    Path("config.json").write_text('{"kind": "generator", "units": 3}')
    with pytest.raises(ConfigError, match="unknown setting 'kind'"):
        collect(generator.RECIPE, {}, Path("config.json"), (), {})
