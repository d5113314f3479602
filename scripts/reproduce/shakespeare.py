#!/usr/bin/env python
"""Train the bundled models of tiny Shakespeare, and release them into the package.

    scripts/reproduce/shakespeare.py train input.txt -o DIR
    scripts/reproduce/shakespeare.py train input.txt -o DIR --resume
    scripts/reproduce/shakespeare.py train input.txt -o TINY --model shakespeare-tiny
    scripts/reproduce/shakespeare.py release input.txt DIR       reads the last 10 %, once

shakespeare-tiny is distilled from shakespeare.

All choices were made on slices from the middle of the first 90 %. With --slice START:END such a
slice is held out again. Without it all of the first 90 % is training text. Only `release` reads the
last 10 %.
"""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from textrnn.artifacts import registry
from textrnn.artifacts.generator import GeneratorArtifact, card
from textrnn.config.generator import preset
from textrnn.config.sampling import SamplingConfig
from textrnn.data import corpora
from textrnn.engine import generation
from textrnn.evaluation import generator

TEXT = click.argument("text", type=click.Path(path_type=Path))
RECIPES: dict[str, dict[str, Any]] = {
    "shakespeare": {**preset("large"), "name_augmentation": 0.5, "seed": 1, "patience": 0},
    "shakespeare-tiny": {
        "layers": 1, "units": 320, "input_dropout": 0.1, "output_dropout": 0.2,
        "name_augmentation": 0.5, "teacher": "shakespeare", "epochs": 20, "seed": 1, "patience": 0,
    },
}  # fmt: skip
MODEL = click.option("--model", type=click.Choice(list(RECIPES)), default="shakespeare")
PACKAGED = Path(registry.__file__).parents[1] / "pretrained"
MONITOR = "0.475:0.525"  # what a run that learns everything is watched on
SAMPLES = 10


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command()
@TEXT
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@MODEL
@click.option("--slice", "held", metavar="START:END", help="Keep this back to choose on.")
@click.option("--resume", is_flag=True)
def train(text: Path, output: Path, model: str, held: str | None, resume: bool) -> None:
    """Learn; Ctrl-C saves, --resume goes on."""
    from textrnn.cli import tensorflow

    corpus = corpora.read_corpus([text])
    if held is None:
        watched = output.with_name(f"{output.name}-monitor.txt")
        watched.parent.mkdir(parents=True, exist_ok=True)
        watched.write_text("".join(corpus.cut(MONITOR)), encoding="utf-8")
    with tensorflow.training("generator", quiet=False) as (task, display):
        done = task.train_generator(
            corpus,
            output,
            settings={**RECIPES[model], "part": "0:0.9", "validation": held or str(watched)},
            resume=resume,
            observer=display,
            command=f"scripts/reproduce/shakespeare.py train {text.name} -o DIR --model {model}",
        )
    sys.exit(0 if done else 130)


@main.command()
@TEXT
@click.argument("folder", type=click.Path(path_type=Path))
@MODEL
def release(text: Path, folder: Path, model: str) -> None:
    """Score the trained model in float16 on the last 10 %, and put it into the package."""
    trained = registry.load_as(GeneratorArtifact, folder)
    weights = {name: array.astype(np.float16) for name, array in trained.weights.items()}
    corpus = corpora.read_corpus([text])
    found = replace(trained, weights=weights, name=model)
    report = generator.evaluate(found, corpus, part="0.9:1", copied=corpus)
    scores = {f"last 10 % ({name})": report[name] for name in ("cold", "streamed")}
    released = replace(found, metadata=_told(trained.metadata, scores, report["copied"]))
    released = replace(released, card=_card(released, model))
    registry.save(released, PACKAGED / model, dtype=np.float16)
    click.echo(generator.as_text(report))


def _told(metadata: Any, scores: dict[str, Any], copied: dict[str, Any]) -> dict[str, Any]:
    """The record of a model whose training text includes its validation slice, or does not."""
    training = dict(metadata["training"])
    if ":" not in training["validation"]:  # a file, of its training text
        training["validation"] = None
    else:
        scores = {**metadata["scores"], **scores}
    return {
        **metadata,
        "training": training,
        "scores": scores,
        "copied": copied,
        "licence": "Apache-2.0; its training text is in the public domain",
    }


def _card(model: GeneratorArtifact, title: str) -> str:
    """The card, and what the model writes when nobody chooses."""
    copied, sampling = model.metadata["copied"], SamplingConfig()
    lines = [
        card(model, title=title),
        "## What it copies",
        "",
        f"Of {copied['generated']['characters']:,} characters that it writes at temperature "
        f"{copied['temperature']:g} (seed {copied['seed']}), "
        f"{copied['generated']['copied_share']:.2%} stand in runs of {copied['run']} or more that "
        f"stand in its corpus too, the longest of {copied['generated']['longest']}; of the last "
        f"10 %, which Shakespeare wrote, {copied['held_out']['copied_share']:.2%}, the longest "
        f"of {copied['held_out']['longest']}.",
        "",
        f"## {SAMPLES} samples, none picked",
        "",
        f"With nothing but defaults (temperature {sampling.temperature:g}), seeds 1 to {SAMPLES}: "
        f"`textrnn generate --model {title} --length 300 --seed 1`.",
    ]
    for seed in range(1, SAMPLES + 1):
        (sample,) = generation.generate(model, length=300, sampling=sampling, seed=seed)
        lines += ["", "```text", sample.strip("\n"), "```"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
