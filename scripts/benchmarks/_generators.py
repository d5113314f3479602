"""Generators that several benchmarks time: ours, and a torch.nn.GRU stepped with its state."""

import click
from _timing import Timed, per_second

from textrnn.artifacts.generator import GeneratorArtifact
from textrnn.config.sampling import SamplingConfig
from textrnn.engine import generation


def ours(model: GeneratorArtifact, characters: int, count: int = 1) -> Timed:
    """Characters per second of `count` streams."""
    sampling = SamplingConfig(temperature=0.8)
    return per_second(
        count * characters,
        lambda: generation.generate(
            model, "A", characters, count=count, seed=1, sampling=sampling
        ),
    )  # fmt: skip


def torch_stepped(units: int, characters: int) -> Timed | None:
    """Characters per second of one stream, on one thread; None, with a word, without torch."""
    try:
        import torch
    except ImportError:
        click.echo("torch is not installed: its row is skipped (pip install -e '.[bench]')")
        return None
    torch.set_num_threads(1)
    embedding = torch.nn.Embedding(65, 64)
    network = torch.nn.GRU(64, units, 2, batch_first=True)
    output = torch.nn.Linear(units, 65)

    def run() -> None:
        with torch.inference_mode():
            ids, state = torch.zeros((1, 1), dtype=torch.long), None
            for _ in range(characters):
                hidden, state = network(embedding(ids), state)
                ids = torch.multinomial((output(hidden[:, -1]) / 0.8).softmax(-1), 1)
                ids.item()

    return per_second(characters, run)
