#!/usr/bin/env python
"""Time what generating costs, against its peers, in one interleaved run.

    scripts/benchmarks/generation.py [--json FILE] [--rounds N]

Whole processes: `textrnn --help` and `textrnn generate --length 1000` against importing
TensorFlow. Characters a second: one stream against torch.nn.GRU stepped with its state (skipped
with a word if torch is absent), against the textbook's `predict` a character, and 64 streams
against one. Each figure is a median with its range; a ratio is the median of the rounds' ratios.
"""

import json
import os
import statistics
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import numpy as np
from _generators import ours, torch_stepped
from _timing import Spread, Timed, interleaved, per_second, process, ratio

from textrnn.artifacts import registry
from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.generator import GeneratorConfig, weight_shapes
from textrnn.config.text import GeneratorTextConfig
from textrnn.config.weights import CELLS
from textrnn.tokenizers import CharTokenizer

ALPHABET = [chr(code) for code in range(33, 98)]  # 65 characters
TEXTGENRNN = 16.0  # characters a second of textgenrnn 2.0.0, with its dead imports patched out
BATCH = 64


def random_model(cell: str, units: int) -> GeneratorArtifact:
    config = GeneratorConfig(vocab_size=65, cell=cell, units=units, embedding_dim=64)  # type: ignore[arg-type]
    rng = np.random.default_rng(0)
    weights = {
        name: rng.normal(scale=0.05, size=shape).astype(np.float32)
        for name, shape in weight_shapes(config).items()
    }
    return GeneratorArtifact(
        config=config,
        text=GeneratorTextConfig(),
        tokenizer=CharTokenizer(ALPHABET),
        weights=weights,
    )


def textbook_predict(units: int, characters: int) -> Timed:
    """One-hot of the text so far through `Model.predict`, a character at a time."""
    import keras

    network = keras.Sequential(
        [
            keras.Input((None, 65)),
            keras.layers.GRU(units, return_sequences=True),
            keras.layers.GRU(units, return_sequences=True),
            keras.layers.TimeDistributed(keras.layers.Dense(65, activation="softmax")),
        ]
    )
    rng = np.random.default_rng(0)

    def run() -> None:
        text = [0]
        for _ in range(characters):
            probabilities = network.predict(np.eye(65, dtype=np.float32)[None, text], verbose=0)
            weights = probabilities[0, -1].astype(np.float64) ** (1 / 0.8)
            text.append(int(rng.choice(65, p=weights / weights.sum())))

    return per_second(characters, run)


def gflops(model: GeneratorArtifact, characters_per_second: float) -> float:
    """Multiplications and additions of the matrix products, the folded table not counted."""
    config = model.config
    width = CELLS[config.cell].gates * config.units
    products = config.units * width * (2 * config.layers - 1) + config.units * config.vocab_size
    return 2 * products * characters_per_second / 1e9


@click.command(help=__doc__)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures too.")
@click.option("--rounds", default=5, show_default=True, help="Interleaved repetitions.")
def main(json_file: Path | None, rounds: int) -> None:
    program = str(Path(sys.executable).with_name("textrnn"))
    whole = {
        "import tensorflow": process(sys.executable, "-c", "import tensorflow"),
        "textrnn --help": process(program, "--help"),
    }
    if "shakespeare" in registry.bundled():
        whole["textrnn generate"] = process(
            program, "generate", "--prime", "ROMEO", "--length", "1000"
        )
    figures = interleaved(whole, rounds, warm=1)  # warm: files in memory
    report: dict[str, Any] = {"seconds": figures}
    ratios: dict[str, Spread] = {}
    show("whole processes", figures, "s", ".3f")
    for name in list(whole)[1:]:
        ratios[f"{name} / import tensorflow"] = ratio(figures[name], figures["import tensorflow"])

    small, large = random_model("gru", 128), random_model("gru", 512)
    speeds: dict[str, Timed] = {
        "2x128 one stream": ours(small, 4000),
        f"2x128 {BATCH} streams": ours(small, 1000, BATCH),
        "2x512 one stream": ours(large, 1000),
        f"2x512 {BATCH} streams": ours(large, 1000, BATCH),
    }
    if peer := torch_stepped(128, 1000):
        speeds["2x128 torch.nn.GRU stepped"] = peer
    speeds["2x128 predict a character"] = textbook_predict(128, 20)
    figures = interleaved(speeds, rounds, warm=1)  # warm: graphs traced
    report["characters_per_second"] = figures
    show("characters a second", figures, "", ",.0f")
    for name, one, other in (
        ("one stream / torch", "2x128 one stream", "2x128 torch.nn.GRU stepped"),
        ("one stream / predict", "2x128 one stream", "2x128 predict a character"),
        ("2x128: 64 streams / one", f"2x128 {BATCH} streams", "2x128 one stream"),
        ("2x512: 64 streams / one", f"2x512 {BATCH} streams", "2x512 one stream"),
    ):
        if other in figures:
            ratios[name] = ratio(figures[one], figures[other])
    ratios["one stream / textgenrnn's 16"] = Spread.of(
        [speed / TEXTGENRNN for speed in figures["2x128 one stream"]]
    )
    report["ratios"] = {name: value.to_dict() for name, value in ratios.items()}
    report["gflops"] = {
        name: gflops(model, statistics.median(figures[name]))
        for model, names in ((small, "2x128"), (large, "2x512"))
        for name in (f"{names} one stream", f"{names} {BATCH} streams")
    }
    click.echo("\nratios (median, range)")
    for name, value in ratios.items():
        click.echo(f"  {name:<42}{value.median:>10.3f}  {value.range('.3f')}")
    click.echo(
        "\nGFLOP/s reached: " + ", ".join(f"{n} {v:.1f}" for n, v in report["gflops"].items())
    )
    if json_file:
        json_file.write_text(json.dumps(report, indent=1))


def show(title: str, figures: dict[str, list[float]], unit: str, form: str) -> None:
    click.echo(f"\n{title} (median, range)")
    for name, values in figures.items():
        found = Spread.of(values)
        click.echo(f"  {name:<42}{format(found.median, form):>10}{unit}  {found.range(form)}")


if __name__ == "__main__":
    main()
