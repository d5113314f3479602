"""A generator that has read a text and can read on: for autocompletion, games, assistants."""

from collections.abc import Iterable, Iterator
from typing import Self, Unpack

from textrnn.api.checks import check_call, check_text, check_whole
from textrnn.api.settings import Sampling
from textrnn.config.sampling import Until
from textrnn.engine import generation
from textrnn.engine.reading import Reading


class State:
    """What a generator remembers of a text; `Generator.read` returns one.

    state = model.read("ROMEO:")
    print(state.next(3))           # [("\\n", 0.98), (" ", 0.01), ...]
    state.append("\\nWhat light")
    print(state.generate(80, seed=1))
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def __repr__(self) -> str:
        return f"<textrnn.State of {self._reading.model.name} after {self.text[-40:]!r}>"

    @property
    def text(self) -> str:
        """All that has been read."""
        return self._reading.text

    def append(self, text: str) -> None:
        """Read on; the network computes only what is new.

        TokenizerError when the text has unknown characters; then nothing has changed.
        """
        self._reading.append(check_text(text, "text"))

    def copy(self) -> Self:
        """A state after the same text, which reads on by itself."""
        return type(self)(self._reading.copy())

    def next(self, n: int = 10, *, temperature: float = 1.0) -> list[tuple[str, float]]:
        """The `n` most probable next tokens with their probabilities; all of them with 0.

        A token is the text that it adds; "" stands for a part of a character. The probabilities of
        all tokens sum to 1. ConfigError unless `temperature` is above 0.
        """
        return self._reading.likeliest(check_whole(n, "n"), temperature)

    def stream(
        self,
        length: int = 400,
        *,
        seed: int | None = None,
        stop: str | Iterable[str] = (),
        until: Until = "length",
        **sampling: Unpack[Sampling],
    ) -> Iterator[str]:
        """Yield a continuation character by character, as `Generator.stream` does.

        The state stays as it is: append the text to go on after it.
        """
        call = check_call(length, seed, stop, until, sampling)
        return generation.stream(self._reading.model, self._reading, **call)

    def generate(
        self,
        length: int = 400,
        *,
        seed: int | None = None,
        stop: str | Iterable[str] = (),
        until: Until = "length",
        **sampling: Unpack[Sampling],
    ) -> str:
        """The text of `stream` with the same settings, as one string."""
        return "".join(self.stream(length, seed=seed, stop=stop, until=until, **sampling))
