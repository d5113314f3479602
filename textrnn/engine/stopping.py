"""Turn ids into continuations of a prime, up to a length or a stop text.

Lengths are in characters, whatever the tokens are. The stop text is not part of the continuation.
"""

from collections.abc import Generator, Iterable, Iterator

from textrnn.tokenizers import Codec
from textrnn.tokenizers.codec import Start, StreamDecoder


def stop_texts(stop: str | Iterable[str]) -> tuple[str, ...]:
    """The stop texts as a tuple; a single string means one stop text."""
    return (stop,) if isinstance(stop, str) else tuple(stop)


def after(codec: Codec, prime: str, start: Start) -> StreamDecoder:
    """A decoder of ids into the text that follows `prime`, without what `start` repeats of it."""
    if not start.begun:
        return codec.stream_decoder(prime)
    begun, first = start.begun, True
    write = codec.stream_decoder(prime[: -len(begun)])

    def write_rest(id_: int) -> str:
        nonlocal first
        text = write(id_)
        if first:  # the start of this token repeats the end of the prime
            first, text = False, text[text.index(begun) + len(begun) :]
        return text

    return write_rest


class Continuation:
    """A text that grows token by token, up to `length` characters or a stop text."""

    def __init__(
        self, codec: Codec, prime: str, start: Start, length: int, stop: str | Iterable[str]
    ) -> None:
        self.written, self.done, self.length = "", not length, length
        self.stop = stop_texts(stop)
        self._write = after(codec, prime, start)
        self._reach = max(map(len, self.stop), default=0)

    def add(self, id_: int) -> None:
        """Append one token, unless the text is done."""
        if self.done:
            return
        # A stop text can only end in the new characters: search those and the ones just before.
        kept = max(0, len(self.written) - self._reach)
        tail = (self.written + self._write(id_))[kept : self.length]
        end = "".join(until(iter(tail), self.stop)) if self.stop else tail
        self.written = self.written[:kept] + end
        self.done = len(end) < len(tail) or len(self.written) == self.length


def until(characters: Iterator[str], stop: str | Iterable[str]) -> Generator[str, None, str]:
    """Yield characters up to the first complete stop text.

    Characters that may start a stop text are held back until they cannot. The generator returns
    the stop text, or "" if the characters end without one.
    """
    stop, held = stop_texts(stop), ""
    for character in characters:
        held += character
        found = [at for text in stop if (at := held.find(text)) >= 0]
        if found:
            yield from held[: min(found)]
            return held[min(found) :]
        keep = max((_overlap(held, text) for text in stop), default=0)
        yield from held[: len(held) - keep]
        held = held[len(held) - keep :]
    yield from held
    return ""


def _overlap(text: str, stop: str) -> int:
    # The number of characters at the end of `text` that start `stop`.
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
