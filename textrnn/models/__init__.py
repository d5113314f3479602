"""Keras models for training, and the layers they are built from."""
