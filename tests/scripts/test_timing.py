"""What benchmarks share: cases in turns, and figures with their range."""

import importlib.util

import pytest
from support.paths import SCRIPTS

spec = importlib.util.spec_from_file_location("_timing", SCRIPTS / "benchmarks" / "_timing.py")
timing = importlib.util.module_from_spec(spec)
spec.loader.exec_module(timing)


def test_cases_take_turns_and_warm_runs_are_not_kept():
    runs = []

    def case(name):
        def run():
            runs.append(name)
            return float(len(runs))

        return run

    figures = timing.interleaved({"a": case("a"), "b": case("b")}, 2, warm=1)
    assert runs == ["a", "b", "a", "b", "a", "b"]
    assert figures == {"a": [3.0, 5.0], "b": [4.0, 6.0]}


def test_a_ratio_is_that_of_the_rounds():
    found = timing.ratio([1.0, 2.0, 30.0], [1.0, 4.0, 10.0])
    assert found == timing.Spread(median=1.0, min=0.5, max=3.0)
    with pytest.raises(ValueError, match="zip"):
        timing.ratio([1.0], [1.0, 2.0])


def test_a_spread_is_shown_in_the_format_of_its_numbers():
    found = timing.Spread.of([1000.0, 3000.0, 2000.0])
    assert f"{found:,.1f}" == "2,000.0 (1,000.0-3,000.0)"
    assert found.to_dict() == {"median": 2000.0, "min": 1000.0, "max": 3000.0}


def test_things_per_second_count_what_one_run_handles(monkeypatch):
    clock = iter([1.0, 1.5])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    assert timing.per_second(10, lambda: None)() == 20.0
