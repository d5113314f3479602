"""What people type after `textrnn generate`, and what comes of it."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner
from support.models import tiny_model
from support.paths import ROOT

from textrnn.artifacts import registry
from textrnn.cli import main
from textrnn.engine import generation
from textrnn.tokenizers import CharTokenizer

TINY = ("generate", "-m", "shakespeare-tiny", "--seed", "1")


def typed(*arguments, **how):
    return CliRunner().invoke(main, [str(argument) for argument in arguments], **how)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


# ---- what is continued --------------------------------------------------------------------------


def test_a_prime_file_has_an_encoding_and_is_no_folder(here):
    registry.save(tiny_model(text="caf\u00e9 \n"), here / "model")
    (here / "latin.txt").write_bytes("caf\u00e9".encode("latin-1"))
    call = ("generate", "-m", "model", "--length", "5", "--prime-file")
    refused = typed(*call, "latin.txt")
    assert refused.exit_code == 1 and "--encoding" in refused.stderr
    for encodings in ("latin-1", "utf-8,cp1252"):
        done = typed(*call, "latin.txt", "--encoding", encodings)
        assert done.exit_code == 0 and done.stdout.startswith("caf\u00e9")
    refused = typed(*call, ".")
    assert refused.stderr == "Error: . is a folder; name a file after --prime-file\n"


def test_line_ends_tabs_and_backslashes_are_typed_alike_everywhere():
    with_end = typed(*TINY, "--length", "30", "--prime", "JULIET:\\n")
    assert with_end.stdout.startswith("JULIET:\n") and with_end.exit_code == 0
    assert with_end.stdout == typed(*TINY, "--length", "30", "--prime", "JULIET:\n").stdout
    assert "REVERSE SOLIDUS" in typed(*TINY, "--prime", "a\\\\t").stderr  # not a tab
    whole = typed(*TINY, "--length", "200").stdout
    assert (
        typed(*TINY, "--length", "200", "--stop", "\\n").stdout == whole.partition("\n")[0] + "\n"
    )
    help_text = " ".join(typed("generate", "--help").stdout.split())
    assert "\\n is a line end, \\t a tab" in help_text and "Stop before TEXT; \\n is" in help_text


def test_a_prime_from_a_word_processor_is_read_as_plain_marks(here):
    pasted = "\u201cDon\u2019t go\u201d\u00a0\u2014 so \u2026"
    done = typed(*TINY, "--length", "5", "--prime", pasted)
    assert done.exit_code == 0 and done.stdout.startswith("''Don't go'' -- so ...")
    assert "\u2019 as '" in done.stderr and "\u2014 as --" in done.stderr
    assert done.stderr.count("\n") == 1
    registry.save(tiny_model(text="Don\u2019t go\n"), here / "curly")
    kept = typed("generate", "-m", "curly", "--length", "3", "--prime", "Don\u2019t")
    assert kept.stdout.startswith("Don\u2019t") and not kept.stderr  # it knows the mark


def test_unknown_characters_are_skipped_in_either_case(here):
    tokenizer = CharTokenizer.fit(["abc \n"], lower=True)
    model = replace(tiny_model(text="abc \n"), tokenizer=tokenizer)
    registry.save(replace(model, text=replace(model.text, lower=True)), here / "lower")
    done = typed(
        "generate",
        "-m",
        "lower",
        "--unknown",
        "skip",
        "--prime",
        "\u00c9aBc\u00e9",
        "--length",
        "3",
    )
    assert done.exit_code == 0 and done.stdout.startswith("aBc")
    assert "skipped, not in the model's vocabulary: '\u00c9\u00e9'" in done.stderr


# ---- where a text ends --------------------------------------------------------------------------


def test_a_sample_ends_with_a_word_a_sentence_or_a_line():
    model = registry.load("shakespeare-tiny")
    for until in ("word", "sentence", "line"):
        done = typed(*TINY, "--length", "100", "--until", until)
        assert done.stdout[:-1] == "".join(
            generation.stream(model, length=100, seed=1, until=until)
        )
        assert 100 <= len(done.stdout) - 1 < 300
    assert typed(*TINY, "--length", "100", "--until", "sentence").stdout[-2] in ".!?"


def test_json_has_all_settings_and_what_ended_each_sample():
    call = (*TINY, "--length", "40", "--count", "9", "--format", "json")
    found = json.loads(typed(*call, "--stop", "\\n\\n", "--until", "word").stdout)
    assert (found["length"], found["stop"], found["until"]) == (40, ["\n\n"], "word")
    assert set(found["ends"]) == {"stop", "until"} and len(found["ends"]) == 9
    for text, end in zip(found["samples"], found["ends"], strict=True):
        assert len(text) >= 40 or end == "stop"
    assert json.loads(typed(*call).stdout)["ends"] == ["length"] * 9


def test_the_seed_is_told_at_a_terminal(monkeypatch):
    call = ("generate", "-m", "shakespeare-tiny", "--length", "20")
    assert "seed" not in typed(*call).stderr
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: True)
    done = typed(*call)
    seed = done.stderr.split()[1]
    assert done.stderr == f"(--seed {seed} repeats this)\n"
    assert typed(*call, "--seed", seed).stdout == done.stdout
    assert typed(*call, "--seed", seed).stderr == ""


def test_samples_that_are_all_the_same_are_remarked():
    for setting in (("--temperature", "0"), ("--top-k", "1")):
        done = typed(*TINY, "--length", "9", *setting, "--count", "2")
        assert "all 2 samples are the same at" in done.stderr
        assert not typed(*TINY, "--length", "9", *setting).stderr


# ---- where it is written ------------------------------------------------------------------------

FILES = [
    (*TINY, "--length", "9"),
    (*TINY, "--length", "9", "--count", "2", "--format", "json"),
    ("classify", "-m", "imdb-tiny", "--text", "good"),
]


@pytest.mark.parametrize("command", FILES, ids=lambda command: command[0])
def test_a_file_is_overwritten_only_if_asked(here, command, monkeypatch):
    (here / "out.txt").write_text("mine")
    refused = typed(*command, "-o", "out.txt")
    assert refused.exit_code == 1 and (here / "out.txt").read_text() == "mine"
    assert refused.stderr == (
        "Error: out.txt exists; add --overwrite to replace it, or choose another name after -o\n"
    )
    assert typed(*command, "-o", "out.txt", "--overwrite").exit_code == 0
    written = (here / "out.txt").read_text()
    assert typed(*command, "-o", "new.txt").exit_code == 0
    assert (here / "new.txt").read_text() == written != "mine"


@pytest.mark.parametrize("command", FILES, ids=lambda command: command[0])
def test_a_dash_is_standard_output(here, command):
    done = typed(*command, "-o", "-")
    assert done.stdout == typed(*command).stdout and not list(here.iterdir())


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs Linux")
def test_a_folder_that_takes_no_files_is_the_reason_told():
    for command in (
        *FILES,
        ("train", "generator", "a.txt"),
        ("corpora", "fetch", "tinyshakespeare"),
    ):
        done = typed(*command, "-o", "/proc/x")
        assert done.exit_code == 1, done.exception
        assert "space" not in done.stderr and done.stderr.count("\n") == 1
        assert "no file a.txt" in done.stderr or "/proc takes no new files" in done.stderr


# ---- long work ----------------------------------------------------------------------------------


def stopped_after(count, number, monkeypatch):
    """Send a signal after `count` tokens."""
    add, seen = generation.Continuation.add, []

    def added(self, ids):
        seen.extend(ids)
        if len(seen) == count:
            signal.raise_signal(number)
        return add(self, ids)

    monkeypatch.setattr(generation.Continuation, "add", added)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("form", ["text", "json"])
def test_what_there_is_of_a_long_text_is_kept(here, monkeypatch, number, form):
    whole = typed(*TINY, "--length", "50", "--format", form).stdout
    call = (*TINY, "--length", "500", "--format", form)
    stopped_after(51, number, monkeypatch)
    done = typed(*call, "-o", "story.txt")
    assert done.exit_code == 128 + number and not (here / "story.txt").exists()
    assert "Stopped; the text so far is in story.txt.part." in done.stderr
    kept = (here / "story.txt.part").read_text(encoding="utf-8")
    if form == "text":
        assert kept == whole
    else:
        assert json.loads(kept)["samples"] == json.loads(whole)["samples"]
        assert json.loads(kept)["ends"] == ["interrupted"]
    stopped_after(51, number, monkeypatch)
    printed = typed(*call, *(["--count", "1"] if form == "json" else []))
    assert printed.exit_code == 128 + number
    assert printed.stdout == (kept if form == "json" else whole)


def test_progress_is_shown_on_a_terminal(monkeypatch):
    monkeypatch.setattr("textrnn.cli.samples.REDRAW_SECONDS", 0)
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda self: True)
    done = typed(*TINY, "--length", "40", "--count", "3")
    assert " of 120 characters, " in done.stderr and done.stderr.endswith("\r\x1b[K")
    nothing = typed(*TINY, "--length", "0", "--count", "3", "--until", "word", "--prime", "a ")
    assert nothing.exit_code == 0, nothing.exception
    monkeypatch.undo()
    assert done.stdout.startswith("--- 1 of 3 ---\n")


def test_text_on_standard_input_is_not_passed_over_in_silence():
    def run(stdin, *more):
        return subprocess.run(
            [sys.executable, "-m", "textrnn", *TINY, "--length", "9", *more], input=stdin,
            capture_output=True, text=True, cwd=ROOT,
        )  # fmt: skip

    note = "standard input is not read; add --prime-file - to continue its text\n"
    assert run("ROMEO:").stderr == note
    assert run("").stderr == "" and run("ROMEO:", "--prime", "a").stderr == ""
    read, write = os.pipe()  # idle: nobody writes
    with os.fdopen(read), os.fdopen(write, "w"):
        idle = subprocess.run(
            [sys.executable, "-m", "textrnn", *TINY, "--length", "9"], stdin=read,
            capture_output=True, text=True, cwd=ROOT, timeout=60,
        )  # fmt: skip
    assert (idle.returncode, idle.stderr) == (0, "")
