"""Generate text from a trained model and a sampler, character by character.

Tokens may be characters, subwords or words. The text of longer tokens is cut to the requested
length in characters.

Every matrix product runs on one BLAS thread (`textrnn.engine.threads`). Samples are rows of a
batch, split among our own threads.
"""

import os
import secrets
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice, pairwise
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.sampling import SamplingConfig, Until
from textrnn.engine.generator import Network, build_network
from textrnn.engine.sampling import draw, probabilities, uniforms
from textrnn.engine.stopping import MOST_BEYOND, Continuation, stop_texts
from textrnn.engine.threads import one_blas_thread
from textrnn.errors import ConfigError
from textrnn.tokenizers import Ids, Unknown
from textrnn.tokenizers.base import Mask
from textrnn.tokenizers.codec import Start

# In tokens. Networks of this size forget anything further back, so only the end of a longer prime
# is read.
LONGEST_PRIME = 10_000
MOST_CHARACTERS = 100_000_000  # of one call; hours of work
BURST = 16  # tokens per burst: the BLAS limit holds during a burst, never while the caller runs
# Multiplications per product that justify one thread; with fewer, threads wait for each other.
WORK_PER_THREAD = 2**21


def random_seed() -> int:
    """A random seed below 2**31, short enough to type again."""
    return secrets.randbelow(2**31)


def stream(
    model: GeneratorArtifact,
    prime: str = "",
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
    prime: str = "",
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

    Sample i draws from child generator i of `seed`. It does not depend on the number of samples,
    except for rounding in batched products.
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

    Iterating writes them: each item is what one more token adds to the first of `texts`. A caller
    may stop at any time, and finds in `texts` what there is.
    """

    def __init__(
        self,
        model: GeneratorArtifact,
        prime: str = "",
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
        if count < 1:
            raise ConfigError(f"count must be 1 or more, got {count}")
        if until not in get_args(Until):
            raise ConfigError(f"until must be one of {', '.join(get_args(Until))}, got {until!r}")
        start = check_call(model, prime, length, seed, stop, unknown, count)
        codec = model.tokenizer.codec
        self.texts = [Continuation(codec, prime, start, length, stop, until) for _ in range(count)]
        characters = length + (MOST_BEYOND if until != "length" else 0)
        self._ids = _ids(
            _network(model), start, codec.ids_per_character * characters,
            sampling or SamplingConfig(), random_seed() if seed is None else seed, count,
        )  # fmt: skip

    def __iter__(self) -> Iterator[str]:
        for column in self._ids:
            added = [text.add(id_) for text, id_ in zip(self.texts, column.tolist(), strict=True)]
            yield added[0]
            if all(text.end for text in self.texts):
                return
        first, *_ = [text.finish() for text in self.texts]
        yield first


def check_call(
    model: GeneratorArtifact,
    prime: str,
    length: int,
    seed: int | None,
    stop: str | Iterable[str],
    unknown: Unknown,
    count: int = 1,
) -> Start:
    """The encoded prime, after validating the arguments of `stream` and `generate`.

    For an empty prime, the id that starts a new text. ConfigError and TokenizerError as in
    `stream`.
    """
    if length < 0:
        raise ConfigError(f"length must be 0 or more, got {length}")
    if length * count > MOST_CHARACTERS:
        raise ConfigError(
            f"one call generates at most {MOST_CHARACTERS:,} characters, all samples together, got "
            f"{length * count:,}; lower the length or the number of samples"
        )
    if seed is not None and seed < 0:
        raise ConfigError(f"seed must be 0 or more, got {seed}")
    if not all(stop_texts(stop)):
        raise ConfigError("a stop text must have at least one character")
    codec = model.tokenizer.codec
    start = codec.start(prime, unknown)
    if not len(start.ids):
        start = codec.new_text()
    return start._replace(ids=start.ids[-LONGEST_PRIME:])


def _network(model: GeneratorArtifact) -> Network:
    """The model's network, with the logits of banned ids at -infinity."""
    banned = model.tokenizer.codec.banned
    if banned is None:
        return build_network(model)
    bias = np.where(banned, -np.inf, model.weights["output/bias"])
    return Network(model.config, {**model.weights, "output/bias": bias})


def _ids(
    network: Network, start: Start, length: int, sampling: SamplingConfig, seed: int, count: int = 1
) -> Iterator[npt.NDArray[Any]]:
    """Yield the next ids (count,), `length` times."""
    work = count * network.config.units**2
    threads = max(1, min(os.cpu_count() or 1, count, work // WORK_PER_THREAD))
    firsts = [count * index // threads for index in range(threads + 1)]
    groups = [
        _steps(network, start.ids, start.only, sampling, seed, first, last - first)
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
    network: Network,
    prime: Ids,
    only: Mask | None,
    sampling: SamplingConfig,
    seed: int,
    first: int,
    count: int,
) -> Iterator[npt.NDArray[Any]]:
    """Yield ids (count,) of the samples from `first` on, endlessly; the first ids are in `only`."""
    state = network.zero_state()
    *_, chunk = network.chunks(prime[None, :], state)
    state = [[np.repeat(array, count, axis=0) for array in layer] for layer in state]
    logits = np.repeat(chunk[:, -1], count, axis=0)
    if only is not None:
        logits[:, ~only] = -np.inf
    step = network.stepper(state)
    window = sampling.repetition_window if sampling.repetition_penalty != 1 else 0
    recent = np.repeat(prime[None, -window:].astype(np.int64), count, axis=0) if window else None
    for uniform in uniforms(seed, count, first):
        ids = draw(probabilities(logits, sampling, recent), uniform)
        yield ids
        if recent is not None:
            recent = np.concatenate([recent, ids[:, None]], axis=1)[:, -window:]
        logits = step(ids)
