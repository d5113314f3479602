#!/usr/bin/env python
"""Compare fine-tuning a model with training from scratch, on few and on many labelled texts.

    scripts/benchmarks/finetuning.py DATA [--model imdb] [--sizes 100,1000,0] [--seeds 3] \\
        [--json FILE]

A fifth of DATA, by seed 0, is put aside and only scored. Of the rest each size (0: all) is drawn
anew for each seed, and both ways train on the same texts, with default settings but that 0.2 of
them are for validation: a tenth of few texts is too few. The figure is the macro-F1 on what was put
aside: the mean over seeds, with its range.
"""

import json
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import numpy as np

from textrnn.artifacts import registry
from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.data.labelled import LabelledTexts, read_labelled, stratified_split
from textrnn.evaluation import classifier
from textrnn.training.tasks.classifier import train_classifier


def drawn(data: LabelledTexts, size: int, seed: int) -> LabelledTexts:
    if not size or size >= len(data):
        return data
    _, chosen = stratified_split(data.labels, size / len(data), seed)
    return data.subset(np.random.default_rng(seed).permutation(chosen))


def macro_f1(
    train: LabelledTexts, test: LabelledTexts, base: ClassifierArtifact | None, seed: int
) -> tuple[float, float]:
    """Macro-F1 on `test`, and the seconds that training took."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        settings = {"seed": seed, "validation": 0.2}
        model = train_classifier(train, Path(folder) / "model", settings=settings, base=base)
        seconds = time.perf_counter() - started
    assert model
    return classifier.evaluate(model, test, worst=0)["scores"]["macro_f1"], seconds


@click.command(help=__doc__)
@click.argument("data")
@click.option("--model", default="imdb", show_default=True)
@click.option("--sizes", default="100,1000,0", show_default=True)
@click.option("--seeds", default=3, show_default=True)
@click.option("--json", "json_file", type=click.Path(path_type=Path))
def main(data: str, model: str, sizes: str, seeds: int, json_file: Path | None) -> None:
    base, texts = registry.load_as(ClassifierArtifact, model), read_labelled(data)
    rest, apart = stratified_split(texts.labels, 0.2, 0)
    test, others = texts.subset(apart), texts.subset(rest)
    rows = []
    click.echo(f"{len(test):,} texts put aside; macro-F1 on them, mean of {seeds} seeds (range)")
    for size in map(int, sizes.split(",")):
        for name, start in (("fine-tuned", base), ("from scratch", None)):
            train = [drawn(others, size, seed) for seed in range(seeds)]
            found = [macro_f1(one, test, start, seed) for seed, one in enumerate(train)]
            scores, seconds = zip(*found, strict=True)
            rows.append({"size": len(train[0]), "way": name, "macro_f1": scores,
                         "seconds": seconds})  # fmt: skip
            click.echo(
                f"{len(train[0]):>7,} texts  {name:<13} {statistics.mean(scores):.4f} "
                f"({min(scores):.4f}-{max(scores):.4f})  {statistics.mean(seconds):.0f} s"
            )
    if json_file:
        json_file.write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
