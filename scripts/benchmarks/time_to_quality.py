#!/usr/bin/env python
"""Wall seconds until our generator is as good as a small transformer at the end of its training.

    scripts/benchmarks/time_to_quality.py input.txt [--json FILE]

The transformer is trained by nanoGPT's recipe for a CPU: 4 layers, 4 heads, 128 wide, 64
characters of context, AdamW 1e-3 falling to 1e-4 after 100 steps of warm-up, 2,000 steps of 12.
Ours is `textrnn train generator` with nothing but defaults. Both learn from the first 90 % of
the text and are scored on the same windows of 64 characters of the last 10 %, which do not
overlap. Seconds count imports, tracing and steps, and leave out scoring; each learner runs in a
process of its own, one after the other.
"""

import time

STARTED = time.perf_counter()  # before the imports, which count

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import click
import numpy as np

from textrnn.data import corpora
from textrnn.tokenizers import CharTokenizer

WINDOW, WIDTH, HEADS, LAYERS, BATCH, STEPS = 64, 128, 4, 4, 12, 2000
EVERY = 25  # our steps between two scorings


def read(text: Path) -> tuple[Any, Any, int]:
    corpus = corpora.read_corpus([text])
    tokenizer = CharTokenizer.fit(corpus.pieces)
    ids = tokenizer.encode_pieces(corpus.pieces)
    return *corpora.split(ids, "0:1", "0.1"), tokenizer.vocab_size


def transformer(text: Path) -> dict[str, Any]:
    import torch
    from torch import nn
    from torch.nn import functional

    torch.manual_seed(1)
    train, held_out, vocab_size = read(text)

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norms = nn.ModuleList([nn.LayerNorm(WIDTH, bias=False) for _ in range(2)])
            self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
            self.mixed = nn.Linear(WIDTH, WIDTH, bias=False)
            self.wide = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
            self.narrow = nn.Linear(4 * WIDTH, WIDTH, bias=False)

        def forward(self, h: Any) -> Any:
            rows, length, _ = h.shape
            q, k, v = (
                part.view(rows, length, HEADS, -1).transpose(1, 2)
                for part in self.qkv(self.norms[0](h)).split(WIDTH, 2)
            )
            seen = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            h = h + self.mixed(seen.transpose(1, 2).reshape(rows, length, WIDTH))
            return h + self.narrow(functional.gelu(self.wide(self.norms[1](h))))

    class Transformer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(vocab_size, WIDTH)
            self.positions = nn.Embedding(WINDOW, WIDTH)
            self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
            self.norm = nn.LayerNorm(WIDTH, bias=False)
            for module in self.modules():
                if isinstance(module, nn.Linear | nn.Embedding):
                    nn.init.normal_(module.weight, std=0.02)
            for block in self.blocks:
                for layer in (block.mixed, block.narrow):
                    nn.init.normal_(layer.weight, std=0.02 / math.sqrt(2 * LAYERS))

        def forward(self, ids: Any) -> Any:
            h = self.embedding(ids) + self.positions.weight[: ids.shape[1]]
            return self.norm(self.blocks(h)) @ self.embedding.weight.T  # tied

    model = Transformer()
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
        lr=1e-3, betas=(0.9, 0.99),
    )  # fmt: skip
    data = torch.from_numpy(train.astype(np.int64))
    for step in range(STEPS):
        done = max(0.0, (step - 100) / (STEPS - 100))
        rate = 1e-3 * (step + 1) / 101 if step < 100 else (
            1e-4 + 0.5 * (1 + math.cos(math.pi * done)) * 9e-4
        )  # fmt: skip
        for group in optimizer.param_groups:
            group["lr"] = rate
        starts = torch.randint(len(data) - WINDOW, (BATCH,))
        windows = torch.stack([data[start : start + WINDOW + 1] for start in starts])
        logits = model(windows[:, :-1])
        loss = functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    seconds = time.perf_counter() - STARTED
    count = (len(held_out) - 1) // WINDOW
    inputs = torch.from_numpy(held_out[: count * WINDOW].astype(np.int64)).view(count, WINDOW)
    targets = torch.from_numpy(held_out[1 : count * WINDOW + 1].astype(np.int64))
    with torch.inference_mode():
        logits = torch.cat([model(part) for part in inputs.split(256)])
    return {
        "loss": functional.cross_entropy(logits.flatten(0, 1), targets).item(),
        "seconds": seconds,
        "parameters": sum(p.numel() for p in model.parameters()),
    }


def ours(text: Path, goal: float) -> dict[str, Any]:
    from textrnn.config.generator import GeneratorConfig, GeneratorTrainingConfig
    from textrnn.datasets import windows as datasets_windows
    from textrnn.engine.generator import Network
    from textrnn.evaluation import language_modelling
    from textrnn.training.learners.generator import generator_learner
    from textrnn.training.tasks.generator import default_epochs

    train, held_out, vocab_size = read(text)
    network, training = GeneratorConfig(vocab_size=vocab_size), GeneratorTrainingConfig()
    steps = datasets_windows.stream_steps(len(train), training.batch_size, training.window)
    epochs = default_epochs(steps)
    learner = generator_learner(network, training, epochs * steps)
    scoring, course = 0.0, []
    for epoch in range(epochs):
        learner.reset_states()
        batches = datasets_windows.stateful_streams(
            train, batch_size=training.batch_size, window=training.window,
            offset=datasets_windows.epoch_offset(len(train), seed=training.seed, epoch=epoch),
        )  # fmt: skip
        for inputs, targets in batches:
            learner.step(inputs, targets)
            if learner.steps_done % EVERY:
                continue
            began = time.perf_counter()
            model = Network(network, learner.average_weights())
            loss = language_modelling.cold(model, held_out, window=WINDOW).loss
            scoring += time.perf_counter() - began
            seconds = time.perf_counter() - STARTED - scoring
            course.append({"steps": learner.steps_done, "loss": loss, "seconds": seconds})
            click.echo(f"  step {learner.steps_done}: {loss:.4f} after {seconds:.1f} s", err=True)
            if loss <= goal:
                return {**course[-1], "course": course}
    return {**course[-1], "course": course, "reached": False}


@click.command(help=__doc__)
@click.argument("text", type=click.Path(path_type=Path))
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures too.")
@click.option("--only", type=click.Choice(["transformer", "ours"]), hidden=True)
@click.option("--goal", type=float, hidden=True)
def main(text: Path, json_file: Path | None, only: str | None, goal: float | None) -> None:
    if only:
        result = transformer(text) if only == "transformer" else ours(text, goal or 0.0)
        click.echo(json.dumps(result))
        return

    def child(*arguments: str) -> dict[str, Any]:
        command = [sys.executable, sys.argv[0], str(text), *arguments]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout.splitlines()[-1])

    peer = child("--only", "transformer")
    click.echo(
        f"transformer ({peer['parameters']:,} parameters): {peer['loss']:.4f} nats at its last "
        f"step, {peer['seconds']:.1f} s"
    )
    own = child("--only", "ours", "--goal", str(peer["loss"]))
    click.echo(
        f"ours, by default settings: {own['loss']:.4f} nats at step {own['steps']}, "
        f"{own['seconds']:.1f} s: {own['seconds'] / peer['seconds']:.2f} of its time"
    )
    if json_file:
        json_file.write_text(json.dumps({"transformer": peer, "ours": own}, indent=1))


if __name__ == "__main__":
    main()
