"""The training loop, with a learner that only advances a clock."""

import json
import math
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fakes import Clock, FakeRun, fake_training
from support.watching import Watch, history

from textrnn.errors import TrainingError
from textrnn.training import checkpoints
from textrnn.training.metrics import (
    AccuracyMetrics,
    ClassifierMetrics,
    GeneratorMetrics,
    LanguageModelMetrics,
    Metrics,
    TrainingMetrics,
)
from textrnn.training.observer import EpochEnd
from textrnn.training.pace import FIRST, Pace


class TimedWatch(Watch):
    """Records the time of each event that has an estimate of the time left."""

    def __init__(self, clock, stop=0):
        super().__init__(stop)
        self.clock, self.told = clock, []

    def step(self, progress):
        super().step(progress)
        self.told.append(("step", progress, self.clock()))

    def validation(self, progress):
        super().validation(progress)
        self.told.append(("validation", progress, self.clock()))


# ---- time left ----------------------------------------------------------------------------------


@pytest.mark.parametrize("validation_seconds", [0.0, 7.0, 3000.0])
@pytest.mark.parametrize(("epochs", "steps"), [(1, 12), (3, 12), (4, 2), (2, 150)])
def test_the_time_left_is_the_time_that_passes_validations_included(
    tmp_path, epochs, steps, validation_seconds
):
    clock = Clock()
    watch = TimedWatch(clock)
    run = FakeRun(output=tmp_path, epochs=epochs, steps=steps)
    assert fake_training(run, watch, clock, validation_seconds=validation_seconds)
    end, exact = clock(), 0
    measured = False  # whether any part of a validation was measured
    for kind, progress, now in watch.told:
        measured = measured or (kind == "validation" and progress.share > 0)
        steps_left = epochs * steps - (
            (progress.epoch - 1) * steps + (progress.step if kind == "step" else steps)
        )
        steps_done = epochs * steps - steps_left
        begins = kind == "validation" and not measured  # the first validation
        if begins or (steps_left and steps_done < FIRST):
            assert progress.seconds_left is None
        elif measured:
            assert progress.seconds_left == pytest.approx(end - now, abs=1e-6)
            exact += 1
        else:  # validations are not measured yet: the steps only
            assert progress.seconds_left == pytest.approx(steps_left)
    assert exact >= 4


def test_a_resumed_run_measures_again(tmp_path):
    clock, run = Clock(), FakeRun(output=tmp_path, epochs=3, steps=20)
    assert not fake_training(run, Watch(25), clock)
    watch = TimedWatch(clock)
    assert fake_training(run, watch, clock, step_seconds=lambda step: 5.0)  # a slower machine
    left = [progress.seconds_left for kind, progress, _ in watch.told if kind == "step"]
    assert left[: FIRST - 1] == [None] * (FIRST - 1)
    assert left[FIRST - 1] == pytest.approx(5.0 * (15 - FIRST + 20))
    assert left[15] == pytest.approx(5.0 * 19 + 30)


@given(
    slow=st.sets(st.integers(1, 40), max_size=12),
    seconds=st.floats(0.01, 10),
    compiled=st.floats(100, 1e6),
)
def test_steps_that_were_compiled_do_not_count(slow, seconds, compiled):
    clock = Clock()
    pace = Pace(clock)
    for step in range(1, 41):
        clock.now += compiled if step in slow else seconds
        pace.end_step()
    assert pace.step_seconds() == pytest.approx(seconds, rel=1e-3)
    assert pace.seconds_left(30, 0) == pytest.approx(30 * seconds, rel=1e-3)


def test_a_validation_does_not_count_as_a_slow_step():
    clock = Clock()
    pace = Pace(clock)
    for _ in range(FIRST):
        clock.now += 1
        pace.end_step()
    for _ in range(FIRST):
        pace.validate(0)
        clock.now += 3
        pace.end_validation()
        clock.now += 1
        pace.end_step()
    assert pace.step_seconds() == pytest.approx(1)
    assert pace.seconds_left(5, 2) == pytest.approx(5 + 2 * 3)


def test_a_validation_that_takes_longer_than_the_last_leaves_no_less_than_the_rest():
    clock = Clock()
    pace = Pace(clock)
    pace.validate(0)
    clock.now += 10
    pace.end_validation()
    pace.validate(0)
    clock.now += 25
    assert pace.seconds_left(0, 3) == pytest.approx(20)


# ---- validation ---------------------------------------------------------------------------------


def test_the_observer_gets_the_start_and_the_progress_of_each_validation(tmp_path):
    clock, run = Clock(), FakeRun(output=tmp_path, epochs=2, steps=3)
    watch = Watch()
    fake_training(run, watch, clock)
    found = [(one.epoch, one.epochs, one.share) for one in watch.validations]
    assert found == [(epoch, 2, part / 4) for epoch in (1, 2) for part in range(5)]


class StopsInValidation(Watch):
    """Asks to stop from the middle of an epoch's validation."""

    def __init__(self, epoch):
        super().__init__()
        self.stop_epoch, self.stopped = epoch, False

    def validation(self, progress):
        super().validation(progress)
        self.stopped |= progress.epoch == self.stop_epoch and progress.share == 0.5

    def should_stop(self):
        return self.stopped


def test_a_stop_asked_for_during_validation_ends_it_saves_and_takes_no_further_step(tmp_path):
    clock, run = Clock(), FakeRun(output=tmp_path, epochs=3, steps=5)
    watch = StopsInValidation(2)
    assert not fake_training(run, watch, clock)
    assert [end.epoch for end in watch.ends] == [1, 2]
    assert watch.validations[-1].share == 1
    assert len(watch.progress) == 10
    record = checkpoints.load(run.folder).record
    assert (record["epoch"], record["step"], len(record["history"])) == (2, 0, 2)
    assert len(history(tmp_path)) == 2


@pytest.mark.parametrize("patience", [0, 1])
def test_a_stop_asked_for_during_the_last_validation_does_not_undo_the_end(tmp_path, patience):
    clock = Clock()
    run = FakeRun(output=tmp_path, epochs=9 if patience else 2, steps=5, patience=patience)
    assert fake_training(run, StopsInValidation(2), clock, losses=lambda epoch: 1.0)


def test_an_epoch_without_a_finite_loss_is_recorded_and_the_run_continues(tmp_path):
    losses = (math.inf, 0.7, math.nan)
    watch, run = Watch(), FakeRun(output=tmp_path, epochs=3, steps=2)
    assert fake_training(run, watch, Clock(), losses=losses.__getitem__)
    assert [row["validation_loss"] for row in run.history] == [None, 0.7, None]
    assert [end.is_best for end in watch.ends] == [False, True, False]
    assert [row["validation_loss"] for row in history(tmp_path)] == ["", "0.7", ""]


def test_a_run_without_any_finite_loss_says_so_at_its_end(tmp_path):
    run = FakeRun(output=tmp_path, epochs=2, steps=2)
    with pytest.raises(TrainingError, match="no epoch gave a finite validation loss"):
        fake_training(run, Watch(), Clock(), losses=lambda epoch: math.nan)
    assert len(history(tmp_path)) == 2


# ---- metrics ------------------------------------------------------------------------------------

KINDS = [Metrics, AccuracyMetrics, GeneratorMetrics, LanguageModelMetrics, ClassifierMetrics]
kinds = pytest.mark.parametrize("kind", KINDS)


def test_every_kind_of_metrics_is_tested_here():
    found = [Metrics]
    for kind in found:
        found += [each for each in kind.__subclasses__() if each.__module__.startswith("textrnn.")]
    assert set(found) == {*KINDS, TrainingMetrics}


def names_of(kind) -> list[str]:
    return [field.name for field in fields(kind)]


def end_of(kind, values, **more) -> EpochEnd:
    metrics = kind(**dict(zip(names_of(kind), values, strict=False)))
    given = {"epoch": 1, "epochs": 2, "steps": 9, "learning_rate": 0.1, "is_best": False, **more}
    return EpochEnd(metrics=metrics, **given)


@kinds
@given(values=st.lists(st.floats(), min_size=8, max_size=8))
def test_a_row_of_history_is_strict_json(kind, values):
    row = end_of(kind, values).to_dict()
    assert json.loads(json.dumps(row, allow_nan=False)) == row
    assert set(kind.columns) <= row.keys()
    for name, value in zip(names_of(kind), values, strict=False):
        assert row[name] == (value if math.isfinite(value) else None)


@kinds
@given(values=st.lists(st.floats(0, 1e6), min_size=8, max_size=8, unique=True))
def test_the_line_of_an_epoch_has_the_loss_that_it_was_selected_by(kind, values):
    end = end_of(kind, values)
    assert f"validation {end.metrics.selection_loss:.4f}" in end.headline()
    best = end_of(kind, values, is_best=True).headline()
    assert best == end.headline() + ", best"


def test_an_epoch_without_validation_shows_its_loss_and_no_best():
    end = end_of(TrainingMetrics, [0.5], is_best=True)
    assert end.headline() == "epoch 1/2: loss 0.5000, 0:00"
    assert "validation_loss" not in end.to_dict() and end.to_dict()["loss"] == 0.5


def test_columns_and_lines_stay_the_same():
    values = {"loss": 2.0, "validation_loss": math.log(2), "validation_accuracy": 0.5}
    generator = GeneratorMetrics(**values)
    assert list(generator.to_dict()) == [
        "loss", "validation_loss", "validation_bits_per_character", "validation_accuracy",
    ]  # fmt: skip
    assert generator.headline() == ("loss 2.0000, validation 0.6931 (1.000 bits/char), 50.0% right")
    model = LanguageModelMetrics(**values, validation_perplexity=2.0)
    assert list(model.to_dict()) == [
        "loss", "validation_loss", "validation_perplexity", "validation_accuracy",
    ]  # fmt: skip
    classifier = ClassifierMetrics(
        **values, validation_calibrated_loss=0.25, temperature=1.5, validation_macro_f1=0.4,
        validation_auc=None,
    )  # fmt: skip
    assert classifier.to_dict() == {
        "loss": 2.0, "validation_loss": math.log(2), "validation_calibrated_loss": 0.25,
        "temperature": 1.5, "validation_accuracy": 0.5, "validation_macro_f1": 0.4,
        "validation_auc": None,
    }  # fmt: skip
    assert classifier.headline() == ("loss 2.0000, validation 0.2500, 50.0% right (macro F1 40.0%)")
