"""The recurrent layers of a trained network in NumPy: ids or features -> outputs.

Each network adds its own head. There are two entry points:

    ids (rows, steps) with a recurrent state, forwards                     `stepper`, `chunks`
    texts of different lengths, packed, in one or both directions, pooled  `pooled`

Three things make it fast. The input product of the first layer is a table lookup, one row per id.
An upper layer multiplies the inputs of many steps in one matrix product. The step itself is
optimised (`textrnn.engine.cells`).
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

CHUNK_VALUES = 2**23  # input products per chunk and layer: 32 MB
EMBEDDINGS = "embedding/embeddings"

Products = Callable[[slice], Floats]  # positions in processing order -> (gates, words, units)


class RecurrentStack:
    """The recurrent layers of `config`, ready to compute; `weights` are not changed.

    With `residual` each layer from the second on adds its input to its output.
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
        self._id_products: list[Floats] = []

    # ---- ids with a recurrent state, forwards -----------------------------------------------

    @cached_property
    def _forward(self) -> list[Layer]:
        return [layer for (layer,) in self.layers]

    @cached_property
    def _table(self) -> Floats:
        """The input products of the first layer for each id, (vocab_size, gates x units)."""
        first = self._forward[0]
        if self._embeddings is None:  # one-hot input
            return first.kernel + first.bias
        return self._embeddings.astype(np.float32) @ first.kernel + first.bias

    def zero_state(self, rows: int = 1) -> list[State]:
        """The state before any text: zero arrays (rows, units) for each layer."""
        return [layer.zero_state(rows) for layer in self._forward]

    def stepper(self, state: list[State]) -> Callable[[Ids], Floats]:
        """A function from ids (rows,) to the outputs after them, (rows, units).

        Each call updates `state` in place by one step. The outputs are a buffer that the next call
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
        """Outputs of `ids` (rows, steps), in chunks (some steps, rows, units).

        Drawing a chunk updates `state` in place. Memory does not grow with `steps`.
        """
        rows, steps = ids.shape
        width = max(layer.width for layer in self._forward)
        span = max(1, CHUNK_VALUES // (rows * width))
        for start in range(0, steps, span):
            yield self._outputs(ids[:, start : start + span], state)

    def _outputs(self, ids: Ids, state: list[State]) -> Floats:
        # Time-major, so that the rows of one step are contiguous.
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

    # ---- texts of different lengths, packed, in one or both directions ----------------------

    def fold(self) -> None:
        """Trade memory for speed: store the first layer's input products of each id.

        It pays off from `vocab_size` words on, and stores `vocab_size` x gates x units float32 per
        direction. Only for stacks whose first layer reads the embedding directly.
        """
        if self._embeddings is not None and self.layers and not self._id_products:
            self._id_products = [_by_gate(self._embeddings, layer) for layer in self.layers[0]]

    def pooled(
        self, values: Floats, places: Indices, lengths: Indices, parts: Sequence[str]
    ) -> Floats:
        """Pooled outputs of the top layer for texts, longest first: (texts, features).

        `values[places]` are the features of the words of the concatenated texts. For each of the
        pooling's `parts` the two directions are adjacent.
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
        """Each direction of a layer, with a function that computes its input products."""
        tables = self._id_products if layers is self.layers[0] else []
        for way, layer in enumerate(layers):
            order = places[packed.backward] if way else places
            if tables:
                yield layer, _lookup_products(tables[way], order)
            else:
                yield layer, _matmul_products(values, order, layer)


def _lookup_products(table: Floats, order: Indices) -> Products:
    return lambda words: table.take(order[words], axis=1)


def _matmul_products(values: Floats, order: Indices, layer: Layer) -> Products:
    return lambda words: _by_gate(values[order[words]], layer)


def _by_gate(values: Floats, layer: Layer) -> Floats:
    """Values (rows, features) -> input products of a layer (gates, rows, units)."""
    products: Floats = np.matmul(values, layer.by_gate(layer.kernel))
    products += layer.by_gate(layer.bias[None])
    return products


def _packed_steps(
    layer: Layer, products: Products, packed: Packed, state: State
) -> Iterator[tuple[int, slice, Floats]]:
    """For each step: the number of active texts, the positions of their words, and the outputs.

    Outputs are (rows, units); the next step overwrites them. `state` is updated in place.
    """
    active, step = -1, None
    for block in packed.blocks():
        first = block[0][1].start
        ready = products(slice(first, block[-1][1].stop))
        for rows, words in block:
            if rows != active:  # the states of texts that have ended stay unchanged
                active, step = rows, layer.step([part[:rows] for part in state])
            assert step
            yield rows, words, step(ready[:, words.start - first : words.stop - first])


def _packed_outputs(layer: Layer, products: Products, packed: Packed) -> Floats:
    """Outputs (words, units) of one recurrent layer, in processing order."""
    outputs = np.empty((packed.lengths.sum(), layer.units), np.float32)
    state = layer.zero_state(len(packed.lengths))
    for _, words, output in _packed_steps(layer, products, packed, state):
        outputs[words] = output
    return outputs


def _packed_pooled(
    layer: Layer, products: Products, packed: Packed, parts: Sequence[str]
) -> list[Floats]:
    """Pooled outputs of one recurrent layer: (texts, units) per part."""
    state = layer.zero_state(len(packed.lengths))
    steps = _packed_steps(layer, products, packed, state)
    outputs = ((rows, output) for rows, _, output in steps)
    return pool_steps(parts, outputs, state[0], packed.lengths)
