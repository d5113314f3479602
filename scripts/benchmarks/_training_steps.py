"""The cases of `training.py`, and a training step of each: with our layers, Keras's or torch's."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click
import keras
import numpy as np
import tensorflow as tf

from textrnn.config.generator import GeneratorConfig, weight_shapes
from textrnn.config.weights import CELLS
from textrnn.models.layers import mingru

VOCAB = 65
Step = Callable[[], Any]


@dataclass(frozen=True)
class Case:
    """One network and batch; `textbook` is one-hot input, dropout and recurrent dropout .2."""

    name: str
    cell: str
    units: int
    batch: int
    window: int
    embedding: int
    textbook: bool = False
    bidirectional: bool = False  # one layer, over padded rows, one answer a row

    @property
    def gflop(self) -> float:
        """Of the matrix products of a step: forward once, backward twice."""
        spec, inputs = CELLS[self.cell], self.embedding or VOCAB
        width, recurrent = spec.gates * self.units, self.units if spec.recurrent else 0
        one = (inputs + recurrent) * width
        if self.bidirectional:
            return 6 * 2 * one * self.batch * self.window / 1e9
        all_layers = one + (self.units + recurrent) * width + self.units * VOCAB
        return 6 * all_layers * self.batch * self.window / 1e9


def parameters(cell: Any, units: int) -> int:
    """Of the network that a case with an embedding of 64 trains."""
    config = GeneratorConfig(vocab_size=VOCAB, cell=cell, units=units, layers=2, embedding_dim=64)
    return sum(math.prod(shape) for shape in weight_shapes(config).values())


GRU_PARAMETERS = parameters("gru", 128)
MINGRU_UNITS = min(
    range(1, 1024), key=lambda units: abs(parameters("mingru", units) - GRU_PARAMETERS)
)
CASES = (
    Case("textbook recipe, GRU 2x128 b32 w100", "gru", 128, 32, 100, 0, textbook=True),
    Case("GRU 2x128 b32 w100", "gru", 128, 32, 100, 64),
    Case("LSTM 2x128 b32 w100", "lstm", 128, 32, 100, 64),
    Case("GRU 2x256 b32 w128", "gru", 256, 32, 128, 64),
    Case("GRU 2x512 b64 w100", "gru", 512, 64, 100, 128),
    Case("LSTM 2x512 b64 w100", "lstm", 512, 64, 100, 128),
    Case("bidirectional LSTM 64 b32 w400", "lstm", 64, 32, 400, 128, bidirectional=True),
    Case(
        f"minGRU 2x{MINGRU_UNITS} b32 w256 ({parameters('mingru', MINGRU_UNITS):,} parameters; "
        f"GRU 2x128 has {GRU_PARAMETERS:,})",
        cell="mingru",
        units=MINGRU_UNITS,
        batch=32,
        window=256,
        embedding=64,
    ),
)


def keras_step(case: Case, source: Any) -> Step:
    """A compiled step with the layers of `source`, ours or Keras's."""
    layer = mingru.MinGRU if case.cell == "mingru" else getattr(source, case.cell.upper())
    inputs = keras.Input((None,), dtype="int32")
    settings = {"dropout": 0.2, "recurrent_dropout": 0.2} if case.textbook else {}
    if case.embedding:
        h = keras.layers.Embedding(VOCAB, case.embedding, mask_zero=case.bidirectional)(inputs)
    else:
        h = keras.layers.Lambda(keras.ops.one_hot, arguments={"num_classes": VOCAB})(inputs)
    if case.bidirectional:
        h = keras.layers.Bidirectional(layer(case.units))(h)
    else:
        for _ in range(2):
            h = layer(case.units, return_sequences=True, **settings)(h)
    model = keras.Model(inputs, keras.layers.Dense(VOCAB)(h))
    optimizer = keras.optimizers.Adam(1e-3)
    optimizer.build(model.trainable_variables)
    ids, targets = map(tf.constant, batch_of(case))

    def step(ids: Any, targets: Any) -> Any:
        with tf.GradientTape() as tape:
            logits = model(ids, training=True)
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
            )
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    compiled = tf.function(step)
    return lambda: compiled(ids, targets).numpy()


def torch_step(case: Case) -> Step | None:
    """The same in torch; None where torch is absent or has no such recipe."""
    try:
        import torch
    except ImportError:
        click.echo("torch is not installed: its row is skipped (pip install -e '.[bench]')")
        return None
    if case.textbook or case.bidirectional:
        return None
    embedding = torch.nn.Embedding(VOCAB, case.embedding)
    kind = {"gru": torch.nn.GRU, "lstm": torch.nn.LSTM}[case.cell]
    network = kind(case.embedding, case.units, 2, batch_first=True)
    output = torch.nn.Linear(case.units, VOCAB)
    modules = torch.nn.ModuleList([embedding, network, output])
    optimizer = torch.optim.Adam(modules.parameters(), 1e-3)
    ids, targets = (torch.from_numpy(array).long() for array in batch_of(case))

    def step() -> float:
        optimizer.zero_grad()
        logits = output(network(embedding(ids))[0])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def batch_of(case: Case) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    ids = rng.integers(1, VOCAB, size=(case.batch, case.window), dtype=np.int32)
    if case.bidirectional:  # lengths of reviews: most below the cut, padded on the right
        lengths = np.minimum(rng.lognormal(5.2, 0.6, size=case.batch).astype(int) + 10, case.window)
        return ids * (np.arange(case.window) < lengths[:, None]), ids[:, 0].copy()
    return ids, np.roll(ids, -1, axis=1)
