"""The recurrent layers of a trained network in NumPy: ids or features -> outputs.

Heads are the networks' own. Two ways in:

    ids (rows, steps) with a state that is carried on, forwards       `stepper`, `chunks`
    texts of many lengths, packed, in one or both directions, pooled  `pooled`

What makes it fast: the first layer's input product is a table with a row for each id; a longer
input costs one matrix product a layer for many steps; and the step of a layer
(`textrnn.engine.cells`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from textrnn.config.network import RecurrentConfig
from textrnn.config.weights import cell_names
from textrnn.engine.cells import Floats, Layer, State, layer_of
from textrnn.engine.packing import Indices, Packed
from textrnn.engine.pooling import pool_steps
from textrnn.tokenizers import Ids

CHUNK_VALUES = 2**23  # a layer's input products at a time: 32 MB
EMBEDDINGS = "embedding/embeddings"

Products = Callable[[slice], Floats]  # words in the order of reading -> (gates, words, units)


class RecurrentStack:
    """The recurrent layers of `config`, ready to compute; `weights` by name are not changed.

    With `residual` the second layer and those above add their input to their output.
    """

    def __init__(
        self,
        config: RecurrentConfig,
        weights: Mapping[str, npt.NDArray[Any]],
        *,
        residual: bool = False,
    ) -> None:
        self.config, self.residual = config, residual
        self.layers = [
            [layer_of(config.cell, config.units, name, weights)
             for name in cell_names(config, index)]
            for index in range(1, config.layers + 1)
        ]  # fmt: skip
        self._embeddings = weights[EMBEDDINGS] if config.embedding_dim else None
        self._folded: list[Floats] = []

    # ---- ids with a state that is carried on, forwards --------------------------------------

    @cached_property
    def _forward(self) -> list[Layer]:
        return [layer for (layer,) in self.layers]

    @cached_property
    def _table(self) -> Floats:
        """The first layer's input products of each id, (vocab_size, gates x units)."""
        first = self._forward[0]
        if self._embeddings is None:  # one-hot input
            return first.kernel + first.bias
        return self._embeddings.astype(np.float32) @ first.kernel + first.bias

    def zero_state(self, rows: int = 1) -> list[State]:
        """The state before any text: for each layer its arrays, (rows, units)."""
        return [layer.zero_state(rows) for layer in self._forward]

    def stepper(self, state: list[State]) -> Callable[[Ids], Floats]:
        """A function from ids (rows,) to the outputs after them, (rows, units).

        Each call moves `state` one step on, in place. The outputs are a buffer that the next call
        overwrites.
        """
        layers, rows = self._forward, len(state[0][0])
        steps = [layer.step(hidden) for layer, hidden in zip(layers, state, strict=True)]
        products = [np.empty((rows, layer.width), np.float32) for layer in layers]
        gates = [layer.by_gate(each) for layer, each in zip(layers, products, strict=True)]
        summed = [np.empty((rows, self.config.units), np.float32) for _ in layers]
        table, residual = self._table, self.residual
        above = list(zip(layers, steps, products, gates, summed, strict=True))[1:]

        def step(ids: Ids) -> Floats:
            table.take(ids, axis=0, out=products[0], mode="clip")
            h = steps[0](gates[0])
            for layer, layer_step, product, parts, total in above:
                np.matmul(h, layer.kernel, out=product)
                np.add(product, layer.bias, out=product)
                below, h = h, layer_step(parts)
                if residual:
                    h = np.add(below, h, out=total)
            return h

        return step

    def chunks(self, ids: Ids, state: list[State]) -> Iterator[Floats]:
        """Outputs of `ids` (rows, steps) in chunks of some steps, each (steps, rows, units).

        `state` is moved on in place as the chunks are drawn. Memory does not grow with `steps`.
        """
        rows, steps = ids.shape
        width = max(layer.width for layer in self._forward)
        span = max(1, CHUNK_VALUES // (rows * width))
        for start in range(0, steps, span):
            yield self._outputs(ids[:, start : start + span], state)

    def _outputs(self, ids: Ids, state: list[State]) -> Floats:
        # Time-major, so that a step's rows lie together.
        h = np.empty((ids.shape[1], ids.shape[0], self.config.units), np.float32)
        products = self._table[ids.T]
        for index, (layer, hidden) in enumerate(zip(self._forward, state, strict=True)):
            if index:
                products = h @ layer.kernel + layer.bias
            below, h = h, np.empty_like(h)
            step = layer.step(hidden)
            for time, product in enumerate(layer.by_gate(products)):
                h[time] = step(product)
            if index and self.residual:
                h += below
        return h

    # ---- texts of many lengths, packed, in one or both directions ---------------------------

    def fold(self) -> None:
        """Spend memory on speed: keep the first layer's input products of each id.

        It pays for as many words as there are ids; `vocab_size` x gates x units float32 are kept
        a direction. For stacks whose first layer reads the embedding itself.
        """
        if self._embeddings is not None and self.layers and not self._folded:
            self._folded = [_by_gate(self._embeddings, layer) for layer in self.layers[0]]

    def pooled(
        self, values: Floats, places: Indices, lengths: Indices, parts: Sequence[str]
    ) -> Floats:
        """What the layers make of texts, longest first, pooled: (texts, features).

        The words of texts one after the other have the features `values[places]`. Of each of the
        pooling's `parts` both directions lie side by side.
        """
        packed = Packed.of(lengths)
        places = places[packed.from_rows]
        for below in self.layers[:-1]:
            ways = [
                _packed_outputs(layer, products, packed)
                for layer, products in self._products(below, values, places, packed)
            ]
            ways[1:] = [outputs[packed.backward] for outputs in ways[1:]]
            values, places = np.concatenate(ways, axis=1), np.arange(len(places))
        ends = [
            _packed_pooled(layer, products, packed, parts)
            for layer, products in self._products(self.layers[-1], values, places, packed)
        ]
        return np.concatenate([part for kinds in zip(*ends, strict=True) for part in kinds], axis=1)

    def _products(
        self, layers: Sequence[Layer], values: Floats, places: Indices, packed: Packed
    ) -> Iterator[tuple[Layer, Products]]:
        """The one or two directions of a layer, and what gives the input products of each."""
        tables = self._folded if layers is self.layers[0] else []
        for way, layer in enumerate(layers):
            order = places[packed.backward] if way else places
            if tables:
                yield layer, _looked_up(tables[way], order)
            else:
                yield layer, _multiplied(values, order, layer)


def _looked_up(table: Floats, order: Indices) -> Products:
    return lambda words: table.take(order[words], axis=1)


def _multiplied(values: Floats, order: Indices, layer: Layer) -> Products:
    return lambda words: _by_gate(values[order[words]], layer)


def _by_gate(values: Floats, layer: Layer) -> Floats:
    """Values (rows, features) -> a layer's input products (gates, rows, units)."""
    products: Floats = np.matmul(values, layer.by_gate(layer.kernel))
    products += layer.by_gate(layer.bias[None])
    return products


def _packed_steps(
    layer: Layer, products: Products, packed: Packed, state: State
) -> Iterator[tuple[int, slice, Floats]]:
    """Of each step: how many texts take part, where their words lie, the outputs (rows, units).

    `state` is moved on in place; the next step overwrites the outputs.
    """
    active, step = -1, None
    for block in packed.blocks():
        first = block[0][1].start
        ready = products(slice(first, block[-1][1].stop))
        for rows, words in block:
            if rows != active:  # the shorter texts' states stay as they are
                active, step = rows, layer.step([part[:rows] for part in state])
            assert step
            yield rows, words, step(ready[:, words.start - first : words.stop - first])


def _packed_outputs(layer: Layer, products: Products, packed: Packed) -> Floats:
    """Outputs (words, units) of one recurrent layer, in the order of reading."""
    outputs = np.empty((packed.lengths.sum(), layer.units), np.float32)
    state = layer.zero_state(len(packed.lengths))
    for _, words, output in _packed_steps(layer, products, packed, state):
        outputs[words] = output
    return outputs


def _packed_pooled(
    layer: Layer, products: Products, packed: Packed, parts: Sequence[str]
) -> list[Floats]:
    """The outputs of one recurrent layer, pooled: for each part (texts, units)."""
    state = layer.zero_state(len(packed.lengths))
    steps = _packed_steps(layer, products, packed, state)
    outputs = ((rows, output) for rows, _, output in steps)
    return pool_steps(parts, outputs, state[0], packed.lengths)
