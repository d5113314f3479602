"""Limit BLAS to one thread while we compute, then restore the former limit.

Our matrix products are too small for a second BLAS thread: it only adds waiting, and BLAS threads
that wait keep their core busy. Our own threads run larger work instead. Each takes whole batches,
so that the element-wise work between the products runs in parallel as well.

Most BLAS libraries have one thread count per process. Overlapping computations therefore share one
change of it: the first lowers the count, the last restores it. Hold the limit only while computing,
and never across a `yield` to a caller.

One case is not handled: other code sets its own limit while ours holds and removes it after ours
has ended. It then restores the single thread that it found.
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
    """A context in which NumPy's matrix products use one thread. Contexts may overlap or nest.

    Threads started inside must enter their own context: some BLAS libraries limit only the calling
    thread.
    """
    holder = object()
    try:
        _process.hold(holder)
        _thread.hold(holder)
        yield
    finally:
        try:
            _release(holder)
        except BaseException:  # an interrupt during the release
            _release(holder)
            raise


def parallel_map(
    function: Callable[[Item], Result], items: Sequence[Item], *, workers: int | None = None
) -> Iterator[Result]:
    """Yield `function(item)` for each item, in order; computed in parallel, one BLAS thread each.

    `workers` is the maximum number of parallel computations; None means one per core.
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
    """The limit on some BLAS libraries, and its current holders.

    An interrupt may stop any step. `release` then finishes the work, and may be called again.
    """

    def __init__(self, scope: str) -> None:
        self._scope = scope
        # Reentrant: garbage collection may close a generator that holds the limit at any time.
        self._lock = threading.RLock()
        self._holders: set[object] = set()
        self._lowered: list[tuple[Any, int]] = []  # libraries and their former thread counts

    def hold(self, holder: object) -> None:
        """Lower the number of threads to 1, unless it is lowered already."""
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
        """Restore the number of threads, unless another holder remains."""
        with self._lock:
            self._holders.discard(holder)
            while self._lowered and not self._holders:
                library, before = self._lowered[-1]
                if library.num_threads == 1:  # no other code has set another number since
                    _take_control(library, before)
                del self._lowered[-1:]

    def after_fork(self) -> None:
        """Restore all limits in a child process, where the threads that held them do not exist."""
        self._lock = threading.RLock()
        self._holders.clear()
        self.release(None)


class _ThreadLimit(threading.local, _Limit):
    """A limit for libraries that keep one thread count per calling thread."""


_process, _thread = _Limit("process"), _ThreadLimit("thread")


def _release(holder: object) -> None:
    _process.release(holder)
    _thread.release(holder)


def _take_control(library: Any, threads: int) -> None:
    # Since threadpoolctl 3.8 only the thread that set a limit can change it, until it gives up
    # control; calls from other threads are silently ignored. Another thread may restore ours.
    give_up = getattr(library, "clear_controlling_thread", None)
    if give_up:
        give_up(force=True)
    library.set_num_threads(threads)
    if give_up:
        give_up()


@cache
def _libraries() -> dict[str, list[Any]]:
    """The BLAS libraries by scope of their limit; cached, because finding them is slow."""
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
