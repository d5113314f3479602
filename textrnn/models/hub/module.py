"""Load a TF-Hub text embedding by its handle, as a callable module or as words and vectors.

A module is a folder with a TensorFlow 2 SavedModel: called with texts (batch,), it returns vectors
(batch, values). Its `assets/tokens.txt` lists words, one per line, in the order of the rows of its
only matrix; any further rows serve all other words.
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

from textrnn.config.text import ClassifierTextConfig
from textrnn.errors import ConfigError, DownloadError
from textrnn.tokenizers import PAD_ID, Tokenizer, WordTokenizer

TIMEOUT = 30.0  # seconds without a response
TOKENS = "assets/tokens.txt"
OFFLINE = "download and unpack it on a machine with a network, and give the folder"


@dataclass(frozen=True)
class Module:
    """A loaded module. `handle` is its source, `sha256` the checksum of its files."""

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
        """The trainable variables."""
        found = getattr(self.loaded, "trainable_variables", None)
        if found is None:
            found = [v for v in getattr(self.loaded, "variables", ()) if v.trainable]
        return list(found)

    def record(self) -> dict[str, str]:
        """The handle and the checksum, to find and to verify the module later."""
        return {"handle": self.handle, "sha256": self.sha256}


@dataclass(frozen=True)
class WordVectors:
    """The words of a module and their vectors (words, values).

    `unknown` (values,) is the vector of all other words.
    """

    words: tuple[str, ...]
    vectors: npt.NDArray[np.float32]
    unknown: npt.NDArray[np.float32]

    @property
    def cased(self) -> bool:
        """Whether any word has capital letters."""
        return any(word != word.lower() for word in self.words)

    def tokenizer(self, reading: ClassifierTextConfig) -> WordTokenizer:
        """A vocabulary of the words that the text preprocessing `reading` can produce.

        ConfigError if there are none.
        """
        settings: dict[str, Any] = {"rule": reading.word_pattern, "lower": reading.lower}
        reader = WordTokenizer((), **settings, oov_buckets=1)
        kept = [word for word in dict.fromkeys(self.words) if reader.words(word) == [word]]
        if not kept:
            raise ConfigError(
                f"none of the module's {len(self.words):,} tokens is a word under the word pattern "
                f"{reading.word_pattern!r}; use it with --tokens text"
            )
        return WordTokenizer(kept, **settings, oov_buckets=reading.oov_buckets)

    def table(self, tokenizer: Tokenizer) -> npt.NDArray[np.float32]:
        """Vectors (ids, values) for a `tokenizer` of these words: padding, words, buckets."""
        rows = {word: row for row, word in reversed(list(enumerate(self.words)))}
        table = np.tile(self.unknown, (tokenizer.vocab_size, 1))
        table[PAD_ID] = 0
        known = tokenizer.vocabulary
        table[list(known.values())] = self.vectors[[rows[word] for word in known]]
        return table


def load(handle: str) -> Module:
    """Load the module in a folder, or at an address that tensorflow-hub can fetch.

    ConfigError if it cannot be used, DownloadError if it cannot be fetched.
    """
    folder = resolve(handle)
    try:
        loaded = tf.saved_model.load(str(folder))
    except (OSError, ValueError, KeyError, RuntimeError, tf.errors.OpError) as error:
        raise ConfigError(
            f"the TF-Hub module in {folder} cannot be loaded: {_first_line(error)}; "
            f"download it again"
        ) from error
    if not callable(loaded):
        raise ConfigError(
            f"the SavedModel in {folder} cannot be called with texts: it is from TensorFlow 1, or "
            f"not a text embedding; use a text embedding for TensorFlow 2"
        )
    try:
        shape, kind = (vectors := loaded(tf.constant(["a text", ""]))).shape, vectors.dtype
    except (ValueError, TypeError, AttributeError, tf.errors.OpError) as error:
        raise ConfigError(
            f"the module in {folder} does not take texts: {_first_line(error)}; use a text "
            f"embedding that is called with a list of texts"
        ) from error
    if shape.rank != 2 or shape[0] != 2 or not kind.is_floating:
        raise ConfigError(
            f"the module in {folder} returns {kind.name} of shape {tuple(shape)} for two texts; "
            f"use one that returns a vector for each text"
        )
    place = handle if "://" in handle else str(folder.resolve())
    return Module(place, folder, fingerprint(folder), int(shape[1]), loaded)


def resolve(handle: str) -> Path:
    """The folder of a module; a module at an address is downloaded unless it is cached.

    The cache is tensorflow-hub's: TFHUB_CACHE_DIR, or a folder in the temporary directory.
    """
    folder = _fetched(handle) if "://" in handle else Path(handle).expanduser()
    if not folder.exists():
        raise ConfigError(
            f"there is no TF-Hub module {handle}; give a module's folder, or its address "
            f"(https://...)"
        )
    if folder.is_file():
        raise ConfigError(
            f"{folder} is a file; unpack it and give the folder that holds saved_model.pb"
        )
    if (folder / "tfhub_module.pb").exists():
        raise ConfigError(
            f"{folder} is a TensorFlow 1 module, which TensorFlow 2 cannot train; use its version "
            f"for TensorFlow 2"
        )
    if not (folder / "saved_model.pb").exists():
        raise ConfigError(
            f"{folder} is not a TF-Hub module: it has no saved_model.pb; give the folder that "
            f"holds one"
        )
    return folder


def fingerprint(folder: Path) -> str:
    """SHA-256 of all files of a module."""
    digest = hashlib.sha256()
    parts = [folder / "saved_model.pb", *folder.glob("variables/*"), *folder.glob("assets/*")]
    for path in sorted(path for path in parts if path.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def word_vectors(module: Module) -> WordVectors:
    """The words of a module and their vectors; ConfigError if they cannot be identified."""
    path = module.folder / TOKENS
    if not path.exists():
        raise ConfigError(
            f"the module in {module.folder} has no {TOKENS}, so its words are unknown; use it with "
            f"--tokens text"
        )
    # Not splitlines(): a token may contain a form feed or a line separator.
    lines = path.read_bytes().decode(errors="surrogateescape").split("\n")
    words = [line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1])]
    tables = [
        variable for variable in getattr(module.loaded, "variables", ())
        if variable.shape.rank == 2 and variable.shape[0] >= len(words)
    ]  # fmt: skip
    if len(tables) != 1 or not words:
        raise ConfigError(
            f"the module in {module.folder} has {len(words):,} words and {len(tables)} matrices "
            f"with at least as many rows, so its word vectors cannot be identified; use it with "
            f"--tokens text"
        )
    vectors = tables[0].numpy().astype(np.float32)
    others = vectors[len(words) :]
    unknown = others.mean(axis=0) if len(others) else np.zeros(vectors.shape[1], np.float32)
    return WordVectors(tuple(words), vectors[: len(words)], unknown)


def _fetched(handle: str) -> Path:
    try:
        with warnings.catch_warnings():  # pkg_resources is deprecated
            warnings.simplefilter("ignore")
            tensorflow_hub = import_module("tensorflow_hub")
    except ImportError as error:
        # It imports pkg_resources, which setuptools 82 no longer has.
        raise ConfigError(
            f"downloading {handle} needs tensorflow-hub, which cannot be imported ({error}): "
            f"pip install 'textrnn[train]'; or {OFFLINE}"
        ) from error
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)  # tensorflow-hub itself would wait forever
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
