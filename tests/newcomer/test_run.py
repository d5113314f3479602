"""What people type about a run: stop it, resume it, make it longer, train without validation."""

import json
import signal

import pytest
from click.testing import CliRunner
from support.paths import CORPORA

from textrnn.cli import main

pytestmark = pytest.mark.tensorflow

PLAY = str(CORPORA / "lantern_play.txt")
SMALL = (
    "--units", "8", "--layers", "1", "--window", "16", "--batch-size", "16", "--part", "0:0.2",
    "--set", "sample_length=0", "--set", "embedding_dim=4", "--seed", "3",
)  # fmt: skip


def typed(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def train(*more, epochs=2):
    return typed("train", "generator", PLAY, "-o", "m", *SMALL, "--epochs", epochs, *more)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def record(here):
    return json.loads((here / "m" / "metadata.json").read_text(encoding="utf-8"))


def stop_at_step(monkeypatch, count, number=signal.SIGINT):
    from textrnn.training.learner import Learner

    step, taken = Learner.step, []

    def counted(self, *batch):
        taken.append(1)
        if len(taken) == count:
            signal.raise_signal(number)
        return step(self, *batch)

    monkeypatch.setattr(Learner, "step", counted)


@pytest.mark.parametrize("number", [signal.SIGINT, getattr(signal, "SIGHUP", signal.SIGTERM)])
def test_a_run_stopped_in_its_first_epoch_has_no_model_and_says_so(here, monkeypatch, number):
    stop_at_step(monkeypatch, 3, number)
    stopped = train()
    assert stopped.exit_code == 128 + number and "Saved. Resume with: textrnn" in stopped.stderr
    monkeypatch.undo()
    monkeypatch.chdir(here)
    for command in ("generate", "--model"), ("classify", "--text", "a", "--model"), ("evaluate",):
        refused = typed(*command, "m", *([PLAY] if command == ("evaluate",) else []))
        assert refused.exit_code == 1
        assert "the run in m has not finished an epoch yet" in refused.stderr
        assert "--resume" in refused.stderr and refused.stderr.count("\n") == 1
    assert train("--resume").exit_code == 0
    assert typed("generate", "--model", "m", "--length", "9").exit_code == 0


def test_a_finished_run_says_so_and_can_be_made_longer(here):
    assert train().exit_code == 0
    losses = [row["loss"] for row in record(here)["history"]]
    again = train("--resume")
    assert again.exit_code == 0 and record(here)["run"]["epochs"] == 2
    assert "the run is finished after 2 of 2 epochs, the best 2; --epochs with" in again.stderr
    assert "resuming" not in again.stderr and "at most" not in again.stderr
    longer = train("--resume", "--set", "checkpoint_seconds=9", epochs=4)
    assert longer.exit_code == 0, longer.stderr
    assert "changed from here on: " in longer.stderr and "over all 4 epochs" in longer.stderr
    found = record(here)
    assert [row["loss"] for row in found["history"]][:2] == losses
    assert len(found["history"]) == 4 and found["training"]["epochs"] == 4
    assert found["training"]["checkpoint_seconds"] == 9
    shorter = train("--resume", epochs=3)
    assert shorter.exit_code == 1 and "has done 4 epochs; --epochs must be at" in shorter.stderr


def test_what_only_shows_or_ends_a_run_may_change_and_the_rest_may_not(here):
    call = ("train", "generator", PLAY, "-o", "m", *SMALL)
    assert typed(*call, "--epochs", "1").exit_code == 0
    for change in ("--patience", "7"), ("--set", "sample_length=20"):
        changed = typed(*call, "--epochs", "1", "--resume", *change)
        assert changed.exit_code == 0, changed.stderr
        assert f"changed from here on: {change[1]}".replace("7", "patience=7") in changed.stderr
    assert record(here)["training"]["patience"] == 10  # the model is that of the first epoch
    refused = typed(*call, "--epochs", "1", "--resume", "--set", "ema=0.5")
    assert refused.exit_code == 1 and "has ema=0.998, not 0.5" in refused.stderr
    assert "(epochs, patience, checkpoint_seconds and sample_length may change)" in refused.stderr


def test_without_validation_all_of_the_text_trains_and_the_last_weights_are_kept(here):
    done = train("--validation", "0")
    assert done.exit_code == 0, done.stderr
    assert "no validation: all of the text trains" in done.stderr
    found = record(here)
    assert found["training"]["validation"] is None and found["scores"] == {}
    assert found["run"]["best_epoch"] == 2 and "validation_loss" not in found["history"][-1]
    assert "the weights of epoch 2, the last: training loss" in done.stderr
    assert typed("generate", "--model", "m", "--length", "9").exit_code == 0
    assert typed("models", "show", "m").exit_code == 0
    refused = typed("evaluate", "m", PLAY, "--part", "validation")
    assert refused.exit_code == 1 and "without validation text" in refused.stderr
    (here / "t.csv").write_text("text,label\n" + "good,1\nbad,2\n" * 9)
    refused = typed("train", "classifier", "t.csv", "-o", "c", "--validation", "0")
    assert refused.exit_code == 1 and "chosen and calibrated on validation texts" in refused.stderr


def test_a_fine_tuning_is_resumed_from_its_own_model_only(here):
    assert train(epochs=1).exit_code == 0
    tune = ("--epochs", "1", "--part", "0:0.2", "--set", "sample_length=0", "-o", "tuned")
    assert typed("finetune", "m", PLAY, *tune).exit_code == 0
    other = typed("finetune", "shakespeare-tiny", PLAY, *tune, "--resume")
    assert other.exit_code == 1
    assert "started from m, not from shakespeare-tiny; fine-tune that model" in other.stderr
    (here / "m").rename(here / "moved")
    same = typed("finetune", "moved", PLAY, *tune, "--resume")
    assert same.exit_code == 0 and "the run is finished" in same.stderr
    assert (
        typed(
            "train", "generator", PLAY, "-o", "m", *SMALL, "--epochs", "1", "--set", "ema=0"
        ).exit_code
        == 0
    )
    changed = typed("finetune", "m", PLAY, *tune, "--resume")
    assert changed.exit_code == 1
    assert "started from m, which has other weights now" in changed.stderr
