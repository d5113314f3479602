#!/usr/bin/env python
"""Time an epoch of reviews through a bidirectional LSTM: our layers against Keras's own.

    scripts/benchmarks/reviews.py DATA [--data-dir DIR] [--texts N] [--json FILE]

The same network (`textrnn train classifier`'s default: one bidirectional LSTM of 64, up to 400
words of a review), the same first weights and the same padded batches, taken in turns: a batch by
ours, the same batch by Keras's. Each shape is compiled before it is timed. Beside the sums stands
the ratio for each padded length.

DATA is as for `textrnn train classifier`; `imdb` has 25,000 reviews.
"""

import json
import os
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import numpy as np
from _timing import Spread, interleaved, seconds_of

from textrnn.config.classifier import ClassifierConfig, ClassifierTrainingConfig
from textrnn.config.text import ClassifierTextConfig
from textrnn.data.registry import read_data
from textrnn.datasets.padded import WordBatches
from textrnn.models.classifier import build_classifier
from textrnn.tokenizers import cut
from textrnn.training.encode import classifier as encode
from textrnn.training.learner import Learner
from textrnn.training.losses import classification_loss


def learner(
    vocab_size: int, training: ClassifierTrainingConfig, steps: int, *, fast: bool
) -> Learner:
    model = build_classifier(ClassifierConfig(vocab_size=vocab_size, classes=2), fast=fast)
    return Learner(model, training, steps, classification_loss(None))


def step(learner: Learner, inputs: Any, labels: Any) -> float:
    """The loss; reading it waits for the step."""
    return float(learner.step(inputs, labels))


@click.command(help=__doc__)
@click.argument("data")
@click.option("--data-dir", help="Where tensorflow-datasets keeps `imdb`.")
@click.option("--texts", "count", default=0, help="Use this many.  [default: all]")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures too.")
def main(data: str, data_dir: str | None, count: int, json_file: Path | None) -> None:
    texts = read_data(data, "train", data_dir=data_dir)
    if count:
        texts = texts.subset(np.random.default_rng(0).permutation(len(texts))[:count])
    reading, training = ClassifierTextConfig(), ClassifierTrainingConfig()
    tokenizer = encode.fit_tokenizer(reading, texts.texts)
    ids = [
        cut(tokenizer.encode(text), reading.max_tokens, reading.truncation) for text in texts.texts
    ]
    readable = [row for row, words in enumerate(ids) if len(words)]
    texts, ids = texts.subset(readable), [ids[row] for row in readable]
    batches = WordBatches(
        ids, texts.labels, batch_size=training.batch_size, length_buckets=training.length_buckets
    )
    learners = {
        name: learner(tokenizer.vocab_size, training, batches.steps, fast=fast)
        for name, fast in (("ours", True), ("keras", False))
    }
    seconds: dict[str, list[tuple[int, float]]] = defaultdict(list)
    compiled: set[tuple[int, ...]] = set()
    for inputs, labels in batches.dataset(seed=0, epoch=0):
        shape = tuple(inputs.shape)
        steps = {
            name: seconds_of(partial(step, one, inputs, labels)) for name, one in learners.items()
        }
        found = interleaved(steps, 1, warm=0 if shape in compiled else 1)
        for name, (value,) in found.items():
            seconds[name].append((shape[1], value))
        compiled.add(shape)
    report(seconds, len(texts), batches.padding(), json_file)


def report(
    seconds: dict[str, list[tuple[int, float]]], count: int, padding: float, json_file: Path | None
) -> None:
    sums = {name: sum(value for _, value in values) for name, values in seconds.items()}
    click.echo(f"an epoch of {count:,} reviews, {padding:.0%} of it padding")
    for name, total in sums.items():
        click.echo(f"  {name:<6} {total:7.1f} s  {count / total:6,.0f} reviews/s")
    found: dict[str, Any] = {"seconds": sums, "ratio": sums["keras"] / sums["ours"], "lengths": {}}
    click.echo(f"  ours is {found['ratio']:.2f} x as fast; by padded length, median (range):")
    by_length = defaultdict(list)
    for (length, own), (_, stock) in zip(seconds["ours"], seconds["keras"], strict=True):
        by_length[length].append(stock / own)
    for length, ratios in sorted(by_length.items()):
        times = Spread.of(ratios)
        found["lengths"][length] = times.median
        click.echo(f"  {length:>5} words  {times:.2f}")
    if json_file:
        json_file.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
