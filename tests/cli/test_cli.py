"""The commands: what a user types, and what they see."""

import json
import os
import signal
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner
from support.bags import bag_of_words
from support.generators import model_of, token_model
from support.models import tiny_model

from textrnn.artifacts import registry
from textrnn.cli import main, tensorflow
from textrnn.cli.commands.generate import generate
from textrnn.config.classifier import ClassifierConfig, ClassifierTrainingConfig
from textrnn.config.generator import GeneratorConfig, GeneratorTrainingConfig
from textrnn.config.sampling import SamplingConfig
from textrnn.config.text import ClassifierTextConfig
from textrnn.engine import generation
from textrnn.engine.reading import LONGEST_PRIME
from textrnn.tokenizers import CharTokenizer

TEXT = "\n Romeo and Juliet, abcdefghij: éß\N{ROCKET}?"


def invoke(*arguments: object, text: str | bytes | None = None):
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=text)


@pytest.fixture
def model(tmp_path) -> Path:
    registry.save(tiny_model(text=TEXT), tmp_path / "model")
    return tmp_path / "model"


def commands(command: click.Command, path: tuple[str, ...] = ()):
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), (*path, name))


@pytest.mark.parametrize(("path", "command"), list(commands(main)), ids=str)
def test_every_command_and_option_has_help(path, command):
    assert command.help
    assert invoke(*path, "--help").exit_code == 0
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.name not in ("form", "output"):
            assert parameter.help, parameter.name


def test_every_config_field_can_be_set_from_the_command_line():
    listed = invoke("train", "settings").output
    for cls in (GeneratorConfig, GeneratorTrainingConfig, ClassifierTextConfig, ClassifierConfig,
                ClassifierTrainingConfig):  # fmt: skip
        for name in cls.field_types().keys() - {"vocab_size", "classes"}:
            assert f"  {name} = " in listed
    options = {parameter.name for parameter in generate.params}
    assert SamplingConfig.field_types().keys() <= options


def test_generate_prints_the_prime_and_length_more_characters(model):
    arguments = ("generate", "--model", model, "--prime", "Romeo", "--length", 30, "--seed", 1)
    whole = invoke(*arguments)
    assert whole.exit_code == 0
    assert whole.stdout.startswith("Romeo")
    assert len(whole.stdout) == len("Romeo") + 30 + 1
    assert invoke(*arguments, "--no-prime").stdout == whole.stdout.removeprefix("Romeo")
    assert invoke(*arguments).stdout == whole.stdout


def test_generate_writes_files_and_json(model, tmp_path):
    out = tmp_path / "out.json"
    done = invoke("generate", "-m", model, "--prime", "Romeo", "--length", 9, "--count", 3,
                  "--seed", 5, "--format", "json", "-o", out)  # fmt: skip
    assert done.exit_code == 0 and done.stdout == ""
    record = json.loads(out.read_text(encoding="utf-8"))
    assert record["prime"] == "Romeo" and record["seed"] == 5
    assert [len(sample) for sample in record["samples"]] == [9, 9, 9]
    assert record["sampling"] == SamplingConfig().to_dict()


def test_several_samples_are_numbered(model):
    output = invoke("generate", "-m", model, "--count", 2, "--length", 5).stdout
    assert "--- 1 of 2 ---" in output and "--- 2 of 2 ---" in output


def test_the_prime_may_come_from_a_file_or_standard_input(model, tmp_path):
    prime = tmp_path / "prime.txt"
    prime.write_bytes(b"\xef\xbb\xbfRomeo\r\nand")
    arguments = ("generate", "-m", model, "--length", 0, "--prime-file")
    assert invoke(*arguments, prime).stdout == "Romeo\nand\n"
    assert invoke(*arguments, "-", text="Juliet").stdout == "Juliet\n"


@pytest.mark.parametrize("tokens", ["char", "word", "sentencepiece"])
def test_a_model_without_line_ends_writes_without_a_prime(tmp_path, tokens):
    words = "the miller counts his sacks and the ferryman his pennies "
    model = model_of(tokens, words)
    registry.save(model, tmp_path / "model")
    arguments = ("generate", "-m", tmp_path / "model", "--length", 20, "--seed", 1)
    whole = invoke(*arguments)
    assert whole.exit_code == 0, whole.stderr
    expected = generation.generate(model, length=20, seed=1)[0]
    assert whole.stdout == expected + "\n"
    record = json.loads(invoke(*arguments, "--count", 2, "--format", "json").stdout)
    assert record["prime"] == "" and len(record["samples"]) == 2
    session = invoke(*arguments, "-i", text="q\n")
    assert session.exit_code == 0 and session.stdout.startswith(expected)


def test_unknown_characters_of_the_prime_are_named_or_skipped(model):
    arguments = ("generate", "-m", model, "--length", 3, "--prime", "Rom漢eo")
    refused = invoke(*arguments)
    assert refused.exit_code == 1
    assert "U+6F22" in refused.stderr and "position 3" in refused.stderr
    skipped = invoke(*arguments, "--unknown", "skip")
    assert skipped.exit_code == 0
    assert "漢" in skipped.stderr


@pytest.mark.parametrize(
    ("kind", "prime", "cut"),
    [
        ("char", "a" * LONGEST_PRIME, False),
        ("char", "a" * (LONGEST_PRIME + 1), True),
        ("sentencepiece", "\N{ROCKET}" * 2_600, True),  # four bytes each, an id per byte
        ("sentencepiece", "\N{ROCKET}" * 2_400, False),
    ],
)
def test_a_prime_that_is_cut_is_announced(tmp_path, kind, prime, cut):
    made = tiny_model(text=TEXT) if kind == "char" else token_model(kind)
    registry.save(made, tmp_path / "model")
    (tmp_path / "prime.txt").write_text(prime, encoding="utf-8")
    options = ["--prime-file", tmp_path / "prime.txt", "--length", "1"]
    done = invoke("generate", "-m", tmp_path / "model", *options)
    assert done.exit_code == 0, done.stderr
    assert ("the prime is cut to its last 10,000" in done.stderr) is cut


def test_an_interactive_session_reads_commands_from_standard_input(model):
    arguments = ("generate", "-m", model, "-i", "--length", 5, "--seed", 1, "--prime")
    done = invoke(*arguments, "Rom漢eo", "--unknown", "skip", text="+ and\np\nq\n")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Romeo") and "> " in done.stdout
    refused = invoke(*arguments, "Romeo", "--count", 2)
    assert refused.exit_code == 1 and "leave out --count" in refused.stderr


WRONG = [
    (["--temperature", "-1"], "temperature must be 0 or more"),
    (["--temperature", "nan"], "temperature must be 0 or more"),
    (["--temperature", "inf"], "temperature must be 0 or more"),
    (["--length", "-1"], "length must be 0 or more"),
    (["--top-p", "0"], "top_p must be above 0"),
    (["--top-k", "-2"], "top_k must be 0 or more"),
    (["--min-p", "2"], "min_p must be from 0 to 1"),
    (["--count", "0"], "count must be 1 or more"),
    (["--seed", "-4"], "seed must be 0 or more"),
    (["--stop", ""], "stop text must have"),
    (["--model", "no-such-model"], "neither a folder nor a bundled model"),
    (["--prime-file", "no-such-file"], "no file no-such-file"),
    (["--prime", "a", "--prime-file", "b"], "not both"),
    (["--prime", "a\0b"], "U+0000"),
    (["--output", "no/such/folder/file", "--length", "3"], "cannot write"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG, ids=lambda value: str(value)[:40])
def test_wrong_input_gets_one_sentence_and_exit_code_1(model, arguments, message):
    done = invoke("generate", "--model", model, *arguments)
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1
    assert message in done.stderr
    assert isinstance(done.exception, SystemExit)


def test_a_usage_error_exits_with_2(model):
    assert invoke("generate", "--model", model, "--length", "many").exit_code == 2
    assert invoke("generate", "--no-such-option").exit_code == 2


def test_a_bug_keeps_its_traceback(model, monkeypatch):
    def broken(*_arguments, **_settings):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(registry, "load", broken)
    assert isinstance(invoke("generate", "--model", model).exception, ZeroDivisionError)


def test_evaluate_reports_as_json_and_as_text(model, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text(TEXT * 20, encoding="utf-8")
    done = invoke("evaluate", model, text, "--format", "json", "--baseline", text,
                  "--copied", text, "--sample-length", 100)  # fmt: skip
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    for protocol in ("cold", "streamed"):
        assert report[protocol].keys() >= {"loss", "bits_per_character", "perplexity", "accuracy"}
    assert report["5-gram"]["loss"] < report["cold"]["loss"]
    assert report["copied"]["held_out"]["copied_share"] == 1.0
    assert report["copied"]["held_out"]["longest"] == len(TEXT) * 20
    assert report["copied"]["generated"]["characters"] == 100
    shown = invoke("evaluate", model, text, "--part", "0.5:1", "--no-streamed").stdout
    assert "cold" in shown and "streamed" not in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--part", "validation"], "another"),
        (["--part", "0.9:0.1"], "START below END"),
        (["--part", "half"], "START:END"),
        (["--part", "0:1"], "U+007E"),
    ],
)
def test_evaluate_rejects_a_text_that_it_cannot_score(model, tmp_path, arguments, message):
    text = tmp_path / "text.txt"
    text.write_text("Romeo ~", encoding="utf-8")
    done = invoke("evaluate", model, text, *arguments)
    assert done.exit_code == 1 and message in done.stderr


@pytest.mark.tensorflow
def test_training_from_the_command_line_ends_in_a_model_that_writes(tmp_path):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for name in ("a", "b"):
        (corpus / f"{name}.txt").write_text("the miller counts his sacks by night.\n" * 20)
    settings = tmp_path / "settings.toml"
    settings.write_text("window = 10\nunits = 6\n")
    done = invoke("train", "generator", corpus, "-o", tmp_path / "m", "--config", settings,
                  "--batch-size", 4, "--set", "layers=1", "--set", "ema=0", "--epochs", 2,
                  "--set", "sample_length=10")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert done.stdout == ""
    assert "epoch 2" in done.stderr and "at temperature 0.5" in done.stderr
    config = registry.load(tmp_path / "m").config
    assert (config.units, config.layers) == (6, 1)
    assert invoke("generate", "-m", tmp_path / "m", "--length", 5).exit_code == 0
    shown = invoke("models", "show", tmp_path / "m").stdout
    assert "trained on  a.txt, b.txt" in shown
    validation = invoke("evaluate", tmp_path / "m", corpus, "--part", "validation")
    assert validation.exit_code == 0 and "Warning" not in validation.stderr
    assert "was trained on" in invoke("evaluate", tmp_path / "m", corpus).stderr
    tuned = invoke("finetune", tmp_path / "m", corpus, "-o", tmp_path / "t", "--window", 10,
                   "--batch-size", 4, "--epochs", 1, "-q")  # fmt: skip
    assert tuned.exit_code == 0, tuned.output
    assert tuned.output == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "unitz=3"], "unknown setting 'unitz'"),
        (["--set", "units"], "NAME=VALUE"),
        (["--set", "units=many"], "must be a whole number"),
        (["--set", "stateful=perhaps"], "true or false"),
        (["--units", "0"], "units must be 1 or more"),
        (["--dropout", "1"], "dropout must be at least 0"),
        (["--preset", "huge"], "the presets are textbook"),
        (["--config", "none.toml"], "no file none.toml"),
        (["--validation", "half"], "validation must be"),
        (["--resume", "--units", "3"], "no run to resume"),
        (["--encoding", "klingon"], "there is no encoding"),
    ],
)
@pytest.mark.tensorflow
def test_wrong_settings_are_named_before_anything_is_written(tmp_path, arguments, message):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("some text\n" * 100)
    done = invoke("train", "generator", corpus, "-o", tmp_path / "m", *arguments)
    assert done.exit_code == 1, done.output
    assert message in done.stderr
    assert not (tmp_path / "m").exists()


@pytest.fixture
def reviews(tmp_path) -> Path:
    path = tmp_path / "reviews.csv"
    rows = [f"a {word} film {n},{label}" for n in range(12) for word, label in
            (("good", "positive"), ("bad", "negative"))]  # fmt: skip
    path.write_text("\n".join(["review,sentiment", *rows]) + "\n")
    return path


COLUMNS = ("--column", "review", "--label-column", "sentiment")
BAG = ("--layers", 0, "--pooling", "mean", "--embedding-dim", 4, "--set", "ema=0")


@pytest.mark.tensorflow
def test_a_classifier_trained_from_the_command_line_predicts_and_is_fine_tuned(reviews, tmp_path):
    model = tmp_path / "classifier"
    done = invoke("train", "classifier", reviews, "-o", model, *COLUMNS, *BAG, "--epochs", 12,
                  "--learning-rate", 0.1, "--validation", 0.25)  # fmt: skip
    assert done.exit_code == 0, done.output
    assert done.stdout == "" and "macro F1" in done.stderr
    before, last = done.stderr.splitlines()[-2:]
    assert before.startswith("Accuracy 100.0% on the 6 validation texts. The model is in")
    assert f"textrnn classify --model {model} --text TEXT" in last
    predicted = invoke("classify", "-m", model, "--text", "good film", "--text", "a bad film")
    assert [line.split()[0] for line in predicted.stdout.splitlines()] == ["positive", "negative"]
    assert "trained on  reviews.csv" in invoke("models", "show", model).stdout
    scored = invoke("evaluate", model, reviews, *COLUMNS)
    assert "100.00 %" in scored.stdout and "was trained on these texts" in scored.stderr

    tuned = tmp_path / "tuned"
    done = invoke("finetune", model, reviews, "-o", tuned, *COLUMNS, "--epochs", 1,
                  "--validation", reviews)  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "on the 24 validation texts" in done.stderr
    again = invoke("train", "classifier", reviews, "-o", model, *COLUMNS)
    assert again.exit_code == 1 and "already holds a model" in again.stderr


WRONG_DATA = [
    (["--column", "text"], "has no column 'text'; its columns are 'review', 'sentiment'"),
    (["--label-column", "review"], "24 texts with 24 different labels"),
    (["--units", "0"], "units must be 1 or more"),
    (["--layers", "0"], "pooling all needs a recurrent layer"),
    (["--set", "unitz=3"], "unknown setting 'unitz'"),
    (["--set", "vocab_size=3"], "unknown setting 'vocab_size'"),
    (["--config", "none.toml"], "no file none.toml"),
    (["--preset", "huge"], "the presets are textbook"),
    (["--validation", "2"], "validation must be between 0 and 1"),
    (["--validation", "none.csv"], "no file none.csv"),
    (["--encoding", "klingon"], "there is no encoding"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG_DATA, ids=lambda value: str(value)[:40])
def test_wrong_data_is_named_before_tensorflow_is_loaded(
    reviews, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.delattr("textrnn.cli.tensorflow.import_tensorflow")  # calling it is an error
    done = invoke("train", "classifier", reviews, "-o", tmp_path / "m", *COLUMNS, *arguments)
    assert done.exit_code == 1, done.output
    assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1
    assert message in done.stderr
    assert not (tmp_path / "m").exists()


def test_a_configuration_file_may_hold_only_settings_of_a_classifier(reviews, tmp_path):
    config = tmp_path / "c.json"
    config.write_text('{"window": 3}')
    arguments = ("train", "classifier", reviews, "-o", tmp_path / "m", *COLUMNS, "--config", config)
    done = invoke(*arguments)
    assert done.exit_code == 1 and "unknown setting 'window'" in done.stderr


def test_a_data_file_of_unknown_format_is_rejected(tmp_path):
    data = tmp_path / "data.txt"
    data.write_text("good\n")
    done = invoke("train", "classifier", data, "-o", tmp_path / "m")
    assert done.exit_code == 1 and "--input-format" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--window", "3"], "is a classifier; leave out --window"),
     (["--lower"], "leave out --lower"),
     (["other.csv"], "is trained on one table or folder")],
)  # fmt: skip
def test_fine_tuning_rejects_options_of_the_other_kind_of_model(
    model, reviews, tmp_path, arguments, message
):
    registry.save(bag_of_words(), tmp_path / "classifier")
    done = invoke("finetune", tmp_path / "classifier", reviews, "-o", tmp_path / "m", *arguments)
    assert done.exit_code == 1 and message in done.stderr
    done = invoke("finetune", model, reviews, "-o", tmp_path / "m", "--column", "review")
    assert done.exit_code == 1 and "is a generator; leave out --column" in done.stderr


def test_an_interrupted_run_prints_the_command_that_resumes_it(reviews, tmp_path, monkeypatch):
    typed = ["train", "classifier", str(reviews), "-o", str(tmp_path / "a b"), *COLUMNS]
    stopped = SimpleNamespace(train_classifier=lambda *_, **__: None)
    display = SimpleNamespace(stopped_by=signal.SIGTERM)
    monkeypatch.setattr(tensorflow, "training", lambda *_, **__: nullcontext((stopped, display)))
    done = invoke(*typed)
    assert done.exit_code == 143
    assert done.stderr.endswith("/a b' --column review --label-column sentiment --resume\n")
    assert invoke(*typed, "--resume").stderr.count("--resume") == 1


def test_models_lists_every_bundled_model():
    listed = invoke("models").stdout
    for name in registry.bundled():
        kind = registry.load(name).kind
        assert any(line.split()[:2] == [name, kind] for line in listed.splitlines())
        shown = invoke("models", "show", name).stdout
        assert "licence     Apache-2.0" in shown
        for file, checksum in registry.load(name).checksums.items():
            assert f"sha256      {checksum}\n            {file}\n" in shown


def test_an_ascii_terminal_gets_codes_and_no_traceback(model):
    command = [sys.executable, "-m", "textrnn", "generate", "-m", str(model), "--length", "200"]
    done = subprocess.run(
        command,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii() and b"\\xe9" in done.stdout


def test_output_into_a_closed_pipe_leaves_no_traceback(model):
    command = f"{sys.executable} -m textrnn generate -m {model} --length 100000 | head -c 10"
    done = subprocess.run(command, shell=True, capture_output=True)
    assert len(done.stdout) <= 11
    assert b"Traceback" not in done.stderr


def test_a_tokenizer_in_lower_case_reads_primes_in_any_case(tmp_path):
    model = tiny_model(text="romeo")
    lower = CharTokenizer(model.tokenizer.characters, lower=True)
    text = replace(model.text, lower=True)
    registry.save(replace(model, tokenizer=lower, text=text), tmp_path / "lower")
    assert invoke("generate", "-m", tmp_path / "lower", "--prime", "ROMEO").exit_code == 0


@pytest.mark.slow
def test_training_hides_the_log_messages_of_libraries(tmp_path):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("the miller counts his sacks by night.\n" * 60)
    command = [sys.executable, "-m", "textrnn", "train", "generator", str(corpus)]
    options = ["--units", "6", "--window", "16", "--batch-size", "16", "--epochs", "1"]
    done = subprocess.run(
        [*command, "-o", str(tmp_path / "m"), *options, "--set", "sample_length=0"],
        capture_output=True,
        text=True,
        env={key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"},
    )
    assert done.returncode == 0
    first, second, third, fourth, last = done.stderr.splitlines()
    assert "characters in the alphabet" in first
    assert second.startswith("epoch 1/1:") and third.startswith("best epoch 1 of 1:")
    assert fourth.startswith("The model is in") and last.startswith("Generate text:")
