"""Texts that steer a terminal: escapes, C1 and directions are shown, and files stay exact."""

import ast
import csv
import io
import json
import os
import re
import socket
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from support.bags import bag_of_words
from support.models import tiny_model
from support.sources import nodes_of
from support.terminals import Terminal, on_terminals, terminals

import textrnn
from textrnn.artifacts import registry
from textrnn.cli import main
from textrnn.cli.terminal import Guard, Guards, write_styled
from textrnn.data.table_writer import RowWriter, without_formula
from textrnn.engine import generation
from textrnn.evaluation.columns import columns, harmless, one_line, plain, sentence

# Conceal, clear, C1's clear, a window title, backspaces, a line over another, order, isolate, tags.
CONCEAL = "\x1b[8m"  # none of our own colours
EVIL = f"{CONCEAL}\x1b[2J\x9b2J\x1b]0;title\x07\x08\r\x7f\u202e\u2066\u200f\u2028\ufeff\U000e0041"
SHOWN = re.compile(r"\\(x1b|u001b)")
NAME = f"n\xe4me{CONCEAL}\x9b2J\u202e"
OURS = re.compile("\x1b\\[(?:[0-4]|22|3[0-7]|9[0-7])m|\r[^\r\x1b]*\x1b\\[K")  # colours, progress
ALPHABET = sorted(set("\n ab" + EVIL))


def steering(text: str) -> set[str]:
    """The characters of `text` that steer a terminal, by their categories, without our own."""
    kinds = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return {each for each in OURS.sub("", text) if unicodedata.category(each) in kinds} - KEPT


# Words and emoji need the first row; the others are drawn.
KEPT = set("\n\t\xad\u200b\u200c\u200d") | set(
    map(chr, (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD))
)
KEPT |= set(map(chr, range(0x13430, 0x13440)))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory) -> Path:
    """A folder of hostile models, tables and texts."""
    here = tmp_path_factory.mktemp("hostile")
    registry.save(tiny_model(text="".join(ALPHABET)), here / f"gen-{NAME}")
    (here / f"gen-{NAME}" / "README.md").write_text(f"# A card {EVIL}\n", encoding="utf-8")
    classes = (f"bad {EVIL}", f"good {EVIL}")
    registry.save(bag_of_words(classes, {"good": [0, 1], "bad": [1, 0]}), here / f"cls-{NAME}")
    (here / f"text-{NAME}.txt").write_text("ab\nba\n" * 50)
    (here / f"review-{NAME}.txt").write_text(f"good {EVIL} film")
    with open(here / f"table-{NAME}.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["text", NAME], [f"good {EVIL}", EVIL], ["", EVIL]])
    with open(here / f"labels-{NAME}.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["text", "label"], [f"good {EVIL}", classes[0]],
                                    ["bad", classes[1]]])  # fmt: skip
    return here


@pytest.fixture
def here(hostile, monkeypatch) -> Path:
    monkeypatch.chdir(hostile)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return hostile


GENERATE = ["generate", "-m", f"gen-{NAME}", "--seed", 1, "--length", 400]
CLASSIFY = ["classify", "-m", f"cls-{NAME}"]
VIEWS = {
    "a streamed text": GENERATE,
    "its prime": [*GENERATE, "--prime", CONCEAL, "--length", 0],
    "several texts": [*GENERATE, "--count", 2],
    "texts as JSON": [*GENERATE, "--format", "json"],
    "skipped characters": [*GENERATE, "--unknown", "skip", "--prime", f"a{CONCEAL}m\u200e"],
    "predictions": [*CLASSIFY, f"review-{NAME}.txt", "--text", f"good {EVIL}"],
    "lines": [*CLASSIFY, "--lines", f"review-{NAME}.txt"],
    "an explanation": [*CLASSIFY, "--text", f"good {EVIL} bad film", "--explain"],
    "unsure": [*CLASSIFY, "--text", "good bad", "--abstain", 0.9],
    "a long explanation": [*CLASSIFY, "--text", f"It is good {EVIL}! " * 99, "--explain"],
    "predictions in CSV": [*CLASSIFY, f"table-{NAME}.csv"],
    "the same, safe": [*CLASSIFY, f"table-{NAME}.csv", "--safe-csv"],
    "predictions in TSV": [*CLASSIFY, f"table-{NAME}.csv", "--format", "tsv"],
    "predictions in JSON": [*CLASSIFY, f"table-{NAME}.csv", "--format", "json"],
    "predictions in JSON lines": [*CLASSIFY, f"table-{NAME}.csv", "--format", "jsonl"],
    "a summary": [*CLASSIFY, f"table-{NAME}.csv", "-o", f"out-{NAME}.csv"],
    "a generator": ["models", "show", f"gen-{NAME}"],
    "a classifier": ["models", "show", f"cls-{NAME}"],
    "a generator's card": ["models", "show", f"gen-{NAME}", "--card"],
    "a generator's report": ["evaluate", f"gen-{NAME}", f"text-{NAME}.txt"],
    "a classifier's report": ["evaluate", f"cls-{NAME}", f"labels-{NAME}.csv"],
    "a report in Markdown": ["evaluate", f"cls-{NAME}", f"labels-{NAME}.csv", "--format",
                             "markdown"],
    "a report in JSON": ["evaluate", f"cls-{NAME}", f"labels-{NAME}.csv", "--format", "json"],
    "no such model": ["generate", "-m", f"no-{NAME}"],
    "no such file": [*CLASSIFY, f"no-{NAME}.txt"],
    "no such folder": [*GENERATE, "-o", f"no-{NAME}/x"],
    "other classes": ["evaluate", "imdb-tiny", f"labels-{NAME}.csv"],
    "no such column": [*CLASSIFY, f"table-{NAME}.csv", "--column", CONCEAL],
    "no such corpus": ["corpora", "show", NAME],
    "no such address": ["corpora", "fetch", "imdb", "--url", f"ftp://{NAME}"],
    "no such setting": ["train", "generator", "x", "-o", "y", "--set", f"{NAME}=1"],
    "no such value": ["train", "generator", "x", "-o", "y", "--set", f"units={NAME}"],
    "a file that is no settings": ["train", "generator", "x", "-o", "y", "--config",
                                   f"review-{NAME}.txt"],
    "no such command": [NAME],
    "no such option": ["generate", f"--{NAME}"],
    "no such choice": [*GENERATE, "--format", NAME],
    "no such number": ["generate", "--length", NAME],
    "no such preset": ["train", "generator", "x", "-o", "y", "--preset", NAME],
}  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_shows_what_steers_a_terminal_and_is_not_steered(here, monkeypatch, view):
    out, err = on_terminals(monkeypatch, *VIEWS[view])
    assert not steering(out + err)
    assert SHOWN.search(out + err)
    assert "Traceback" not in err


def test_an_interactive_session_is_not_steered(here, monkeypatch):
    typed = iter(["", "p", f"+ {CONCEAL}", f"w saved-{NAME}.txt", "r", f"x {CONCEAL}", "t \x9b"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(typed, "q"))
    out, err = on_terminals(monkeypatch, *GENERATE, "--interactive", "--prime", CONCEAL)
    assert not steering(out + err)
    assert out.startswith(r"\x1b[8m") and r"saved to saved-näme\x1b[8m\x9b2J\u202e.txt" in out
    (file,) = here.glob("saved-*")
    assert CONCEAL in file.read_text(encoding="utf-8")


def test_the_progress_of_a_training_is_not_steered(monkeypatch):
    from textrnn.cli.display import TrainingDisplay
    from textrnn.training.metrics import Metrics
    from textrnn.training.observer import EpochEnd

    _, err = terminals(monkeypatch)
    with Guards(), TrainingDisplay(samples_every=1) as display:
        display.notice(f"new characters: {EVIL}")
        print(f"a library's warning {EVIL}", file=sys.stderr)
        metrics, samples = Metrics(loss=1.0, validation_loss=1.0), {0.5: f"ab{EVIL}\n[bold]c\n"}
        display.epoch(
            EpochEnd(
                epoch=3, epochs=9, steps=1, metrics=metrics, learning_rate=0.1, is_best=True,
                samples=samples,
            )
        )  # fmt: skip
    assert CONCEAL not in err.shown
    left = re.sub("\x1b\\[[0-9;?]*[a-zA-Z]|\r", "", err.shown)  # those of rich
    assert not steering(left)
    assert f"new characters:\n{harmless(EVIL)}\n" in left and "  | [bold]c\n" in left


@pytest.fixture
def server() -> Iterator[int]:
    """The port of a server that refuses everything for a hostile reason."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            client, _ = listening.accept()
            with client:
                client.recv(9999)
                client.sendall(b"HTTP/1.1 404 no\x1b[8m\x9b2J\x08\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def test_the_reason_of_a_server_is_not_steering(server, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    url = f"http://127.0.0.1:{server}/corpus"
    out, err = on_terminals(monkeypatch, "corpora", "fetch", "tinyshakespeare", "--url", url)
    assert not steering(out + err)
    assert r"no\x1b[8m\x9b2J\x08" in err


def test_a_name_in_a_message_cannot_begin_a_line(here):
    done = CliRunner().invoke(main, [*map(str, GENERATE), "-o", "no\nWarning: x/y"])
    assert done.stderr.count("\n") == 1 and r"no\nWarning: x" in done.stderr
    missing = ["1\nWarning: x.txt", "2\nWarning: x.txt"]
    done = CliRunner().invoke(main, [*CLASSIFY, "--text", "good", *missing])
    assert "\nWarning" not in done.stderr and done.stderr.count(r"\nWarning: x.txt") == 2


@pytest.mark.parametrize("view", ["no such folder", "no such option", "a summary"])
def test_a_terminal_without_unicode_is_not_steered(here, monkeypatch, view):
    out, err = on_terminals(monkeypatch, *VIEWS[view], encoding="ascii")
    assert not steering(out + err) and SHOWN.search(out + err)


@pytest.mark.parametrize("error", [None, SystemExit(1), KeyboardInterrupt(), click.Abort()])
def test_the_streams_return_after_a_command(monkeypatch, error):
    streams = terminals(monkeypatch)
    with suppress(SystemExit, KeyboardInterrupt, click.Abort), Guards():
        assert isinstance(sys.stdout, Guard) and isinstance(sys.stderr, Guard)
        if error:
            raise error
    assert (sys.stdout, sys.stderr) == streams


def test_the_traceback_of_a_bug_is_guarded_and_a_stream_of_another_stays(monkeypatch):
    _, err = terminals(monkeypatch)
    with suppress(ValueError), Guards():
        raise ValueError
    assert isinstance(sys.stderr, Guard)
    sys.stderr, other = err, Terminal()
    with Guards():
        sys.stdout = other
    assert (sys.stdout, sys.stderr) == (other, err)


def test_only_colours_pass_among_our_own():
    out = Terminal()
    styled = click.style("good", fg="green", bold=True)
    write_styled(f"{styled}{EVIL.replace(CONCEAL, '')}", Guard(out), coloured=True)
    assert out.shown == styled + harmless(EVIL.replace(CONCEAL, ""))


# ---- what is no terminal ------------------------------------------------------------------------


def through_a_pipe(*arguments: object) -> str:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code in (0, 1), done.exception
    assert not steering(done.stderr)  # a log is read on a terminal
    return done.stdout_bytes.decode()


def test_a_result_is_exact_in_a_pipe_and_in_a_file(here, tmp_path):
    model = registry.load(str(here / f"gen-{NAME}"))
    whole = generation.generate(model, length=400, seed=1)[0]
    assert steering(whole) >= {"\x1b", "\x9b", "\u202e"}
    assert through_a_pipe(*GENERATE) == f"{whole}\n"
    two = generation.generate(model, length=400, seed=1, count=2)
    assert through_a_pipe(*VIEWS["several texts"]) == (
        f"--- 1 of 2 ---\n{two[0]}\n--- 2 of 2 ---\n{two[1]}\n"
    )
    assert through_a_pipe("models", "show", f"gen-{NAME}", "--card").startswith(
        f"# A card {EVIL}\n"
    )
    for form in ("csv", "tsv"):
        piped = through_a_pipe(*CLASSIFY, f"table-{NAME}.csv", "--format", form)
        mark = {"csv": ",", "tsv": "\t"}[form]
        header, row, empty = csv.reader(io.StringIO(piped, newline=""), delimiter=mark)
        assert header[:2] == ["text", NAME] and header[-1] == f"p_good {EVIL}"
        assert row[:3] == [f"good {EVIL}", EVIL, f"good {EVIL}"] and empty[1] == EVIL
        through_a_pipe(*CLASSIFY, f"table-{NAME}.csv", "-o", tmp_path / f"o.{form}")
        assert (tmp_path / f"o.{form}").read_bytes().decode() == piped
    through_a_pipe(*GENERATE, "-o", tmp_path / "o.txt")
    assert (tmp_path / "o.txt").read_bytes().decode() == f"{whole}\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")
@pytest.mark.parametrize(
    "command",
    [GENERATE, [*GENERATE, "-o", "/dev/stdout"],
     [*CLASSIFY, f"review-{NAME}.txt", "-q", "--format", "csv", "-o", "/dev/stdout"]],
    ids=["stdout", "a text as a file", "a table as a file"],
)  # fmt: skip
def test_a_real_terminal_shows_the_result_of_a_pipe_with_escapes(here, command):
    import pty

    own, terminal = pty.openpty()
    run = subprocess.Popen(
        [sys.executable, "-m", "textrnn", *map(str, command)],
        stdin=terminal, stdout=terminal, stderr=terminal,
        env={**os.environ, "PYTHONPATH": str(Path(textrnn.__file__).parents[1])},
    )  # fmt: skip
    os.close(terminal)
    shown = b""
    while part := _read(own):
        shown += part
    os.close(own)
    assert run.wait() == 0
    exact = through_a_pipe(*[each for each in command if each not in ("-o", "/dev/stdout")])
    assert steering(exact)
    assert shown.decode().replace("\r\n", "\n") == harmless(exact)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other end is closed
        return b""


# ---- spreadsheets -------------------------------------------------------------------------------

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n1", "  =1", "\xa0=1", "\u200b=1",
            "\ufeff=1", "\uff1d1", "\uff0b1", "\uff0d1", "\uff20a", " \uff1d1"]  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_gets_an_apostrophe_once(text):
    assert without_formula(text) == f"'{text}"
    assert without_formula(f"'{text}") == f"'{text}"


@pytest.mark.parametrize("text", ["", " ", "a=1", "1", "0.5", "'a", '{"a": 1}', "\u05d0", "a\t=1"])
def test_other_text_stays(text):
    assert without_formula(text) == text


def test_safe_tables_hold_no_formula_and_numbers_stay_numbers(here, tmp_path):
    table = tmp_path / "t.jsonl"
    rows = [{"text": "good", "=n": formula, "x": -1.5} for formula in FORMULAS]
    table.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    plain_one = through_a_pipe(*CLASSIFY, table, "--format", "csv")
    safe = through_a_pipe(*CLASSIFY, table, "--format", "csv", "--safe-csv")
    given, written = (list(csv.DictReader(io.StringIO(each, newline=""))) for each in
                      (plain_one, safe))  # fmt: skip
    assert [row["=n"] for row in given] == FORMULAS
    assert [row["'=n"] for row in written] == [f"'{formula}" for formula in FORMULAS]
    for name in given[0].keys() - {"=n"}:
        assert [row[name] for row in written] == [row[name] for row in given]
    assert written[0]["x"] == "-1.5" and float(written[0]["probability"]) > 0.5


def test_safe_csv_needs_a_table(here):
    done = CliRunner().invoke(main, [*CLASSIFY, "--text", "good", "--safe-csv"])
    assert done.exit_code == 1 and "choose --format csv" in done.stderr


def test_a_json_line_is_never_changed_for_spreadsheets():
    stream = io.StringIO()
    RowWriter(stream, "jsonl", ["a"], safe=True).write({"a": "=1"})
    assert json.loads(stream.getvalue()) == {"a": "=1"}


# ---- the characters -----------------------------------------------------------------------------


def test_exactly_what_can_steer_a_terminal_is_shown():
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        shown = harmless(character)
        kind = unicodedata.category(character)
        if kind in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in KEPT:
            assert shown == repr(character)[1:-1], hex(code)
        else:
            assert shown == character or kind == "Cn", hex(code)


TEXTS = st.text(st.one_of(st.sampled_from(ALPHABET), st.characters()))


@given(start=TEXTS, end=TEXTS)
def test_a_text_is_shown_alike_whole_and_character_by_character(start, end):
    whole = harmless(start + end)
    assert whole == harmless(start) + harmless(end) == "".join(map(harmless, start + end))
    assert not steering(whole) and harmless(whole) == whole
    stream = Terminal()
    Guard(stream).writelines([start, end])
    assert stream.shown == whole


@given(text=TEXTS)
def test_a_name_in_a_message_and_a_cell_stay_on_their_line(text):
    for shown in (sentence(text), plain(text), one_line(text)):
        assert len(shown.splitlines()) <= 1 and not steering(shown)
    assert columns(one_line(f"a{EVIL}b")) == len(one_line(f"a{EVIL}b"))


@pytest.mark.parametrize(
    "text",
    [
        "two\nlines,\ta tab", "👩‍👩‍👧‍👦 👍🏽 ❤️ 🇫🇷", "می‌خواهم", "السلام عليكم", "שלום עולם", "क्‍ष",
        "é e\u0301", "漢字かな", "100\xa0%", "co\xadoperate", "\ue0b0",
    ],
)  # fmt: skip
def test_ordinary_text_looks_as_it_is(text):
    assert harmless(text) == text


# ---- one place ----------------------------------------------------------------------------------

CLI = Path(textrnn.__file__).parent / "cli"
# Ways to write past the Guard, and the modules that may use them.
WAYS = {
    "behind": ["terminal.py", "display.py"],
    "Console": ["display.py"],
    "write_styled": ["terminal.py", "prediction_writers.py"],
    "__stdout__": ["streams.py"], "__stderr__": ["streams.py"], "buffer": ["streams.py"],
    "get_text_stream": [], "get_binary_stream": [],
}  # fmt: skip


def names_in(path: Path) -> set[str]:
    return {
        name
        for node in nodes_of(path)
        for name in (getattr(node, "id", None), getattr(node, "attr", None))
        if isinstance(name, str)
    }


def test_only_one_module_writes_past_the_guard():
    for path in CLI.rglob("*.py"):
        for name in names_in(path) & WAYS.keys():
            assert path.name in WAYS[name], (path, name)


def test_only_one_module_has_escape_sequences():
    for path in CLI.parent.rglob("*.py"):
        texts = (node.value for node in nodes_of(path) if isinstance(node, ast.Constant))
        if any(isinstance(text, str) and "\x1b" in text for text in texts):
            assert path == CLI / "terminal.py"
