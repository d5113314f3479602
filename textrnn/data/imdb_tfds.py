"""Read imdb_reviews of tensorflow-datasets, prepared on disk or downloaded, as labelled texts.

A prepared copy is read from its folder without any network request.
"""

import contextlib
import io
import logging
import os
import re
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from textrnn.data.labelled import LabelledTexts
from textrnn.data.sources import BINARY
from textrnn.data.unlabelled import without
from textrnn.errors import CorpusError

NAME = "imdb_reviews"
HOME = "http://ai.stanford.edu/~amaas/data/sentiment/"
TIMEOUT = 30.0  # seconds without data
BATCH_SIZE = 1000


def read_imdb(split: Literal["train", "test"], data_dir: str | None = None) -> LabelledTexts:
    """The 25,000 labelled reviews of a split, with the classes (negative, positive).

    `data_dir` is the data folder of tensorflow-datasets, by default $TFDS_DATA_DIR or
    ~/tensorflow_datasets. Missing data are downloaded. CorpusError when the download fails, or
    when the data are damaged.
    """
    texts, labels = _read(split, data_dir)
    if not set(labels) <= {0, 1}:
        raise CorpusError(
            f"{NAME} has labels other than 0 and 1 in {split}; delete it to download it again"
        )
    return LabelledTexts.of(texts, np.array(labels, dtype=np.int32), BINARY, (f"{NAME} {split}",))


def read_imdb_unlabelled(data_dir: str | None = None) -> Sequence[str]:
    """The 50,000 unlabelled reviews, without those that are also in the test split.

    These are 270 (266 of them different), compared without case, spaces and punctuation.
    `data_dir` and errors are as in `read_imdb`.
    """
    texts = _read("unsupervised", data_dir)[0]
    return without(texts, _read("test", data_dir)[0])


def _read(split: str, data_dir: str | None) -> tuple[list[str], list[int]]:
    root = Path(data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets").expanduser()
    texts: list[str] = []
    labels: list[int] = []
    try:
        with _quiet():
            builder = _open_prepared(root) or _download(root)
            batches = builder.as_dataset(split=split, batch_size=BATCH_SIZE, shuffle_files=False)
            for batch in tfds.as_numpy(batches):
                texts.extend(text.decode() for text in batch["text"])
                labels.extend(batch["label"].tolist())
    except (tf.errors.OpError, AssertionError, OSError, LookupError, ValueError) as error:
        raise CorpusError(
            f"{root / NAME} contains no readable {split} reviews ({_reason(error)}); delete that "
            f"folder to download it again"
        ) from error
    return texts, labels


def _open_prepared(root: Path) -> Any:
    """The newest version prepared under `root`, or None."""
    versions = {
        tuple(map(int, folder.parent.name.split("."))): folder.parent
        for folder in (root / NAME / "plain_text").glob("*/dataset_info.json")
        if re.fullmatch(r"\d+\.\d+\.\d+", folder.parent.name)
    }
    return tfds.builder_from_directory(versions[max(versions)]) if versions else None


def _download(root: Path) -> Any:
    try:
        # Fails fast: without a network, tensorflow-datasets retries for minutes.
        urllib.request.urlopen(HOME, timeout=TIMEOUT).close()
        builder = tfds.builder(f"{NAME}/plain_text", data_dir=root)
        builder.download_and_prepare()
    except (
        OSError, tfds.download.DownloadError,
        tfds.download.download_manager.NonMatchingChecksumError,
    ) as error:  # fmt: skip
        raise CorpusError(
            f"{NAME} is not in {root} and could not be downloaded ({_reason(error)}); name another "
            f"folder of tensorflow-datasets, or download aclImdb_v1.tar.gz from {HOME} by other "
            f"means, unpack it and name its folder aclImdb instead"
        ) from error
    return builder


def _reason(error: Exception) -> str:
    """The first line of the error message, without TensorFlow's node names."""
    cause = getattr(error, "reason", error)
    message = getattr(cause, "strerror", None) or re.sub(r"\{\{.*?\}\} *| *\[Op:.*", "", str(cause))
    return next(iter(message.splitlines()), "") or type(cause).__name__


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the output, log messages and progress bars of tensorflow-datasets."""
    tfds.disable_progress_bar()
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(level)
