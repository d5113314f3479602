"""The limit of one BLAS thread holds during every computation and ends with the last one."""

import ast
import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.classifiers import LETTERS, random_classifier
from support.generators import token_model
from support.models import random_weights, tiny_model
from threadpoolctl import ThreadpoolController, threadpool_limits

from textrnn.artifacts.language_model import LanguageModelArtifact
from textrnn.config.generator import GeneratorConfig
from textrnn.config.language_model import weight_shapes
from textrnn.config.text import ClassifierTextConfig
from textrnn.engine import language_model, packing, threads
from textrnn.engine.cells import Layer
from textrnn.engine.classification import Predictor
from textrnn.engine.generation import generate, stream
from textrnn.engine.generator import build_network
from textrnn.engine.language_model import score as score_of
from textrnn.engine.threads import one_blas_thread, parallel_map
from textrnn.evaluation.language_modelling import cold, streamed

LIBRARIES = ThreadpoolController().select(user_api="blas").lib_controllers
pytestmark = pytest.mark.skipif(not LIBRARIES, reason="no BLAS here whose threads can be set")


def blas_threads() -> list[int]:
    return [library.num_threads for library in LIBRARIES]


def set_threads(count: int) -> None:
    for library in LIBRARIES:
        library.set_num_threads(count)
        give_up_control(library)


def give_up_control(library: Any) -> None:
    # Since threadpoolctl 3.8 calls of other threads are ignored until the owner gives up control.
    if hasattr(library, "clear_controlling_thread"):
        library.clear_controlling_thread(force=True)


ONE, SEVERAL = [1] * len(LIBRARIES), [3] * len(LIBRARIES)


@pytest.fixture(autouse=True)
def _several_threads() -> Iterator[None]:
    """Use several BLAS threads, even on one core; each test must restore them."""
    before = blas_threads()
    set_threads(3)
    yield
    after = blas_threads()
    set_threads(before[0])
    assert after == SEVERAL


@contextmanager
def caller_threads(count: int) -> Iterator[list[Callable[..., Any]]]:
    """`count` threads, each as a function that calls a function in that thread."""
    with ExitStack() as stack:
        pools = [stack.enter_context(ThreadPoolExecutor(1)) for _ in range(count)]
        yield [lambda function, pool=pool: pool.submit(function).result() for pool in pools]


# ---- the context --------------------------------------------------------------------------------


def test_the_limit_holds_inside_nested_contexts_and_ends_outside():
    with one_blas_thread():
        assert blas_threads() == ONE
        with one_blas_thread():
            assert blas_threads() == ONE
        assert blas_threads() == ONE
    assert blas_threads() == SEVERAL


def test_an_error_inside_ends_the_limit():
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError
    assert blas_threads() == SEVERAL


@settings(max_examples=50)
@given(schedule=st.lists(st.integers(0, 3), max_size=30))
def test_overlapping_contexts_hold_the_limit_until_the_last_has_ended(schedule):
    """Each number is a thread that enters a context, or leaves the one that it is in."""
    inside: dict[int, Any] = {}
    with caller_threads(4) as run:
        for caller in [*schedule, *(one for one in range(4) if schedule.count(one) % 2)]:
            if context := inside.pop(caller, None):
                run[caller](lambda context=context: context.__exit__(None, None, None))
            else:
                inside[caller] = one_blas_thread()
                run[caller](inside[caller].__enter__)
            assert blas_threads() == (ONE if inside else SEVERAL)


def test_a_thread_that_ends_first_does_not_keep_the_last_from_restoring():
    first, last = one_blas_thread(), one_blas_thread()
    thread = threading.Thread(target=first.__enter__)
    thread.start()
    thread.join()
    with last:
        first.__exit__(None, None, None)
        assert blas_threads() == ONE
    assert blas_threads() == SEVERAL


def test_others_can_set_limits_of_their_own_afterwards():
    with caller_threads(2) as (one, other):
        one(one_blas_thread().__enter__)
        # Garbage collection of the context ends it.
        gc.collect(1)
        assert blas_threads() == SEVERAL

        def limited_counts() -> list[int]:
            with threadpool_limits(2, "blas"):
                return blas_threads()

        assert other(limited_counts) == [2] * len(LIBRARIES)


@pytest.mark.parametrize("first_out", ["ours", "theirs"])
def test_a_limit_that_other_code_sets_meanwhile_is_kept(first_out):
    with one_blas_thread():
        set_threads(2)
        if first_out == "theirs":
            set_threads(3)
    assert blas_threads() == ([2] * len(LIBRARIES) if first_out == "ours" else SEVERAL)
    set_threads(3)


@pytest.mark.parametrize(
    ("ours_starts_first", "ours_ends_first"),
    # Not covered: their limit starts inside ours and outlives it, then restores 1.
    [(True, False), (False, True), (False, False)],
)
@pytest.mark.skipif(
    bool(LIBRARIES) and not hasattr(LIBRARIES[0], "clear_controlling_thread"),
    reason="before threadpoolctl 3.8 limits in two threads disturb each other",
)
def test_the_callers_own_limit_in_another_thread_is_restored_too(
    ours_starts_first, ours_ends_first
):
    ours, theirs = one_blas_thread(), ExitStack()
    with caller_threads(2) as (one, other):
        start_steps = [
            lambda: one(ours.__enter__),
            lambda: other(lambda: theirs.enter_context(threadpool_limits(2, "blas"))),
        ]
        end_steps = [
            lambda: one(lambda: ours.__exit__(None, None, None)),
            lambda: other(theirs.close),
        ]
        for step in start_steps[:: 1 if ours_starts_first else -1]:
            step()
        for step in end_steps[:: 1 if ours_ends_first else -1]:
            step()
    assert blas_threads() == SEVERAL


def test_an_interrupt_at_any_line_leaves_no_limit():
    """Ctrl-C may come at any line of the module, also while the limit is set or restored.

    Python checks for no signal at two kinds of lines: the start of a `try` and the end of a `with`.
    """
    source = Path(threads.__file__).read_text(encoding="utf-8")
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.With | ast.Try)]
    never = {node.lineno for node in nodes}
    interrupted = 0
    for at in range(1000):
        seen = 0

        def trace(frame: Any, event: str, _argument: Any, at: int = at) -> Any:
            nonlocal seen
            if frame.f_code.co_filename != threads.__file__:
                return None
            if event == "call" or (event == "line" and frame.f_lineno not in never):
                seen += 1
                if seen == at + 1:
                    raise KeyboardInterrupt
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            with one_blas_thread():
                pass
        except KeyboardInterrupt:
            interrupted += 1
        finally:
            sys.settrace(before)
        assert blas_threads() == SEVERAL, f"after an interrupt at line {at} of the run"
        if seen <= at:
            break
    assert interrupted == at > 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_process_forked_inside_has_no_limit_and_can_set_one():
    code = """
import os, threading, warnings
import numpy
from threadpoolctl import ThreadpoolController
from textrnn.engine.threads import one_blas_thread
library = ThreadpoolController().select(user_api="blas").lib_controllers[0]
library.set_num_threads(3)
if hasattr(library, "clear_controlling_thread"):
    library.clear_controlling_thread()
inside, done = threading.Event(), threading.Event()
def hold():
    with one_blas_thread():
        inside.set()
        done.wait()
thread = threading.Thread(target=hold)
thread.start()
inside.wait()
assert library.num_threads == 1
warnings.simplefilter("ignore")  # this test forks with threads on purpose
child = os.fork()
if not child:
    found = [library.num_threads]
    with one_blas_thread():
        found.append(library.num_threads)
    found.append(library.num_threads)
    os._exit(found != [3, 1, 3])
status = os.waitpid(child, 0)[1]
done.set()
thread.join()
assert library.num_threads == 3
assert status == 0
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


class OwnLibrary:
    """A BLAS with one thread count per calling thread, as with OpenMP."""

    threading_layer = "openmp"

    def __init__(self) -> None:
        self._own = threading.local()

    @property
    def num_threads(self) -> int:
        return getattr(self._own, "count", 4)

    def set_num_threads(self, count: int) -> None:
        self._own.count = count


@settings(max_examples=30)
@given(schedule=st.lists(st.integers(0, 2), max_size=20))
def test_with_one_limit_per_thread_no_thread_changes_another(schedule):
    library = OwnLibrary()
    with pytest.MonkeyPatch.context() as patch, caller_threads(3) as run:
        patch.setattr(threads, "_libraries", lambda: {"process": [], "thread": [library]})
        inside: dict[int, Any] = {}
        for caller in [*schedule, *(one for one in range(3) if schedule.count(one) % 2)]:
            if context := inside.pop(caller, None):
                run[caller](lambda context=context: context.__exit__(None, None, None))
            else:
                inside[caller] = one_blas_thread()
                run[caller](inside[caller].__enter__)
            counts = [call(lambda: library.num_threads) for call in run]
            assert counts == [1 if one in inside else 4 for one in range(3)]


# ---- parallel work ------------------------------------------------------------------------------


@pytest.mark.parametrize("cores", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 40])
def test_a_parallel_map_is_a_map_on_one_blas_thread(count, cores, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    found = list(parallel_map(lambda item: (item * item, blas_threads()), range(count)))
    assert found == [(item * item, ONE) for item in range(count)]
    assert list(parallel_map(str, range(count), workers=2)) == list(map(str, range(count)))


@pytest.mark.parametrize("cores", [1, 2])
def test_a_parallel_map_that_is_closed_or_fails_leaves_no_limit(cores, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    results = parallel_map(lambda item: 1 // (3 - item), range(9))
    assert next(results) == 0
    results.close()
    assert blas_threads() == SEVERAL
    with pytest.raises(ZeroDivisionError):
        list(parallel_map(lambda item: 1 // (3 - item), range(9)))
    assert blas_threads() == SEVERAL


# ---- computations -------------------------------------------------------------------------------

LETTER_MODEL, OTHER_MODEL, WORD_MODEL = tiny_model(), tiny_model("gru", seed=1), token_model("word")
CLASSIFIER = random_classifier(units=7)
IDS = np.random.default_rng(0).integers(0, 27, 3000).astype(LETTER_MODEL.tokenizer.dtype)
TEXTS = [
    " ".join(np.random.default_rng(seed).choice(LETTERS, 1 + 7 * seed % 60)) for seed in range(90)
]


def score_words() -> dict[str, float]:
    config = GeneratorConfig(vocab_size=40, units=6, embedding_dim=5, layers=1, residual=False)
    weights = random_weights(config, shapes=weight_shapes)
    return score_of(
        LanguageModelArtifact(
            config=config, text=ClassifierTextConfig(), tokenizer=None, weights=weights
        ),
        IDS,
    )


WORK: dict[str, Callable[[], Any]] = {
    "stream": lambda: "".join(stream(LETTER_MODEL, length=150, seed=1)),
    "a stream with a stop text": lambda: "".join(
        stream(OTHER_MODEL, length=150, seed=1, stop=["ab"])
    ),
    "one sample": lambda: generate(OTHER_MODEL, length=150, seed=2),
    "samples": lambda: generate(LETTER_MODEL, length=60, seed=3, count=5),
    "samples of words": lambda: generate(WORD_MODEL, length=60, seed=3, count=3),
    "cold": lambda: cold(build_network(LETTER_MODEL), IDS, window=10),
    "streamed": lambda: streamed(build_network(OTHER_MODEL), IDS),
    "language model": score_words,
    "one text": lambda: Predictor(CLASSIFIER).predict(TEXTS[8:9]),
    "texts": lambda: Predictor(CLASSIFIER).predict(TEXTS),
}  # fmt: skip


@pytest.mark.parametrize("cores", [1, 3])
@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_every_computation_uses_one_blas_thread(work, cores, monkeypatch):
    found, step = [], Layer.step

    def watched(self: Layer, hidden: Any) -> Callable[[Any], Any]:
        compute = step(self, hidden)

        def watched_step(products: Any) -> Any:
            found.append(blas_threads())
            return compute(products)

        return watched_step

    monkeypatch.setattr(Layer, "step", watched)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    work()
    assert found and all(counts == ONE for counts in found)


def test_the_softmax_of_a_language_model_uses_one_blas_thread(monkeypatch):
    found, compare = [], language_model._compare

    def watched(model: LanguageModelArtifact, vectors: Any, targets: Any) -> Any:
        for span in compare(model, vectors, targets):
            found.append(blas_threads())
            yield span

    monkeypatch.setattr(language_model, "_compare", watched)
    score_words()
    assert found and all(counts == ONE for counts in found)


def test_parallel_computations_give_the_results_of_single_ones(monkeypatch):
    monkeypatch.setattr(packing, "BATCH_TEXTS", 4)
    alone = {name: work() for name, work in WORK.items()}
    tasks = [*WORK.items()] * 6
    for workers in (2, 7):
        with ThreadPoolExecutor(workers) as pool:
            found = pool.map(lambda task: (task[0], task[1]()), tasks)
            assert all(result == alone[name] for name, result in found)
        assert blas_threads() == SEVERAL


def test_interleaved_streams_give_the_text_of_single_ones_and_hold_no_limit():
    calls = [(LETTER_MODEL, 1), (OTHER_MODEL, 2), (WORD_MODEL, 3)]
    alone = ["".join(stream(model, length=50, seed=seed)) for model, seed in calls]
    streams = [stream(model, length=50, seed=seed) for model, seed in calls]
    texts = ["", "", ""]
    for _ in range(50):
        for index, one in enumerate(streams):
            texts[index] += next(one)
            assert blas_threads() == SEVERAL
    assert texts == alone


@pytest.mark.parametrize("yielded", [0, 1, 16, 20])
def test_a_stream_that_is_abandoned_leaves_no_limit(yielded):
    for abandon in (lambda one: one.close(), lambda one: None):
        one: Any = stream(LETTER_MODEL, length=60, seed=0)
        for _ in range(yielded):
            next(one)
        abandon(one)
        del one
        gc.collect(1)
        assert blas_threads() == SEVERAL


def test_an_error_in_the_middle_of_a_stream_leaves_no_limit(monkeypatch):
    written = stream(LETTER_MODEL, length=60, seed=0)
    next(written)
    monkeypatch.setattr("textrnn.engine.generation.draw", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        list(written)
    assert blas_threads() == SEVERAL
