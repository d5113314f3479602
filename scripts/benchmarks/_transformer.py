"""The peer of `time_to_quality.py`: a transformer of characters and nanoGPT's recipe for a CPU.

It is in torch, so this module is imported only where torch is needed.
"""

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional

WIDTH, HEADS, LAYERS, BATCH, STEPS = 128, 4, 4, 12, 2000
WARM_UP, TOP_RATE, LAST_RATE = 100, 1e-3, 1e-4


class Block(nn.Module):
    """Attention to the characters before, and a wide layer, each added to its input."""

    def __init__(self) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(WIDTH, bias=False) for _ in range(2)])
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.mixed = nn.Linear(WIDTH, WIDTH, bias=False)
        self.wide = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.narrow = nn.Linear(4 * WIDTH, WIDTH, bias=False)

    def forward(self, h: Any) -> Any:
        """(rows, time, WIDTH) of both."""
        rows, length, _ = h.shape
        q, k, v = (
            part.view(rows, length, HEADS, -1).transpose(1, 2)
            for part in self.qkv(self.norms[0](h)).split(WIDTH, 2)
        )
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        h = h + self.mixed(seen.transpose(1, 2).reshape(rows, length, WIDTH))
        return h + self.narrow(functional.gelu(self.wide(self.norms[1](h))))


class Transformer(nn.Module):
    """Ids (rows, time) -> logits (rows, time, vocab_size), for at most `window` steps."""

    def __init__(self, vocab_size: int, window: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, WIDTH)
        self.positions = nn.Embedding(window, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.norm = nn.LayerNorm(WIDTH, bias=False)
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)
        for block in self.blocks:
            for layer in (block.mixed, block.narrow):
                nn.init.normal_(layer.weight, std=0.02 / math.sqrt(2 * LAYERS))

    def forward(self, ids: Any) -> Any:
        """The logits of the character after each."""
        h = self.embedding(ids) + self.positions.weight[: ids.shape[1]]
        return self.norm(self.blocks(h)) @ self.embedding.weight.T  # tied


def train(model: Transformer, ids: Any, window: int) -> None:
    """Take all STEPS, each on BATCH random windows of `ids` (n,) int64."""
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
        lr=TOP_RATE, betas=(0.9, 0.99),
    )  # fmt: skip
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = rate_of(step)
        starts = torch.randint(len(ids) - window, (BATCH,))
        windows = torch.stack([ids[start : start + window + 1] for start in starts])
        logits = model(windows[:, :-1])
        loss = functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


def rate_of(step: int) -> float:
    """The learning rate of a step: a linear warm-up, then half a cosine."""
    if step < WARM_UP:
        return TOP_RATE * (step + 1) / (WARM_UP + 1)
    done = (step - WARM_UP) / (STEPS - WARM_UP)
    return LAST_RATE + 0.5 * (1 + math.cos(math.pi * done)) * (TOP_RATE - LAST_RATE)


def loss_of(model: Transformer, ids: Any, window: int) -> float:
    """Nats per character on the windows of `ids` (n,) int64, which do not overlap."""
    count = (len(ids) - 1) // window
    inputs, targets = ids[: count * window].view(count, window), ids[1 : count * window + 1]
    with torch.inference_mode():
        logits = torch.cat([model(part) for part in inputs.split(256)])
    return functional.cross_entropy(logits.flatten(0, 1), targets).item()
