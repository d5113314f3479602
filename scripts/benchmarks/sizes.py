#!/usr/bin/env python
"""Loss against speed: how well models foretell a text, and how fast they write.

    scripts/benchmarks/sizes.py input.txt MODEL... [--part 0.475:0.525] [--json sizes.json]

Every MODEL (a folder or a bundled name) is scored cold on the part of the text, which it must not
have learnt from, and timed writing one stream, in interleaved rounds with a torch.nn.GRU of 2x128
stepped with its state. Figures are medians with their range; a ratio is the median of the
rounds' ratios. `scripts/benchmarks/plot_performance.py sizes.json` draws it.
"""

import json
import statistics
from pathlib import Path

import click
import generation as timing

from textrnn.artifacts import registry
from textrnn.data.corpora import read_corpus
from textrnn.evaluation import generator

PEER = "torch.nn.GRU 2x128, stepped"


@click.command(help=__doc__)
@click.argument("text", type=click.Path(path_type=Path))
@click.argument("models", nargs=-1, required=True)
@click.option("--part", default="0.475:0.525", show_default=True)
@click.option("--rounds", default=7, show_default=True, help="Interleaved repetitions.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures too.")
def main(
    text: Path, models: tuple[str, ...], part: str, rounds: int, json_file: Path | None
) -> None:
    corpus = read_corpus([text])
    loaded = {name: registry.load_generator(name) for name in models}
    timed = {name: timing.ours(model, 2000) for name, model in loaded.items()}
    if peer := timing.torch_stepped(128, 1000):
        timed[PEER] = peer
    figures = timing.rounds_of(timed, rounds)
    rows = []
    click.echo("| model | network | parameters | nats | characters a second | torch |")
    click.echo("| --- | --- | --- | --- | --- | --- |")
    for name, model in loaded.items():
        report = generator.evaluate(model, corpus, part=part, streamed=False)
        if "warning" in report:
            click.echo(f"{name}: {report['warning']}", err=True)
        config, speeds = model.config, figures[name]
        row = {
            "model": Path(name).name,
            "network": f"{config.cell.upper()} {config.layers}x{config.units}"
            + (", taught" if model.metadata["training"].get("teacher") else ""),
            "parameters": model.parameters,
            "loss": report["cold"]["loss"],
            "characters_per_second": {
                "median": statistics.median(speeds), "min": min(speeds), "max": max(speeds),
            },
            "torch": timing.ratio(figures, name, PEER) if PEER in figures else None,
        }  # fmt: skip
        rows.append(row)
        times = row["torch"]
        click.echo(
            f"| {row['model']} | {row['network']} | {row['parameters']:,} | {row['loss']:.4f} | "
            f"{statistics.median(speeds):,.0f} ({min(speeds):,.0f}-{max(speeds):,.0f}) | "
            + (f"{times['median']:.2f} ({times['min']:.2f}-{times['max']:.2f}) |" if times else "|")
        )
    if json_file:
        json_file.write_text(json.dumps({"sizes": rows, "part": part}, indent=1))


if __name__ == "__main__":
    main()
