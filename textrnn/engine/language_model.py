"""Score texts with a language model: loss, perplexity, first guesses, over all words."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from textrnn.artifacts.language_model import LanguageModelArtifact
from textrnn.engine.cells import Floats
from textrnn.engine.numerics import log_likelihoods
from textrnn.engine.stack import RecurrentStack
from textrnn.engine.threads import one_blas_thread, parallel_map
from textrnn.tokenizers import Ids

# Of texts to score: side by side, each from the zero state; and logits at a time (32 MB), in each
# of so many threads at most.
ROWS, LEAST_STEPS, LOGITS, WORKERS = 64, 64, 2**23, 8

OnProgress = Callable[[int, int], None]  # ids scored, ids in all


def score(
    model: LanguageModelArtifact, ids: Ids, on_progress: OnProgress | None = None
) -> dict[str, float]:
    """Mean loss in nats a word, perplexity, and the share of right first guesses.

    Over all of `ids` (2 or more, whole texts one after the other with 0 before each) but the
    first, cut into as many as 64 streams. The tail that fills no stream is dropped.
    """
    rows = max(1, min(ROWS, (len(ids) - 1) // LEAST_STEPS))
    steps = (len(ids) - 1) // rows
    inputs = ids[: rows * steps].reshape(rows, steps)
    targets = ids[1 : rows * steps + 1].reshape(rows, steps)
    stack = RecurrentStack(model.config, model.weights, residual=model.config.residual)
    loss, right, start = 0.0, 0, 0
    with one_blas_thread():
        for outputs in stack.chunks(inputs, stack.zero_state(rows)):
            part = targets[:, start : start + len(outputs)].T
            start += len(outputs)
            for part_loss, part_right in _compare(
                model, outputs.reshape(part.size, -1), np.ascontiguousarray(part).reshape(-1)
            ):
                loss, right = loss + part_loss, right + part_right
            if on_progress:
                on_progress(rows * start, rows * steps)
    loss /= rows * steps
    perplexity = math.exp(min(loss, 700.0)) if math.isfinite(loss) else loss
    return {"loss": loss, "perplexity": perplexity, "accuracy": right / (rows * steps)}


def _compare(
    model: LanguageModelArtifact, outputs: Floats, targets: Ids
) -> Iterator[tuple[float, int]]:
    """Compare outputs (n, units) with targets (n,), a span of them at a time.

    Gives each span's summed loss in nats, and how many of its targets are the likeliest.
    """
    table, bias = model.weights["embedding/embeddings"], model.weights["softmax/bias"]
    kernel = model.weights.get("softmax/kernel")  # none where units are as many as values
    vectors = outputs if kernel is None else outputs @ kernel
    span = max(1, LOGITS // model.config.vocab_size)

    def compare(start: int) -> tuple[float, int]:
        part = targets[start : start + span]
        logits = vectors[start : start + span] @ table.T
        logits += bias
        right = int((logits[np.arange(len(part)), part] == logits.max(axis=1)).sum())
        loss = -float(log_likelihoods(logits, part, out=logits).sum(dtype=np.float64))
        return loss, right

    return parallel_map(compare, range(0, len(targets), span), workers=WORKERS)
