#!/usr/bin/env python
"""Wall seconds until our generator is as good as a small transformer at the end of its training.

    scripts/benchmarks/time_to_quality.py input.txt [--json FILE]

The transformer is trained by nanoGPT's recipe for a CPU: 4 layers, 4 heads, 128 wide, 64
characters of context, AdamW 1e-3 falling to 1e-4 after 100 steps of warm-up, 2,000 steps of 12.
Ours is `textrnn train generator` with nothing but defaults. Both learn from the first 90 % of
the text and are scored on the same windows of 64 characters of the last 10 %, which do not
overlap. Seconds count imports, tracing and steps, and leave out scoring; each learner runs in a
process of its own, one after the other.
"""

import time

STARTED = time.perf_counter()  # before the imports, which count

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import numpy as np

from textrnn.data import corpora
from textrnn.tokenizers import CharTokenizer

WINDOW = 64  # characters
EVERY = 25  # our steps between two scorings


def read(text: Path) -> tuple[Any, Any, int]:
    corpus = corpora.read_corpus([text])
    tokenizer = CharTokenizer.fit(corpus.pieces)
    ids = tokenizer.encode_pieces(corpus.pieces)
    return *corpora.split(ids, "0:1", "0.1"), tokenizer.vocab_size


def transformer(text: Path) -> dict[str, Any]:
    import torch
    from _transformer import Transformer, loss_of, train

    torch.manual_seed(1)
    *parts, vocab_size = read(text)
    train_ids, held_out = (torch.from_numpy(part.astype(np.int64)) for part in parts)
    model = Transformer(vocab_size, WINDOW)
    train(model, train_ids, WINDOW)
    seconds = time.perf_counter() - STARTED
    return {
        "loss": loss_of(model, held_out, WINDOW),
        "seconds": seconds,
        "parameters": sum(p.numel() for p in model.parameters()),
    }


def ours(text: Path, goal: float) -> dict[str, Any]:
    from textrnn.config.generator import GeneratorConfig, GeneratorTrainingConfig
    from textrnn.datasets import windows as datasets_windows
    from textrnn.engine.generator import Network
    from textrnn.evaluation import language_modelling
    from textrnn.training.learners.generator import generator_learner
    from textrnn.training.tasks.generator import default_epochs

    train, held_out, vocab_size = read(text)
    network, training = GeneratorConfig(vocab_size=vocab_size), GeneratorTrainingConfig()
    steps = datasets_windows.stream_steps(len(train), training.batch_size, training.window)
    epochs = default_epochs(steps)
    learner = generator_learner(network, training, epochs * steps)
    scoring, course = 0.0, []
    for epoch in range(epochs):
        learner.reset_states()
        batches = datasets_windows.stateful_streams(
            train, batch_size=training.batch_size, window=training.window,
            offset=datasets_windows.epoch_offset(len(train), seed=training.seed, epoch=epoch),
        )  # fmt: skip
        for inputs, targets in batches:
            learner.step(inputs, targets)
            if learner.steps_done % EVERY:
                continue
            began = time.perf_counter()
            model = Network(network, learner.average_weights())
            loss = language_modelling.cold(model, held_out, window=WINDOW).loss
            scoring += time.perf_counter() - began
            seconds = time.perf_counter() - STARTED - scoring
            course.append({"steps": learner.steps_done, "loss": loss, "seconds": seconds})
            click.echo(f"  step {learner.steps_done}: {loss:.4f} after {seconds:.1f} s", err=True)
            if loss <= goal:
                return {**course[-1], "course": course}
    return {**course[-1], "course": course, "reached": False}


@click.command(help=__doc__)
@click.argument("text", type=click.Path(path_type=Path))
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures too.")
@click.option("--only", type=click.Choice(["transformer", "ours"]), hidden=True)
@click.option("--goal", type=float, hidden=True)
def main(text: Path, json_file: Path | None, only: str | None, goal: float | None) -> None:
    if only:
        result = transformer(text) if only == "transformer" else ours(text, goal or 0.0)
        click.echo(json.dumps(result))
        return

    def child(*arguments: str) -> dict[str, Any]:
        command = [sys.executable, sys.argv[0], str(text), *arguments]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout.splitlines()[-1])

    peer = child("--only", "transformer")
    click.echo(
        f"transformer ({peer['parameters']:,} parameters): {peer['loss']:.4f} nats at its last "
        f"step, {peer['seconds']:.1f} s"
    )
    own = child("--only", "ours", "--goal", str(peer["loss"]))
    click.echo(
        f"ours, by default settings: {own['loss']:.4f} nats at step {own['steps']}, "
        f"{own['seconds']:.1f} s: {own['seconds'] / peer['seconds']:.2f} of its time"
    )
    if json_file:
        json_file.write_text(json.dumps({"transformer": peer, "ours": own}, indent=1))


if __name__ == "__main__":
    main()
