#!/usr/bin/env python
"""Feed damaged files to every parser; only a TextRNNError may leave it.

    scripts/fuzz/run.py [--minutes 10] [--target "csv table"] [--keep FOLDER]

Each parser runs in a process of its own, two at a time, and reads mutations of a good file: bytes
and pieces of a file, values of its JSON, members of its archive. The table shows the inputs, the
refused ones among them, the tracebacks, the memory above that of a good file, and the longest
input. Each input that gives a traceback, or takes longer than 10 seconds, is kept in FOLDER with
its traceback. Exit code 1 if there is one.

    scripts/fuzz/run.py --target "csv table" --replay FILE

reads one kept file again.
"""

import json
import secrets
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click
from _attack import attack, replay
from _targets import TARGETS

WORKERS = 2
ROW = "{:<28} {:>9} {:>9} {:>10} {:>8} {:>9}"


def run(title: str, seed: int, seconds: float, keep: Path) -> dict[str, Any]:
    """`attack` in a process of its own, which may die."""
    command = [
        sys.executable, __file__, "--child", "--target", title, "--seed", str(seed), "--minutes",
        str(seconds / 60), "--keep", str(keep),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        (keep / "died.txt").write_text(f"{title}: exit code {done.returncode}\n{done.stderr}")
        return {"inputs": 0, "refused": 0, "longest": 0.0, "failures": 1, "memory": 0.0}
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


@click.command(help=__doc__)
@click.option("--minutes", default=10.0, show_default=True, help="Time in all.")
@click.option("--target", "titles", multiple=True, type=click.Choice(list(TARGETS)))
@click.option("--seed", type=int, help="Start of the mutations.  [default: another each time]")
@click.option("--keep", type=click.Path(path_type=Path), default=Path("fuzz-failures"),
              show_default=True, help="Folder for the inputs that fail.")  # fmt: skip
@click.option("--replay", "kept", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Read this file once.")  # fmt: skip
@click.option("--child", is_flag=True, hidden=True)
def main(
    minutes: float,
    titles: tuple[str, ...],
    seed: int | None,
    keep: Path,
    kept: Path | None,
    child: bool,
) -> None:
    seed = secrets.randbelow(2**32) if seed is None else seed
    if kept or child:
        if len(titles) != 1:
            raise click.UsageError("--replay needs one --target")
        title = titles[0]
        with tempfile.TemporaryDirectory() as folder:
            if kept:
                replay(TARGETS[title], Path(folder), kept.read_bytes())
            else:
                found = attack(
                    TARGETS[title], Path(folder), seed=seed, seconds=minutes * 60, keep=keep
                )
                click.echo(json.dumps(found))
        return
    chosen = titles or tuple(TARGETS)
    seconds = minutes * 60 * min(WORKERS, len(chosen)) / len(chosen)
    click.echo(f"--seed {seed}")
    click.echo(ROW.format("parser", "inputs", "refused", "tracebacks", "MB more", "longest s"))
    total = dict.fromkeys(("inputs", "refused", "failures"), 0)
    with ThreadPoolExecutor(WORKERS) as pool:
        folders = [keep / title.replace("/", " ") for title in chosen]
        for place in folders:
            place.mkdir(parents=True, exist_ok=True)
        results = pool.map(lambda title, place: run(title, seed, seconds, place), chosen, folders)
        for title, found in zip(chosen, results, strict=True):
            click.echo(ROW.format(
                title, f"{found['inputs']:,}", f"{found['refused']:,}", found["failures"],
                f"{found['memory']:.0f}", f"{found['longest']:.2f}",
            ))  # fmt: skip
            total = {name: count + found[name] for name, count in total.items()}
    for place in (*folders, keep):
        if not any(place.iterdir()):
            place.rmdir()
    click.echo(ROW.format("all", f"{total['inputs']:,}", f"{total['refused']:,}",
                          total["failures"], "", ""))  # fmt: skip
    if total["failures"]:
        raise click.ClickException(f"the inputs that failed are in {keep}")


if __name__ == "__main__":
    main()
