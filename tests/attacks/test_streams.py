"""Standard streams that are closed, full or no longer read, signals, and names that -o refuses."""

import io
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from support.paths import CORPORA, ROOT

import textrnn
from textrnn import files
from textrnn.cli import main, predict, signals, streams
from textrnn.cli.terminal import Guard
from textrnn.engine.classification import Predictor

needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the shell and the signals of POSIX")

LINES = str(CORPORA / "lantern_play.txt")
COMMANDS = {
    "help": ["--help"],
    "streamed": ["generate", "-m", "shakespeare-tiny", "--length", "20000", "--temperature", "0"],
    "samples": ["generate", "-m", "shakespeare-tiny", "--length", "9", "--count", "9"],
    "classify": ["classify", "-m", "imdb-tiny", "--lines", LINES],
    "table": ["classify", "-m", "imdb-tiny", "--lines", LINES, "--format", "csv"],
    "list": ["train", "settings"],
}
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(textrnn.__file__).parents[1])}


def shell(command: str, name: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a pipe, in which $TEXTRNN is the command line `name`; its code is that of its begin."""
    line = " ".join([sys.executable, "-m", "textrnn", *COMMANDS[name]])
    script = command.replace("$TEXTRNN", line) + "; exit ${PIPESTATUS[0]}"
    return subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, cwd=cwd, env=ENVIRONMENT
    )


# ---- the whole program --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("redirection", "reason"),
    [
        pytest.param(">/dev/full", "No space left on device", marks=needs_full),
        (">&-", "it is closed"),
    ],
)
@pytest.mark.parametrize("name", ["help", "streamed", "table"])
def test_a_result_that_cannot_be_printed_is_one_sentence(name, redirection, reason):
    done = shell(f"$TEXTRNN {redirection}", name)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: cannot write standard output: {reason}; ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["streamed", "classify"])
def test_a_closed_pipe_ends_a_command_quietly_as_sigpipe_does(name):
    done = shell("$TEXTRNN | head -n 1", name)
    assert (done.returncode, done.stderr) == (141, "") and done.stdout.count("\n") == 1


@pytest.mark.parametrize("redirection", ["<&- 2>&-", pytest.param("2>/dev/full", marks=needs_full)])
def test_without_standard_error_and_input_the_result_is_the_same(redirection):
    done = shell(f"$TEXTRNN {redirection}", "table")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == shell("$TEXTRNN", "table").stdout


def test_no_file_gets_the_place_of_a_closed_standard_stream(tmp_path):
    code = (
        "import os, sys\n"
        "import textrnn.cli, textrnn.__main__ as program\n"
        "textrnn.cli.main = lambda **_: os.write(2, b'a log message')\n"
        "program.main()\n"
        "with open('result', 'w') as file:\n"
        "    assert file.fileno() > 2\n"
    )
    command = [sys.executable, "-c", code]
    line = "exec <&- >&- 2>&-; exec " + '"$@"'
    done = subprocess.run(["sh", "-c", line, "sh", *command], cwd=tmp_path, env=ENVIRONMENT)
    assert done.returncode == 0 and not (tmp_path / "result").read_text()


@pytest.mark.parametrize(
    ("module", "number"),
    [("click", signal.SIGINT), *(("numpy", number) for number in signals.STOPPING)],
)
def test_a_signal_during_an_import_ends_the_program_quietly(module, number):
    code = (
        "import os, sys\n"
        "class Sender:\n"
        "    def find_spec(name, path=None, target=None):\n"
        f"        if name == {module!r}: os.kill(os.getpid(), {int(number)})\n"
        "sys.meta_path.insert(0, Sender)\n"
        "from textrnn.__main__ import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", code, "models"]
    done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, "", "")


def test_importing_the_package_and_the_program_changes_nothing_in_the_process():
    numbers = [int(number) for number in signals.STOPPING]
    code = (
        "import signal, sys\n"
        f"def state(): return [signal.getsignal(number) for number in {numbers}], "
        "sys.stdout, sys.stderr, sys.unraisablehook\n"
        "before = state()\n"
        "import textrnn, textrnn.__main__, textrnn.cli\n"
        "assert state() == before\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=ENVIRONMENT)


def test_the_installed_command_is_the_guarded_program():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"textrnn": "textrnn.__main__:main"}


# ---- signals ------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text("Who knocks so late upon the door?\n" * 100)
    (tmp_path / "table.csv").write_text("text,label\n" + "good,a\nbad,b\n" * 20)
    return tmp_path


def invoke(*arguments: object, **options):
    return CliRunner().invoke(main, [str(argument) for argument in arguments], **options)


@pytest.fixture
def sent(monkeypatch):
    """A function that sends a signal to this process in the second call of `predict`."""
    calls, original = [], Predictor.predict

    def send(number: int) -> None:
        def predict_and_send(self, texts, on_progress=None):
            calls.append(texts)
            if len(calls) == 2:
                signal.raise_signal(number)
            return original(self, texts, on_progress)

        monkeypatch.setattr(Predictor, "predict", predict_and_send)
        monkeypatch.setattr(predict, "FEWEST", 4)

    return send


@pytest.mark.parametrize("number", signals.STOPPING)
def test_a_signal_keeps_the_predictions_so_far(here, sent, number):
    sent(number)
    done = invoke("classify", "-m", "imdb-tiny", "table.csv", "-o", "out.csv")
    assert done.exit_code == 128 + number
    assert done.stderr == "\nStopped; the predictions so far are in out.csv.part.\n"
    assert (here / "out.csv.part").read_text().count("\n") == 1 + 4


@pytest.mark.parametrize("number", signals.STOPPING)
def test_further_signals_do_not_stop_the_predictions_from_being_kept(
    here, sent, monkeypatch, number
):
    original = files.keep

    def interrupted(*arguments):
        for each in signals.STOPPING:
            signal.raise_signal(each)
        return original(*arguments)

    sent(number)
    monkeypatch.setattr(files, "keep", interrupted)
    done = invoke("classify", "-m", "imdb-tiny", "table.csv", "-o", "out.csv")
    assert done.exit_code == 128 + number and (here / "out.csv.part").exists()


def test_predictions_with_the_longest_name_are_kept_too(here, sent):
    sent(signal.SIGINT)
    name = "n" * 251 + ".csv"
    assert invoke("classify", "-m", "imdb-tiny", "table.csv", "-o", name).exit_code == 130
    (kept,) = here.glob("n*")
    assert kept.name == name[:250] + ".part"


@pytest.mark.parametrize("number", signals.STOPPING)
def test_a_signal_ends_a_streamed_text_with_its_line(monkeypatch, number):
    def characters(*_, **__):
        yield from "abc"
        signal.raise_signal(number)
        yield "d"

    monkeypatch.setattr("textrnn.engine.generation.stream", characters)
    done = invoke("generate", "-m", "shakespeare-tiny")
    assert (done.exit_code, done.stdout, done.stderr) == (128 + number, "abc\n", "\nStopped.\n")


def test_sigterm_ends_an_interactive_session_and_ctrl_c_only_a_continuation(monkeypatch):
    def characters(_):
        yield "a"
        signal.raise_signal(numbers.pop(0))
        yield "b"

    monkeypatch.setattr("textrnn.engine.generation.Samples.__iter__", characters)
    numbers = [signal.SIGINT, signal.SIGINT, signal.SIGTERM]
    done = invoke("generate", "-m", "shakespeare-tiny", "--interactive", input="\n" * 9)
    assert done.exit_code == 143 and not numbers


def test_a_signal_that_the_parent_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals.interruptible():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", signals.STOPPING)
def test_a_signal_in_a_destructor_is_not_lost(capsys, number):
    class Sends:
        def __del__(self):
            signal.raise_signal(number)

    with pytest.raises(KeyboardInterrupt) as stop, signals.interruptible():
        Sends()
        for _ in range(1000):
            time.sleep(0.01)
    assert signals.exit_code(stop.value) == 128 + number
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("number", signals.STOPPING[1:])
def test_a_signal_that_comes_twice_does_not_interrupt_the_cleanup(number):
    with signals.interruptible():
        with pytest.raises(signals.Terminated):
            signal.raise_signal(number)
        signal.raise_signal(number)


@pytest.mark.parametrize("number", signals.STOPPING)
def test_until_a_command_runs_a_signal_ends_the_process(monkeypatch, number):
    left, parse = [], main.parse_args
    monkeypatch.setattr(signals, "leave", lambda number, frame: left.append(number))
    monkeypatch.setattr(
        main, "parse_args", lambda *given: signal.raise_signal(number) or parse(*given)
    )
    invoke("models")
    assert left == [number]


def test_a_command_leaves_streams_and_handlers_as_they_were(here):
    def state():
        handlers = [signal.getsignal(number) for number in signals.STOPPING]
        return handlers, sys.stdin, sys.stdout, sys.stderr, sys.unraisablehook

    before = state()
    assert invoke("models").exit_code == 0
    assert invoke("models", "show", "nothing").exit_code == 1
    assert state() == before


# ---- streams ------------------------------------------------------------------------------------


class Broken(io.RawIOBase):
    """A file that cannot be written."""

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:
        raise self.error


@pytest.fixture
def broken(monkeypatch):
    """A function that replaces a standard stream by one whose writes give an error."""

    def install(name: str, error: OSError) -> None:
        raw = Broken()
        raw.error = error
        stream = io.TextIOWrapper(io.BufferedWriter(raw))
        monkeypatch.setattr(sys, name, stream)
        monkeypatch.setattr(sys, f"__{name}__", stream)

    return install


@pytest.mark.parametrize("size", [1, 100_000])
def test_an_error_of_standard_output_is_one_of_the_command_line(broken, size):
    broken("stdout", OSError(5, "Input/output error"))
    with streams.guarded(), pytest.raises(click.ClickException, match="Input/output error;"):
        click.echo("a" * size)
    broken("stdout", BrokenPipeError())
    with streams.guarded(), pytest.raises(SystemExit) as stop:
        click.echo("a" * size)
    assert stop.value.code == 141


def test_what_a_command_leaves_in_the_buffer_is_part_of_its_result(broken, monkeypatch, capsys):
    broken("stdout", OSError(5, "Input/output error"))
    command = click.Command("c", callback=lambda: sys.stdout.write("a") and None)
    monkeypatch.setattr(main, "get_command", lambda *_: command)
    with pytest.raises(SystemExit) as stop:
        main(["c"])
    assert stop.value.code == 1 and "Input/output error" in capsys.readouterr().err


@needs_full
def test_a_result_that_cannot_be_printed_does_not_stay_in_the_buffer(monkeypatch):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        monkeypatch.setattr(sys, "__stdout__", full)
        with streams.guarded(), pytest.raises(click.ClickException):
            click.echo("a")
        full.flush()


def test_a_stream_that_stands_before_a_guarded_one_can_still_be_written(broken):
    broken("stderr", OSError(5, "Input/output error"))
    with streams.guarded():
        sys.stderr = before = Guard(sys.stderr)  # as a bug leaves it, for its traceback
    assert sys.stderr is before
    click.echo("a", err=True)


def test_a_closed_standard_input_is_empty(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with streams.guarded():
        assert not sys.stdin.read()


def test_a_standard_input_that_cannot_be_read_ends_an_interactive_session(monkeypatch):
    def refuse(prompt):
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr("builtins.input", refuse)
    done = invoke("generate", "-m", "shakespeare-tiny", "--length", 5, "--interactive")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: cannot read standard input: Bad file descriptor; ")


@pytest.mark.parametrize("size", [1, 100_000])
def test_an_error_of_standard_error_is_none(broken, size):
    broken("stderr", OSError(5, "Input/output error"))
    with streams.guarded():
        click.echo("a" * size, err=True)


# ---- names --------------------------------------------------------------------------------------

FILE = [["generate", "-m", "shakespeare-tiny", "--length", 5],
        ["classify", "-m", "imdb-tiny", "--text", "good"]]  # fmt: skip
FOLDER = [["train", "generator", "text.txt"], ["train", "classifier", "table.csv"],
          ["finetune", "imdb-tiny", "table.csv"], ["export", "embedding", "imdb-tiny"]]  # fmt: skip
FETCH = [["corpora", "fetch", "tinyshakespeare", "--url", "http://127.0.0.1:9"]]
NAMES = {
    "": [*FILE, *FOLDER, *FETCH],
    "/": [*FILE, *FOLDER, *FETCH],
    ".": [*FILE, *FOLDER, *FETCH],
    "n" * 400: [*FILE, *FOLDER, *FETCH],
    "n" * 250: FOLDER,  # the files beside it have longer names
    "a\0b": [*FILE, *FOLDER, *FETCH],
    "text.txt": FOLDER,
    "text.txt/inside": [*FILE, *FOLDER, *FETCH],
    "no/where": FILE,
}
REASONS = {"": "the name after -o is empty", "no/where": "there is no folder no; create it"}


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name[:20]))
def test_a_name_that_cannot_be_written_is_one_sentence_before_any_work(here, monkeypatch, name):
    for work in ("cli.tensorflow.import_tensorflow", "engine.generation.generate",
                 "data.http.chunks", "cli.prediction_task.read_items"):  # fmt: skip
        monkeypatch.delattr(f"textrnn.{work}")
    before = sorted(here.iterdir())
    for command in NAMES[name]:
        done = invoke(*command, "-o", name)
        assert done.exit_code == 1, (command, done.exception)
        assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1
        assert REASONS.get(name, "") in done.stderr and len(done.stderr) < 200
        assert sorted(here.iterdir()) == before


def test_an_output_in_a_protected_folder_is_refused_before_any_work(here, monkeypatch):
    protected = here, Path(os.devnull).parent  # a device is not written in its folder
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) not in protected)
    done = invoke(*FILE[0], "-o", here / "text.txt")
    assert done.exit_code == 1 and "write-protected" in done.stderr
    assert invoke(*FILE[0], "-o", os.devnull).exit_code == 0
