"""A TF-Hub text module as a Keras layer."""

from typing import Any

import keras

from textrnn.errors import ConfigError
from textrnn.models.hub.module import Module

LAYER = "hub"  # its weights are hub/variable_0, hub/variable_1 ...


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
