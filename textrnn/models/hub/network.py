"""Turn texts into logits through a TF-Hub module that gives one vector per text.

Training uses the module as a Keras layer. Prediction uses the same network with its head computed
in NumPy. A text is an array of its parts (`TextTokenizer`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from textrnn.config.classifier import ClassifierConfig
from textrnn.engine.cells import Floats
from textrnn.engine.classifier import ClassifierNetwork
from textrnn.engine.packing import batches
from textrnn.errors import ArtifactError, TextRNNError
from textrnn.models.hub import module as hub_module
from textrnn.models.hub.cache import Notify
from textrnn.models.hub.layer import LAYER
from textrnn.models.hub.module import Module

Parts = npt.NDArray[np.object_]


class PooledNetwork:
    """A trained classifier over a module, the counterpart of `ClassifierNetwork` over ids.

    `record` is `Module.record()`. ArtifactError if the module cannot be loaded or has changed; what
    has changed is not run. Whoever calls this has asked the user whether the module may be run.
    """

    def __init__(
        self,
        config: ClassifierConfig,
        weights: Mapping[str, npt.NDArray[Any]],
        record: Mapping[str, str],
        name: str,
    ) -> None:
        self.config = config
        self._module = _module_of(record, name)
        self._head = {
            key: array for key, array in weights.items() if not key.startswith(f"{LAYER}/")
        }
        if self._module.dim != config.embedding_dim:
            raise ArtifactError(f"{name} is damaged: its module has {self._module.dim} values")
        for key in weights.keys() - self._head.keys():  # the module was fine-tuned
            try:
                index = int(re.sub(r"\D", "", key))
                self._module.variables[index].assign(weights[key])
            except (IndexError, ValueError) as error:
                raise ArtifactError(
                    f"{name} is damaged: {key} fits no variable of its module"
                ) from error

    def logits(self, texts: Sequence[Parts]) -> Floats:
        """Logits (texts, classes), computed in batches."""
        result = np.empty((len(texts), self.config.classes), np.float32)
        for rows in batches([len(parts) for parts in texts]):
            result[rows] = self.batch_logits([texts[row] for row in rows])
        return result

    def batch_logits(self, texts: Sequence[Parts]) -> Floats:
        """Logits (texts, classes) of one batch of texts."""
        vectors = self._module(tf.constant(["".join(parts) for parts in texts])).numpy()
        # The head is a network without layers, over texts of one word each.
        network = ClassifierNetwork(self.config, {**self._head, "embedding/embeddings": vectors})
        return network.batch_logits([np.array([row]) for row in range(len(texts))])


def fetch_module(record: Mapping[str, str], name: str, notify: Notify) -> None:
    """Fetch the module of the model `name` into the cache unless it is there; nothing is run.

    `notify` is told when it is fetched. Nothing for a module in a folder, or an empty `record`.
    ArtifactError if it cannot be fetched.
    """
    if "://" in record.get("handle", ""):
        with _needed_by(name):
            hub_module.locate(record["handle"], sha256=record["sha256"], notify=notify)


def _module_of(record: Mapping[str, str], name: str) -> Module:
    with _needed_by(name):
        return hub_module.load(record["handle"], sha256=record["sha256"])


@contextmanager
def _needed_by(name: str) -> Iterator[None]:
    try:
        yield
    except TextRNNError as error:
        raise ArtifactError(
            f"{name} depends on a TF-Hub module that could not be loaded: {error}; or write its "
            f'new location after "handle" in {name}/config.json'
        ) from error
