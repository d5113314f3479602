"""What a person sees of a training, and what of it is kept."""

import csv
import io
import json
import re
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from support.fakes import Clock, FakeRun, fake_training
from support.watching import Watch, history

from textrnn.artifacts import registry
from textrnn.cli import main
from textrnn.cli.display import TrainingDisplay
from textrnn.cli.wrapping import wrapped
from textrnn.data.corpora import Corpus
from textrnn.evaluation.columns import columns
from textrnn.training import checkpoints, samples_file
from textrnn.training.checkpoints import Checkpoint
from textrnn.training.metrics import ClassifierMetrics, GeneratorMetrics, LanguageModelMetrics
from textrnn.training.observer import EpochEnd, Progress, ValidationProgress

TEXT = "the miller counts his sacks by night.\n" * 60
TINY = {"units": 4, "layers": 1, "embedding_dim": 2, "window": 16, "batch_size": 8, "epochs": 3}
SCORES = {"loss": 10.12345, "validation_loss": 10.54321, "validation_accuracy": 0.471}
METRICS = [
    GeneratorMetrics(**SCORES),
    LanguageModelMetrics(**SCORES, validation_perplexity=123456.78),
    ClassifierMetrics(
        **SCORES, validation_calibrated_loss=0.25, temperature=1.5, validation_macro_f1=0.4,
        validation_auc=None,
    ),
]  # fmt: skip


# ---- widths -------------------------------------------------------------------------------------


@given(
    words=st.lists(st.text("aé漢,.", min_size=1, max_size=12), max_size=30),
    width=st.integers(5, 40),
    indent=st.sampled_from(["", "  | "]),
)
def test_wrapping_breaks_at_spaces_and_loses_no_word(words, width, indent):
    lines = wrapped(" ".join(words), width, indent)
    inside = [line.removeprefix(indent) for line in lines]
    assert [word for line in inside for word in line.split()] == words
    for line, text in zip(lines, inside, strict=True):
        assert line.startswith(indent)
        assert columns(line) <= width or len(text.split()) == 1
    assert wrapped("a\n\n  b", 9, indent) == [indent + "a", indent, indent + "  b"]


@pytest.mark.parametrize("metrics", METRICS, ids=lambda metrics: type(metrics).__name__)
@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_wider_than_the_console_and_no_word_is_broken(width, metrics):
    printed, drawn = io.StringIO(), io.StringIO()
    console = Console(file=printed, force_terminal=True, width=width, color_system=None)
    display = TrainingDisplay(console=console, samples_every=1)
    second = Console(file=drawn, width=width)
    notice = "59 characters in the alphabet; training on 44,097, validating on 4,900; " * 3
    sample = "It is the lantern, and the ferryman will have his penny before the bells. " * 5
    display.notice(notice)
    for step in (1, 430):
        left = None if step == 1 else 7384.0
        display.step(
            Progress(12, 100, step, 430, 1.234, 62456.0, left, "subwords", "1.781 bits/char")
        )
        second.print(display._bar.get_renderable())
    display.validation(ValidationProgress(12, 100, 0.25, 7384.0))
    second.print(display._bar.get_renderable())
    display.epoch(
        EpochEnd(
            epoch=12, epochs=100, steps=5160, metrics=metrics, learning_rate=0.1, is_best=True,
            samples={0.5: sample}, seconds=754.0,
        )
    )  # fmt: skip
    lines = printed.getvalue().splitlines() + drawn.getvalue().splitlines()
    assert max(columns(line) for line in lines) <= width
    shown = printed.getvalue().replace("  | ", "")
    assert (notice + sample).split() == [
        word for word in shown.split() if word in (notice + sample).split()
    ][: len((notice + sample).split())]
    (about,) = [line for line in lines if line.startswith("epoch 12/100: ")]
    assert f"validation {metrics.selection_loss:.4f}" in about and about.endswith(", 12:34, best")
    assert (metrics.loss_note in about and metrics.score_note in about) or width < 200
    # Each redrawn line is on one line, and is not cut.
    redrawn = drawn.getvalue().splitlines()
    assert len(redrawn) == 3 and "…" not in drawn.getvalue()
    assert all("loss 1.234" in line for line in redrawn[:2])
    assert redrawn[1].rstrip().endswith("2:03:04 left") and "25%  2:03:04 left" in redrawn[2]


@pytest.mark.parametrize(
    ("metrics", "score"),
    list(zip(METRICS, ["15.211 bits", "perplexity 123", "47.1% right"], strict=True)),
)
def test_a_line_of_80_columns_has_the_score_that_the_kind_of_model_is_known_by(metrics, score):
    end = EpochEnd(
        epoch=2, epochs=9, steps=9, metrics=metrics, learning_rate=0.1, is_best=True, seconds=9.0
    )
    assert score in end.headline(80) and len(end.headline(80)) <= 80


# ---- samples.txt --------------------------------------------------------------------------------

EVIL = st.text(st.sampled_from("ab \nepoch 1,:é\r\u2028")) | st.just(
    "\n\nepoch 1, temperature 1:\n"
)


@given(texts=st.lists(EVIL, min_size=1, max_size=4), repeated=st.integers(1, 4))
def test_the_file_of_samples_holds_each_epoch_once_whatever_was_written(
    tmp_path_factory, texts, repeated
):
    whole, again = tmp_path_factory.mktemp("whole"), tmp_path_factory.mktemp("again")
    for epoch, text in enumerate(texts, 1):
        for run in (whole, again):
            samples_file.write(run, epoch, {0.5: text, 1.0: text})
    for epoch, text in list(enumerate(texts, 1))[repeated - 1 :]:  # a run killed and resumed
        samples_file.write(again, epoch, {0.5: text, 1.0: text})
    found = (again / "samples.txt").read_bytes()
    assert found == (whole / "samples.txt").read_bytes()
    headings = re.findall(rb"(?m)^epoch (\d+), temperature ([0-9.]+):$", found)
    expected = [(epoch, part) for epoch in range(1, len(texts) + 1) for part in ("0.5", "1")]
    assert [(int(epoch), part.decode()) for epoch, part in headings] == expected
    assert samples_file.indented(texts[-1]).encode() in found


def train(output, *, resume=False, observer=None):
    from textrnn.training.tasks.generator import train_generator

    return train_generator(
        Corpus.from_text(TEXT), output, settings={} if resume else {**TINY, "sample_length": 30},
        resume=resume, observer=observer,
    )  # fmt: skip


@pytest.mark.tensorflow
def test_a_resumed_run_continues_its_samples_and_its_times(tmp_path):
    watch = Watch()
    train(tmp_path / "whole", observer=watch)
    steps = watch.progress[-1].steps
    assert train(tmp_path / "parts", observer=Watch(steps + steps // 2)) is None
    stopped = checkpoints.load(tmp_path / "parts" / "run").record
    assert stopped["step"] > 0 and stopped["seconds"] > 0
    model = train(tmp_path / "parts", resume=True)
    texts = [(tmp_path / name / "run" / "samples.txt").read_text() for name in ("whole", "parts")]
    assert texts[0] == texts[1]
    assert [texts[1].count(f"epoch {epoch}, ") for epoch in (1, 2, 3)] == [3, 3, 3]
    for end in watch.ends:
        assert all(samples_file.indented(text) in texts[0] for text in end.samples.values())
    second = model.metadata["history"][1]
    assert second["seconds"] >= round(stopped["seconds"], 3)  # the part before the stop counts
    assert history(tmp_path / "whole") == history(tmp_path / "parts")


# ---- seconds and dates --------------------------------------------------------------------------


def test_the_seconds_of_an_epoch_are_its_own_before_and_after_a_stop(tmp_path, monkeypatch):
    clock = Clock()
    monkeypatch.setattr("time.monotonic", clock)
    run = FakeRun(output=tmp_path, epochs=2, steps=12)
    assert not fake_training(run, Watch(17), clock, validation_seconds=30.0)
    clock.now += 5000  # the time between the stop and the resumption
    assert fake_training(run, Watch(), clock, validation_seconds=30.0)
    assert [row["seconds"] for row in run.history] == [42.0, 42.0]


@pytest.mark.tensorflow
def test_a_run_of_an_older_version_without_times_is_resumed(tmp_path):
    watch = Watch()
    train(tmp_path / "whole", observer=watch)
    steps = watch.progress[-1].steps
    assert train(tmp_path / "old", observer=Watch(steps + 1)) is None
    folder = tmp_path / "old" / "run"
    saved = checkpoints.load(folder)
    del saved.record["seconds"]
    for row in saved.record["history"]:
        del row["seconds"], row["date"]
    checkpoints.save(folder, Checkpoint(saved.record, saved.arrays))
    model = train(tmp_path / "old", resume=True)
    first, second, third = model.metadata["history"]
    assert (first["seconds"], first["date"]) == (None, None) and third["seconds"] > 0
    assert model.metadata["run"]["seconds"] == pytest.approx(
        second["seconds"] + third["seconds"], abs=2e-3
    )
    assert history(tmp_path / "old") == history(tmp_path / "whole")


# ---- the command --------------------------------------------------------------------------------


def typed(tmp_path: Path, *more: str):
    (tmp_path / "my.txt").write_text(TEXT)
    settings = [f"--set={name}={value}" for name, value in {**TINY, "sample_length": 30}.items()]
    return CliRunner().invoke(
        main, ["train", "generator", str(tmp_path / "my.txt"), *settings, *more]
    )


@pytest.mark.tensorflow
def test_training_shows_a_line_per_epoch_and_ends_with_a_summary_of_what_is_saved(tmp_path):
    output = tmp_path / "model"
    done = typed(tmp_path, "-o", str(output))
    assert done.exit_code == 0 and done.stdout == ""
    lines = done.stderr.splitlines()
    assert [line.split(": ")[0] for line in lines if line.startswith("epoch ")] == [
        "epoch 1/3", "epoch 2/3", "epoch 3/3",
    ]  # fmt: skip
    assert all(len(line) <= 80 for line in lines if line.startswith("epoch "))
    metadata = json.loads((output / "metadata.json").read_text())
    run, score = metadata["run"], metadata["scores"]["validation (cold)"]
    assert (run["epochs"], run["ended"]) == (3, "all epochs")
    best = metadata["history"][run["best_epoch"] - 1]
    assert best["validation_loss"] == score["loss"]
    (summary,) = [line for line in lines if line.startswith("best epoch ")]
    assert summary.startswith(
        f"best epoch {run['best_epoch']} of 3: validation {score['loss']:.4f}, "
        f"{score['accuracy']:.1%} right; 0:"
    )
    assert summary.endswith("; all epochs done")
    # One sample, of the best model; all are in the file.
    samples = output / "run" / "samples.txt"
    (at,) = [number for number, line in enumerate(lines) if "at temperature" in line]
    assert "the best model at temperature 0.5:" in lines[at]
    assert f"epoch {run['best_epoch']}, temperature 0.5:\n{lines[at + 1]}" in samples.read_text()
    assert lines[-3:] == [
        f"The samples of every epoch are in {samples}.",
        f"The model is in {output}.",
        f"Generate text: textrnn generate --model {output}",
    ]
    with (output / "run" / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert all(float(row["seconds"]) > 0 for row in rows)
    dates = [datetime.fromisoformat(row["date"]) for row in rows]
    assert dates == sorted(dates) and all(str(date.tzinfo) == "UTC" for date in dates)
    assert run["date"] == rows[-1]["date"]
    assert run["seconds"] == pytest.approx(sum(float(row["seconds"]) for row in rows), abs=1e-3)
    assert registry.load(output).metadata == metadata


@pytest.mark.tensorflow
def test_samples_are_shown_every_n_epochs_and_a_quiet_training_prints_nothing(tmp_path):
    done = typed(tmp_path, "-o", str(tmp_path / "a"), "--samples-every", "2")
    assert done.stderr.count("  at temperature") == 3  # temperatures, after epoch 2 of 3
    after = done.stderr.split("epoch 2/3: ")[1].splitlines()
    assert after[1] == "  at temperature 0.2:"
    done = typed(tmp_path, "-o", str(tmp_path / "b"), "--quiet")
    assert (done.exit_code, done.output) == (0, "")
    assert (tmp_path / "b" / "run" / "samples.txt").exists()


@pytest.mark.tensorflow
def test_the_summary_says_that_patience_ended_the_training(tmp_path):
    more = ["--learning-rate", "1e-12", "--patience", "1", "--set", "ema=0", "--epochs", "9"]
    done = typed(tmp_path, "-o", str(tmp_path / "a"), *more)
    assert "; stopped early: 1 epoch without a better validation loss\n" in done.stderr
    metadata = json.loads((tmp_path / "a" / "metadata.json").read_text())
    assert metadata["run"]["ended"] == "patience" and metadata["run"]["epochs"] < 9
