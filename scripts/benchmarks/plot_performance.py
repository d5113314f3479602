#!/usr/bin/env python
"""Draw docs/performance.md's plots from the figures of a benchmark run.

    scripts/benchmarks/training.py --json training.json
    scripts/benchmarks/plot_performance.py training.json

    scripts/benchmarks/sizes.py input.txt MODEL... --json sizes.json
    scripts/benchmarks/plot_performance.py sizes.json

Writes docs/plots/training.svg (a step's speed as a share of the machine's matrix product, ours
and its peers') and docs/plots/growth.svg (characters a second over units, batch and window); of
models' sizes docs/plots/sizes.svg (loss over characters a second).
Needs matplotlib (pip install -e '.[bench]').
"""

import json
from pathlib import Path
from typing import Any

import click

PLOTS = Path(__file__).resolve().parents[2] / "docs" / "plots"
COLOURS = {"ours": "#1b6ca8", "keras": "#d1495b", "torch": "#8d96a3", "GRU": "#66a182"}
NAMES = {"ours": "textrnn", "keras": "Keras's layers", "torch": "torch.nn", "GRU": "our GRU"}


def pyplot() -> Any:
    """matplotlib.pyplot, set to draw the same file from the same figures each time."""
    try:
        import matplotlib
    except ImportError:
        raise click.ClickException(
            "matplotlib is not installed; pip install -e '.[bench]'"
        ) from None
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "textrnn"
    import matplotlib.pyplot as plt

    return plt


def shares(cases: list[dict[str, Any]]) -> None:
    figure, axes = pyplot().subplots(figsize=(8, 0.75 * len(cases) + 1))
    for row, case in enumerate(cases):
        peers = [name for name in NAMES if name in case]
        for place, name in enumerate(peers):
            share = 100 * case[name]["share_of_ceiling"]
            height = row + 0.25 * (place - (len(peers) - 1) / 2)
            axes.barh(height, share, 0.22, color=COLOURS[name])
            text = f"{NAMES[name]}, {1e3 * case[name]['seconds']['median']:,.0f} ms"
            axes.text(share + 1, height, text, va="center", fontsize=7)
    axes.set_yticks(range(len(cases)), [label(case["case"]) for case in cases])
    axes.tick_params(axis="y", labelsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 120)
    axes.set_xlabel("share of the machine's matrix product, %")
    axes.set_title("A training step on two cores", fontsize=10)
    finish(figure, axes, "training.svg")


def label(case: str) -> str:
    return case.split(" (")[0].replace(", ", ",\n", 1)


def growth(rows: list[dict[str, Any]]) -> None:
    figure, plots = pyplot().subplots(1, 3, figsize=(9, 2.8), sharey=True)
    fixed = {"units": 128, "batch": 32, "window": 100}
    for axes, name in zip(plots, fixed, strict=True):
        others = {key: value for key, value in fixed.items() if key != name}
        chosen = [row for row in rows if all(row[key] == value for key, value in others.items())]
        chosen.sort(key=lambda row: row[name])
        axes.plot(
            [row[name] for row in chosen],
            [row["characters_per_second"] / 1e3 for row in chosen],
            "o-", color=COLOURS["ours"],
        )  # fmt: skip
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xticks([row[name] for row in chosen], [str(row[name]) for row in chosen])
        axes.set_xlabel(name)
        axes.spines[["top", "right"]].set_visible(False)
    plots[0].set_ylabel("thousand characters a second")
    figure.suptitle(
        "Learning with a GRU of 2 layers (128 units, batch 32, window 100)", fontsize=10
    )
    finish(figure, plots[0], "growth.svg")


def sizes(rows: list[dict[str, Any]]) -> None:
    figure, axes = pyplot().subplots(figsize=(7, 3.8))
    by_speed = sorted(rows, key=lambda row: -row["characters_per_second"]["median"])
    for place, row in enumerate(by_speed):
        speed = row["characters_per_second"]["median"] / 1e3
        axes.plot(speed, row["loss"], "o", color=COLOURS["ours"])
        axes.annotate(  # neighbours' names on different sides
            f"{row['network']}, {row['parameters'] / 1e6:.2f}M",
            (speed, row["loss"]),
            textcoords="offset points",
            xytext=(0, 7) if place % 2 else (0, -13),
            ha="center",
            fontsize=8,
        )
    low, high = axes.get_ylim()
    axes.set_ylim(low - 0.1 * (high - low), high + 0.1 * (high - low))
    speeds = [row["characters_per_second"]["median"] / 1e3 for row in rows]
    axes.set_xscale("log")
    axes.set_xlim(0.65 * min(speeds), 1.5 * max(speeds))
    ticks = [
        tick for tick in (1, 2, 5, 10, 20, 50, 100) if min(speeds) / 2 < tick < 2 * max(speeds)
    ]
    axes.set_xticks(ticks, [str(tick) for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("thousand characters a second, one stream")
    axes.set_ylabel("nats per character, cold")
    axes.set_title("Tiny Shakespeare: what a size costs and gives", fontsize=10)
    finish(figure, axes, "sizes.svg")


def finish(figure: Any, axes: Any, name: str) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    PLOTS.mkdir(exist_ok=True)
    # Without the date a plot of the same figures is the same file.
    figure.savefig(PLOTS / name, metadata={"Date": None})
    click.echo(f"wrote {PLOTS / name}")


@click.command(help=__doc__)
@click.argument("figures", type=click.Path(path_type=Path, exists=True))
def main(figures: Path) -> None:
    report = json.loads(figures.read_text())
    if "sizes" in report:
        sizes(report["sizes"])
        return
    shares(report["cases"])
    growth(report["growth"])


if __name__ == "__main__":
    main()
