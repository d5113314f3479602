#!/usr/bin/env python
"""Kill trainings at every step that changes the disk, and at random moments; resume and compare.

    scripts/fuzz/kills.py [--task generator] [--kills 100]

For each kind of task: a small training that saves a checkpoint after every training step is killed
(SIGKILL) before the first, the second, ... call of mkdir, fsync, replace, rename, unlink or
rmdir, and --kills times at a random moment. After each kill the model must load, if an epoch had
ended, and the run is resumed to its end. Its losses and weights must be those of a run that was
never killed (to 1e-6); nothing else may be left beside the model.

The table shows the kills at such a call, those at a random moment, and the runs among them that
ended exactly like the run that was never killed. Exit code 1 if one differs.
"""

import csv
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import numpy as np

from textrnn.artifacts import registry
from textrnn.data.corpora import Corpus
from textrnn.data.labelled import LabelledTexts
from textrnn.data.unlabelled import UnlabelledTexts
from textrnn.errors import TextRNNError, TrainingError
from textrnn.training.observer import TIMES

CALLS = ("mkdir", "fsync", "replace", "rename", "unlink", "rmdir")
TOLERANCE = 1e-6
CORPUS = Corpus.from_text("Who knocks so late? A lantern swings below the bridge.\n" * 12)
REVIEWS = ["a good film", "a bad film", "good, very good", "bad and dull", "it was bad"] * 8
LABELS = np.array([1, 0, 1, 0, 0] * 8, np.int32)
SMALL = {"units": 3, "layers": 1, "embedding_dim": 2, "checkpoint_seconds": 0.0, "epochs": 2}
GENERATOR = {**SMALL, "window": 16, "batch_size": 8, "sample_length": 0}
CLASSIFIER = {**SMALL, "batch_size": 16, "min_count": 1}
PRETRAINED = {**CLASSIFIER, "pretraining.epochs": 2, "pretraining.batch_size": 4,
              "pretraining.window": 8, "pretraining.validation": 0.2}  # fmt: skip

Train = Callable[[Path, bool], Any]  # (output, whether to resume)


def _generator(output: Path, resume: bool) -> Any:
    from textrnn.training.tasks.generator import train_generator

    return train_generator(CORPUS, output, settings={} if resume else GENERATOR, resume=resume)


def _reviews() -> LabelledTexts:
    return LabelledTexts.of(REVIEWS, LABELS, ("bad", "good"), ("reviews.csv",))


def _classifier(output: Path, resume: bool) -> Any:
    from textrnn.training.tasks.classifier import train_classifier

    settings = {} if resume else CLASSIFIER
    return train_classifier(_reviews(), output, settings=settings, resume=resume)


def _pretrained(output: Path, resume: bool) -> Any:
    from textrnn.training.tasks.classifier import train_classifier

    more = UnlabelledTexts.of(["the film was long", "a dull film it was"] * 20, ("more.txt",))
    settings = {} if resume else PRETRAINED
    return train_classifier(_reviews(), output, settings=settings, pretrain=more, resume=resume)


TASKS: dict[str, Train] = {
    "generator": _generator,
    "classifier": _classifier,
    "language_model": _pretrained,  # the pretraining of a classifier, and then the classifier
}


def fork(work: Callable[[], object]) -> int:
    """Run `work` in a copy of this process, and return its process id."""
    process = os.fork()
    if process:
        return process
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def wait(process: int) -> int:
    """The exit code of a process; -9 if it was killed."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def die_at(number: int) -> None:
    """SIGKILL this process at the call with this number, counted from 1, that changes the disk."""
    calls = 0

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return call

    for name in CALLS:
        setattr(os, name, counted(getattr(os, name)))


def train(task: Train, output: Path) -> None:
    """Resume the training, or start it if it had not begun."""
    try:
        task(output, True)
    except TrainingError as error:
        if "there is no run to resume" not in str(error):
            raise
        task(output, False)


def history(folder: Path) -> list[dict[str, float]]:
    """The rows of a run's history without its times."""
    with (folder / "run" / "history.csv").open(encoding="utf-8") as file:
        return [
            {name: float(value or "nan") for name, value in row.items() if name not in TIMES}
            for row in csv.DictReader(file)
        ]


def same(one: Path, other: Path) -> bool:
    """Whether two trainings gave the same losses and weights, to TOLERANCE."""
    rows = [history(one), history(other)]
    if [list(row) for row in rows[0]] != [list(row) for row in rows[1]]:
        return False
    values = [np.array([list(row.values()) for row in part]) for part in rows]
    weights = [registry.load(folder).weights for folder in (one, other)]
    return np.allclose(values[0], values[1], rtol=0, atol=TOLERANCE, equal_nan=True) and all(
        np.allclose(array, weights[1][name], rtol=0, atol=TOLERANCE)
        for name, array in weights[0].items()
    )


def check(task: Train, whole: Path, output: Path) -> bool:
    """Whether the model loads after a kill, and the resumed run ends like `whole`."""
    for folder in (output, output / "pretrain"):
        if (folder / "run" / "history.csv").exists():
            try:
                registry.load(folder)
            except TextRNNError:
                traceback.print_exc()
                return False
    if wait(fork(lambda: train(task, output))):
        return False
    names = sorted(path.name for path in output.parent.iterdir())
    return names == [output.name] and same(whole, output)


def attempt(task: Train, whole: Path, number: int = 0, delay: float = 0.0) -> bool | None:
    """Kill a training at a call or after a delay in seconds; None if it had ended before."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "model")

        def doomed() -> None:
            sys.stderr = open(os.devnull, "w")  # noqa: SIM115 # until the process is killed
            if number:
                die_at(number)
            train(task, output)

        process = fork(doomed)
        if not number:
            time.sleep(delay)
            os.kill(process, signal.SIGKILL)
        if wait(process) != -signal.SIGKILL:
            return None
        return check(task, whole, output)


def _show(name: str, found: Sequence[bool]) -> None:
    """Progress on stderr, once in 25 kills."""
    if len(found) % 25 == 0:
        click.echo(f"{name}: {len(found)} kills, {sum(found)} the same", err=True)


@click.command(help=__doc__)
@click.option(
    "--task", "names", multiple=True, type=click.Choice(list(TASKS)), help="Default: all."
)
@click.option("--kills", default=100, show_default=True, help="Kills at random moments, per task.")
@click.option("--every", default=1, show_default=True, help="Kill only at each of so many calls.")
@click.option("--seed", default=0, show_default=True, help="Start of the random moments.")
def main(names: Sequence[str], kills: int, every: int, seed: int) -> None:
    for name in ("generator", "classifier"):  # once, before the first fork
        import_module(f"textrnn.training.tasks.{name}")
    rng, failed = random.Random(seed), 0
    click.echo(f"{'task':<16} {'at a call':>10} {'random':>8} {'the same':>9}")
    for name in names or TASKS:
        task, folder = TASKS[name], Path(tempfile.mkdtemp())
        started = time.monotonic()
        if wait(fork(lambda task=task, folder=folder: task(folder / "whole", False))):  # type: ignore[misc]
            raise click.ClickException(f"the {name} cannot be trained at all")
        seconds = time.monotonic() - started
        at_calls: list[bool] = []
        number = 1
        while (found := attempt(task, folder / "whole", number=number)) is not None:
            at_calls.append(found)
            _show(name, at_calls)
            number += every
        at_random: list[bool] = []
        while len(at_random) < kills:
            found = attempt(task, folder / "whole", delay=rng.uniform(0, seconds))
            if found is not None:
                at_random.append(found)
                _show(name, at_random)
        good, all_ = sum(at_calls + at_random), len(at_calls) + len(at_random)
        failed += all_ - good
        click.echo(f"{name:<16} {len(at_calls):>10} {len(at_random):>8} {f'{good}/{all_}':>9}")
        shutil.rmtree(folder)
    if failed:
        raise click.ClickException(f"{failed} runs did not end like the run never killed")


if __name__ == "__main__":
    main()
