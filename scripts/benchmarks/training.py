#!/usr/bin/env python
"""Time a training step of our layers against their peers, in one interleaved run.

    scripts/benchmarks/training.py [--json FILE] [--rounds N] [--only TEXT]

Every case trains the same network, with the same embedding, dropout and batch, on the same ids:
with our layers, with stock Keras's, and with torch's (skipped with a word if torch is absent).
The product of a 6400 x 512 and a 512 x 1536 matrix, timed in the same rounds, is the ceiling; a
case's share of it counts the multiplications that its equations need. Keras has no minGRU: its peer
is our own GRU of as many parameters. Figures are medians of interleaved rounds with their range;
ratios are medians of the rounds' ratios.
"""

import json
import os
import resource
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import keras
import numpy as np
import tensorflow as tf
from _timing import Spread, interleaved, ratio, seconds_of
from _training_steps import CASES, VOCAB, Case, Step, keras_step, torch_step

from textrnn.config.generator import GeneratorConfig, GeneratorTrainingConfig
from textrnn.datasets.windows import stateful_streams, stateless_windows
from textrnn.models.layers import recurrent as layers_recurrent
from textrnn.training.learner import Learner
from textrnn.training.learners.generator import generator_learner


def ceiling_step() -> Step:
    rng = np.random.default_rng(0)
    left = tf.constant(rng.normal(size=(6400, 512)), tf.float32)
    right = tf.constant(rng.normal(size=(512, 1536)), tf.float32)
    return lambda: tf.matmul(left, right).numpy()


def seconds_per_step(steps: dict[str, Step], rounds: int) -> dict[str, list[float]]:
    """Round by round, after two of each to trace and to warm."""
    return interleaved({name: seconds_of(step) for name, step in steps.items()}, rounds, warm=2)


def run_case(case: Case, rounds: int) -> dict[str, Any]:
    steps: dict[str, Step] = {"ours": keras_step(case, layers_recurrent), "ceiling": ceiling_step()}
    peer_case = case
    if case.cell == "mingru":
        peer_case = replace(case, cell="gru", units=128)
        steps["GRU"] = keras_step(peer_case, layers_recurrent)
    else:
        steps["keras"] = keras_step(case, keras.layers)
        if peer := torch_step(case):
            steps["torch"] = peer
    seconds = seconds_per_step(steps, rounds)
    peak = 2 * 6400 * 512 * 1536 / statistics.median(seconds["ceiling"]) / 1e9
    report: dict[str, Any] = {"case": case.name, "ceiling_gflops": peak}
    click.echo(f"\n{case.name}   (ceiling {peak:.0f} GFLOP/s)")
    for name, values in seconds.items():
        if name == "ceiling":
            continue
        figures, times = Spread.of(values), ratio(values, seconds["ours"])
        rate = (case if name == "ours" else peer_case).gflop / figures.median
        report[name] = {
            "seconds": figures.to_dict(), "times_ours": times.to_dict(), "gflops": rate,
            "share_of_ceiling": rate / peak,
        }  # fmt: skip
        milliseconds = Spread.of([1e3 * value for value in values])
        click.echo(
            f"  {name:<6}{milliseconds.median:>9.1f} ms  ({milliseconds.range('.1f')})"
            f"{rate:>8.0f} GFLOP/s {rate / peak:>5.0%}   ours is {times.median:.2f} x as fast "
            f"({times.range('.2f')})"
        )
    return report


def pipeline(rounds: int) -> dict[str, Any]:
    """Our learner's step on batches as they come from tf.data, against one fixed batch."""
    ids = np.random.default_rng(0).integers(0, VOCAB, size=1_000_000).astype(np.uint8)
    report = {}
    click.echo("\nstep with data, as a multiple of the step on a fixed batch (GRU 2x128 b32 w100)")
    for mode, dataset in (
        ("stateful", stateful_streams(ids, batch_size=32, window=100)),
        ("stateless", stateless_windows(ids, batch_size=32, window=100, stride=1)),
    ):
        learner = generator_learner(
            GeneratorConfig(vocab_size=VOCAB, cell="gru", units=128),
            GeneratorTrainingConfig(stateful=mode == "stateful", batch_size=32, window=100),
            total_steps=1000,
        )
        batches = iter(dataset)
        fixed = next(batches)

        def with_data(learner: Learner = learner, batches: Any = batches) -> float:
            return float(learner.step(*next(batches)))

        def without(learner: Learner = learner, fixed: Any = fixed) -> float:
            return float(learner.step(*fixed))

        seconds = seconds_per_step({"data": with_data, "fixed": without}, 4 * rounds)
        times = ratio(seconds["data"], seconds["fixed"])
        report[mode] = times.to_dict()
        click.echo(f"  {mode:<10}{times.median:.3f}")
    return report


def growth(rounds: int) -> list[dict[str, Any]]:
    """How a step of ours grows with units, window and batch."""
    click.echo("\ngrowth of our step (GRU, 2 layers)")
    rows = []
    for units, batch, window in (
        (64, 32, 100), (128, 32, 100), (256, 32, 100), (512, 32, 100),
        (128, 32, 50), (128, 32, 200), (128, 32, 400), (128, 8, 100), (128, 128, 100),
    ):  # fmt: skip
        case = Case("growth", "gru", units, batch, window, 64)
        steps = {"ours": keras_step(case, layers_recurrent)}
        (seconds,) = seconds_per_step(steps, rounds).values()
        middle = statistics.median(seconds)
        speed = batch * window / middle
        rows.append({"units": units, "batch": batch, "window": window, "seconds": middle,
                     "characters_per_second": speed, "gflops": case.gflop / middle})  # fmt: skip
        click.echo(
            f"  units {units:>4}  batch {batch:>4}  window {window:>4}{middle * 1e3:>9.1f} ms "
            f"{speed:>10,.0f} chars/s {case.gflop / middle:>6.0f} GFLOP/s"
        )
    return rows


@click.command(help=__doc__)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures too.")
@click.option("--rounds", default=9, show_default=True, help="Interleaved repetitions.")
@click.option("--only", default="", help="Run the cases whose name holds this text.")
def main(json_file: Path | None, rounds: int, only: str) -> None:
    report: dict[str, Any] = {
        "cases": [run_case(case, rounds) for case in CASES if only in case.name]
    }
    if not only:
        report["pipeline"] = pipeline(rounds)
        report["growth"] = growth(rounds)
    report["peak_memory_gb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    click.echo(f"\npeak memory of this process {report['peak_memory_gb']:.2f} GB")
    if json_file:
        json_file.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
