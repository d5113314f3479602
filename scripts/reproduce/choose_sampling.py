#!/usr/bin/env python
"""Choose temperature and filter for a generator, by what it writes with each against real text.

\b
    scripts/reproduce/choose_sampling.py MODEL TEXT --train 0:0.475 --train 0.525:0.9 \\
        --validation 0.475:0.525

The model generates the same number of characters with each setting, in streams that continue from
positions all over the training text. A setting is admissible if no more of its words are new
(absent from that text) than of the words of the validation text: readers notice invented words
first. The best admissible setting is the one whose text predicts the validation text best: it has
the lowest "reverse" cross-entropy, that of the validation text under a 5-gram model of the
generated text (reasons and sources: textrnn/evaluation/resemblance.py). Real text also has topics
and names, which a sample contains or not by chance: mind the standard errors, and generate more
characters with settings that are close.

\b
Also shown, but not used for the choice:
    3-grams    fraction of the three-word runs in a stream that are new in it
    copied     fraction of the characters in runs of 30 or more that the training text contains
    surprise   nats per character of the generated text, under a 5-gram model of the training text
and two rows of real text: as much of the training text as was generated, and the validation text.

Parts are fractions or positions, as for --part. Nothing outside them is used.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import click
from _sampling_figures import Measured, Real, measure

from textrnn.artifacts import registry
from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.base import parse_setting
from textrnn.config.sampling import SamplingConfig
from textrnn.data import corpora
from textrnn.engine import generation
from textrnn.errors import ConfigError, TextRNNError
from textrnn.evaluation.resemblance import choose

STREAM = 2000  # characters that a stream writes
PRIME = 500  # characters that a stream goes on from
TEMPERATURES = "0.5,0.6,0.7,0.8,0.9,1.0"
FILTERS = "none,top_p=0.9,top_p=0.95,min_p=0.02,min_p=0.05,min_p=0.1"
COLUMNS = ("temperature", "filter", "new words", "reverse", "3-grams", "copied", "surprise")


def streams(
    model: GeneratorArtifact, primes: Sequence[str], each: int, sampling: SamplingConfig, seed: int
) -> list[str]:
    """`each` streams for each prime, drawn alike for every setting."""
    return [
        text
        for index, prime in enumerate(primes)
        for text in generation.generate(
            model, prime, STREAM, count=each, sampling=sampling, seed=seed + index, unknown="skip"
        )
    ]


def places(text: str, count: int) -> list[int]:
    """`count` places spread evenly over the text, each the beginning of a line if one is near."""
    found = []
    for index in range(count):
        place = round((index + 0.5) / count * len(text))
        line = text.rfind("\n", max(0, place - PRIME), place) + 1
        found.append(line or place)
    return found


def settings_of(temperatures: str, filters: str) -> list[SamplingConfig]:
    return [
        SamplingConfig.from_dict({**filter_of(text), "temperature": number})
        for number, text in product(numbers(temperatures), filters.split(","))
    ]


def numbers(text: str) -> list[float]:
    return [parse_setting(SamplingConfig, "temperature", part) for part in text.split(",")]


def filter_of(text: str) -> dict[str, float]:
    name, _, value = text.strip().partition("=")
    if name == "none":
        return {}
    if name not in ("top_k", "top_p", "min_p"):
        raise ConfigError(
            f"a filter is none, top_k=K, top_p=P or min_p=P, such as min_p=0.05; got {text!r}"
        )
    return {name: parse_setting(SamplingConfig, name, value)}


def named(sampling: SamplingConfig) -> tuple[str, str]:
    """Temperature and filter as the table shows them."""
    none = SamplingConfig()
    changed = [
        f"{name} {getattr(sampling, name):g}"
        for name in ("top_k", "top_p", "min_p")
        if getattr(sampling, name) != getattr(none, name)
    ]
    return f"{sampling.temperature:g}", ", ".join(changed) or "none"


def row(cells: Sequence[str]) -> str:
    widths = (11, 11, 14, 16, 8, 8, 8)
    return "| " + " | ".join(f"{c:>{w}}" for c, w in zip(cells, widths, strict=True)) + " |"


def figures(measured: Measured) -> list[str]:
    new, reverse = measured.new_words, measured.reverse
    return [
        new.shown(".2%") if new else "",
        reverse.shown(".4f") if reverse else "",
        f"{measured.distinct:.2%}",
        "" if measured.copied is None else f"{measured.copied:.2%}",
        "" if measured.surprise is None else f"{measured.surprise:.4f}",
    ]


def prediction(settings: Sequence[SamplingConfig], rows: Sequence[Measured], bar: float) -> str:
    """Which setting won, and why; and which may be as good."""
    candidates = [one.candidate for one in rows]
    best = choose(candidates, bar)
    new_words, lowest = candidates[best]
    won = "**Temperature {}, filter {}**".format(*named(settings[best]))
    if new_words > bar:
        return (
            f"{won} has the fewest new words, {new_words:.2%}, but more than the {bar:.2%} of the "
            f"validation text, as all settings have: try lower temperatures."
        )
    fit = [index for index, one in enumerate(candidates) if one.new_words <= bar]
    won += (
        f" has the lowest reverse cross-entropy, {lowest:.4f}, of the {len(fit)} settings (of "
        f"{len(rows)}) with no more new words than the {bar:.2%} of the validation text."
    )
    near = [
        "{} / {} ({:.4f})".format(*named(settings[index]), candidates[index].reverse_cross_entropy)
        for index in fit
        if index != best and apart(rows[index], rows[best]) <= 1
    ]
    if near:
        won += (
            f" Within the standard error of the difference: {', '.join(near)}; more --characters "
            f"would tell them apart."
        )
    return won


def apart(one: Measured, other: Measured) -> float:
    """Between two reverse cross-entropies, in standard errors of their difference."""
    assert one.reverse and other.reverse
    error = math.hypot(one.reverse.error, other.reverse.error)
    return abs(one.reverse.value - other.reverse.value) / error if error else math.inf


@click.command(help=__doc__)
@click.argument("model_name", metavar="MODEL")
@click.argument("text", type=click.Path(path_type=Path))
@click.option("--train", multiple=True, required=True, help="A part training text; may repeat.")
@click.option("--validation", required=True, help="A part that was not used for training.")
@click.option("--temperatures", default=TEMPERATURES, show_default=True)
@click.option("--filters", default=FILTERS, show_default=True)
@click.option("--characters", default=100_000, show_default=True, help="To write, a setting.")
@click.option("--primes", default=5, show_default=True, help="Places that the streams go on from.")
@click.option("--seed", default=1, show_default=True)
def main(**options: Any) -> None:
    try:
        for line in report(**options):
            click.echo(line)
    except TextRNNError as error:
        raise click.ClickException(str(error)) from error


def report(
    model_name: str,
    text: Path,
    train: Sequence[str],
    validation: str,
    temperatures: str,
    filters: str,
    characters: int,
    primes: int,
    seed: int,
) -> Iterator[str]:
    """The lines to print, each as soon as it is known."""
    if min(characters, primes) < 1:
        raise ConfigError("--characters and --primes must be 1 or more")
    settings = settings_of(temperatures, filters)
    model = registry.load_as(GeneratorArtifact, model_name)
    real = Real.read(model, corpora.read_corpus([text]), train, validation)
    each = math.ceil(characters / (primes * STREAM))
    whole = "".join(real.train)
    openings = [whole[max(0, place - PRIME) : place] for place in places(whole, primes)]
    excerpts = [whole[place : place + STREAM] for place in places(whole, primes * each)]
    pieces = [real.held_out[i : i + STREAM] for i in range(0, len(real.held_out), STREAM)]

    yield f"{primes * each * STREAM:,} characters a setting, in {primes * each} streams\n"
    yield row(COLUMNS)
    yield row(["---:"] * len(COLUMNS))
    yield row(["training text", "", *figures(measure(excerpts, real, train=True))])
    held_out = measure(pieces, real, held_out=True)
    yield row(["validation", "", *figures(held_out)])
    rows = []
    for sampling in settings:
        rows.append(measure(streams(model, openings, each, sampling, seed), real))
        yield row([*named(sampling), *figures(rows[-1])])
    assert held_out.new_words
    yield "\n" + prediction(settings, rows, held_out.new_words.value)


if __name__ == "__main__":
    main()
