"""What a newcomer types about texts and their scores, and what they see."""

import json
import math
import random
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.classifiers import random_classifier
from support.generators import LINES, token_model
from support.models import tiny_model

from textrnn.artifacts import registry
from textrnn.artifacts.base import Artifact
from textrnn.cli import main

LINE = "a café by the sea, naïve and blue\n"
LIST = "utf-8,cp1252"
QUICK = (
    "--units", 4, "--window", 10, "--batch-size", 4, "--epochs", 1, "--set", "layers=1",
    "--set", "stateful=false", "--set", "sample_length=0",
)  # fmt: skip


def invoke(*arguments: object, text: bytes | None = None):
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=text)


def refusal(*arguments: object, text: bytes | None = None) -> str:
    """The one sentence with which a command refuses its arguments."""
    done = invoke(*arguments, text=text)
    assert done.exit_code == 1, done.output
    assert done.stderr.startswith("Error: ") and done.stderr.count("\n") == 1
    return done.stderr


def saved(model: Artifact, folder: Path) -> Path:
    registry.save(model, folder)
    return folder


def report(*arguments: object) -> dict:
    done = invoke("evaluate", *arguments, "--format", "json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture
def mixed(tmp_path) -> Path:
    """A folder of texts, of which two are in cp1252."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    for index in range(12):
        encoding = "cp1252" if index in (5, 7) else "utf-8"
        (folder / f"{index:02}.txt").write_bytes(LINE.encode(encoding) * 3)
    return folder


@pytest.fixture
def model(tmp_path) -> Path:
    return saved(tiny_model(text=LINE), tmp_path / "model")


# ---- files in several encodings -----------------------------------------------------------------


@pytest.mark.tensorflow
def test_one_file_in_another_encoding_does_not_stop_the_training(mixed, tmp_path):
    refused = refusal("train", "generator", mixed, "-o", tmp_path / "m", *QUICK)
    assert "05.txt is not utf-8 text" in refused and "--encoding utf-8,latin-1" in refused
    other = tmp_path / "validation.txt"
    other.write_bytes(LINE.encode("cp1252"))
    done = invoke("train", "generator", mixed, "-o", tmp_path / "m", "--encoding", LIST, *QUICK,
                  "--validation", other)  # fmt: skip
    assert done.exit_code == 0, done.output
    assert f"Not utf-8, so read as cp1252: {other}" in done.stderr
    notice = f"Not utf-8, so read as cp1252: {mixed / '05.txt'}, {mixed / '07.txt'}\n"
    assert done.stderr.count(notice) == 1
    assert registry.load(tmp_path / "m").tokenizer.characters == tuple(sorted(set(LINE)))


def test_evaluation_reads_such_files_as_training_does(mixed, model, tmp_path):
    (tmp_path / "utf-8.txt").write_text(LINE * 36, encoding="utf-8")
    found = report(model, mixed, "--encoding", LIST)
    expected = report(model, tmp_path / "utf-8.txt")
    assert found["cold"] == expected["cold"]
    typed = invoke("evaluate", model, "-", "--encoding", LIST, text=LINE.encode("cp1252") * 3)
    assert typed.exit_code == 0 and "Not utf-8, so read as cp1252: standard input" in typed.stderr


def test_labelled_texts_and_inputs_may_be_in_several_encodings(tmp_path):
    model = saved(random_classifier(words=("café", "naïve", "sea")), tmp_path / "model")
    for encoding in ("utf-8", "cp1252"):
        for label, word in (("neg", "café"), ("pos", "naïve")):
            path = tmp_path / "texts" / label / f"{encoding}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"the {word} by the sea\n".encode(encoding))
    assert "is not utf-8 text" in refusal("evaluate", model, tmp_path / "texts")
    assert report(model, tmp_path / "texts", "--encoding", LIST)["scores"]["examples"] == 4
    done = invoke("classify", "-m", model, tmp_path / "texts" / "neg", "--encoding", LIST,
                  "--format", "jsonl")  # fmt: skip
    assert done.exit_code == 0 and "read as cp1252" in done.stderr
    one, other = (json.loads(line)["probability"] for line in done.stdout.splitlines())
    assert one == other


# ---- words that a model does not know -----------------------------------------------------------


def test_unknown_words_make_a_text_dearer_and_never_cheaper_than_its_letters(tmp_path):
    model = saved(token_model("word"), tmp_path / "model")
    rng = random.Random(0)
    words = ["".join(rng.choices("bcdfghjklmnpqrstvwxz", k=6)) for _ in range(300)]
    path = tmp_path / "unknown.txt"
    path.write_text(" ".join(words))
    found = report(model, path)["cold"]
    assert found["loss"] * found["characters"] > 6 * found["tokens"] * math.log(20)
    assert 0.5 < found["spelling_share"] < 1
    (tmp_path / "known.txt").write_text(LINES * 5)
    assert found["loss"] > 2 * report(model, tmp_path / "known.txt")["cold"]["loss"]
    shown = invoke("evaluate", model, path).stdout
    assert "100.0% of the words are unknown, and their spelling is part of the loss" in shown
    assert "too low to compare" not in shown


@pytest.mark.tensorflow
def test_training_by_words_says_that_its_validation_loss_has_the_spelling(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("the sea is blue and the sea is old\n" * 30 + "an unseen word at sea\n" * 6)
    arguments = ("train", "generator", path, *QUICK, "--tokens", "word", "-o", tmp_path / "m")
    done = invoke(*arguments)
    assert done.exit_code == 0, done.output
    assert "per character, in validation with the spelling of unknown words" in done.stderr
    scores = registry.load(tmp_path / "m").metadata["scores"]["validation (cold)"]
    own = report(tmp_path / "m", path, "--part", "validation", "--no-streamed")["cold"]
    assert own == pytest.approx(scores) and scores["spelling_share"] > 0


# ---- skipped characters -------------------------------------------------------------------------


def test_evaluation_says_how_much_it_skipped(model, tmp_path):
    path = tmp_path / "text.txt"
    path.write_text((LINE + "Ω!\n") * 30 + "!", encoding="utf-8")
    assert "--unknown skip" in refusal("evaluate", model, path)
    found = report(model, path, "--unknown", "skip")["skipped"]
    assert list(found["characters"].items()) == [("!", 31), ("Ω", 30)]
    assert found["count"] == 61 and found["share"] == pytest.approx(61 / (30 * (len(LINE) + 3) + 1))
    shown = invoke("evaluate", model, path, "--unknown", "skip").stdout
    assert "does not know: 61 (5.49% of the text), '!' 31, 'Ω' 30" in shown
    part = report(model, path, "--unknown", "skip", "--part", f"0:{len(LINE) + 2}")["skipped"]
    assert part["characters"] == {"!": 1, "Ω": 1}
    path.write_text(LINE, encoding="utf-8")
    assert "Nothing was skipped" in invoke("evaluate", model, path, "--unknown", "skip").stdout
    path.write_text("ΩΩΩ", encoding="utf-8")
    assert "knows 0 of the 3 characters" in refusal("evaluate", model, path, "--unknown", "skip")


# ---- parts --------------------------------------------------------------------------------------

BAD_PARTS = [
    ("1:2", "part 1:2 is empty: values up to 1 are fractions"),
    ("5000:6000", "part 5000:6000 begins beyond the text, which has 680 characters"),
    ("5000:", "part 5000: begins beyond the text"),
    ("0.5:20", "it goes from character 340 to character 20 of 680"),
    ("0:0.001", "it goes from character 0 to character 0 of 680"),
    ("2:1e400", "part must be START:END with START below END"),
    ("0.5:0.5", "part must be START:END with START below END"),
]


@pytest.fixture
def text(tmp_path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(LINE * 20, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("part", "message"),
    [
        *BAD_PARTS,
        ("half", "part must be all, validation or START:END"),
        ("0:1.5", "needs at least 2 characters, one to read and one to predict, and has 1"),
    ],
)
def test_a_bad_part_to_evaluate_gets_its_true_reason(model, text, part, message):
    assert message in refusal("evaluate", model, text, "--part", part)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        *(("--part", *row) for row in BAD_PARTS),
        ("--part", "0:11", "the training text has 9 characters, but a window of 10"),
        ("--validation", "1:2", "validation 1:2 is empty: values up to 1 are fractions"),
        ("--validation", "700:", "validation 700: begins beyond the text"),
        ("--validation", "0:1", "validation 0:1 leaves no text to train on"),
        ("--validation", "0.001", "the validation text needs at least 2 characters"),
        ("--validation", "9:3", "a slice START:END with START below END, or an existing file"),
        ("--validation", "none.txt", "or an existing file, got 'none.txt'"),
        ("--validation", "5", "validation must be a fraction between 0 and 1, got 5"),
    ],
)
@pytest.mark.tensorflow
def test_a_bad_slice_to_train_on_gets_its_true_reason(text, tmp_path, option, value, message):
    assert message in refusal(
        "train", "generator", text, "-o", tmp_path / "m", *QUICK, option, value
    )
    assert not (tmp_path / "m").exists()
