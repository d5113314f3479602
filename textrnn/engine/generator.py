"""The forward pass of a trained generator in NumPy: ids -> logits, with a recurrent state.

It equals the Keras model of the same config and weights. Step by step it is far faster:
`textrnn.engine.stack` says why.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.generator import GeneratorConfig
from textrnn.engine.cells import Floats, State
from textrnn.engine.stack import RecurrentStack
from textrnn.tokenizers import Ids


def build_network(model: GeneratorArtifact) -> "Network":
    """The forward pass of a trained generator."""
    return Network(model.config, model.weights)


class Network:
    """A trained generator that is ready to compute.

    `config` and `weights` come from an artifact; `weights` maps the names in `weight_shapes` to
    arrays, which are not changed.
    """

    def __init__(self, config: GeneratorConfig, weights: Mapping[str, npt.NDArray[Any]]) -> None:
        self.config = config
        self.stack = RecurrentStack(config, weights, residual=config.residual)
        self._output_kernel = np.ascontiguousarray(weights["output/kernel"], dtype=np.float32)
        self._output_bias = weights["output/bias"].astype(np.float32)

    def zero_state(self, rows: int = 1) -> list[State]:
        """The state before any text: zero arrays (rows, units) for each layer."""
        return self.stack.zero_state(rows)

    def stepper(self, state: list[State]) -> Callable[[Ids], Floats]:
        """A function from ids (rows,) to the logits (rows, vocab_size) of the next token.

        Each call updates `state` in place by one token. The logits are a buffer that the next
        call overwrites.
        """
        logits = np.empty((len(state[0][0]), self.config.vocab_size), np.float32)
        outputs, kernel, bias = self.stack.stepper(state), self._output_kernel, self._output_bias

        def step(ids: Ids) -> Floats:
            np.matmul(outputs(ids), kernel, out=logits)
            return np.add(logits, bias, out=logits)

        return step

    def chunks(self, ids: Ids, state: list[State]) -> Iterator[Floats]:
        """Logits after each of `ids` (rows, steps), in chunks (rows, some steps, vocab_size).

        Drawing a chunk updates `state` in place. Memory does not grow with `steps`.
        """
        for outputs in self.stack.chunks(ids, state):
            yield (outputs @ self._output_kernel + self._output_bias).transpose(1, 0, 2)

    def logits(self, ids: Ids, state: list[State] | None = None) -> Floats:
        """Logits (rows, steps, vocab_size) after each of `ids` (rows, steps).

        `state` is updated in place; without one the rows start from the zero state.
        """
        state = self.zero_state(len(ids)) if state is None else state
        return np.concatenate(list(self.chunks(ids, state)), axis=1)
