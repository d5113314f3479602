"""Score texts with a language model: loss, perplexity and accuracy over all words."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from textrnn.artifacts.language_model import LanguageModelArtifact
from textrnn.engine.cells import Floats
from textrnn.engine.numerics import log_likelihoods
from textrnn.engine.stack import RecurrentStack
from textrnn.engine.threads import one_blas_thread, parallel_map
from textrnn.tokenizers import Ids

# Maximum number of parallel streams, each from the zero state, and their minimum length; logits
# computed at a time (32 MB) per thread, and the maximum number of threads.
ROWS, MIN_STEPS, LOGITS, WORKERS = 64, 64, 2**23, 8

OnProgress = Callable[[int, int], None]  # ids scored, ids in total


def score(
    model: LanguageModelArtifact, ids: Ids, on_progress: OnProgress | None = None
) -> dict[str, float]:
    """Mean loss in nats per word, perplexity and accuracy of `ids`.

    `ids` are 2 or more: concatenated texts, with id 0 before each. All but the first are scored, in
    up to 64 streams of equal length; the remainder is dropped.
    """
    rows = max(1, min(ROWS, (len(ids) - 1) // MIN_STEPS))
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
    """Compare outputs (n, units) with targets (n,), one span at a time.

    Yields the total loss of each span in nats, and its number of correct predictions.
    """
    table, bias = model.weights["embedding/embeddings"], model.weights["softmax/bias"]
    kernel = model.weights.get("softmax/kernel")  # none if units equal embedding_dim
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
