"""Generate text from a trained model and a sampler, character by character.

Tokens may be characters, subwords or words. The text of longer tokens is cut to the requested
length in characters.

Every matrix product runs on one BLAS thread (`textrnn.engine.threads`). Samples are rows of a
batch, split among our own threads.
"""

import os
import secrets
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, pairwise
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.sampling import SamplingConfig, Until
from textrnn.engine.cells import Floats
from textrnn.engine.generator import Network
from textrnn.engine.reading import Reading, network_of
from textrnn.engine.sampling import draw, probabilities, uniforms
from textrnn.engine.stopping import MOST_BEYOND, Continuation, stop_texts
from textrnn.engine.threads import one_blas_thread
from textrnn.errors import ConfigError
from textrnn.tokenizers import Ids, Unknown

MOST_CHARACTERS = 100_000_000  # of one call; hours of work
BURST = 16  # tokens per burst: the BLAS limit holds during a burst, never while the caller runs
# Multiplications per product that justify one thread; with fewer, threads wait for each other.
WORK_PER_THREAD = 2**21


def random_seed() -> int:
    """A random seed below 2**31, short enough to type again."""
    return secrets.randbelow(2**31)


def stream(
    model: GeneratorArtifact,
    prime: str | Reading = "",
    length: int = 400,
    *,
    sampling: SamplingConfig | None = None,
    seed: int | None = None,
    stop: str | Iterable[str] = (),
    until: Until = "length",
    unknown: Unknown = "error",
) -> Iterator[str]:
    """Continue `prime` by up to `length` characters; yield them one by one, without the prime.

    Without a prime a new text starts, as if after a line end. If the vocabulary has no line end,
    the text starts after another known character or word, which is not part of the output.

    The text ends early before the first complete stop text, which is not part of the output. With
    `until` it goes on after `length` to the first end of a "word", a "sentence" or a "line"; if
    there is none within 500 characters, to the end of a word. The same seed gives the same text;
    without one a random seed is drawn. TokenizerError when the prime has unknown characters;
    `unknown="skip"` drops them. ConfigError on an invalid setting. Both are raised at the call,
    not at the first character.
    """
    samples = Samples(
        model, prime, length, sampling=sampling, seed=seed, stop=stop, until=until, unknown=unknown
    )
    return (character for written in samples for character in written)


def generate(
    model: GeneratorArtifact,
    prime: str | Sequence[str] = "",
    length: int = 400,
    *,
    count: int = 1,
    sampling: SamplingConfig | None = None,
    seed: int | None = None,
    stop: str | Iterable[str] = (),
    until: Until = "length",
    unknown: Unknown = "error",
) -> list[str]:
    """Generate `count` continuations of `prime` in one batch; otherwise like `stream`.

    Of several primes there are `count` continuations each, those of the first prime first. Sample i
    draws from child generator i of `seed`. It does not depend on the number of samples, except for
    rounding in batched products.
    """
    samples = Samples(
        model, prime, length, count=count, sampling=sampling, seed=seed, stop=stop, until=until,
        unknown=unknown,
    )  # fmt: skip
    for _ in samples:
        pass
    return [text.text for text in samples.texts]


class Samples:
    """`count` continuations of a prime that grow together; arguments as for `generate`.

    The prime may also be a Reading, which is left as it is. Iterating writes the texts: each item
    is what one token more, or a burst of them for several texts, adds to the first of `texts`. A
    caller may stop at any time, and finds in `texts` what there is.
    """

    def __init__(
        self,
        model: GeneratorArtifact,
        prime: str | Sequence[str] | Reading = "",
        length: int = 400,
        *,
        count: int = 1,
        sampling: SamplingConfig | None = None,
        seed: int | None = None,
        stop: str | Iterable[str] = (),
        until: Until = "length",
        unknown: Unknown = "error",
    ) -> None:
        stop = stop_texts(stop)
        primes = [prime] if isinstance(prime, str | Reading) else prime
        check_call(length, seed, stop, until, count, len(primes))
        network = next((each.network for each in primes if isinstance(each, Reading)), None)
        network = network or network_of(model)
        readings = [
            each if isinstance(each, Reading) else Reading(model, each, unknown, network)
            for each in primes
        ]
        codec, rows = model.tokenizer.codec, [each for each in readings for _ in range(count)]
        self.texts = [Continuation(codec, row.text, row.start, length, stop, until) for row in rows]
        characters = length + (MOST_BEYOND if until != "length" else 0)
        self._ids = _ids(
            rows, codec.ids_per_character * characters, sampling or SamplingConfig(),
            random_seed() if seed is None else seed,
        )  # fmt: skip

    def __iter__(self) -> Iterator[str]:
        first, *others = self.texts
        while block := list(islice(self._ids, BURST if others else 1)):
            rows = [block[0].tolist()] if not others else np.stack(block, axis=1).tolist()
            added = [text.add(ids) for text, ids in zip(self.texts, rows, strict=True)]
            yield added[0]
            if first.end and all(text.end for text in others):
                return
        yield first.finish()
        for text in others:
            text.finish()


def check_call(
    length: int, seed: int | None, stop: Sequence[str], until: Until, count: int, primes: int = 1
) -> None:
    """ConfigError when an argument of `generate` is outside its range."""
    if length < 0:
        raise ConfigError(f"length must be 0 or more, got {length}")
    if count < 1:
        raise ConfigError(f"count must be 1 or more, got {count}")
    if not primes:
        raise ConfigError("the list of primes is empty; give at least one, which may be ''")
    if (characters := length * count * primes) > MOST_CHARACTERS:
        raise ConfigError(
            f"one call generates at most {MOST_CHARACTERS:,} characters, all samples together, got "
            f"{characters:,}; lower the length or the number of samples"
        )
    if seed is not None and seed < 0:
        raise ConfigError(f"seed must be 0 or more, got {seed}")
    if not all(stop):
        raise ConfigError("a stop text must have at least one character")
    if until not in get_args(Until):
        raise ConfigError(f"until must be one of {', '.join(get_args(Until))}, got {until!r}")


def _ids(
    rows: Sequence[Reading], length: int, sampling: SamplingConfig, seed: int
) -> Iterator[npt.NDArray[Any]]:
    """Yield the next ids of all rows, (rows,), `length` times."""
    network, count = rows[0].network, len(rows)
    work = count * network.config.units**2
    threads = max(1, min(os.cpu_count() or 1, count, work // WORK_PER_THREAD))
    firsts = [count * index // threads for index in range(threads + 1)]
    groups = [
        _steps(network, rows[first:last], sampling, uniforms(seed, last - first, first))
        for first, last in pairwise(firsts)
    ]
    with ThreadPoolExecutor(threads) as pool:
        run = map if threads == 1 else pool.map
        for done in range(0, length, BURST):
            bursts = (islice(group, min(BURST, length - done)) for group in groups)
            columns = list(run(_burst, bursts))
            yield from map(np.concatenate, zip(*columns, strict=True))


def _burst(columns: Iterator[npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
    # In the computing thread: some BLAS libraries limit only the calling thread.
    with one_blas_thread():
        return list(columns)


def _steps(
    network: Network, rows: Sequence[Reading], sampling: SamplingConfig, draws: Iterator[Floats]
) -> Iterator[npt.NDArray[Any]]:
    """Yield the next ids of the rows, (rows,), endlessly."""
    state = [
        [np.concatenate(arrays) for arrays in zip(*layers, strict=True)]
        for layers in zip(*(row.state for row in rows), strict=True)
    ]
    logits: Floats = np.concatenate([row.logits for row in rows])
    step = network.stepper(state)
    window = sampling.repetition_window if sampling.repetition_penalty != 1 else 0
    recent = _recent(rows, window) if window else None
    for uniform in draws:
        ids = draw(probabilities(logits, sampling, recent), uniform)
        yield ids
        if recent is not None:
            recent = np.concatenate([recent, ids[:, None]], axis=1)[:, -window:]
        logits = step(ids)


def _recent(rows: Sequence[Reading], window: int) -> Ids:
    """The last ids of each row, (rows, longest); a shorter row repeats its first one."""
    lasts = [row.recent[-window:].astype(np.int64) for row in rows]
    longest = max(map(len, lasts))
    return np.stack([np.pad(ids, (longest - len(ids), 0), "edge") for ids in lasts])
