#!/usr/bin/env python
"""Time what classifying costs, against its peers, in one interleaved run.

    scripts/benchmarks/classification.py [--model NAME] [--data DATA] [--texts N] [--json FILE]

Whole processes: `textrnn classify FILE` of one review against importing TensorFlow. Reviews a
second, on all cores: ours from a CSV to a CSV, a whole process of `textrnn classify`; Keras's
`predict` of the same network in Keras's own layers, on ids that are tokenised, cut to the length
of training and padded beforehand, so that only the network is timed; VADER, a lexicon, on one core
as it comes (skipped with a word if vaderSentiment is absent). Each figure is a median with its
range; a ratio is the median of the rounds' ratios.

DATA is labelled texts as for `textrnn evaluate`; without it, the sample reviews, repeated.
"""

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import numpy as np
from _timing import Spread, Timed, interleaved, per_second, process, ratio

from textrnn.artifacts import registry
from textrnn.artifacts.classifier import ClassifierArtifact
from textrnn.data.registry import read_data
from textrnn.data.table_writer import RowWriter
from textrnn.engine.classification import Predictor
from textrnn.tokenizers import cut

ROOT = Path(__file__).resolve().parents[2]
BATCH = 256


def ours(model: str, texts: Sequence[str], folder: Path) -> Timed:
    table, output = folder / "reviews.csv", folder / "predictions.csv"
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = RowWriter(file, "csv", ["text"])
        for text in texts:
            writer.write({"text": text})
    run = process(
        sys.executable, "-m", "textrnn", "classify", "-m", model, "-q", str(table),
        "-o", str(output),
    )  # fmt: skip
    return lambda: len(texts) / run()


def stock_predict(model: ClassifierArtifact, texts: Sequence[str]) -> Timed:
    """The same weights in Keras's own layers, wherever it has them."""
    from textrnn.models.classifier import build_classifier

    network = build_classifier(model.config, fast=False)
    for variable in network.trainable_variables:
        variable.assign(model.weights[variable.path])
    predictor, size = Predictor(model), model.text.max_tokens
    ids = np.zeros((len(texts), size), np.int32)
    for row, text in enumerate(texts):
        read = cut(predictor.encode(text), size, model.text.truncation)
        ids[row, : len(read)] = read

    run = per_second(len(texts), lambda: network.predict(ids, batch_size=BATCH, verbose=0))
    run()  # tracing is not timed
    return run


def vader(texts: Sequence[str]) -> Timed | None:
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        click.echo("vaderSentiment is not installed: skipped (pip install -e '.[bench]')")
        return None
    analyser = SentimentIntensityAnalyzer()

    def run() -> None:
        for text in texts:
            analyser.polarity_scores(text)

    return per_second(len(texts), run)


@click.command(help=__doc__)
@click.option("--model", default="imdb", show_default=True)
@click.option("--data", help="Labelled texts, such as imdb or aclImdb/.")
@click.option("--data-dir", help="Where tensorflow-datasets keeps `imdb`.")
@click.option("--texts", "count", default=2000, show_default=True, help="Reviews of a round.")
@click.option("--rounds", default=5, show_default=True)
@click.option("--json", "json_file", type=click.Path(path_type=Path))
def main(
    model: str, data: str | None, data_dir: str | None, count: int, rounds: int,
    json_file: Path | None,
) -> None:  # fmt: skip
    loaded = registry.load_as(ClassifierArtifact, model)
    source = data or str(ROOT / "corpora" / "reviews.csv")
    texts = list(read_data(source, "test", data_dir=data_dir).texts)
    order = np.random.default_rng(0).permutation(len(texts))
    texts = [texts[row] for row in np.resize(order, count)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        review = folder / "review.txt"
        review.write_text(texts[0], encoding="utf-8")
        whole = interleaved(
            {
                "textrnn classify one review": process(
                    sys.executable, "-m", "textrnn", "classify", "-m", model, str(review)
                ),
                "import tensorflow": process(sys.executable, "-c", "import tensorflow"),
            },
            rounds,
            warm=0,
        )
        cases = {
            "textrnn": ours(model, texts, folder),
            "Keras predict": stock_predict(loaded, texts),
        }
        if peer := vader(texts):
            cases["VADER"] = peer
        speeds = interleaved(cases, rounds, warm=0)
    click.echo(f"\nseconds of a whole process, median of {rounds} rounds (range)")
    for name, values in whole.items():
        click.echo(f"  {name:<30} {Spread.of(values):.2f}")
    click.echo(f"  {'ratio':<30} {ratio(*whole.values()):.2f}")
    click.echo(f"\nreviews a second, {count:,} reviews a round")
    for name, values in speeds.items():
        click.echo(f"  {name:<30} {Spread.of(values):,.0f}")
    for name in list(speeds)[1:]:
        click.echo(f"  {'textrnn / ' + name:<30} {ratio(speeds['textrnn'], speeds[name]):.2f}")
    if json_file:
        json_file.write_text(json.dumps({"processes": whole, "reviews_per_second": speeds}))


if __name__ == "__main__":
    main()
