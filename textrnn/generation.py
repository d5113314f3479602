"""Join a trained model and the sampler: a prime goes in, text comes out, character by character.

Every product runs on one BLAS thread: a second one only adds waiting to products this small. Many
samples run as rows of a batch, split among threads of our own, so that the element-wise work
between the products is shared out as well.
"""

import os
import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from itertools import islice, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from textrnn.artifact import Artifact
from textrnn.config import SamplingConfig
from textrnn.errors import ConfigError
from textrnn.forward import Network
from textrnn.sampling import draw, probabilities, uniforms
from textrnn.tokenizers import Ids, Unknown

# A network this size has forgotten what stands further back; a longer prime is cut to its end.
LONGEST_PRIME = 10_000
BURST = 16  # characters computed at a time, so that no setting is changed while the caller runs
# Multiplications of a product that are worth a thread; below, threads wait for one another.
WORK_A_THREAD = 2**21


def fresh_seed() -> int:
    """A seed nobody chose, short enough to type again."""
    return secrets.randbelow(2**31)


def opening(model: Artifact) -> str:
    """What a sample begins after when nobody gives a prime: a line end, where it is known."""
    return "\n" if "\n" in model.tokenizer.characters else model.tokenizer.characters[0]


def stream(
    model: Artifact,
    prime: str = "\n",
    length: int = 400,
    *,
    sampling: SamplingConfig | None = None,
    seed: int | None = None,
    stop: Sequence[str] = (),
    unknown: Unknown = "error",
) -> Iterator[str]:
    """Continue `prime` by up to `length` characters, given one at a time (the prime is not).

    Ends early before the first text of `stop` to be complete, which is not given either. The
    same seed gives the same text; none draws one. Characters of the prime that the model never
    saw are a TokenizerError, or with `unknown="skip"` are left out. ConfigError on a bad setting,
    at the call and not at the first character.
    """
    ids = check_call(model, prime, length, seed, stop, unknown)
    sampling = sampling or SamplingConfig()
    return _stream(model, ids, length, sampling, fresh_seed() if seed is None else seed, stop)


def generate(
    model: Artifact,
    prime: str = "\n",
    length: int = 400,
    *,
    count: int = 1,
    sampling: SamplingConfig | None = None,
    seed: int | None = None,
    stop: Sequence[str] = (),
    unknown: Unknown = "error",
) -> list[str]:
    """Write `count` continuations of `prime` in one batched pass; the rest is as for `stream`.

    Sample i draws from its own generator, the child i of `seed`: it is the same however many
    samples there are, up to the rounding of batched products.
    """
    ids = check_call(model, prime, length, seed, stop, unknown)
    if count < 1:
        raise ConfigError(f"count must be 1 or more, got {count}")
    sampling = sampling or SamplingConfig()
    seed = fresh_seed() if seed is None else seed
    if count == 1:
        return ["".join(_stream(model, ids, length, sampling, seed, stop))]
    rows = np.empty((count, length), dtype=model.tokenizer.dtype)
    steps = _ids(model.network(), ids, length, sampling, seed, count)
    texts: list[str | None] = [None] * count
    reach = max(map(len, stop), default=0)
    for step, column in enumerate(steps):
        rows[:, step] = column
        if stop:
            for row in (row for row in range(count) if texts[row] is None):
                # A stop text can only have ended just now: look at the last few characters.
                start = max(0, step + 1 - reach)
                tail = model.tokenizer.decode(rows[row, start : step + 1])
                found = [at for text in stop if (at := tail.find(text)) >= 0]
                if found:
                    texts[row] = model.tokenizer.decode(rows[row, : start + min(found)])
            if all(text is not None for text in texts):
                break
    return [
        model.tokenizer.decode(row) if text is None else text
        for row, text in zip(rows, texts, strict=True)
    ]


def check_call(
    model: Artifact,
    prime: str,
    length: int,
    seed: int | None,
    stop: Sequence[str],
    unknown: Unknown,
) -> Ids:
    """The ids of the prime, after checking what `stream` and `generate` are called with."""
    if length < 0:
        raise ConfigError(f"length must be 0 or more, got {length}")
    if seed is not None and seed < 0:
        raise ConfigError(f"seed must be 0 or more, got {seed}")
    if not all(stop):
        raise ConfigError("a stop text must have at least one character")
    ids = model.tokenizer.encode(prime, unknown=unknown)
    if not len(ids):
        if "\n" not in model.tokenizer.characters:
            raise ConfigError(
                "the prime is empty and this model knows no line end to begin after; "
                "give --prime a text to continue"
            )
        ids = model.tokenizer.encode("\n")
    return ids[-LONGEST_PRIME:]


def _stream(
    model: Artifact,
    ids: Ids,
    length: int,
    sampling: SamplingConfig,
    seed: int,
    stop: Sequence[str],
) -> Iterator[str]:
    characters = model.tokenizer.characters
    steps = _ids(model.network(), ids, length, sampling, seed)
    written = (characters[column[0]] for column in steps)
    return until(written, stop) if stop else written


def until(characters: Iterator[str], stop: Sequence[str]) -> Iterator[str]:
    """Pass characters on up to the first text of `stop` to be complete.

    What may be the beginning of a stop text is held back until it is known not to be.
    """
    held = ""
    for character in characters:
        held += character
        found = [at for text in stop if (at := held.find(text)) >= 0]
        if found:
            yield from held[: min(found)]
            return
        keep = max(_overlap(held, text) for text in stop)
        yield from held[: len(held) - keep]
        held = held[len(held) - keep :]
    yield from held


def _overlap(text: str, stop: str) -> int:
    # Characters at the end of `text` that begin `stop`.
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)


def one_blas_thread() -> AbstractContextManager[Any]:
    """A context in which NumPy's matrix products use one thread."""
    return ThreadpoolController().limit(limits=1, user_api="blas")


def _ids(
    network: Network, prime: Ids, length: int, sampling: SamplingConfig, seed: int, count: int = 1
) -> Iterator[npt.NDArray[Any]]:
    """`length` times the next ids (count,)."""
    work = count * network.config.units**2
    threads = max(1, min(os.cpu_count() or 1, count, work // WORK_A_THREAD))
    starts = [count * index // threads for index in range(threads + 1)]
    groups = [
        _steps(network, prime, sampling, seed, start, end - start)
        for start, end in pairwise(starts)
    ]
    blas = ThreadpoolController().select(user_api="blas")
    with ThreadPoolExecutor(threads) as pool:
        run = map if threads == 1 else pool.map
        for start in range(0, length, BURST):
            bursts = (islice(group, min(BURST, length - start)) for group in groups)
            with blas.limit(limits=1):
                columns = list(run(list, bursts))
            yield from map(np.concatenate, zip(*columns, strict=True))


def _steps(
    network: Network, prime: Ids, sampling: SamplingConfig, seed: int, first: int, count: int
) -> Iterator[npt.NDArray[Any]]:
    """The next ids (count,) of the samples from `first` on, for ever."""
    state = network.zero_state()
    *_, chunk = network.chunks(prime[None, :], state)
    state = [[np.repeat(array, count, axis=0) for array in layer] for layer in state]
    logits = np.repeat(chunk[:, -1], count, axis=0)
    step = network.stepper(state)
    window = sampling.repetition_window if sampling.repetition_penalty != 1 else 0
    recent = np.repeat(prime[None, -window:].astype(np.int64), count, axis=0) if window else None
    for uniform in uniforms(seed, count, first):
        ids = draw(probabilities(logits, sampling, recent), uniform)
        yield ids
        if recent is not None:
            recent = np.concatenate([recent, ids[:, None]], axis=1)[:, -window:]
        logits = step(ids)
