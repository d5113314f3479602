"""Load a TF-Hub text embedding by its handle, a folder or an https address, as a callable module.

A module is a folder with a TensorFlow 2 SavedModel, which is a program. Called with texts (batch,),
it returns vectors (batch, values). Its checksum is compared before any of it is run.
"""

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf

from textrnn.data.addresses import printable
from textrnn.errors import ConfigError, needs_extra
from textrnn.models.hub import cache
from textrnn.models.hub import folder as module_folder
from textrnn.models.hub.cache import Notify, silent


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


def load(handle: str, *, sha256: str | None = None, notify: Notify = silent) -> Module:
    """Load and try the module in a folder or at an https address.

    With `sha256`, a module of another checksum is refused and not run. `notify` is told when a
    module is fetched. ConfigError if it cannot be used, DownloadError if it cannot be fetched,
    MissingExtraError without tensorflow-hub.
    """
    folder, found = locate(handle, sha256=sha256, notify=notify)
    where = printable(str(folder))
    if sha256 not in (None, found):
        raise ConfigError(
            f"the TF-Hub module in {where} is another one: its sha256 is {found}, expected "
            f"{printable(str(sha256))}; restore the module that was there"
        )
    with warnings.catch_warnings(), needs_extra("a TF-Hub module"):
        warnings.simplefilter("ignore")  # it imports pkg_resources, which is deprecated
        import tensorflow_hub
    try:
        loaded = tensorflow_hub.load(str(folder))
    except (OSError, ValueError, KeyError, RuntimeError, tf.errors.OpError) as error:
        raise ConfigError(
            f"the TF-Hub module in {where} cannot be loaded: {_first_line(error)}; "
            f"download it again"
        ) from error
    if not callable(loaded):
        raise ConfigError(
            f"the SavedModel in {where} cannot be called with texts: it is from TensorFlow 1, or "
            f"not a text embedding; use a text embedding for TensorFlow 2"
        )
    try:
        shape, kind = (vectors := loaded(tf.constant(["a text", ""]))).shape, vectors.dtype
    except (ValueError, TypeError, AttributeError, tf.errors.OpError) as error:
        raise ConfigError(
            f"the module in {where} does not take texts: {_first_line(error)}; use a text "
            f"embedding that is called with a list of texts"
        ) from error
    if shape.rank != 2 or shape[0] != 2 or not kind.is_floating:
        raise ConfigError(
            f"the module in {where} returns {kind.name} of shape {tuple(shape)} for two texts; "
            f"use one that returns a vector for each text"
        )
    return Module(place_of(handle), folder, found, int(shape[1]), loaded)


def locate(handle: str, *, sha256: str | None = None, notify: Notify = silent) -> tuple[Path, str]:
    """The folder of a module and its checksum; a module at an address is fetched if need be.

    Nothing is run. Errors and arguments as for `load`, but the checksum need not be `sha256`.
    """
    if "://" in handle:
        return cache.fetch(handle, sha256, notify)
    folder = _folder(handle)
    if not os.path.exists(folder):
        raise ConfigError(
            f"there is no TF-Hub module {printable(handle)}; give a module's folder, or its "
            f"address (https://...)"
        )
    module_folder.check(folder, printable(str(folder)))
    return folder, module_folder.fingerprint(folder)


def place_of(handle: str) -> str:
    """The handle as it is recorded: an address, or the full path of a folder."""
    return handle if "://" in handle else os.path.realpath(_folder(handle))


def _folder(handle: str) -> Path:
    return Path(os.path.expanduser(handle))


def _first_line(error: BaseException) -> str:
    text: Sequence[str] = str(error).strip().splitlines()
    return printable(text[0]) if text else type(error).__name__
