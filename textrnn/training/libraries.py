"""Import TensorFlow without its log messages. Importing this module does not import it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from textrnn.errors import needs_extra


@contextmanager
def quiet_libraries() -> Iterator[None]:
    """Discard what native code writes to stderr; real errors are also raised."""
    try:
        saved = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


def import_tensorflow(purpose: str) -> None:
    """Import TensorFlow without its log messages.

    MissingExtraError if it is not installed: says what to install for `purpose`.
    """
    with needs_extra(purpose):
        _start_tensorflow()


@cache
def _start_tensorflow() -> None:
    # Silences later native logs, in the middle of a run; set the variable to see them.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow logs the hardware on import and at the first operation, XLA at the first
    # compilation. Users need to see samples and losses only.
    with quiet_libraries():
        import tensorflow as tf

        from textrnn.models.layers.recurrent import GRU

        GRU(1)(tf.zeros((1, 1, 1)))
