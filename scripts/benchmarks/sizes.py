#!/usr/bin/env python
"""Loss against speed: how well models predict a text, and how fast they write.

    scripts/benchmarks/sizes.py input.txt MODEL... [--part 0.475:0.525] [--json sizes.json]

Every MODEL (a folder or a bundled name) is scored cold on a part of the text that it was not
trained on, and timed writing one stream, in interleaved rounds with a torch.nn.GRU of 2x128
stepped with its state. Figures are medians with their range; a ratio is the median of the
rounds' ratios. `scripts/benchmarks/plot_performance.py sizes.json` draws it.
"""

import json
from pathlib import Path

import click
from _generators import ours, torch_stepped
from _timing import Spread, interleaved, ratio

from textrnn.artifacts import registry
from textrnn.artifacts.generator import GeneratorArtifact
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
    loaded = {name: registry.load_as(GeneratorArtifact, name) for name in models}
    timed = {name: ours(model, 2000) for name, model in loaded.items()}
    if peer := torch_stepped(128, 1000):
        timed[PEER] = peer
    figures = interleaved(timed, rounds, warm=1)
    rows = []
    click.echo("| model | network | parameters | nats | characters a second | torch |")
    click.echo("| --- | --- | --- | --- | --- | --- |")
    for name, model in loaded.items():
        report = generator.evaluate(model, corpus, part=part, streamed=False)
        if "warning" in report:
            click.echo(f"{name}: {report['warning']}", err=True)
        config, speed = model.config, Spread.of(figures[name])
        times = ratio(figures[name], figures[PEER]) if PEER in figures else None
        row = {
            "model": Path(name).name,
            "network": f"{config.cell.upper()} {config.layers}x{config.units}"
            + (", distilled" if model.metadata["training"].get("teacher") else ""),
            "parameters": model.parameters,
            "loss": report["cold"]["loss"],
            "characters_per_second": speed.to_dict(),
            "torch": times.to_dict() if times else None,
        }
        rows.append(row)
        click.echo(
            f"| {row['model']} | {row['network']} | {row['parameters']:,} | {row['loss']:.4f} | "
            f"{speed:,.0f} | " + (f"{times:.2f} |" if times else "|")
        )
    if json_file:
        json_file.write_text(json.dumps({"sizes": rows, "part": part}, indent=1))


if __name__ == "__main__":
    main()
