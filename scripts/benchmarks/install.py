#!/usr/bin/env python
"""Measure a fresh environment: seconds to the first generated text, and megabytes on disk.

\b
    scripts/benchmarks/install.py                 the light core
    scripts/benchmarks/install.py --extra train   with TensorFlow
    scripts/benchmarks/install.py --no-cache      downloads anew what pip has kept

Makes a virtual environment in a temporary folder, installs a copy of this checkout there and
generates a passage. Needs a network, or what pip has kept. The time depends on both and on the
load of the machine, which is printed too.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "textrnn")
SHOWN = 6  # largest packages


@click.command(help=__doc__)
@click.option("--extra", help="Install this extra too.")
@click.option("--no-cache", is_flag=True, help="Do not use what pip has kept.")
def main(extra: str | None, no_cache: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, environment = Path(folder, "source"), Path(folder, "environment")
        copy_package(source)
        programs = environment / ("Scripts" if os.name == "nt" else "bin")
        target = f"{source}[{extra}]" if extra else str(source)
        options = ["--quiet", "--disable-pip-version-check", *["--no-cache-dir"] * no_cache]
        steps = {
            "make the environment": [sys.executable, "-m", "venv", str(environment)],
            "install": [str(programs / "pip"), "install", *options, target],
            "generate": [str(programs / "textrnn"), "generate", "--prime", "ROMEO"],
        }
        if hasattr(os, "getloadavg"):
            click.echo(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        total = 0.0
        for name, command in steps.items():
            started = time.perf_counter()
            # Nothing of the checkout or of the environment that runs this script.
            subprocess.run(
                command, check=True, cwd=folder, env=own_environment(), stdout=subprocess.DEVNULL
            )
            seconds = time.perf_counter() - started
            total += seconds
            click.echo(f"{name:<24}{seconds:8.1f} s")
        click.echo(f"{'all':<24}{total:8.1f} s")
        show_sizes(environment)


def copy_package(target: Path) -> None:
    """Copy what a build reads: setuptools leaves its files beside what it builds from."""
    target.mkdir()
    for name in PACKAGE:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, target / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, target / name)


def own_environment() -> dict[str, str]:
    """The variables of this process, without those that lead to other packages."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    }


def show_sizes(environment: Path) -> None:
    """Print the megabytes (10^6 bytes) of an environment and of its largest packages."""
    click.echo(f"{'on disk':<24}{megabytes(environment):8.1f} MB")
    packages = next(environment.rglob("site-packages"))
    sizes = {path.name: megabytes(path) for path in packages.iterdir()}
    for name in sorted(sizes, key=sizes.__getitem__, reverse=True)[:SHOWN]:
        click.echo(f"  {name:<22}{sizes[name]:8.1f} MB")


def megabytes(path: Path) -> float:
    """What a file or a folder takes on the disk; links are not followed."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(blocks_of(each.lstat()) for each in files) / 1e6


def blocks_of(status: os.stat_result) -> int:
    """The bytes that a file takes on the disk, where the system tells."""
    return getattr(status, "st_blocks", -(-status.st_size // 512)) * 512


if __name__ == "__main__":
    main()
