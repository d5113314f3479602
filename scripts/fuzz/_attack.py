"""Feed mutations of a good file to one parser, and count what happens."""

import random
import resource
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path
from types import FrameType
from typing import Any

from _mutations import mutate
from _targets import Target

from textrnn.errors import TextRNNError

MOST_SECONDS = 10  # for one input
CURRENT = "current"  # name of the input that is being read


class TooSlow(BaseException):
    """An input takes longer than MOST_SECONDS; no handler of the package catches it."""


def _too_slow(signal_number: int, frame: FrameType | None) -> None:
    raise TooSlow


def write(target: Target, data: bytes, folder: Path, original: Path) -> Path:
    """An empty `folder` with the files of `original`, and `data` as the target's file."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(original, folder)
    (folder / target.name).write_bytes(data)
    return folder / target.name


def prepare(target: Target, folder: Path) -> tuple[bytes, Path]:
    """A good file, and the folder with the files around it."""
    original = folder / "original"
    original.mkdir(parents=True)
    data = target.content(folder)
    if (folder / "model").is_dir():
        shutil.copytree(folder / "model", original, dirs_exist_ok=True)
    return data, original


def attack(
    target: Target, folder: Path, *, seed: int, seconds: float, keep: Path, most: int = sys.maxsize
) -> dict[str, Any]:
    """Feed mutations to `target` for some `seconds`, at most `most` of them.

    The inputs that fail go to the folder `keep`. Returns the numbers of inputs, of refused ones
    and of failures, the longest time in seconds, and the memory in MB above that of a good file.
    """
    signal.signal(signal.SIGALRM, _too_slow)
    data, original = prepare(target, folder)
    target.read(write(target, data, folder / "attack", original))  # a good file is read
    rng, end = random.Random(seed), time.monotonic() + seconds
    found = {"inputs": 0, "refused": 0, "longest": 0.0, "failures": 0}
    memory = _peak()
    while found["inputs"] < most and time.monotonic() < end:
        content = mutate(data, rng, target.structure)
        path = write(target, content, folder / "attack", original)
        (keep / CURRENT).write_bytes(content)  # if the process dies
        found["inputs"] += 1
        started = time.monotonic()
        try:
            signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
            target.read(path)
        except TextRNNError:
            found["refused"] += 1
        except (Exception, TooSlow):
            found["failures"] += 1
            name = keep / f"{target.name}-{found['failures']}"
            name.write_bytes(content)
            name.with_name(f"{name.name}.traceback").write_text(traceback.format_exc())
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        found["longest"] = max(found["longest"], time.monotonic() - started)
    (keep / CURRENT).unlink(missing_ok=True)
    return {**found, "memory": (_peak() - memory) / 1e6}


def replay(target: Target, folder: Path, data: bytes) -> None:
    """Read `data` as the file of `target` once."""
    _, original = prepare(target, folder)
    target.read(write(target, data, folder / "attack", original))


def _peak() -> float:
    """The peak of the process's memory in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
