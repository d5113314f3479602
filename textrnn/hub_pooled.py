"""Turn texts into logits through a TF-Hub module that makes one vector of a whole text.

To learn: batches of texts and the module as a Keras layer. To use: the same network, its head
computed in NumPy. A text is an array of the parts it is read in (`TextTokenizer`).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from textrnn import hub
from textrnn.cells import Floats
from textrnn.classifier_config import ClassifierConfig
from textrnn.classifier_forward import ClassifierNetwork
from textrnn.errors import ArtifactError, ConfigError, TextRNNError
from textrnn.hub import Module
from textrnn.packing import batches
from textrnn.word_batches import WordBatches

LAYER = "hub"  # its weights are hub/variable_0, hub/variable_1 ...
Parts = npt.NDArray[np.object_]


class HubEmbedding(keras.layers.Layer):
    """A module as a layer: texts (batch,) -> vectors (batch, values).

    When `trainable`, the module's variables are the layer's weights, and learn; when not, they
    are no part of the model.
    """

    def __init__(self, module: Module, *, trainable: bool, **settings: Any) -> None:
        super().__init__(trainable=trainable, name=LAYER, **settings)
        self.module = module
        if trainable and not module.variables:
            raise ConfigError(
                f"nothing in the module {module.handle} can learn; leave out train_embedding"
            )

    def build(self, input_shape: Any) -> None:
        """Take the module's variables for the layer's own, when they are to learn."""
        for index, variable in enumerate(self.module.variables if self.trainable else ()):
            weight = self.add_weight(
                shape=tuple(variable.shape), dtype=variable.dtype.name, initializer="zeros",
                name=f"variable_{index}",
            )  # fmt: skip
            # Keras teaches only what it made itself, and the module reads only what came with
            # it: so the two are made one.
            weight._value = variable

    def call(self, texts: Any) -> Any:
        """The module's vectors."""
        return self.module(texts)

    def compute_output_spec(self, texts: Any) -> Any:
        """Known without a call, for which Keras would need texts."""
        return keras.KerasTensor((texts.shape[0], self.module.dim), "float32")


class TextBatches(WordBatches):
    """Texts and their targets in batches, in the order that `WordBatches` would draw."""

    def __init__(self, texts: Sequence[str], targets: npt.NDArray[Any], *, batch_size: int) -> None:
        rows = [np.array([row]) for row in range(len(texts))]
        super().__init__(rows, targets, batch_size=batch_size, buckets=1)
        self._texts = tf.constant(list(texts))

    def padding(self) -> float:
        """None."""
        return 0.0

    def dataset(self, *, seed: int, epoch: int, first_step: int = 0) -> tf.data.Dataset:
        """An epoch's batches from `first_step` on: texts (batch,), targets (batch, ...)."""
        rows = super().dataset(seed=seed, epoch=epoch, first_step=first_step)
        # Rows are counted from 0, the padding of ids: with one id a text nothing is padded.
        return rows.map(lambda row, targets: (tf.gather(self._texts, row[:, 0]), targets))


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
        module = hub.load(record["handle"])
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
