"""Keras models that train, and the layers they are built from."""
