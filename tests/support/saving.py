"""Helpers for tests of saving: hooks before every step of a save, and snapshots of a folder."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from support.models import tiny_model
from textrnn.artifacts.base import Artifact

STEPS = ("mkdir", "rename", "replace", "fsync", "unlink", "rmdir")
MOST = 40  # more steps than a save takes


class Killed(BaseException):
    """Stands for SIGKILL: no handler of the package catches it."""


def before_every_step(monkeypatch, look: Callable[[], None]) -> None:
    """Call `look` before each call that changes the disk."""

    def watched(function):
        def call(*args, **kwargs):
            look()
            return function(*args, **kwargs)

        return call

    for name in STEPS:
        monkeypatch.setattr(os, name, watched(getattr(os, name)))


def die_before_step(monkeypatch, number: int) -> None:
    """Neither the step with that number nor any later one happens."""
    calls = 0

    def look():
        nonlocal calls
        calls += 1
        if calls > number:  # a dead process makes no further calls
            raise Killed

    before_every_step(monkeypatch, look)


def tree(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Everything below `folder`, with the numbers that change if it is modified or replaced."""
    return {
        str(path.relative_to(folder)): (stat.st_ino, stat.st_size, stat.st_mtime_ns)
        for path in [folder, *folder.rglob("*")]
        for stat in [path.lstat()]
    }


def marked_model(seed: int) -> Artifact:
    """A model with the fewest possible weights; all of its files depend on the seed."""
    model = tiny_model(seed=seed, units=1 + seed % 3, text="ab"[: 1 + seed % 2] + "\n")
    return replace(model, metadata={"seed": seed}, card=f"# {seed}\n")


def seed_of(loaded: Artifact) -> int:
    """The seed of a marked model; AssertionError if its files have different seeds."""
    seed = loaded.metadata["seed"]
    model = marked_model(seed)
    assert loaded.card == model.card
    assert loaded.config == model.config
    assert loaded.tokenizer.characters == model.tokenizer.characters
    assert same_weights(loaded, model)
    return seed


def same_weights(left, right) -> bool:
    return left.weights.keys() == right.weights.keys() and all(
        np.array_equal(left.weights[name], right.weights[name]) for name in left.weights
    )
