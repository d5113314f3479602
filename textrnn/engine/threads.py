"""Compute on one BLAS thread: a limit that is set while it is needed, and then taken back.

A second BLAS thread only adds waiting to products as small as ours, and BLAS threads that wait
keep their core busy. Larger work is shared out among threads of our own instead: each takes whole
batches, so that the element-wise work between the products is shared out as well.

Most BLAS libraries have one number of threads for the whole process. Computations that overlap
therefore share one change of it: the first lowers the number, the last restores it. Hold the limit
while something is computed, and never across a `yield` to a caller.

One case stays open: other code that sets its own limit while ours holds, and takes it back after
ours has ended, restores the one thread that it found.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """A context in which NumPy's matrix products use one thread; any number may overlap or nest.

    Threads that are started inside enter a context of their own: the limit of some BLAS libraries
    is the calling thread's alone.
    """
    holder = object()
    try:
        _process.hold(holder)
        _thread.hold(holder)
        yield
    finally:
        try:
            _release(holder)
        except BaseException:  # an interrupt that comes just now
            _release(holder)
            raise


def parallel_map(
    function: Callable[[Item], Result], items: Sequence[Item], *, workers: int | None = None
) -> Iterator[Result]:
    """`function` of each of `items`, in their order: side by side, on one BLAS thread each.

    `workers` is how many to compute at a time, at most; None is one per core.
    """

    def compute(item: Item) -> Result:
        with one_blas_thread():
            return function(item)

    workers = min(os.cpu_count() or 1, workers or len(items), len(items))
    if workers <= 1:
        yield from map(compute, items)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(compute, items)


class _Limit:
    """The limit on some BLAS libraries, and who holds it.

    Every step may be cut short by an interrupt: `release` then finishes the work, and may be
    called again.
    """

    def __init__(self, scope: str) -> None:
        self._scope = scope
        # Of the kind that may be taken twice: a generator that holds the limit may be collected,
        # and so closed, at any time.
        self._lock = threading.RLock()
        self._holders: set[object] = set()
        self._lowered: list[tuple[Any, int]] = []  # libraries, and their threads before

    def hold(self, holder: object) -> None:
        """Lower the number of threads to 1, unless that is done."""
        libraries = _libraries()[self._scope]
        if not libraries:
            return
        with self._lock:
            self._holders.add(holder)
            if self._lowered:
                return
            for library in libraries:
                before = library.num_threads
                if before and before > 1:
                    self._lowered.append((library, before))
                    library.set_num_threads(1)

    def release(self, holder: object) -> None:
        """Restore the number of threads, unless somebody else holds the limit."""
        with self._lock:
            self._holders.discard(holder)
            while self._lowered and not self._holders:
                library, before = self._lowered[-1]
                if library.num_threads == 1:  # and nobody has set another number since
                    _take_control(library, before)
                del self._lowered[-1:]

    def after_fork(self) -> None:
        """Restore all in a child process, which has none of the threads that held the limit."""
        self._lock = threading.RLock()
        self._holders.clear()
        self.release(None)


class _ThreadLimit(threading.local, _Limit):
    """The same for libraries in which each thread has a limit of its own."""


_process, _thread = _Limit("process"), _ThreadLimit("thread")


def _release(holder: object) -> None:
    _process.release(holder)
    _thread.release(holder)


def _take_control(library: Any, threads: int) -> None:
    # From threadpoolctl 3.8 on, only the thread that set a limit first can set another, until it
    # gives the control up; others are ignored in silence. Ours may be restored by another thread.
    give_up = getattr(library, "clear_controlling_thread", None)
    if give_up:
        give_up(force=True)
    library.set_num_threads(threads)
    if give_up:
        give_up()


@cache
def _libraries() -> dict[str, list[Any]]:
    """The BLAS libraries by the scope of their limit; found once, for that takes a while."""
    import numpy as np  # noqa: F401  (loads its BLAS)
    from threadpoolctl import ThreadpoolController

    found: dict[str, list[Any]] = {"process": [], "thread": []}
    for library in ThreadpoolController().select(user_api="blas").lib_controllers:
        openmp = getattr(library, "threading_layer", None) == "openmp"
        found["thread" if openmp else "process"].append(library)
    return found


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_process.after_fork)
    os.register_at_fork(after_in_child=_thread.after_fork)
