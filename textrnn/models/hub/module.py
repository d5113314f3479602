"""Turn the handle of a TF-Hub text embedding into a module to call, or into words and vectors.

A module is a folder, a SavedModel of TensorFlow 2: called with texts (batch,) it gives vectors
(batch, values). Its `assets/tokens.txt` names words, one a line, in the order of the rows of its
one matrix; rows beyond those stand for all other words.
"""

import hashlib
import http.client
import socket
import tarfile
import urllib.error
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from textrnn.config.text import ReadingConfig
from textrnn.errors import ConfigError, DownloadError
from textrnn.tokenizers import PAD_ID, Tokenizer, WordTokenizer

TIMEOUT = 30.0  # seconds without a sign of life
TOKENS = "assets/tokens.txt"
OFFLINE = "download and unpack it where there is a network, and give the folder"


@dataclass(frozen=True)
class Module:
    """A module, loaded. `handle` says where it is from, `sha256` which files it consists of."""

    handle: str
    folder: Path
    sha256: str
    dim: int
    loaded: Any  # its variables live as long as this object

    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        """Texts (batch,) -> vectors (batch, dim)."""
        return self.loaded(texts)

    @property
    def variables(self) -> list[Any]:
        """What of it can learn."""
        found = getattr(self.loaded, "trainable_variables", None)
        if found is None:
            found = [v for v in getattr(self.loaded, "variables", ()) if v.trainable]
        return list(found)

    def record(self) -> dict[str, str]:
        """What finds it again, and tells it from others."""
        return {"handle": self.handle, "sha256": self.sha256}


@dataclass(frozen=True)
class Lifted:
    """The words of a module and their vectors, (words, values); `unknown` (values,) is of all
    other words.
    """

    words: tuple[str, ...]
    vectors: npt.NDArray[np.float32]
    unknown: npt.NDArray[np.float32]

    @property
    def cased(self) -> bool:
        """Whether there are words with capitals."""
        return any(word != word.lower() for word in self.words)

    def tokenizer(self, reading: ReadingConfig) -> WordTokenizer:
        """A vocabulary of those words that can occur in a text, read as `reading` says.

        ConfigError when there is none.
        """
        settings: dict[str, Any] = {"rule": reading.rule, "lower": reading.lower}
        reader = WordTokenizer((), **settings, oov_buckets=1)
        kept = [word for word in dict.fromkeys(self.words) if reader.words(word) == [word]]
        if not kept:
            raise ConfigError(
                f"none of the module's {len(self.words):,} tokens is a word by the rule "
                f"{reading.rule!r}; use it with --tokens text"
            )
        return WordTokenizer(kept, **settings, oov_buckets=reading.oov_buckets)

    def table(self, tokenizer: Tokenizer) -> npt.NDArray[np.float32]:
        """The vectors (ids, values) of a tokenizer of this: padding, words, buckets."""
        rows = {word: row for row, word in reversed(list(enumerate(self.words)))}
        table = np.tile(self.unknown, (tokenizer.vocab_size, 1))
        table[PAD_ID] = 0
        known = tokenizer.vocabulary
        table[list(known.values())] = self.vectors[[rows[word] for word in known]]
        return table


def load(handle: str) -> Module:
    """The module in a folder, or at an address that tensorflow-hub knows how to fetch from.

    ConfigError says what is wrong with it, DownloadError why it cannot be fetched.
    """
    folder = resolve(handle)
    try:
        loaded = tf.saved_model.load(str(folder))
    except (OSError, ValueError, KeyError, RuntimeError, tf.errors.OpError) as error:
        raise ConfigError(
            f"the TF-Hub module in {folder} cannot be loaded: {_first_line(error)}; get it again"
        ) from error
    if not callable(loaded):
        raise ConfigError(
            f"the SavedModel in {folder} cannot be called with texts: it is of TensorFlow 1, or "
            f"no text embedding; take a text embedding's version for TensorFlow 2"
        )
    try:
        shape, kind = (vectors := loaded(tf.constant(["a text", ""]))).shape, vectors.dtype
    except (ValueError, TypeError, AttributeError, tf.errors.OpError) as error:
        raise ConfigError(
            f"the module in {folder} does not take texts: {_first_line(error)}; take a text "
            f"embedding that is called with a list of texts"
        ) from error
    if shape.rank != 2 or shape[0] != 2 or not kind.is_floating:
        raise ConfigError(
            f"the module in {folder} gives {kind.name} of shape {tuple(shape)} for two texts; "
            f"take one that gives a vector for each"
        )
    place = handle if "://" in handle else str(folder.resolve())
    return Module(place, folder, fingerprint(folder), int(shape[1]), loaded)


def resolve(handle: str) -> Path:
    """The folder of a module; one at an address is fetched, unless the cache has it.

    The cache is tensorflow-hub's: TFHUB_CACHE_DIR, or a folder among the temporary ones.
    """
    folder = _fetched(handle) if "://" in handle else Path(handle).expanduser()
    if not folder.exists():
        raise ConfigError(
            f"there is no TF-Hub module {handle}; give the folder of one, or its address "
            f"(https://...)"
        )
    if folder.is_file():
        raise ConfigError(
            f"{folder} is a file; unpack it and give the folder that holds saved_model.pb"
        )
    if (folder / "tfhub_module.pb").exists():
        raise ConfigError(
            f"{folder} is a module of TensorFlow 1, which TensorFlow 2 cannot train; take its "
            f"version for TensorFlow 2"
        )
    if not (folder / "saved_model.pb").exists():
        raise ConfigError(
            f"{folder} is no TF-Hub module: there is no saved_model.pb in it; give the folder "
            f"that holds one"
        )
    return folder


def fingerprint(folder: Path) -> str:
    """The sha256 of all that a module consists of."""
    digest = hashlib.sha256()
    parts = [folder / "saved_model.pb", *folder.glob("variables/*"), *folder.glob("assets/*")]
    for path in sorted(path for path in parts if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def lift(module: Module) -> Lifted:
    """The words and the matrix of a module; ConfigError when it has none to be lifted."""
    path = module.folder / TOKENS
    if not path.exists():
        raise ConfigError(
            f"the module in {module.folder} has no {TOKENS}, so its words cannot be told; use it "
            f"with --tokens text"
        )
    # Not splitlines(): a form feed or a line separator may be, or be in, a token.
    lines = path.read_bytes().decode(errors="surrogateescape").split("\n")
    words = [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]
    tables = [
        variable for variable in getattr(module.loaded, "variables", ())
        if variable.shape.rank == 2 and variable.shape[0] >= len(words)
    ]  # fmt: skip
    if len(tables) != 1 or not words:
        raise ConfigError(
            f"the module in {module.folder} has {len(words):,} words and {len(tables)} matrices "
            f"with as many rows, so its vectors cannot be told; use it with --tokens text"
        )
    vectors = tables[0].numpy().astype(np.float32)
    others = vectors[len(words) :]
    unknown = others.mean(axis=0) if len(others) else np.zeros(vectors.shape[1], np.float32)
    return Lifted(tuple(words), vectors[: len(words)], unknown)


def _fetched(handle: str) -> Path:
    try:
        with warnings.catch_warnings():  # of pkg_resources, that it will go
            warnings.simplefilter("ignore")
            tensorflow_hub = import_module("tensorflow_hub")
    except ImportError as error:
        # It imports pkg_resources, which setuptools 82 no longer has.
        raise ConfigError(
            f"{handle} is to be fetched by tensorflow-hub, which cannot be imported ({error}): "
            f"pip install 'textrnn[train]'; or {OFFLINE}"
        ) from error
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)  # tensorflow-hub itself would wait for ever
    try:
        return Path(tensorflow_hub.resolve(handle))
    except (
        OSError, EOFError, ValueError, zlib.error, tarfile.TarError, http.client.HTTPException,
        tf.errors.OpError,
    ) as error:  # fmt: skip
        raise DownloadError(
            f"cannot fetch {handle}: {_first_line(error)}; check the address and the network, or "
            f"{OFFLINE}"
        ) from error
    finally:
        socket.setdefaulttimeout(before)


def _first_line(error: BaseException) -> str:
    cause: Any = error
    if isinstance(error, urllib.error.HTTPError):
        error.close()
    elif isinstance(error, urllib.error.URLError):
        cause = error.reason
    text: Sequence[str] = str(getattr(cause, "strerror", None) or cause).strip().splitlines()
    return text[0] if text else type(error).__name__
