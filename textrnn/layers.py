"""Recurrent cells that Keras lacks."""

from typing import Any

import keras


@keras.saving.register_keras_serializable("textrnn")
class LayerNormSimpleRNNCell(keras.layers.SimpleRNNCell):
    """A tanh cell whose pre-activation is layer-normalised (Ba et al. 2016).

        h' = tanh(LayerNorm(x W + h U + b))

    It inherits SimpleRNNCell's recurrent dropout: one mask a sequence.
    """

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(units, activation=None, **kwargs)
        self.layer_norm = keras.layers.LayerNormalization(epsilon=1e-3, name="layer_norm")

    def build(self, input_shape: Any) -> None:
        """Make the cell's weights and its normalisation's."""
        super().build(input_shape)
        self.layer_norm.build((None, self.units))

    def call(self, sequence: Any, states: Any, training: bool = False) -> tuple[Any, list[Any]]:
        """One step: inputs (batch, features), states [(batch, units)] -> output, new states."""
        output, _ = super().call(sequence, states, training=training)
        h = keras.ops.tanh(self.layer_norm(output))
        return h, [h]

    def get_config(self) -> dict[str, Any]:
        """The settings that rebuild the cell."""
        config = super().get_config()
        del config["activation"]
        return config
