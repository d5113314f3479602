"""The output folder of a training: one writer at a time, and nothing overwritten."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from textrnn.artifacts import folders, locks
from textrnn.errors import TrainingError, cannot_write
from textrnn.training import checkpoints
from textrnn.training.observer import Observer

MARK = ".textrnn-"  # in the names of locks and of incomplete files


@contextmanager
def sole_writer(output: Path, observer: Observer) -> Iterator[None]:
    """Lock `output` against other trainings and saves, and recover from an interrupted save there.

    TrainingError if another training or save holds the lock, or if it cannot be written. The lock
    is reentrant within a thread: pretraining is a part of a classifier's training.
    """
    with ExitStack() as stack:
        try:
            guarded = stack.enter_context(locks.hold(output))
        except BlockingIOError as error:
            raise TrainingError(
                f"another training or save is writing to {output}; wait until it has ended, or "
                f"choose another -o"
            ) from error
        except (OSError, RuntimeError) as error:  # RuntimeError: circular links
            raise TrainingError(cannot_write(output, error)) from error
        if not guarded:
            observer.notice(
                f"the file system of {output} has no locks: start no second training there"
            )
        for notice in folders.recover(output):
            observer.notice(notice)
        yield


def has_started(output: Path) -> bool:
    """Whether `output` holds a model or its run; a classifier's pretraining alone is neither."""
    return checkpoints.path(output / "run").exists() or (output / "config.json").exists()


def check_free(output: Path, beside: Collection[str] = ()) -> None:
    """TrainingError unless a new run may use the folder `output`; it may already hold `beside`."""
    if not output.exists():
        return
    if not output.is_dir():
        raise TrainingError(f"{output} is a file; name a new folder with -o")
    if has_started(output):
        raise TrainingError(
            f"{output} already holds a model or a run; add --resume (in Python resume=True) to "
            f"continue it, or choose another folder"
        )
    others = {entry.name for entry in output.iterdir()} - {"run", *beside}
    if any(MARK not in name for name in others):  # a killed training leaves its own hidden files
        raise TrainingError(f"{output} holds other files; choose a new folder with -o")
