"""Turn texts into logits through a TF-Hub module that makes one vector of a whole text.

To learn: batches of texts and the module as a Keras layer. To use: the same network, its head
computed in NumPy. A text is an array of the parts it is read in (`TextTokenizer`).
"""

import re
from collections.abc import Mapping, Sequence
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
from textrnn.models.hub.layer import LAYER
from textrnn.models.hub.module import Module

Parts = npt.NDArray[np.object_]


class PooledNetwork:
    """A trained classifier over a module, as `ClassifierNetwork` is one over ids.

    `record` finds the module. ArtifactError when it cannot be had, or is another one.
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
            raise ArtifactError(f"{name} is damaged: its module gives {self._module.dim} values")
        for key in weights.keys() - self._head.keys():  # it was fine-tuned
            index = int(re.sub(r"\D", "", key))
            try:
                self._module.variables[index].assign(weights[key])
            except (IndexError, ValueError) as error:
                raise ArtifactError(
                    f"{name} is damaged: {key} fits no variable of its module"
                ) from error

    def logits(self, texts: Sequence[Parts]) -> Floats:
        """Logits (texts, classes); batches inside."""
        result = np.empty((len(texts), self.config.classes), np.float32)
        for rows in batches([len(parts) for parts in texts]):
            result[rows] = self.batch_logits([texts[row] for row in rows])
        return result

    def batch_logits(self, texts: Sequence[Parts]) -> Floats:
        """Logits (texts, classes) of one batch of texts."""
        vectors = self._module(tf.constant(["".join(parts) for parts in texts])).numpy()
        # What is above the module is a network without layers, over texts of one word each.
        network = ClassifierNetwork(self.config, {**self._head, "embedding/embeddings": vectors})
        return network.batch_logits([np.array([row]) for row in range(len(texts))])


def _module_of(record: Mapping[str, str], name: str) -> Module:
    where = f'write where it is now after "handle" in {name}/config.json'
    try:
        module = hub_module.load(record["handle"])
    except TextRNNError as error:
        raise ArtifactError(
            f"{name} reads texts through a TF-Hub module that cannot be had: {error}; or {where}"
        ) from error
    if module.sha256 != record["sha256"]:
        raise ArtifactError(
            f"{name} learnt on another TF-Hub module than the one in {module.folder}; put that "
            f"one back, or {where}"
        )
    return module
