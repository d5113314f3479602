#!/usr/bin/env python
"""Show how much memory training on a large text takes above TensorFlow's own.

    scripts/benchmarks/memory.py [--megabytes 1,10,100]

Makes texts of these sizes (words drawn at random, some Greek and an emoji now and then), trains
on each for some steps, stateful and then stateless at shift 1, each in a process of its own, and
compares the peak of each with that of a process that trains the same network on a text of
200 KB. The median time of a step stands beside it: a corpus may be large, a step stays the same,
so an epoch's time is linear in its characters.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import click
import numpy as np

CHILD = """
import resource, statistics, sys, time
import textrnn
from textrnn.training.observer import Observer

class Few(Observer):
    times = []
    def step(self, progress):
        self.times.append(time.perf_counter())
    def should_stop(self):
        return len(self.times) >= 200

few = Few()

textrnn.train_generator(
    sys.argv[1], sys.argv[2], observer=few, units=64, embedding_dim=16,
    stateful=sys.argv[3] == "stateful", stride=1,
)
steps = [after - before for before, after in zip(few.times[20:], few.times[21:])]
print(statistics.median(steps), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def write_text(path: Path, characters: int) -> None:
    rng = np.random.default_rng(0)
    letters = list("etaoinshrdlucmwfgypbvk")
    words = ["".join(rng.choice(letters, size=rng.integers(2, 9))) for _ in range(5000)]
    words += ["λόγος", "ψυχή", "\N{ROCKET}"]
    with path.open("w", encoding="utf-8") as file:
        written = 0
        while written < characters:
            line = " ".join(rng.choice(words, size=10_000)) + "\n"
            written += file.write(line)


@click.command(help=__doc__)
@click.option("--megabytes", default="1,10,100", show_default=True, help="Sizes of the texts.")
def main(megabytes: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sizes = [200_000, *(int(float(size) * 1e6) for size in megabytes.split(","))]
        for size in sizes:
            write_text(Path(folder, str(size)), size)
        for mode in ("stateful", "stateless"):
            least = 0.0
            for size in sizes:
                child = subprocess.run(
                    [sys.executable, "-c", CHILD, str(Path(folder, str(size))),
                     str(Path(folder, f"{size}-{mode}")), mode],
                    check=True, capture_output=True, text=True,
                )  # fmt: skip
                step, peak = map(float, child.stdout.split()[-2:])
                peak /= 1e6
                least = least or peak
                click.echo(
                    f"{mode:<10} {size / 1e6:>6.1f} MB of text: {step * 1e3:5.1f} ms a step, peak "
                    f"{peak:.2f} GB, {peak - least:.2f} GB above the smallest's"
                )


if __name__ == "__main__":
    main()
