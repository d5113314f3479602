"""Truncate the tokens of a long text."""

import numpy as np

from textrnn.config.text import Keep
from textrnn.errors import ConfigError
from textrnn.tokenizers.base import Ids


def cut(ids: Ids, limit: int, keep: Keep) -> Ids:
    """Truncate `ids`, shape (tokens,), to `limit`: keep the first, the last, or half from each end.

    With "both" and an odd limit, the beginning gets one more. A `limit` of 0 keeps all.
    ConfigError for a negative one.
    """
    if limit < 0:
        raise ConfigError(f"the limit of words must be 0 (all) or more, got {limit}")
    if not limit or len(ids) <= limit:
        return ids
    if keep == "both":
        return np.concatenate([ids[: limit - limit // 2], ids[len(ids) - limit // 2 :]])
    return ids[:limit] if keep == "head" else ids[len(ids) - limit :]
