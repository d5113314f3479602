"""What people type into `textrnn generate --interactive`, and what comes of it."""

import stat
import sys

import pytest
from click.testing import CliRunner
from support.generators import token_model
from support.models import tiny_model

from textrnn.cli import main
from textrnn.cli.interactive.commands import HELP
from textrnn.cli.interactive.dialogue import write_interactively
from textrnn.cli.interactive.draft import MOST, Draft
from textrnn.cli.signals import Terminated
from textrnn.config.sampling import SamplingConfig
from textrnn.engine import generation
from textrnn.engine.reading import Reading

MODEL = tiny_model(text="abcdefghijklmnopqrstuvwxyz ,.'\n")  # no capitals, no accents
LENGTH = 30


def typed(*lines, ask=False, **settings):
    """The text after typing `lines`, then Ctrl-D, and all that was shown."""
    shown, rest = [], iter(lines)

    def read(prompt):
        shown.append(prompt)
        line = next(rest, EOFError)
        if isinstance(line, str):
            return line
        raise line

    call = {"prime": "once", "length": LENGTH, "sampling": SamplingConfig(), "seed": 7, "stop": (),
            "until": "length", **settings}  # fmt: skip
    text = write_interactively(
        MODEL, read=read, write=shown.append, ask=ask, draft=Draft("draft.txt"), **call
    )
    return text, "".join(shown)


FIRST = "once" + "".join(generation.stream(MODEL, "once", LENGTH, seed=7))


def test_plain_words_are_written_on_with_a_space_and_a_notice_the_first_time():
    text, shown = typed("hello there", ", he said")
    assert text.startswith(f"{FIRST} hello there ") and ", he said " in text[-LENGTH - 10 :]
    assert shown.count("your words are written on; u undoes that") == 1
    assert typed("hello there", "u")[0] == FIRST


def test_words_for_commands_are_understood():
    for word in ("quit", "exit", "Quit"):
        assert typed(word, "never read")[0] == FIRST
    for word in ("help", "?", "h"):
        assert typed(word) == (FIRST, typed()[1].replace("\n> \n", f"\n> {HELP}> \n"))
    assert all(len(line) <= 80 for line in HELP.splitlines())


def test_capitals_and_names_of_settings_are_understood(tmp_path):
    assert typed("Q", "never read")[0] == typed("H", "P")[0] == FIRST
    for line, shown in {
        "t=0.3": "temperature 0.3", "T 0.3": "temperature 0.3", "seed 5": "seed 5",
        "length = 7": "length 7", "top-p 0.5": "top-p 0.5", "unknown=skip": "unknown skip",
    }.items():  # fmt: skip
        text, said = typed(line)
        assert f"  {shown}\n" in said and text == FIRST
    for words in ("stop crying", "length of time", "i", "save me"):
        assert typed(words)[0].startswith(f"{FIRST} {words} ")
    assert f"saved to {tmp_path / 'a.txt'}" in typed("", f"save {tmp_path / 'a.txt'}")[1]
    assert "  temperature 0.5\n" in typed("set temp 0.5")[1]
    assert "(did you mean temperature?)" in typed("set tempreature 0.5")[1]


def test_words_that_cannot_be_written_are_refused_without_more():
    text, shown = typed("\u00e9 bonjour")
    assert text == FIRST and "at position 0 " in shown and "are written on;" not in shown


def test_a_stop_text_that_comes_at_once_is_told():
    assert "(the stop text came at once; Enter goes past it)" in typed(stop=FIRST[4])[1]


def test_a_new_start_is_undone_and_redone():
    text, _ = typed("", "s sea")
    assert text.startswith("sea")
    assert typed("", "s sea", "u")[0] == typed("")[0]
    assert typed("", "s sea", "u", "y")[0] == text


def test_the_takes_of_a_continuation_are_listed_and_chosen():
    takes = [typed(*["r"] * count)[0] for count in range(3)]
    assert len(set(takes)) == 3
    text, shown = typed("r", "r", "k", "k 1")
    assert text == takes[0] and typed("r", "r", "k 2")[0] == takes[1]
    listed = shown.replace("> ", "").splitlines()
    assert [line[:4] for line in listed if line[2:3].isdigit()] == ["  1 ", "  2 ", "* 3 "]
    assert typed("r", "r", "k 1", "u")[0] == takes[2]


def test_a_setting_without_a_value_shows_it_and_with_one_changes_it():
    assert "> temperature 0.8\n" in typed("t")[1].replace(">   ", "> ")
    for line, shown in {
        "t 0.3": "temperature 0.3", "n 5": "length 5", "set top-k 3": "top-k 3",
        "set top-p 0.5": "top-p 0.5", "set min_p 0.9": "min-p 0.9",
        "set stop \\n\\n": "stop \\n\\n",
        "set until word": "until word", "set seed 5": "seed 5",
    }.items():  # fmt: skip
        text, said = typed(line, "")
        assert f"  {shown}\n" in said
        if line != "set stop \\n\\n":
            assert text != typed("")[0], line
    assert "  until length\n  stop a or b\n  seed 8\n" in typed("set", stop=("a", "b"))[1]


def test_unknown_characters_of_words_are_skipped_if_asked_and_marks_are_folded():
    text, shown = typed("+ caf\u00e9", unknown="skip")
    assert text.startswith(f"{FIRST}caf")
    assert "skipped, not in the model's vocabulary: '\u00e9'" in shown
    assert "U+00E9" in typed("+ caf\u00e9")[1]
    text, shown = typed("+ don\u2019t")
    assert text.startswith(f"{FIRST}don't") and "\u2019 as '" in shown


def test_a_change_after_an_undo_leaves_nothing_to_redo():
    assert "there is nothing to redo" in typed("", "u", "+ a", "y")[1]


def test_a_continuation_ends_with_a_sentence_unless_told_otherwise():
    text = write_interactively(
        MODEL, prime="once", length=LENGTH, sampling=SamplingConfig(), seed=7, stop=(),
        read=lambda _: "q", write=lambda _: None,
    )  # fmt: skip
    expected = "".join(generation.stream(MODEL, "once", LENGTH, seed=7, until="sentence"))
    assert text == "once" + expected


# ---- nothing is lost ----------------------------------------------------------------------------


def test_an_unsaved_text_is_offered_to_be_saved(tmp_path, monkeypatch, drafts):
    monkeypatch.chdir(tmp_path)
    for end in ("q", EOFError):
        text, shown = typed("", end, "", ask=True)
        assert "save the text as story" in shown and shown.endswith(".txt\n")
    assert {path.name for path in tmp_path.iterdir()} == {"story.txt", "story-2.txt"}
    assert (tmp_path / "story-2.txt").read_text(encoding="utf-8") == text
    typed("", "q", "no/such/place.txt", "mine.txt", ask=True)
    assert (tmp_path / "mine.txt").exists() and not list(drafts.iterdir())
    before = sorted(tmp_path.iterdir())
    _, shown = typed("", "q", "w", "q", ask=True)
    assert "type y, n, or the name of a file" in shown
    for lines in (
        ["", "q", "n"],
        ["", "q", KeyboardInterrupt],
        ["", "q"],
        ["", "w mine2.txt", "q"],
    ):
        typed(*lines, ask=True)
    assert [path.name for path in sorted(tmp_path.iterdir()) if path not in before] == ["mine2.txt"]


@pytest.mark.parametrize("end", ["q", EOFError, KeyboardInterrupt])
def test_a_draft_of_an_unsaved_text_is_kept_and_named(end, drafts):
    try:
        shown = typed("", end)[1]
    except KeyboardInterrupt as stopped:
        shown = str(stopped)
    (draft,) = drafts.iterdir()
    assert draft.read_text(encoding="utf-8") == typed("")[0]
    assert f"the text is not saved; a draft of it is {draft}" in shown
    if sys.platform != "win32":
        assert stat.S_IMODE(draft.stat().st_mode) == 0o600


class Stops:
    """Raises `stop` when the given number of pieces has been shown."""

    def __init__(self, count, stop):
        self.count, self.stop, self.shown = count, stop, []

    def __call__(self, text):
        self.shown.append(text)
        if len(self.shown) == self.count:
            raise self.stop


def stopped(write, *lines):
    rest = iter(lines)
    return write_interactively(
        MODEL, prime="once", length=LENGTH, sampling=SamplingConfig(), seed=7, stop=(),
        until="length", read=lambda _: next(rest), write=write, draft=Draft("draft.txt"),
    )  # fmt: skip


def test_what_a_signal_stopped_is_in_the_draft_and_told(drafts):
    write = Stops(12, Terminated())
    with pytest.raises(Terminated) as raised:
        stopped(write)
    (draft,) = drafts.iterdir()
    assert str(draft) in str(raised.value)
    assert draft.read_text(encoding="utf-8") == FIRST[: 4 + 11]  # all but the prime is generated


def test_ctrl_c_while_the_text_is_read_ends_a_continuation_only(monkeypatch, drafts):
    reads, read = [], Reading.read

    def interrupted(self, text):
        reads.append(text)
        if len(reads) == 3:  # the empty text, the prime, the first Enter
            raise KeyboardInterrupt
        read(self, text)

    monkeypatch.setattr(Reading, "read", interrupted)
    assert typed("", "")[0] == typed("", "", seed=7)[0][: len(FIRST) + LENGTH]


def test_bytes_that_are_no_text_are_kept_as_their_codes(tmp_path, drafts):
    model = token_model("word")
    lines = iter(["+ caf\udce9 the", f"w {tmp_path / 'a.txt'}", "", "q"])
    write_interactively(
        model, prime="the", length=9, sampling=SamplingConfig(), seed=1, stop=(),
        read=lambda _: next(lines), write=lambda _: None,
    )  # fmt: skip
    (draft,) = drafts.iterdir()
    for path in (draft, tmp_path / "a.txt"):
        assert "caf\\udce9" in path.read_text(encoding="utf-8")


def test_a_user_without_a_home_can_write_too(monkeypatch):
    def no_home(self):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("pathlib.Path.expanduser", no_home)
    text, shown = typed("")
    assert text.startswith(FIRST)
    assert "no draft could be kept: could not determine home directory" in shown


def test_a_draft_goes_when_its_text_is_saved_and_only_the_last_ones_stay(tmp_path, drafts):
    typed("", f"w {tmp_path / 'a.txt'}")
    assert not list(drafts.iterdir())
    for number in range(MOST + 5):
        (drafts / f"2020-01-01-{number:06}-1.txt").touch()
    typed("")
    assert len(list(drafts.iterdir())) == MOST


def test_a_folder_without_room_for_drafts_is_no_end(drafts):
    drafts.write_text("a file in its place")
    text, shown = typed("")
    assert text.startswith(FIRST) and "no draft could be kept" in shown


def test_a_session_at_the_command_line_says_where_the_text_is(drafts):
    arguments = ["generate", "-m", "shakespeare-tiny", "--length", "9", "-i", "--seed", "1"]
    done = CliRunner().invoke(main, arguments, input="and so\nquit\n")
    (draft,) = drafts.iterdir()
    assert done.exit_code == 0 and str(draft) in done.stdout
    assert " and so" in draft.read_text(encoding="utf-8")
