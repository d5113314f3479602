#!/usr/bin/env python
"""Show what limits a small recurrent layer's step: its product, or all else.

    scripts/benchmarks/profile_recurrence.py [--units 128] [--rows 16] [--rounds 25]

One shard of the batch as it runs on one core, 100 steps under XLA, microseconds a step (median,
range): the bare recurrent product of a GRU, forwards and, transposed, backwards; the loop with
nothing but its element-wise work and its array writes; and our layer's whole pass, forwards and
with gradients, whose large products (inputs, weight gradients) are timed apart as well. Then the
time in which a whole training step's products alone could run at the machine's matrix-product
speed, on all cores: no layer is faster than that.
"""

import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import numpy as np
import tensorflow as tf
from _timing import Spread, interleaved, seconds_of

from textrnn.models.layers import recurrence

STEPS = 100
compiled = tf.function(jit_compile=True, autograph=False)
Run = Callable[[], Any]


def loop(body: Callable[[Any, Any], Any], first: Any) -> Any:
    return tf.while_loop(
        lambda time, _: time < STEPS,
        lambda time, state: (time + 1, body(time, state)),
        (0, first),
        maximum_iterations=STEPS,
    )[1]


@compiled
def bare(h: Any, recurrent: Any) -> Any:
    """h U, of whose columns the first are the next h."""
    return loop(lambda _, h: tf.matmul(h, recurrent)[:, : h.shape[1]], h)


@compiled
def bare_transposed(d: Any, recurrent: Any) -> Any:
    """d U', three times beside itself."""
    return loop(lambda _, d: tf.tile(tf.matmul(d, recurrent, transpose_b=True), (1, 3)), d)


@compiled
def without_product(x: Any, h: Any) -> Any:
    """The forward pass, with the state in place of the product."""
    units = h.shape[1]
    arrays = [tf.TensorArray(tf.float32, STEPS, element_shape=h.shape) for _ in range(5)]

    def one(time: Any, h: Any, arrays: Any) -> Any:
        gates = [x[time][:, units * gate : units * (gate + 1)] for gate in range(3)]
        z, r = tf.sigmoid(gates[0] + h), tf.sigmoid(gates[1] + h)
        g = tf.tanh(gates[2] + r * h)
        new = g + z * (h - g)
        written = zip(arrays, (new, z, r, g, h), strict=True)
        return time + 1, new, [array.write(time, value) for array, value in written]

    _, h, arrays = tf.while_loop(
        lambda time, *_: time < STEPS, one, (0, h, arrays), maximum_iterations=STEPS
    )
    return [array.stack() for array in arrays]


def microseconds(run: Run, rounds: int) -> Spread:
    """A step's share of each of `rounds` runs, after two to compile and to warm."""
    waited = seconds_of(lambda: tf.nest.flatten(run())[0].numpy())
    (seconds,) = interleaved({"run": waited}, rounds, warm=2).values()
    return Spread.of([value / STEPS * 1e6 for value in seconds])


def show(name: str, found: Spread, gflop: float = 0.0) -> None:
    speed = f"{gflop / found.median * 1e6:8.0f} GFLOP/s" if gflop else ""
    click.echo(f"  {name:<46}{found.median:7.1f}  ({found.range('.1f')}){speed}")


@click.command(help=__doc__)
@click.option("--units", default=128, show_default=True)
@click.option("--rows", default=16, show_default=True)
@click.option("--rounds", default=25, show_default=True)
def main(units: int, rows: int, rounds: int) -> None:
    rng = np.random.default_rng(0)

    def random(*shape: int) -> Any:
        return tf.constant(rng.normal(size=shape) * 0.1, tf.float32)

    h, recurrent, kernel = random(rows, units), random(units, 3 * units), random(units, 3 * units)
    x, bias, products = random(rows, STEPS, units), random(2, 3 * units), random(
        STEPS, rows, 3 * units
    )  # fmt: skip
    weights = [x, kernel, recurrent, bias, h]

    @tf.function(autograph=False)
    def layer() -> Any:
        return recurrence.gru(*weights)

    @tf.function(autograph=False)
    def with_gradients() -> Any:
        with tf.GradientTape() as tape:
            tape.watch(weights)
            outputs, last = recurrence.gru(*weights)
            loss = tf.reduce_sum(outputs) + tf.reduce_sum(last)
        return tape.gradient(loss, weights)

    one = 2 * rows * units * 3 * units / 1e9  # of a step's recurrent product, GFLOP
    click.echo(f"{rows} rows, {units} units, microseconds a step of one layer")
    show("recurrent product", microseconds(lambda: bare(h, recurrent), rounds), one)
    d = random(rows, 3 * units)
    back = microseconds(lambda: bare_transposed(d, recurrent), rounds)
    show("transposed product (backwards)", back, one)
    rest = microseconds(lambda: without_product(products, h), rounds)
    show("all of a step forwards but the product", rest)
    flat = tf.reshape(x, (-1, units))
    large = microseconds(lambda: tf.matmul(flat, kernel), rounds)
    show("input products, all steps as one", large, one)
    show("our layer, forwards", microseconds(layer, rounds), 2 * one)
    show("our layer, forwards and backwards", microseconds(with_gradients, rounds), 6 * one)
    left, right = random(6400, 512), random(512, 1536)
    whole = microseconds(lambda: tf.matmul(left, right), rounds).median * STEPS
    ceiling = 2 * 6400 * 512 * 1536 / whole / 1e3
    step = 6 * 3200 * ((64 + 128) * 384 + 256 * 384 + 128 * 65) / 1e9
    click.echo(
        f"A step of GRU 2x128, embedding 64, batch 32, window 100 has products of {step:.2f} "
        f"GFLOP; at this machine's {ceiling:.0f} GFLOP/s they take {step / ceiling * 1e3:.1f} ms."
    )


if __name__ == "__main__":
    main()
