"""What a training run shows, on a terminal and elsewhere."""

import io
import signal

import pytest
from rich.console import Console
from support.fakes import Clock, FakeRun, fake_training

from textrnn.cli.display import PLAIN_SECONDS, TrainingDisplay
from textrnn.cli.signals import STOPPING
from textrnn.training.metrics import Metrics
from textrnn.training.observer import EpochEnd, ValidationProgress
from textrnn.training.pace import FIRST


class Looks(TrainingDisplay):
    """Records the displayed line after each event."""

    def __init__(self, *, terminal: bool = True, **given) -> None:
        self.printed = io.StringIO()
        console = Console(
            file=self.printed,
            force_terminal=terminal,
            width=200,
            highlight=False,
            color_system=None,
        )
        super().__init__(console=console, **given)
        self.shown, self.percentages = [], []

    def _look(self) -> None:
        line = io.StringIO()
        Console(file=line, width=200).print(self._bar.get_renderable())
        self.shown.append(line.getvalue().strip())
        self.percentages.append(self._bar.tasks[0].percentage)

    def step(self, progress):
        super().step(progress)
        self._look()

    def validation(self, progress):
        super().validation(progress)
        self._look()

    def epoch(self, end):
        super().epoch(end)
        self._look()

    @property
    def lines(self) -> list[str]:
        return self.printed.getvalue().splitlines()


def fake(tmp_path, **given) -> FakeRun:
    return FakeRun(output=tmp_path, **{"epochs": 2, "steps": 12, **given})


def test_a_full_bar_always_says_that_it_validates(tmp_path):
    display = Looks()
    fake_training(fake(tmp_path), display, Clock())
    full = [
        line for line, part in zip(display.shown, display.percentages, strict=True) if part >= 100
    ]
    assert len(full) == 2 * 2  # after the last step, after the last part of the validation
    assert all("validating" in line for line in full)


def test_validation_shows_its_progress_and_the_remaining_time(tmp_path):
    display = Looks()
    fake_training(fake(tmp_path), display, Clock())
    shown = [line for line in display.shown if "validating" in line and "%" in line]
    assert [line.split()[:3] for line in shown] == [
        ["epoch", f"{epoch}/2", "validating"] for epoch in (1, 2) for _ in range(5)
    ]
    assert [line.split("%")[0].split()[-1] for line in shown[:5]] == ["0", "25", "50", "75", "100"]
    # A quarter of 30 seconds is over; 12 steps of a second and another validation will follow.
    assert shown[1].endswith("25%  1:04 left") and shown[-1].endswith("100%  0:00 left")


def test_the_bar_of_the_next_epoch_no_longer_says_that_it_validates(tmp_path):
    display = Looks()
    fake_training(fake(tmp_path), display, Clock())
    first = next(line for line in display.shown if line.startswith("epoch 2/2"))
    assert "validating" not in first


def test_the_pace_shown_leaves_out_steps_that_were_compiled(tmp_path):
    display = Looks()
    fake_training(
        fake(tmp_path, epochs=1, steps=40), display, Clock(),
        step_seconds=lambda step: 20 if step in (1, 9) else 0.1,
    )  # fmt: skip
    assert display.shown[0].endswith("loss 0.500  0.721 bits  the first steps are slow")
    assert display.shown[FIRST - 1].endswith("loss 0.500  0.721 bits  320 texts/s  0:03 left")


def test_an_epoch_is_shown_by_its_own_headline_whatever_the_task(tmp_path):
    class Others(Metrics):
        """Metrics of a task that the display does not know."""

        def headline(self, width=None) -> str:
            return "seven swans [b]a-swimming[/b]"

    display = Looks(samples_every=3)
    metrics = Others(loss=1.0, validation_loss=1.0)
    display.epoch(
        EpochEnd(
            epoch=3, epochs=9, steps=1, metrics=metrics, learning_rate=0.1, is_best=True,
            samples={0.5: "one\ntwo\n"},
        )
    )  # fmt: skip
    assert display.lines[0] == "epoch 3/9: seven swans [b]a-swimming[/b], 0:00, best"
    assert "  at temperature 0.5:" in display.lines[1] and display.lines[2:] == [
        "  | one",
        "  | two",
    ]


# ---- Ctrl-C -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", STOPPING)
def test_a_signal_during_validation_stops_the_run_at_its_end(tmp_path, number):
    class Interrupted(Looks):
        def validation(self, progress):
            super().validation(progress)
            if progress.share == 0.5:
                signal.raise_signal(number)

    display, run = Interrupted(terminal=False), fake(tmp_path)
    with display:
        assert not fake_training(run, display, Clock())
    first, second, *_ = display.lines
    assert first.startswith(
        "stopping after this validation, then saving; press Ctrl-C again to stop immediately"
    )
    assert second.startswith("epoch 1/2:") and (run.epoch, run.step) == (1, 0)


@pytest.mark.parametrize("number", STOPPING[1:])
def test_a_signal_that_comes_twice_still_stops_with_a_save(tmp_path, number):
    display = Looks(terminal=False)
    with display:
        signal.raise_signal(number)
        signal.raise_signal(number)
    assert display.stopped_by == number and len(display.lines) == 1


def test_a_second_ctrl_c_during_validation_stops_at_once(tmp_path):
    class Impatient(Looks):
        def validation(self, progress):
            super().validation(progress)
            if progress.share in (0.25, 0.5):
                signal.raise_signal(signal.SIGINT)

    display, run = Impatient(), fake(tmp_path)
    with display, pytest.raises(KeyboardInterrupt):
        fake_training(run, display, Clock())
    assert not run.history


# ---- where no line can be redrawn ---------------------------------------------------------------


def test_where_no_line_can_be_redrawn_a_long_validation_has_one_line(tmp_path, monkeypatch):
    clock = Clock()
    monkeypatch.setattr("textrnn.cli.display.time.monotonic", clock)
    display = Looks(terminal=False)
    fake_training(
        fake(tmp_path), display, clock, validation_seconds=40 * PLAIN_SECONDS, parts=20
    )  # fmt: skip
    about = [line for line in display.lines if "validating" in line]
    assert len(about) == 2 and about[0].startswith("epoch 1/2  validating  5%  ")
    assert about[0].endswith(" left")
    assert len([line for line in display.lines if line.startswith("epoch 1/2:")]) == 1


def test_where_no_line_can_be_redrawn_a_short_run_has_a_line_per_epoch_alone(tmp_path, monkeypatch):
    clock = Clock()
    monkeypatch.setattr("textrnn.cli.display.time.monotonic", clock)
    display = Looks(terminal=False)
    fake_training(
        fake(tmp_path), display, clock, step_seconds=lambda step: 0.1, validation_seconds=9.0
    )
    assert [line.split(":")[0] for line in display.lines] == [
        "epoch 1/2", "epoch 2/2", "best epoch 2 of 2",
    ]  # fmt: skip


def test_a_quiet_display_prints_nothing(capfd):
    display = TrainingDisplay(quiet=True)
    display.validation(ValidationProgress(1, 1, 0.5, 3.0))
    display.notice("something")
    assert capfd.readouterr() == ("", "")
