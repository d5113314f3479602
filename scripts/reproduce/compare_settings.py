#!/usr/bin/env python
"""Train generators with other settings than the defaults, on several texts, and compare.

\b
    scripts/reproduce/compare_settings.py -o runs corpora/lantern_play.txt code.txt \\
        --with "reset_probability=0.1" --with "weight_decay=0.1 dropout=0.2"

A generator of every text is trained with nothing but defaults, and once with the settings of each
--with; --all gives settings to every run. Validated on a slice from the middle of each text. A run
that has ended is not repeated, one that was stopped is resumed.
"""

import shlex
import time
from pathlib import Path
from typing import Any

import click

from textrnn.artifacts import registry
from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.cli.settings import collect
from textrnn.config.generator import GeneratorRecipe, preset
from textrnn.data import corpora
from textrnn.training.output import has_started


def settings_of(*texts: str, **first: Any) -> dict[str, dict[str, Any]]:
    """`preset=small units=64` -> settings by section, later ones over those before, `first` first.

    A preset counts less than the other settings of its text.
    """
    settings = GeneratorRecipe.nest(first)
    for text in texts:
        words = shlex.split(text)
        named = [word.removeprefix("preset=") for word in words if word.startswith("preset=")]
        others = [word for word in words if not word.startswith("preset=")]
        found = collect(GeneratorRecipe, preset(named[-1]) if named else {}, None, others, {})
        for section, values in found.items():
            settings[section] |= values
    return settings


@click.command(help=__doc__)
@click.argument("texts", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.option("--with", "others", multiple=True, metavar="SETTINGS", help="NAME=VALUE ...")
@click.option("--all", "common", default="", metavar="SETTINGS", help="Of every run.")
@click.option("--part", default="0:1", show_default=True, help="Of each text.")
@click.option("--validation", default="0.475:0.575", show_default=True, help="Of that part.")
def main(
    texts: tuple[Path, ...],
    output: Path,
    others: tuple[str, ...],
    common: str,
    part: str,
    validation: str,
) -> None:
    click.echo("| text | settings | nats per character | epochs | seconds |")
    click.echo("| --- | --- | --- | --- | --- |")
    for text in texts:
        corpus = corpora.read_corpus([text])
        for place, settings in enumerate(("", *others)):
            folder = output / f"{text.stem}-{place}"
            started = time.monotonic()
            if not (folder / "ended").exists():
                given = settings_of(
                    common, settings, part=part, validation=validation, sample_length=0
                )
                if not _train(corpus, folder, given):
                    raise SystemExit(130)
                (folder / "ended").write_text(f"{time.monotonic() - started:.0f}")
            model = registry.load_as(GeneratorArtifact, folder)
            score = model.metadata["scores"]["validation (cold)"]
            click.echo(
                f"| {text.name} | {settings or 'defaults'} | {score['loss']:.4f} | "
                f"{len(model.metadata['history'])} | {(folder / 'ended').read_text()} |"
            )


def _train(corpus: corpora.Corpus, folder: Path, settings: dict[str, Any]) -> bool:
    """Train a generator, or resume its run; False if it was interrupted."""
    from textrnn.cli import tensorflow

    with tensorflow.training("generator", quiet=True) as (task, display):
        model = task.train_generator(
            corpus,
            folder,
            settings=settings,
            resume=has_started(folder),
            observer=display,
            command=f"scripts/reproduce/compare_settings.py {Path(corpus.sources[0]).name}",
        )
    return model is not None


if __name__ == "__main__":
    main()
