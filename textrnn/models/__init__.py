"""Turn a config into a Keras model."""
