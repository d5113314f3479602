"""A TF-Hub text module as a Keras layer."""

from typing import Any

import keras

from textrnn.errors import ConfigError
from textrnn.models.hub.module import Module

LAYER = "hub"  # its weights are hub/variable_0, hub/variable_1 ...


class HubEmbedding(keras.layers.Layer):
    """A module as a layer: texts (batch,) -> vectors (batch, values).

    If `trainable`, the module's variables are the layer's weights and are trained; otherwise they
    are not part of the model.
    """

    def __init__(self, module: Module, *, trainable: bool, **settings: Any) -> None:
        super().__init__(trainable=trainable, name=LAYER, **settings)
        self.module = module
        if trainable and not module.variables:
            raise ConfigError(
                f"the module {module.handle} has no trainable variables; leave out train_embedding"
            )

    def build(self, input_shape: Any) -> None:
        """Make the module's variables the layer's own weights, if it is trainable."""
        for index, variable in enumerate(self.module.variables if self.trainable else ()):
            weight = self.add_weight(
                shape=tuple(variable.shape), dtype=variable.dtype.name, initializer="zeros",
                name=f"variable_{index}",
            )  # fmt: skip
            # Keras trains only variables that it created, and the module reads only its own: so
            # both share one variable.
            weight._value = variable

    def call(self, texts: Any) -> Any:
        """Texts (batch,) -> the module's vectors (batch, values)."""
        return self.module(texts)

    def compute_output_spec(self, texts: Any) -> Any:
        """The shape of the vectors, without the call for which Keras would need texts."""
        return keras.KerasTensor((texts.shape[0], self.module.dim), "float32")
