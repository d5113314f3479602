"""Writing in turns with a model, with scripted input lines."""

from collections.abc import Iterable

import pytest
from support.generators import KINDS, token_model
from support.models import tiny_model

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.cli.interactive.commands import HELP
from textrnn.cli.interactive.dialogue import WELCOME, write_interactively
from textrnn.cli.interactive.draft import Draft
from textrnn.cli.interactive.session import AT_ONCE
from textrnn.config.sampling import SamplingConfig
from textrnn.engine import generation
from textrnn.errors import ConfigError, TokenizerError

MODEL = tiny_model()
LENGTH = 30


def session(
    *lines: str | type[BaseException],
    prime: str = "ab",
    length: int = LENGTH,
    stop: str | tuple[str, ...] = (),
    seed: int = 7,
    model: GeneratorArtifact = MODEL,
) -> tuple[str, str]:
    """The text after typing `lines` and Ctrl-D, and all output."""
    shown: list[str] = []
    typed: Iterable[str | type[BaseException]] = iter(lines)

    def read(prompt: str) -> str:
        shown.append(prompt)
        line = next(typed, EOFError)
        if isinstance(line, str):
            return line
        raise line

    text = write_interactively(
        model, prime=prime, length=length, sampling=SamplingConfig(), seed=seed, stop=stop,
        read=read, write=shown.append, until="length", draft=Draft("draft.txt"),
    )  # fmt: skip
    return text, "".join(shown)


def text_of(*lines: str | type[BaseException]) -> str:
    return session(*lines)[0]


FIRST = text_of()


def test_a_session_begins_with_the_prime_and_what_generate_writes_with_that_seed():
    text, shown = session()
    assert text == "ab" + "".join(generation.stream(MODEL, "ab", LENGTH, seed=7))
    assert shown.startswith(text + "\n")


def test_enter_continues_from_the_whole_text_so_far():
    text = text_of("")
    assert text.startswith(FIRST) and len(text) == len(FIRST) + LENGTH
    assert text == FIRST + "".join(generation.stream(MODEL, FIRST, LENGTH, seed=8))


def test_a_continuation_is_shown_after_the_line_it_continues():
    text, shown = session("")
    line = FIRST.rpartition("\n")[2]
    assert f"> {line}{text.removeprefix(FIRST)}\n" in shown


@pytest.mark.parametrize("before", [(), ("",), ("", "+ cd")])
def test_retry_replaces_the_last_continuation_by_another(before):
    kept, last = text_of(*before)[:-LENGTH], text_of(*before)[-LENGTH:]
    text = text_of(*before, "r")
    assert text[:-LENGTH] == kept
    assert text[-LENGTH:] != last
    assert text_of(*before, "r", "r") not in (text, kept + last)


@pytest.mark.parametrize("line", ["", "+ cd"])
def test_undo_restores_what_was_before(line):
    assert text_of(line, "u") == FIRST
    assert text_of("", line, "u") == text_of("")
    assert text_of(line, "u", "u") == "ab"


def test_undo_of_an_empty_session_says_so_and_retry_then_writes():
    text, shown = session("u", "u")
    assert text == "ab" and "nothing to undo" in shown
    assert len(text_of("u", "r")) == len(FIRST)


def test_the_same_seed_and_lines_give_the_same_session():
    lines = ("", "r", "+ the ", "t 0.3", "u", "n 5", "", "s cd", "r", "p")
    assert session(*lines) == session(*lines)
    assert session(*lines) != session(*lines, seed=8)


def test_own_words_come_between_two_continuations():
    for line, words in (("+ cd ", "cd "), ("+  cd", " cd"), ("+cd", "cd"), (r"+ c\nd", "c\nd")):
        text = text_of(line)
        assert text.startswith(FIRST + words)
        assert len(text) == len(FIRST + words) + LENGTH


def test_temperature_and_length_apply_from_the_next_continuation():
    likeliest = SamplingConfig(temperature=0)
    text = text_of("t 0", "n 12", "")
    assert text == FIRST + "".join(generation.stream(MODEL, FIRST, 12, sampling=likeliest))


def test_starting_over_takes_a_new_prime_or_the_same():
    text = text_of("", "s cd ")
    assert text.startswith("cd ") and len(text) == len("cd ") + LENGTH
    again = text_of("", "s")
    assert again.startswith("ab") and len(again) == len(FIRST) and again != FIRST
    assert text_of("", "s cd", "u") == text_of("")
    assert text_of("", "s cd", "u", "y") == text_of("", "s cd")


def test_p_prints_the_whole_text():
    assert f"> {text_of('', '+ cd')}\n> " in session("", "+ cd", "p")[1]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("t -1", "temperature must be 0 or more, got -1"),
        ("t abc", "temperature must be a number, got 'abc'"),
        ("t", "temperature 0.8"),
        ("t nan", "temperature must be 0 or more"),
        ("w .", "it is a folder"),
        ("n 0", "length must be a whole number of at least 1, got '0'"),
        ("n many", "got 'many'"),
        ("n", "length 30"),
        ("n \N{SUPERSCRIPT TWO}", "got '\N{SUPERSCRIPT TWO}'"),
        ("set", "  until length\n  stop none\n  seed 8\n"),
        ("set the table", "there is no setting 'the'; the settings are length"),
        ("set top-p 2", "top_p must be above 0 and at most 1, got 2"),
        ("set until verse", "until must be one of length, word, sentence, line, got 'verse'"),
        ("set seed -1", "seed must be a whole number of at least 0"),
        ("+ caf\N{LATIN SMALL LETTER E WITH ACUTE}", "U+00E9 LATIN SMALL LETTER E WITH ACUTE"),
        ("s ROMEO", "U+0052"),
        ("w", "w needs a file name"),
        ("w no/such/folder/story.txt", "cannot write no/such/folder/story.txt"),
        ("h", HELP),
        ("?", HELP),
        ("help", HELP),
        ("r 3", "r is a command and takes nothing after it; to write 'r 3', type + before it"),
        ("k 2", "k takes the number of a take, from 1 to 1, got '2'; k alone lists them"),
        ("y", "there is nothing to redo"),
    ],
)
def test_a_wrong_line_is_answered_and_changes_nothing(line, message):
    text, shown = session(line)
    assert text == FIRST and message in shown
    assert text_of(line, "", "r") == text_of("", "r")


def test_the_position_of_an_unknown_character_is_counted_in_the_words_typed():
    assert "position 2 " in session("", "+ abE")[1]


def test_saving_writes_the_text_once_and_overwrites_nothing(tmp_path):
    path = tmp_path / "a story.txt"
    text, shown = session("", f"w {path}", "", f"w {path}")
    assert path.read_text(encoding="utf-8") == text_of("")
    assert text != text_of("")
    assert f"saved to {path}\n" in shown and f"{path} exists; w! {path} replaces it" in shown
    for again in (f"w! {path}", "w"):
        text, _ = session("", *[f"w! {path}"], "", again)
        assert path.read_text(encoding="utf-8") == text
    assert [entry.name for entry in tmp_path.iterdir()] == ["a story.txt"]


@pytest.mark.parametrize("end", ["q", "quit", "Exit", EOFError])
def test_q_and_the_end_of_input_end_the_session(end):
    assert text_of("", end, "") == text_of("")


def test_ctrl_c_at_the_prompt_is_raised():
    with pytest.raises(KeyboardInterrupt):
        text_of("", KeyboardInterrupt, "")


def test_ctrl_c_stops_a_continuation_and_keeps_what_was_written():
    shown: list[str] = []
    lines = iter(["", "q"])

    def write(text: str) -> None:
        shown.append(text)
        if len(shown) == 1 + 10:  # the prime, then ten characters
            raise KeyboardInterrupt

    text = write_interactively(
        MODEL, prime="ab", length=LENGTH, sampling=SamplingConfig(), seed=7, stop=(),
        read=lambda _prompt: next(lines), write=write, until="length",
    )  # fmt: skip
    assert text.startswith(FIRST[: 2 + 10])
    assert len(text) == 2 + 10 + LENGTH


def test_a_continuation_ends_before_a_stop_text():
    stop = FIRST[12]
    text, _ = session(stop=(stop,))
    assert text == FIRST[: FIRST.index(stop, 2)]


def test_a_stop_text_gives_what_a_list_of_it_alone_gives():
    lines = ("", "r", "+ cd")
    for stop in (FIRST[12:14], FIRST[12]):
        assert session(*lines, stop=stop) == session(*lines, stop=(stop,))


@pytest.mark.parametrize("text", ["\nab", "ab", " ab"])
def test_without_a_prime_a_session_begins_a_new_text(text):
    model = tiny_model(text=text)
    written, shown = session("", "r", "u", "u", prime="", model=model)
    first = "".join(generation.stream(model, length=LENGTH, seed=7))
    assert written == first
    assert shown.startswith(first + "\n")
    assert session("s", prime="", model=model)[0] == "".join(
        generation.stream(model, length=LENGTH, seed=8)
    )


STOPS = [(FIRST[12],), (FIRST[12:14],), ("e", "a", "io"), (" ", "\n")]


def written_on(text: str, stop: tuple[str, ...], seed: int) -> tuple[str, str]:
    """What follows `text` up to a stop text, and that stop text."""
    whole = "".join(generation.stream(MODEL, text, LENGTH, seed=seed))
    written = "".join(generation.stream(MODEL, text, LENGTH, seed=seed, stop=stop))
    return written, next((s for s in stop if whole[len(written) :].startswith(s)), "")


@pytest.mark.parametrize("stop", STOPS)
def test_enter_continues_after_the_stop_text_that_ended_the_text(stop):
    text, passed = "ab", ""
    for enters in range(8):
        written, ended_by = written_on(text + passed, stop, seed=7 + enters)
        before, text = text, text + passed + written
        assert session(*[""] * enters, stop=stop)[0] == text
        assert len(text) > len(before) or not enters
        assert not any(each in written for each in stop)
        passed = ended_by


@pytest.mark.parametrize("stop", STOPS)
def test_the_text_is_what_was_shown_turn_after_turn_with_stop_texts_too(stop):
    text, shown = session("", "", "", stop=stop, prime="ab")
    outputs = shown.replace(WELCOME, "").replace(f"\n{AT_ONCE}", "\n").split("\n> ")
    outputs[-1:] = []  # the end of input, and where the draft is
    rebuilt = ""
    for turn in outputs:
        line = rebuilt.rpartition("\n")[2][-80:]
        assert turn.startswith(line)
        rebuilt += turn[len(line) :]
    assert rebuilt == text
    assert f"> {text}\n> " in session("", "", "", "p", stop=stop)[1]


@pytest.mark.parametrize("stop", STOPS)
def test_a_stop_text_that_was_passed_is_undone_retried_and_saved_with_its_turn(stop, tmp_path):
    def text_of(*lines: str) -> str:
        return session(*lines, stop=stop)[0]

    assert text_of("", "u") == text_of()
    assert text_of("", "u", "u") == "ab"
    _, ended_by = written_on("ab", stop, seed=7)
    begun = text_of() + ended_by
    assert text_of("", "r") == begun + written_on(begun, stop, seed=9)[0]
    assert text_of("", "u", "") == text_of("", "r")
    text_of("", f"w {tmp_path / 'story.txt'}")
    assert (tmp_path / "story.txt").read_text(encoding="utf-8") == text_of("")


def test_own_words_take_the_place_of_a_stop_text():
    stop = STOPS[0]
    text, _ = session(stop=stop)
    assert session("+ cd", stop=stop)[0].startswith(text + "cd")
    assert session("+", stop=stop) == session("", stop=stop)


def test_nothing_is_passed_after_a_continuation_that_no_stop_text_ended():
    assert session("", "", stop=("zq!",))[0] == text_of("", "")


@pytest.mark.parametrize(
    ("settings", "kind"),
    [({"prime": "ROMEO"}, TokenizerError), ({"length": -1}, ConfigError),
     ({"seed": -1}, ConfigError), ({"stop": ("",)}, ConfigError)],
)  # fmt: skip
def test_wrong_initial_settings_raise_before_anything_is_shown(settings, kind):
    with pytest.raises(kind):
        session(**settings)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_tokens_writes_in_turns_too(kind):
    model = token_model(kind)
    lines = ("", "+ unknown \u6f22!", "r", "u", "u", "", "p")
    text, shown = session(*lines, prime="the", model=model)
    assert session(*lines, prime="the", model=model) == (text, shown)
    first = "the" + "".join(generation.stream(model, "the", LENGTH, seed=7))
    assert text.startswith(first) and len(text) == len(first) + 2 * LENGTH
    assert "unknown \u6f22!" in shown
